"""What runs in Gradescope's container. These modules need the standard library alone."""
