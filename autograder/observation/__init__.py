"""What probes see of a library in a sandbox, as plain data."""
