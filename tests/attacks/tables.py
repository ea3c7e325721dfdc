"""All attacks, by the paragraphs of the list of what submissions will try."""

from __future__ import annotations

from collections.abc import Iterable

import ending_early
import exhausting
import folders
import library
import lying_return_values
import names
import notebooks
import patching_the_judge
import reading_the_answers
import training
import zips
from attack import Attack

PARAGRAPHS: dict[str, tuple[Attack, ...]] = {
    "Reading the answers": reading_the_answers.ATTACKS,
    "Lying return values": lying_return_values.ATTACKS,
    "Patching the judge": patching_the_judge.ATTACKS,
    "Ending early, writing results": ending_early.ATTACKS,
    "Exhausting": exhausting.ATTACKS,
    "Files and notebooks": (
        *zips.ATTACKS,
        *folders.ATTACKS,
        *names.ATTACKS,
        *notebooks.ATTACKS,
        *library.ATTACKS,
    ),
    "Faking the training": training.ATTACKS,
}
ATTACKS = tuple(attack for attacks in PARAGRAPHS.values() for attack in attacks)


def paragraph_of(attack: Attack) -> str:
    return next(name for name, attacks in PARAGRAPHS.items() if attack in attacks)


def called(words: Iterable[str]) -> tuple[Attack, ...]:
    """Attacks whose name or paragraph holds one of these words; all of them without any."""
    words = [word.lower() for word in words]
    return tuple(
        attack
        for name, attacks in PARAGRAPHS.items()
        for attack in attacks
        if not words or any(word in attack.name or word in name.lower() for word in words)
    )
