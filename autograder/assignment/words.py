"""What the numbers of a probe are called in sentences for students, and how they came about.

With these words, the diagnosis can say what holds about a student's numbers even if nobody has
made that mistake before: "The gradient of the weights is 1 / (the number of examples) times what
it should be". An assignment has a function `words(given)` for each probe; a probe without one is
described by the names of its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.assignment.variant import misconceptions_in


@dataclass(frozen=True)
class Described:
    """One probe's values in words, for the inputs of one grading.

    Attributes:
        values: a noun phrase for each value, such as "the gradient of the weights".
        inputs: the arrays that the student's code was given, by noun phrase. A value may equal one
            of them by mistake.
        numbers: numbers that a value may be multiplied or divided by by mistake, by noun phrase.
        starts: for values that steps change: the array before the first step. Such a value has the
            shape of its start, or a first axis of steps.
        events: what changes at a step, by the number of steps before it, such as "the learning rate
            changes".
        places: masks of places in which values may be wrong by mistake, by a clause such as "in
            the column of the label".
        when: for values that were observed under a special condition: that condition, such as "in
            a second call".
        untouched: values that show an input after the call, which must not change it, with a noun
            phrase for that input.
        independent: whether the values do not depend on earlier sections, provided that their code
            leaves its inputs as they are.
        axes: noun phrases for the axes of an array with that many axes, such as ("examples",
            "features").
    """

    values: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, np.ndarray] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    starts: Mapping[str, np.ndarray] = field(default_factory=dict)
    events: Mapping[int, str] = field(default_factory=dict)
    places: Mapping[str, np.ndarray] = field(default_factory=dict)
    when: Mapping[str, str] = field(default_factory=dict)
    untouched: Mapping[str, str] = field(default_factory=dict)
    independent: bool = False
    axes: tuple[str, ...] = ()


Given = Mapping[str, Any]
"""The inputs of a probe."""

Values = Mapping[str, np.ndarray]
"""A student's numeric values in a probe, by name."""

Statements = Iterable[tuple[str, str]]
"""Statements about a student's values, as (kind, sentences)."""

Words = Callable[[Given], Described]
"""Describes a probe's values, from its inputs."""

Symptoms = Callable[[Values, Given], Statements]
"""Derives statements from a student's values and a probe's inputs."""


def gathered(package: str, name: str) -> dict[str, Any]:
    """The entries of all mappings called `name` in the modules of a package's misconceptions."""
    return {
        key: value
        for module in misconceptions_in(package)
        for key, value in getattr(module, name, {}).items()
    }
