"""Writes Grades as JSON, and reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO, Any

from autograder.grading.result import SCHEMA, Grade, Hint, SectionGrade, Test


def to_json(grades: Iterable[Grade]) -> str:
    """A list with one object per Grade, with keys in the order of the fields."""
    return listed(element(grade) for grade in grades)


def element(grade: Grade) -> str:
    """A Grade as an element of such a list, without a comma."""
    return json.dumps([asdict(grade)], indent=2, allow_nan=False)[len("[\n") : -len("\n]")]


def listed(elements: Iterable[str]) -> str:
    """The list with these elements."""
    text = ",\n".join(elements)
    return f"[\n{text}\n]\n" if text else "[]\n"


@contextmanager
def streamed(file: IO[str]) -> Iterator[Callable[[Grade], None]]:
    """Write the same as `to_json`, one Grade at a time. The list is closed even after an error."""
    count = 0

    def write(grade: Grade) -> None:
        nonlocal count
        file.write(",\n" if count else "[\n")
        file.write(element(grade))
        file.flush()
        count += 1

    try:
        yield write
    finally:
        if count:
            file.write("\n]\n")
            file.flush()


def from_json(text: str) -> list[Grade]:
    """The Grades in a text that `to_json` wrote.

    Raises:
        ValueError: it is not such a text, or has another schema version.
    """
    try:
        grades = json.loads(text)
        if not isinstance(grades, list):
            raise TypeError("expected a list")
        return [_grade(data) for data in grades]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a list of grades: {error}") from None


def _grade(data: Mapping[str, Any]) -> Grade:
    if data["schema"] != SCHEMA:
        raise ValueError(f"a grade with schema version {data['schema']}; expected {SCHEMA}")
    sections = tuple(_section(section) for section in data["sections"])
    return Grade(**{**data, "sections": sections, "errors": tuple(data["errors"])})


def _section(data: Mapping[str, Any]) -> SectionGrade:
    tests = tuple(Test(**test) for test in data["tests"])
    hints = tuple(Hint(**hint) for hint in data["hints"])
    return SectionGrade(**{**data, "tests": tests, "hints": hints})
