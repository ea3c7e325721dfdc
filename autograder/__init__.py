"""An autograded course assignment: a multi-layer perceptron from scratch, trained on SVHN."""
