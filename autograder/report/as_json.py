"""Grades as JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO, Any

from autograder.grading.result import SCHEMA, Grade, Hint, SectionGrade, Test


def to_json(grades: Iterable[Grade]) -> str:
    """A list with an object for each Grade, its keys in the order of the fields."""
    return json.dumps([asdict(grade) for grade in grades], indent=2, allow_nan=False) + "\n"


@contextmanager
def streamed(file: IO[str]) -> Iterator[Callable[[Grade], None]]:
    """Writes what `to_json` writes, each Grade when it is made; whatever ends it, the list ends."""
    count = 0

    def write(grade: Grade) -> None:
        nonlocal count
        file.write(",\n" if count else "[\n")
        file.write(to_json([grade])[len("[\n") : -len("\n]\n")])
        file.flush()
        count += 1

    try:
        yield write
    finally:
        if count:
            file.write("\n]\n")
            file.flush()


def from_json(text: str) -> list[Grade]:
    """What `to_json` wrote.

    Raises:
        ValueError: it is something else, or of another version.
    """
    try:
        grades = json.loads(text)
        if not isinstance(grades, list):
            raise TypeError("expected a list")
        return [_grade(told) for told in grades]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no list of grades: {error}") from None


def _grade(told: Mapping[str, Any]) -> Grade:
    if told["schema"] != SCHEMA:
        raise ValueError(f"a grade of version {told['schema']}; expected {SCHEMA}")
    sections = tuple(_section(section) for section in told["sections"])
    return Grade(**{**told, "sections": sections, "errors": tuple(told["errors"])})


def _section(told: Mapping[str, Any]) -> SectionGrade:
    tests = tuple(Test(**test) for test in told["tests"])
    hints = tuple(Hint(**hint) for hint in told["hints"])
    return SectionGrade(**{**told, "tests": tests, "hints": hints})
