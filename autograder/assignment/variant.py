"""Variants of the solution: small named patches, each of which does something that students do.

A variant serves three purposes. It identifies a misconception, and its hint tells the student what
was done and where to look. It tests the hidden suites, because it must lose points in its own
section. And it allows a later section to be compared with the solution that contains the same
mistake, so that the mistake costs points only once.

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
from types import ModuleType
from typing import Any

import numpy as np

Special = Callable[
    [Mapping[str, np.ndarray], Mapping[str, Any]],
    tuple[dict[str, np.ndarray], dict[str, float]],
]
"""Derives the arrays to compare, and tolerances by name, from a probe's values and inputs."""


@dataclass(frozen=True)
class Patch:
    """Replaces text in a library file, or in a notebook cell (`file` is then its grade id)."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Variant:
    """The solution with one change.

    Attributes:
        name: begins with the id of the section in which the variant loses points.
        file: a file of the library, or the grade id of a notebook cell.
        old: text that occurs there exactly once.
        new: the replacement for `old`.
        hint: for the student: what was done and where to look, without the answer.
        further: more patches, if one is not enough.
        correct: whether this is another correct form of the solution. It loses no points and has no
            hint. It makes mistakes recognisable in work that is done this way.
        section: the section id that the name begins with; `diagnosis.variants` fills it in.
        parts: for a combination of changes that the diagnosis put together: those of them that are
            known variants. The hint is then about the others.
        derived: whether the diagnosis made it; it is then in no table.
    """

    name: str
    file: str
    old: str
    new: str
    hint: str = ""
    further: tuple[Patch, ...] = ()
    correct: bool = False
    section: str = ""
    parts: tuple[Variant, ...] = ()
    derived: bool = False

    @property
    def patches(self) -> tuple[Patch, ...]:
        return (Patch(self.file, self.old, self.new), *self.further)


class PatchDoesNotApply(ValueError):  # noqa: N818 - variants may be incompatible; that is not an error
    """A patch cannot be applied: its old text does not occur exactly once."""


def variants_in(package: str) -> Iterator[Variant]:
    """The variants in all modules of an assignment, including those that match no section."""
    for module in misconceptions_in(package):
        yield from getattr(module, "VARIANTS", ())


def misconceptions_in(package: str) -> Iterator[ModuleType]:
    """The modules of an assignment's folder `misconceptions`."""
    folder = importlib.import_module(f"{package}.misconceptions")
    for info in pkgutil.iter_modules(folder.__path__):
        yield importlib.import_module(f"{folder.__name__}.{info.name}")
