"""What was handed in: files, notebooks and students, read from whatever arrives."""
