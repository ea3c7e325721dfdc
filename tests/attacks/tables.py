"""All attacks, grouped by what they try to do."""

from __future__ import annotations

from collections.abc import Iterable

import comparing
import ending_early
import exhausting_room
import exhausting_the_judge
import exhausting_time
import folders
import hidden_mistakes
import knowing_the_questions
import library
import lying_numbers
import lying_objects
import names
import notebook_displays
import notebooks
import patching_by_files
import patching_notebooks
import patching_python
import reading_the_machine
import reading_the_process
import recipes
import solving
import training
import two_answers
import zips
from attack import Attack

TABLES = {
    "Reading the answers": (reading_the_process, knowing_the_questions, reading_the_machine),
    "Lying return values": (lying_objects, lying_numbers),
    "Answering twice": (two_answers,),
    "Hiding a mistake behind another": (hidden_mistakes,),
    "Patching the judge": (patching_python, patching_by_files, patching_notebooks),
    "Ending early, writing results": (ending_early,),
    "Exhausting": (exhausting_time, exhausting_room, exhausting_the_judge),
    "Files and notebooks": (zips, folders, names, notebooks, notebook_displays, library),
    "Faking the training": (training, solving, recipes, comparing),
}
GROUPS: dict[str, tuple[Attack, ...]] = {
    group: tuple(attack for table in tables for attack in table.ATTACKS)
    for group, tables in TABLES.items()
}
ATTACKS = tuple(attack for attacks in GROUPS.values() for attack in attacks)


def matching(words: Iterable[str]) -> tuple[Attack, ...]:
    """Attacks whose name or group contains one of these words; all attacks without words."""
    words = [word.lower() for word in words]
    return tuple(
        attack
        for name, attacks in GROUPS.items()
        for attack in attacks
        if not words or any(word in attack.name or word in name.lower() for word in words)
    )
