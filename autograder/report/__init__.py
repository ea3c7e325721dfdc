"""Shows Grades: in the terminal, as JSON, and as HTML pages."""
