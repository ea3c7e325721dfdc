"""Attempts to break out, which `selftest.py` has made inside a backend before anything is graded.

An attempt is a function of what the self-test tells it. It returns what it got, in words, or None
(or an OSError) when it was held. Standard library and, for what a child must be able to do, numpy;
imports nothing of the package.
"""
