"""The security boundary between the grader and student code.

session.py     runs one submission's probes and yields events, on the trusted side
protocol.py    parses the sandbox's output into plain data, or rejects it with a reason
backend.py     shared by all backends: bubblewrap.py, sandlock.py, unconfined.py
selftest.py    tries to break out of the sandbox before anything is graded
limits.py      time, memory and other resource limits

The files in inside/ run inside the sandbox and import nothing else from this package.
"""
