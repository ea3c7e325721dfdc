"""The grader's commands with small budgets, so that attacks that use them up take seconds.

    python tests/attacks/hurried.py cohort FOLDER ...

Correct work stays far below them. `make attacks` tries every attack with the whole budgets.
"""

from dataclasses import replace

from autograder.sandbox import limits

limits.SUBMISSION = replace(
    limits.SUBMISSION,
    probe=replace(limits.SUBMISSION.probe, cpu_s=2, wall_s=5.0),
    patience_s=2,
    import_cpu_s=2,
    import_wall_s=6.0,
    slack_s=3.0,
)
limits.TOGETHER = replace(limits.SUBMISSION, wall_s=20.0, longest_s=60.0)
limits.PROBE_BY_PROBE = replace(limits.SUBMISSION, wall_s=80.0, longest_s=240.0)

if __name__ == "__main__":  # workers import this file, and so have the same budgets
    from autograder.cli import app

    app()
