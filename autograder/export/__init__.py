"""Points and feedback, in the files that learning platforms take back."""
