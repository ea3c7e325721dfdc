"""What stock nbgrader loads from us: preprocessors and an exporter."""
