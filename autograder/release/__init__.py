"""Makes what students receive from the solution: strip, build, verify."""
