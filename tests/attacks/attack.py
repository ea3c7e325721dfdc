"""What an attack is, and the three submissions that each attack consists of.

    Attack(
        "answers True to ==",
        tries="Returns an object that is equal to everything, in case the check compares with ==.",
        must="No points: anything but numbers is refused where it leaves the sandbox.",
        baseline=SOLUTION.without("fc.backward"),
        changes=Changes(
            blocks={"fc.backward": "dfeat = Agreeable()"}, appended={LAYERS: AGREEABLE}
        ),
    )

* `attack.work` is the attack itself.
* `attack.baseline` is the same work without the attack. The attack must not earn more points than
  this in any section.
* `attack.twin` is honest work that looks similar. It must keep all points.

`hand_in.py` writes them as folders and zips, and `gauntlet.py` grades them.
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
"""Empty in the release, and imported before the rest of the library."""

DIRECTORY, COHORT, ZIP, NBGRADER = "directory", "cohort", "zip", "nbgrader"
"""The roads, that is the ways to have a submission graded: `autograder grade FOLDER`, `autograder
cohort`, `autograder grade FILE.zip`, and stock `nbgrader autograde`."""
ALL_ROADS = (DIRECTORY, COHORT, ZIP, NBGRADER)


@dataclass(frozen=True)
class Changes:
    """Changes to a submission. Code is dedented; later changes override earlier ones.

    Attributes:
        blocks: code for TODO blocks, as the released library names them ("fc.forward"; "train_net,
            TODO 1 of 3"). None leaves a block as it was released.
        patches: (path, old, new), where the file at that path contains `old` exactly once.
        appended: code to append to a file of the library, by the file's path.
        files: contents by path in the submission ("lib/numpy.py", "conftest.py"). A new file is
            added, an existing one replaced. None removes a file.
        cells: texts of the notebook's cells by grade id.
        notebook: takes the notebook as JSON data, and returns changed data or the file's bytes.
        folder: takes the written folder, and adds special files such as links and FIFOs.
        archive: writes its own zip; takes the folder and the path of the zip.
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
    """A submission: the solution or the released stub, with changes applied in order."""

    base: Literal["solution", "stub"]
    changes: tuple[Changes, ...] = ()

    def plus(self, changes: Changes | None = None, **changed: Any) -> Work:
        """This work with more changes, given as `Changes` or by its attributes."""
        return replace(self, changes=(*self.changes, changes or Changes(**changed)))

    def without(self, *blocks: str) -> Work:
        """This work with these blocks or cells left as they were released."""
        return self.plus(blocks=dict.fromkeys(blocks))

    @property
    def archives(self) -> bool:
        """Whether it writes its own zip, and so can only be handed in as a zip."""
        return any(change.archive is not None for change in self.changes)


STUB = Work("stub")
"""The released files, handed in unchanged."""
SOLUTION = Work("solution")


@dataclass(frozen=True)
class Attack:
    """A way to get points that were not earned.

    Attributes:
        name: its name in the table, in lower case.
        tries: one sentence: what the attack does, and what the student hopes for.
        must: one sentence: what must happen, and why.
        baseline: the honest work without the attack, which loses points. A gain must be visible:
            the stub, or where the attack needs code that runs, the solution without one block.
        changes: the attack itself, as changes to the baseline.
        twin: honest work that earns all points: the solution, with an innocent use of the same
            technique where there is one.
        roads: roads to try besides directory and cohort. Attacks that write their own zip always
            take zip and cohort instead.
        student: the student id of the hand-in, where that is part of the attack.
        training: whether it is graded with a short training.
    """

    name: str
    tries: str
    must: str
    changes: Changes
    baseline: Work = STUB
    twin: Work = SOLUTION
    roads: tuple[str, ...] = ()
    student: str = ""
    training: bool = False

    @property
    def work(self) -> Work:
        """The submission that contains the attack."""
        return self.baseline.plus(self.changes)

    @property
    def all_roads(self) -> tuple[str, ...]:
        """Every road to try it on, in the order of ALL_ROADS."""
        always = (COHORT, ZIP) if self.work.archives else (DIRECTORY, COHORT)
        return tuple(road for road in ALL_ROADS if road in (*always, *self.roads))
