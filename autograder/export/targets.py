"""The platforms whose files can be filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from autograder.export import blackboard, brightspace, canvas, moodle
from autograder.export.grades import Filled, Graded, Missing


class Fill(Protocol):
    """Fills one column of the file that an instructor downloaded.

    Args:
        template: the file's content.
        class_: every student that we know.
        title: the assignment's.
        column: the name of the column to fill; found by the title by default.
        missing: what students get who are in the file but handed in nothing: nothing, or 0.

    Raises:
        TableError: the file is not the platform's, or it is unclear which column to fill.
    """

    def __call__(
        self,
        template: bytes,
        class_: Sequence[Graded],
        title: str,
        column: str | None = None,
        missing: Missing = "blank",
    ) -> Filled: ...


TARGETS: Mapping[str, Fill] = MappingProxyType(
    {
        "canvas": canvas.fill,
        "moodle": moodle.fill,
        "blackboard": blackboard.fill,
        "brightspace": brightspace.fill,
    }
)
