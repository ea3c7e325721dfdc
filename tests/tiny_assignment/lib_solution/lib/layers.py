"""A layer with one parameter."""

import numpy as np


class scale:
    """Multiplies its input by a factor.

    Attributes:
        a: the factor.
        da: the gradient of the loss by it, once `backward` has run.
    """

    def __init__(self, a):
        self.a = a
        self.da = None
        self.x = None

    def forward(self, x):
        """x (N, D) -> (N, D)"""
        output = None
        ######################################################################
        # TODO: Store a times x in output.                                   #
        ######################################################################
        ### BEGIN SOLUTION
        output = self.a * x
        ### END SOLUTION
        ######################################################################
        #                          END OF YOUR CODE                          #
        ######################################################################
        self.x = x
        return output

    def backward(self, dout):
        """dout (N, D) -> dx (N, D); stores da."""
        dx = None
        ######################################################################
        # TODO: Store the gradients by the factor and by the input in self.da and dx. #
        ######################################################################
        ### BEGIN SOLUTION
        self.da = np.sum(self.x * dout)
        dx = self.a * dout
        ### END SOLUTION
        ######################################################################
        #                          END OF YOUR CODE                          #
        ######################################################################
        return dx
