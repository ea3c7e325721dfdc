"""What is kept of a graded submission, on disk: its state.

A state is a folder that is renamed into place once it is complete, so it is never half-written.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder.atomic import keep_through_power_cut
from autograder.grading.result import Grade
from autograder.report.as_json import from_json, to_json
from autograder.training.replay import Task

FORMAT = 3
STATES = "observations"
"""Name of the folder that holds the state of each student."""
GRADE, EARLIER_GRADES, OBSERVATIONS, STATE, NOTEBOOK = (
    "grade.json",
    "earlier.json",
    "observations.npz",
    "state.json",
    "notebook.ipynb",
)
REPLACED_PREFIX = ".was-"
"""A state's folder has this before the student's id while a new state takes its place."""


@dataclass(frozen=True)
class Fingerprints:
    """Hashes of what a state depends on. Each covers all that the previous one covers, and more.

    Attributes:
        work: covers the submission and the options of the grading.
        evidence: also covers what decides the observations. If it is unchanged, they stay valid.
        state: covers everything. A state with a different hash is stale.
    """

    work: str
    evidence: str
    state: str


@dataclass(frozen=True)
class State:
    """What is kept of a graded submission, besides its observations and its notebook.

    Attributes:
        grade: the Grade.
        fingerprints: of everything that decided the Grade.
        curve: the accuracy after each epoch of the replay.
        unanswered: ids of cells that the student left as released.
        missing_replay: the replay that the Grade still waits for.
        earlier: Grades that earlier suites gave the same work, oldest first. They are kept in the
            state so that a killed run loses no change.
    """

    grade: Grade
    fingerprints: Fingerprints
    curve: tuple[float, ...]
    unanswered: tuple[str, ...]
    missing_replay: Task | None = None
    earlier: tuple[Grade, ...] = ()

    @property
    def files(self) -> dict[str, bytes]:
        """The content of its files by name, without its observations and its notebook."""
        content = {
            "format": FORMAT,
            "fingerprints": asdict(self.fingerprints),
            "curve": self.curve,
            "unanswered": self.unanswered,
            "wants": self.missing_replay and self.missing_replay.as_dict(),
        }
        texts = {
            GRADE: to_json([self.grade]),
            EARLIER_GRADES: to_json(self.earlier),
            STATE: json.dumps(content),
        }
        return {name: text.encode("utf-8") for name, text in texts.items()}


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a state, in place of an earlier one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".state-", dir=folder.parent) as name:
        new_folder = Path(name, "state")
        new_folder.mkdir()
        for file, content in files.items():
            with (new_folder / file).open("xb") as opened:
                opened.write(content)
                if file == OBSERVATIONS:  # what student code did cannot be generated again
                    keep_through_power_cut(opened)
        _replace_state(new_folder, folder)


def _replace_state(new_folder: Path, folder: Path) -> None:
    """Rename a complete state into place, and the old one out of it.

    The old one is deleted last. Its evidence could only be restored by running student code again,
    so a run that is killed at any moment must not lose it, see `recover`.
    """
    replaced = folder.with_name(f"{REPLACED_PREFIX}{folder.name}")
    while True:
        try:
            new_folder.rename(folder)
        except OSError:  # it exists; perhaps a worker that was thought dead has just made it
            if not folder.exists():
                raise
            shutil.rmtree(replaced, ignore_errors=True)
            with contextlib.suppress(OSError):
                folder.rename(replaced)
        else:
            shutil.rmtree(replaced, ignore_errors=True)
            return


def recover(states: Path) -> None:
    """Clean up after a killed run: an old state that has no successor is put back."""
    for unfinished in states.glob(".state-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    for replaced in states.glob(f"{REPLACED_PREFIX}*"):
        folder = replaced.with_name(replaced.name.removeprefix(REPLACED_PREFIX))
        if folder.exists():
            shutil.rmtree(replaced, ignore_errors=True)
        else:
            replaced.rename(folder)


def load_state(folder: Path) -> State | None:
    """The state in a folder; None if there is none, or none of this format."""
    try:
        content = json.loads((folder / STATE).read_text("utf-8"))
        (result,) = from_json((folder / GRADE).read_text("utf-8"))
        if content["format"] != FORMAT or not (folder / OBSERVATIONS).exists():
            return None
        return State(
            result,
            Fingerprints(**content["fingerprints"]),
            tuple(content["curve"]),
            tuple(content["unanswered"]),
            content["wants"] and Task.from_dict(content["wants"]),
            tuple(from_json((folder / EARLIER_GRADES).read_text("utf-8"))),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
