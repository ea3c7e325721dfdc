"""Attempts to break out, which `selftest.py` runs inside a backend before anything is graded.

An attempt is a function of the self-test's configuration. If it succeeds, it returns a sentence
that says what it could do. If it was blocked, it returns None or raises OSError. Standard library
only, and numpy for the abilities that a child must have; imports nothing of the package.
"""
