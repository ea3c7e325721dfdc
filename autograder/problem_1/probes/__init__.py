"""The probes, which run a student's library: one module per subject."""
