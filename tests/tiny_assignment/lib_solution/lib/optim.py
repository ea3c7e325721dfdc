"""Gradient descent."""


class SGD:
    """Moves a layer's factor against its gradient."""

    def __init__(self, layer, rate):
        self.layer = layer
        self.rate = rate

    def step(self):
        ######################################################################
        # TODO: Move the factor of the layer by the rate times its gradient. #
        ######################################################################
        ### BEGIN SOLUTION
        self.layer.a -= self.rate * self.layer.da
        ### END SOLUTION
        ######################################################################
        #                          END OF YOUR CODE                          #
        ######################################################################
