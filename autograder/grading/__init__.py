"""A submission and its Grade."""
