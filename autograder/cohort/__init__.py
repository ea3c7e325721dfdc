"""Grades many submissions in parallel, resumable at any time, into one gradebook and report."""
