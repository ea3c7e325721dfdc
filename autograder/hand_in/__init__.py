"""Reading submissions: files, notebooks and students, from untrusted input."""
