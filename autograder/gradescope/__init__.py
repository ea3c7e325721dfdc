"""Autograders for Gradescope: one that looks results up, and one that grades in the container."""
