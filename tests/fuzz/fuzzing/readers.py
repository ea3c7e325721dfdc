"""The readers of strangers' bytes: what is fed to each, and how many of what it answered.

A reader is given hostile bytes and answers plain data or a refusal that has a name. Whatever else
happens (another exception, other types, more memory than its cap) is a breach. Inputs are drawn by
structure (hypothesis): something valid with one thing or several exchanged; `damaged` then makes
further ones of each by changing bytes.
"""

from __future__ import annotations

import random
import resource
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fuzzing import channel, handed_in
from fuzzing.answers import Breach
from fuzzing.damage import damaged
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from autograder.hand_in.submission import LARGEST_LIBRARY, LARGEST_NOTEBOOK
from autograder.sandbox.limits import MIB

DAMAGED = 9
"""Inputs made by changing bytes of each that was drawn."""
BATCH = 100
"""Drawn at once: hypothesis remembers what it drew, so that nothing comes twice."""


@dataclass(frozen=True)
class Reader:
    """One reader under attack.

    Attributes:
        name: in the table of results.
        inputs: hostile bytes, drawn by structure.
        answer: feeds bytes to it, checks what comes out, and says in a few words what that was.
        cap: most bytes of memory that it may take for an input of so many bytes.
        ordinary: an input to begin with, so that what it loads once is not counted.
    """

    name: str
    inputs: st.SearchStrategy[bytes]
    answer: Callable[[bytes], str]
    cap: Callable[[int], int]
    ordinary: bytes = b"{}"


class Fallen(Exception):  # noqa: N818 - a fact about a reader
    """A reader breached what it promises.

    Attributes:
        data: the input that did it.
    """

    def __init__(self, reader: Reader, data: bytes, error: BaseException) -> None:
        super().__init__(f"{reader.name}: {type(error).__name__}: {error}")
        self.data = data


def readers(folder: Path) -> tuple[Reader, ...]:
    """All of them; `folder` is empty and takes the zip file that is read."""

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
    )


def attacked(
    reader: Reader,
    inputs: int,
    seed: int,
    told: Callable[[int], None] = lambda done: None,
) -> tuple[Counter[str], int]:
    """How often a reader answered what, and the most memory that it took for one input.

    Raises:
        Fallen: it breached what it promises, with the input.
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
                    raise Fallen(reader, changed, Breach("this process grew by more than the cap"))
        batch += 1
        told(answers.total())
    return answers, most


def drawn(reader: Reader, count: int, seed: int) -> list[bytes]:
    """So many inputs, the same for the same seed."""
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
    """The reader's answer, and the bytes of memory that it took.

    Raises:
        Fallen: more than its cap, or another breach.
    """
    tracemalloc.start()
    try:
        said = _answered(reader, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if peak > reader.cap(len(data)):
        raise Fallen(reader, data, Breach(f"{peak:,} bytes of memory for {len(data):,} bytes"))
    return said, peak


def _answered(reader: Reader, data: bytes) -> str:
    try:
        return reader.answer(data)
    except Exception as error:
        raise Fallen(reader, data, error) from error


def _highest() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
