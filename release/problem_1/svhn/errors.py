"""The error of this package."""


class DataError(Exception):
    """The data is not available. The message says why and what to do; commands print it alone."""
