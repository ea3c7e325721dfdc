"""Known mistakes of students."""
