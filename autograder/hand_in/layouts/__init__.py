"""How learning platforms lay out the download of a class, recognised by file names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograder.hand_in.files import printable
from autograder.hand_in.layouts.blackboard import BLACKBOARD
from autograder.hand_in.layouts.brightspace import BRIGHTSPACE
from autograder.hand_in.layouts.canvas import CANVAS
from autograder.hand_in.layouts.exchange import EXCHANGE
from autograder.hand_in.layouts.gradescope import GRADESCOPE
from autograder.hand_in.layouts.moodle import MOODLE
from autograder.hand_in.layouts.sakai import SAKAI
from autograder.hand_in.layouts.upload import Layout

PLAIN = "plain"
"""One folder or zip per student, named after the student's id."""
LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout  # the stricter ones first, since the first that fits is taken
    for layout in (GRADESCOPE, MOODLE, BLACKBOARD, BRIGHTSPACE, SAKAI, EXCHANGE, CANVAS)
}
SHOWN = 3


class LayoutError(Exception):
    """Nobody can say how the class is laid out; the message says what fits and what does not."""


def _is_claimed(path: str) -> bool:
    return any(layout.claims(path) for layout in LAYOUTS.values())


def recognise(names: Iterable[str]) -> Layout | None:
    """The layout of a download, by the names at its top; None for the plain one.

    Args:
        names: of files, and of folders with a `/` at the end.

    Raises:
        LayoutError: most of the names are of a platform and others are not.
    """
    paths = [f"{name}file" if name.endswith("/") else name for name in names]
    paths = [path for path in paths if not path.startswith(".") or _is_claimed(path)]
    partly: list[tuple[int, Layout]] = []
    for layout in LAYOUTS.values():
        claimed = sum(map(layout.claims, paths))
        if claimed and all(layout.claims(path) or path in layout.extras for path in paths):
            return layout
        partly.append((claimed, layout))
    most, layout = max(partly, key=lambda one: one[0])
    if 2 * most <= len(paths):
        return None
    others = [path for path in paths if not layout.claims(path) and path not in layout.extras]
    shown = ", ".join(printable(path) for path in others[:SHOWN])
    more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    raise LayoutError(
        f"{most} of {len(paths)} names are as in a {layout.title}, such as {layout.example}; "
        f"these are not: {shown}{more}. Remove them, or say how to read the class: "
        f"--layout {layout.name} ignores them, --layout {PLAIN} treats every folder or zip as one "
        "student"
    )
