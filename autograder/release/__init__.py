"""From the solution to what students receive: strip, build, verify."""
