"""What this package raises when the data cannot be had."""


class DataError(Exception):
    """One sentence that says what was found and what to do; a command prints it without a traceback."""
