"""The hidden checks and their verdicts, from observations of the student and the solution."""
