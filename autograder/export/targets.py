"""The platforms whose files can be filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from autograder.export import blackboard, brightspace, canvas, moodle
from autograder.export.filling import fill_in
from autograder.export.grades import Filled, Graded, Missing
from autograder.export.kinds import require
from autograder.export.sheet import Sheet
from autograder.export.table import Table

Understood = Callable[[Table, str, str | None], Sheet]
"""The file, the assignment's title and the column that was named, if any -> what the file says.

Raises TableError: it is unclear which column to fill.
"""


@dataclass(frozen=True)
class Target:
    """A platform.

    Attributes:
        kind: what its file is called, see `kinds`.
        source: where a person gets the file.
        understood: reads it.
    """

    kind: str
    source: str
    understood: Understood


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "canvas": Target(canvas.KIND, canvas.FROM, canvas.understood),
        "moodle": Target(moodle.KIND, moodle.FROM, moodle.understood),
        "blackboard": Target(blackboard.KIND, blackboard.FROM, blackboard.understood),
        "brightspace": Target(brightspace.KIND, brightspace.FROM, brightspace.understood),
    }
)


def fill(
    target: str,
    template: bytes,
    class_: Sequence[Graded],
    title: str,
    column: str | None = None,
    missing: Missing = "blank",
) -> Filled:
    """Fill one column of the file that an instructor downloaded.

    Args:
        target: one of `TARGETS`.
        template: the file's content.
        class_: every student that we know.
        title: the assignment's.
        column: the name of the column to fill; found by the title by default.
        missing: what students get who are in the file but handed in nothing: nothing, or 0.

    Raises:
        TableError: the file is not the platform's, or it is unclear which column to fill.
    """
    platform, table = TARGETS[target], Table.read(template)
    require(table, platform.kind, platform.source)
    return fill_in(platform.understood(table, title, column), class_, missing)
