"""The grader's commands with small budgets of CPU time, which some attacks use up.

    python tests/attacks/hurried.py cohort FOLDER ...

Correct work stays far below them. Wall-clock limits are as they are, because sleeping costs
nothing and a busy machine needs them. `make attacks` tries every attack with the whole budgets.
"""

from dataclasses import replace

from autograder.sandbox import limits

for _name in ("SUBMISSION", "TOGETHER", "PROBE_BY_PROBE"):
    _whole = getattr(limits, _name)
    _probe = replace(_whole.probe, cpu_s=1)
    _hurried = replace(_whole, probe=_probe, patience_s=1, import_cpu_s=2)
    setattr(limits, _name, _hurried)

if __name__ == "__main__":  # workers import this file, and so have the same budgets
    from autograder.cli import app

    app()
