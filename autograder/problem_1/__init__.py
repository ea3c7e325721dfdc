"""Problem 1, Basics of Neural Networks: all that another assignment would replace."""
