"""A Grade, shown: in the terminal, and as JSON."""
