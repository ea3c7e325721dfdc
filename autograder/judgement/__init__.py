"""The hidden suites beside the solution's observations: checks and their verdicts."""
