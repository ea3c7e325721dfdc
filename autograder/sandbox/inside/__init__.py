"""The code that runs in the sandbox. Only this is mounted, so it imports nothing else of ours."""
