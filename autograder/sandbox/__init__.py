"""The border between the grader and the code it grades.

session.py     one submission's probes as they happen, on the trusted side
protocol.py    reads what comes out: plain data or a named refusal
backend.py     what every way to run a child shares; bubblewrap.py, sandlock.py, unconfined.py
selftest.py    tries to break out before anything is graded
limits.py      how much of everything

worker.py, writer.py, confine.py, seccomp.py, system_calls.py and escapes/ run inside and import
nothing of ours
"""
