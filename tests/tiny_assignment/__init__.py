"""A minimal assignment: a layer that scales its input, and a step of gradient descent.

The engine's tests use it, so that they do not depend on neural networks. It also shows what an
assignment consists of: this file, `probes`, `misconceptions`, `handout`, and, under the same names
as in the checkout, `lib_solution`, `source` and `tests/hidden`.
"""

from __future__ import annotations

from pathlib import Path

from autograder.assignment import Assignment
from autograder.assignment.rubric import Section

ASSIGNMENT = Assignment(
    package=__name__,
    root=Path(__file__).parent,
    id="tiny",
    title="A layer and a step",
    course="tiny_course",
    notebook="Tiny.ipynb",
    sections=(
        Section("scale", "A layer that scales", 3),
        Section(
            "step",
            "A step downhill",
            2,
            by_hand=(("step_question", 1),),
            answers=("step_rate",),
        ),
    ),
    modules=("lib.layers", "lib.optim"),
    answered_in=("lib/layers.py", "lib/optim.py"),
    used_by={"scale": ("step",)},
)
