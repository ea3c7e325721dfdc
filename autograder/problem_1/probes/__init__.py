"""How a student's library is exercised, a module a subject."""
