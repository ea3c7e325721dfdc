"""The code that runs in the sandbox. It imports nothing from the rest of the package."""
