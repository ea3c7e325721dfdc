"""What an attack is, and the three submissions that follow from it.

    Attack(
        "answers True to ==",
        tries="Returns an object that is equal to everything, as if the check compared with ==.",
        must="No point: what is no array of numbers is refused where it leaves the sandbox.",
        over=SOLUTION.left("fc.backward"),
        does=Changes(blocks={"fc.backward": "dfeat = Agreeable()"}, appended={LAYERS: AGREEABLE}),
    )

`attack.work` is what is handed in, `attack.over` the same work without the attack, whose points it
must not exceed in any section, and `attack.twin` honest work that looks like it and keeps all
points. `hand_in.py` makes folders, zips and hand-ins of them, `gauntlet.py` grades them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

LAYERS = "lib/mlp/layer_utils.py"
NETWORKS = "lib/mlp/fully_conn.py"
TRAINING = "lib/mlp/train.py"
OPTIMIZERS = "lib/optim.py"
PACKAGE = "lib/__init__.py"
"""Empty as released, and imported before anything else of the library."""

DIRECTORY, COHORT, ZIP, NBGRADER = "directory", "cohort", "zip", "nbgrader"
"""The roads: `autograder grade FOLDER`, `autograder cohort`, `autograder grade FILE.zip`, and stock
`nbgrader autograde`."""
ALL_ROADS = (DIRECTORY, COHORT, ZIP, NBGRADER)


@dataclass(frozen=True)
class Changes:
    """What is done to somebody's work. Code is dedented; a later change stands over an earlier one.

    Attributes:
        blocks: code for TODO blocks, as the released library names them ("fc.forward"; "train_net,
            TODO 1 of 3"). None leaves a block as it was released.
        patches: (path, old, new), where the file at that path holds `old` exactly once.
        appended: code at the end of a file of the library.
        files: contents by path in the hand-in ("lib/numpy.py", "conftest.py"), new or in the place
            of what was there. None removes a file.
        cells: texts of the notebook's cells by grade id.
        notebook: gets the notebook as JSON data and returns it otherwise, or the bytes of its file.
        folder: gets the written folder, and makes of it what is no plain file: links, FIFOs.
        archive: writes a zip of its own making: gets the folder and the path of the zip.
    """

    blocks: Mapping[str, str | None] = field(default_factory=dict)
    patches: tuple[tuple[str, str, str], ...] = ()
    appended: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str | bytes | None] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    notebook: Callable[[dict[str, Any]], dict[str, Any] | bytes] | None = None
    folder: Callable[[Path], None] | None = None
    archive: Callable[[Path, Path], None] | None = None


@dataclass(frozen=True)
class Work:
    """Somebody's work: the solution, or what was released, and what was done to it in turn."""

    base: Literal["solution", "stub"]
    changes: tuple[Changes, ...] = ()

    def but(self, changes: Changes | None = None, **changed: Any) -> Work:
        """This work with something done to it: `but(changes)`, or `but(blocks=..., files=...)`."""
        return replace(self, changes=(*self.changes, changes or Changes(**changed)))

    def left(self, *blocks: str) -> Work:
        """This work with some blocks, or cells by their ids, left as they were released."""
        return self.but(blocks=dict.fromkeys(blocks))

    @property
    def archives(self) -> bool:
        """Whether it comes as a zip of its own making, and so can be handed in as a zip only."""
        return any(change.archive is not None for change in self.changes)


STUB = Work("stub")
"""What students receive, handed in as it is."""
SOLUTION = Work("solution")


@dataclass(frozen=True)
class Attack:
    """A way to get what one has not worked for.

    Attributes:
        name: what it is called in the table: lower case words.
        tries: one sentence: what is done, and what the student hopes for.
        must: one sentence: what must happen, and why it does.
        over: the work that is done honestly, which loses points. Where a gain would show best: the
            solution with a block left, where the attack needs code that runs; else the stub.
        does: the attack itself, done to that work.
        twin: honest work with all points: the solution, or where an innocent use of the same
            facility exists, the solution with that.
        roads: those beyond directory and cohort. A zip of its own making goes by zip and cohort.
        student: the id under which it is handed in, where that is part of the attack.
        training: whether it is graded with a short training.
    """

    name: str
    tries: str
    must: str
    does: Changes
    over: Work = STUB
    twin: Work = SOLUTION
    roads: tuple[str, ...] = ()
    student: str = ""
    training: bool = False

    @property
    def work(self) -> Work:
        """What is handed in."""
        return self.over.but(self.does)

    @property
    def all_roads(self) -> tuple[str, ...]:
        """Every road that it goes, in the order of ALL_ROADS."""
        always = (COHORT, ZIP) if self.work.archives else (DIRECTORY, COHORT)
        return tuple(road for road in ALL_ROADS if road in (*always, *self.roads))
