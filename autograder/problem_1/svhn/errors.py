"""What this package raises when the data cannot be had."""


class DataError(Exception):
    """A sentence that says what was found and what to do; commands print it without traceback."""
