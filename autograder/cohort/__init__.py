"""Many submissions: in parallel, resumed after any interruption, into one gradebook and report."""
