"""Grades as JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from autograder.grade import SCHEMA, Grade, Hint, SectionGrade, Test


def to_json(grades: Iterable[Grade]) -> str:
    """A list with an object for each Grade, its keys in the order of the fields."""
    return json.dumps([asdict(grade) for grade in grades], indent=2, allow_nan=False) + "\n"


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
