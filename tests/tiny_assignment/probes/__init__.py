"""How a student's library is exercised."""
