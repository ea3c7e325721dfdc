"""What runs in the sandbox. Mounted by itself: it imports nothing else of ours."""
