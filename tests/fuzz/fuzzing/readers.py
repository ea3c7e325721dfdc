"""The readers of untrusted bytes, their inputs, and counts of their answers.

A reader gets hostile bytes, and answers with plain data or a named refusal. Anything else (another
exception, other types, more memory than its cap) is a breach. Hypothesis draws inputs by structure:
valid data with one or more parts replaced. `damaged` then makes further inputs from each by
changing bytes.
"""

from __future__ import annotations

import random
import resource
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fuzzing import channel, handed_in, platforms
from fuzzing.answers import Breach
from fuzzing.damage import damaged
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from autograder.hand_in.chosen_notebook import LARGEST_NOTEBOOK
from autograder.hand_in.library import LARGEST_LIBRARY
from autograder.hand_in.roster import LARGEST as LARGEST_ROSTER
from autograder.sandbox.limits import MIB

DAMAGED = 9
"""How many damaged inputs to make from each drawn one."""
BATCH = 100
"""Inputs per run of hypothesis, which remembers its inputs to avoid duplicates."""


@dataclass(frozen=True)
class Reader:
    """One reader to fuzz.

    Attributes:
        name: its name in the table of results.
        inputs: hostile bytes, drawn by structure.
        answer: feeds bytes to the reader, checks the output, and describes it in a few words.
        cap: the largest memory use in bytes, by the size of the input in bytes.
        ordinary: the first input, which loads what is loaded only once.
    """

    name: str
    inputs: st.SearchStrategy[bytes]
    answer: Callable[[bytes], str]
    cap: Callable[[int], int]
    ordinary: bytes = b"{}"


class Violation(Exception):  # noqa: N818 - a fact about a reader
    """A reader broke the rules.

    Attributes:
        data: the input that caused it.
    """

    def __init__(self, reader: Reader, data: bytes, error: BaseException) -> None:
        super().__init__(f"{reader.name}: {type(error).__name__}: {error}")
        self.data = data


def readers(folder: Path) -> tuple[Reader, ...]:
    """All readers. `folder` must be empty; some readers write their file there."""

    def several(size: int) -> int:
        return 6 * size + 4 * MIB

    def zip_file(data: bytes) -> str:
        return handed_in.read_zip(data, folder)

    def unpacked(size: int) -> int:
        return LARGEST_LIBRARY + LARGEST_NOTEBOOK + 8 * MIB

    return (
        Reader("frames of a probe", channel.frames, channel.read_frames, several),
        Reader("records of a worker", channel.streams(), channel.read_stream, several),
        Reader("the end of a probe", channel.ends, channel.read_end, several),
        Reader(
            "notebooks",
            handed_in.notebooks,
            handed_in.read_notebook,
            lambda size: 60 * size + 4 * MIB,
            handed_in.ORDINARY,
        ),
        Reader("zip files", handed_in.zips(), zip_file, unpacked),
        Reader(
            "downloads",
            platforms.listings(),
            lambda data: platforms.read_download(data, folder),
            lambda size: 200 * size + 4 * MIB,
            platforms.ORDINARY_LISTING,
        ),
        Reader(
            "lists of a class",
            platforms.tables(),
            lambda data: platforms.read_roster(data, folder),
            lambda size: LARGEST_ROSTER + 60 * size + 4 * MIB,  # the first is a buffer
            platforms.ORDINARY_TABLE,
        ),
        Reader(
            "files to fill",
            platforms.tables(),
            platforms.fill_table,
            lambda size: 60 * size + 4 * MIB,
            platforms.ORDINARY_TABLE,
        ),
    )


def attacked(
    reader: Reader,
    inputs: int,
    seed: int,
    report: Callable[[int], None] = lambda done: None,
) -> tuple[Counter[str], int]:
    """Counts of a reader's answers, and the largest memory use in bytes for one input.

    Raises:
        Violation: the reader broke the rules; it has the input.
    """
    answers: Counter[str] = Counter()
    most, batch, chance = 0, 0, random.Random(seed)
    reader.answer(reader.ordinary)
    while answers.total() < inputs:
        for data in drawn(reader, min(BATCH, -(-inputs // (DAMAGED + 1))), seed + batch):
            said, peak = held(reader, data)
            answers[said] += 1
            most = max(most, peak)
            for _ in range(DAMAGED):
                changed = damaged(chance, data)
                before = _highest()
                answers[_answered(reader, changed)] += 1
                if _highest() - before > reader.cap(len(changed)):
                    raise Violation(
                        reader, changed, Breach("this process grew by more than the cap")
                    )
        batch += 1
        report(answers.total())
    return answers, most


def drawn(reader: Reader, count: int, seed: int) -> list[bytes]:
    """This many inputs, the same for the same seed."""
    found: list[bytes] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(reader.inputs)
    def collect(data: bytes) -> None:
        found.append(data)

    collect()
    return found


def held(reader: Reader, data: bytes) -> tuple[str, int]:
    """The reader's answer, and its memory use in bytes.

    Raises:
        Violation: the reader exceeded its cap, or broke another rule.
    """
    tracemalloc.start()
    try:
        said = _answered(reader, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if peak > reader.cap(len(data)):
        raise Violation(reader, data, Breach(f"{peak:,} bytes of memory for {len(data):,} bytes"))
    return said, peak


def _answered(reader: Reader, data: bytes) -> str:
    try:
        return reader.answer(data)
    except Exception as error:
        raise Violation(reader, data, error) from error


def _highest() -> int:
    """The largest memory use of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
