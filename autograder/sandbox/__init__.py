"""The border between the grader and the code it grades. See DESIGN and SECURITY.md."""
