"""Variants of the solution: small named patches, each something that students do.

A variant names a misconception (its hint says what was done and where to look), tests the hidden
suites (it must lose points in its own section) and lets a section be judged beside the same mistake
made elsewhere, so that it is paid for once.

    Variant(
        "fc_backward_keeps_every_example_s_bias_gradient",
        file=LAYERS,
        old="dprev.sum(axis=0)",
        new="dprev",
        hint="...",
    )
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Special = Callable[
    [Mapping[str, np.ndarray], Mapping[str, Any]],
    tuple[dict[str, np.ndarray], dict[str, float]],
]
"""Reads off the values of a probe and its inputs what is compared, and tolerances by name."""


@dataclass(frozen=True)
class Patch:
    """A text in a file of the library, or in a notebook cell called by its grade id, replaced."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Variant:
    """The solution, with one thing done otherwise.

    Attributes:
        name: begins with the id of the section in which it loses points.
        file: of the library, or the grade id of a notebook cell.
        old: text that stands there exactly once ...
        new: ... and what stands there instead.
        hint: for the student: what was done and where to look, without the answer.
        further: more patches, where one place is not enough.
        correct: a right way of doing it that has other numbers. It loses nothing and has no hint,
            and lets a mistake be recognised in work that is done this way.
        section: the id that the name begins with; said by who knows the sections.
    """

    name: str
    file: str
    old: str
    new: str
    hint: str = ""
    further: tuple[Patch, ...] = ()
    correct: bool = False
    section: str = ""

    @property
    def patches(self) -> tuple[Patch, ...]:
        return (Patch(self.file, self.old, self.new), *self.further)


class Unfit(ValueError):  # noqa: N818 - two variants that do not go together are no error
    """A patch does not fit: its text is not there, or not once."""


def variants_in(package: str) -> Iterator[Variant]:
    """What the modules of an assignment's package say, whether or not they have a section."""
    folder = importlib.import_module(f"{package}.misconceptions")
    for module in pkgutil.iter_modules(folder.__path__):
        found = importlib.import_module(f"{folder.__name__}.{module.name}")
        yield from getattr(found, "VARIANTS", ())
