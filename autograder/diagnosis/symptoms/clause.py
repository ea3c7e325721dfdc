"""What holds about a value, as the second half of a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograder.diagnosis.symptoms.compared import Compared

AT_FACTORS = "Look for a factor, a sum or a mean that is missing or counted twice"
AT_SIGNS = "Look at each minus"


@dataclass(frozen=True)
class Clause:
    """What holds about a value.

    Attributes:
        kind: a short name for this kind of statement, the same for all assignments.
        text: what follows the value's noun phrase in a sentence.
        look: a sentence about where to look; empty if the clause says it.
    """

    kind: str
    text: str
    look: str = ""


Relation = Callable[[Compared], Clause | None]
