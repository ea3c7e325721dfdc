"""The preprocessors and exporters that stock nbgrader loads from this project."""
