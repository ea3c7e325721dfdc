"""Runs probes on a library in a sandbox and returns the values that they observe.

The same function observes students' submissions and the solution. The observations are plain data.
A student's observations are untrusted, so judges derive every property from the raw arrays.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.probe import Probe
from autograder.atomic import whole
from autograder.sandbox.backend import Backend
from autograder.sandbox.limits import PROBE_BY_PROBE, SUBMISSION, TOGETHER, Budget
from autograder.sandbox.protocol import DTYPES, Raised, TraceLine
from autograder.sandbox.session import Ending, Work, run
from autograder.seeds import key_of

FORMAT = 3
"""Earlier formats: 1 drew inputs from a seed without `seeds.stretched`; 2 stored neither the chance
accuracy of a training's own run nor its section."""
LARGEST_FILE = 512 * 2**20
MANIFEST = "observations.json"
NO_CELL = "no cell {} was found: hand in the notebook as it was released, with this cell answered"


@dataclass(frozen=True)
class Observation:
    """What one probe observed.

    Attributes:
        probe: the probe's name.
        values: the yielded values by name; a later value replaces an earlier one of the same name.
            Values are read-only arrays of bool, int or float (0-dimensional for scalars), or
            strings that the probe itself provides.
        refused: for each value that was discarded (not numeric, or large and of a wrong shape), the
            reason, such as "returned a str; ...".
        ending: how the probe ended. Values that it yielded before a failure are kept.
    """

    probe: str
    values: Mapping[str, np.ndarray | str]
    refused: Mapping[str, str]
    ending: Ending

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __getitem__(self, name: str) -> np.ndarray | str:
        return self.values[name]


@dataclass(frozen=True)
class Observations:
    """What the probes observed of one submission.

    Attributes:
        seed: the grading seed, from which the inputs were drawn.
        sandbox: the name of the backend.
        by_probe: one observation for every requested probe.
        training: the result of judging the training, as plain data; None if it was not judged.
        older_work: whether it was observed as work of an earlier year, see `hand_in.older_work`.
        errors: sentences about problems in reading the submission.
        version: the version of the assignment that the submission claims to be made from.
    """

    seed: int
    sandbox: str
    by_probe: Mapping[str, Observation] = field(default_factory=dict)
    training: Mapping[str, Any] | None = None
    older_work: bool = False
    errors: tuple[str, ...] = ()
    version: str | None = None

    def __getitem__(self, probe: str) -> Observation:
        return self.by_probe[probe]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_probe)

    def __len__(self) -> int:
        return len(self.by_probe)

    def with_training(self, training: Mapping[str, Any]) -> Observations:
        """A copy with this result of judging the training."""
        return replace(self, training=training)

    def replaced(self, others: Observations) -> Observations:
        """A copy in which the observations of `others` replace those of the same probes."""
        return replace(self, by_probe={**self.by_probe, **others.by_probe})

    def only(self, probes: Sequence[str]) -> Observations:
        """A copy with the observations of these probes, in this order.

        Raises:
            ValueError: one of the probes was not observed.
        """
        missing = [name for name in probes if name not in self.by_probe]
        if missing:
            raise ValueError(
                f"there are no observations of {', '.join(missing)}; grade the submission again"
            )
        return replace(self, by_probe={name: self.by_probe[name] for name in probes})

    def save(self, path: Path) -> None:
        """Writes `to_bytes` into a file, atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as file:
            file.write(self.to_bytes())

    def to_bytes(self) -> bytes:
        """An .npz archive; everything except arrays is JSON bytes inside it."""
        arrays: dict[str, Any] = {}
        records = []
        for observation in self.by_probe.values():
            texts = {n: v for n, v in observation.values.items() if isinstance(v, str)}
            numeric = {n: v for n, v in observation.values.items() if not isinstance(v, str)}
            arrays |= {f"{observation.probe}/{name}": array for name, array in numeric.items()}
            records.append(
                {
                    "probe": observation.probe,
                    "arrays": list(numeric),
                    "texts": texts,
                    "refused": dict(observation.refused),
                    "ending": asdict(observation.ending),
                }
            )
        manifest = {
            "format": FORMAT,
            "seed": self.seed,
            "sandbox": self.sandbox,
            "probes": records,
            "training": self.training,
            "older_work": self.older_work,
            "errors": self.errors,
            "version": self.version,
        }
        arrays[MANIFEST] = np.frombuffer(json.dumps(manifest).encode(), dtype=np.uint8)
        archive = io.BytesIO()
        np.savez(archive, **arrays)
        return archive.getvalue()

    @classmethod
    def load(cls, path: Path) -> Observations:
        """Reads what `save` wrote.

        Raises:
            ValueError: the file was not written by `save`, has another format, or is too large.
        """
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"{path} is larger than {LARGEST_FILE // 2**20} MiB")
        return cls.from_bytes(path.read_bytes(), str(path))

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "the file") -> Observations:
        """Reads the result of `to_bytes`; `name` is for messages.

        Raises:
            ValueError: it is not one, or has another format.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if sum(member.file_size for member in archive.infolist()) > LARGEST_FILE:
                    raise ValueError("its contents are too large")
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                manifest = json.loads(archive[MANIFEST].tobytes())
                if manifest["format"] != FORMAT:
                    raise ValueError(f"it has format {manifest['format']}; expected {FORMAT}")
                observations = [_observation(record, archive) for record in manifest["probes"]]
        except (KeyError, TypeError, zipfile.BadZipFile, ValueError) as failure:
            raise ValueError(f"{name} contains no observations: {failure}") from None
        by_probe = {observation.probe: observation for observation in observations}
        rest = manifest["training"], manifest["older_work"], tuple(manifest["errors"])
        version = manifest.get("version")  # missing in files from before there were versions
        return cls(manifest["seed"], manifest["sandbox"], by_probe, *rest, version)


def observe(
    assignment: Assignment,
    files: Mapping[str, bytes],
    cells: Mapping[str, str],
    seed: int,
    sandbox: Backend,
    budget: Budget = SUBMISSION,
    probes: Sequence[str] | None = None,
    data: Mapping[str, Path] | None = None,
    together: bool = False,
) -> Observations:
    """Runs probes on a library in a sandbox.

    Args:
        assignment: the assignment whose probes run.
        files: contents by relative path ("lib/optim.py"); the caller limits their size.
        cells: the source of notebook cells by grade id, without magics.
        seed: the grading seed.
        sandbox: a backend that passed its self-test, see `sandbox.selftest.choose`.
        budget: the limits.
        probes: names of probes; None means all except training probes.
        data: .npy files by name for the probes that request `data`.
        together: whether all probes run in one process, see `session.run`.

    Raises:
        SandboxError: the sandbox itself failed; never a student's fault.
    """
    if probes is None:
        probes = [name for name, probe in assignment.probes.items() if not probe.training]
    observed: dict[str, tuple[dict[str, np.ndarray | str], dict[str, str]]] = {
        name: ({}, {}) for name in probes
    }
    known = assignment.probes
    endings = {n: end for n in probes if (end := missing_cell_ending(known.get(n), cells))}
    runnable = [name for name in probes if name not in endings]
    work = Work(files, cells, data or {}, assignment.probes_folder, assignment.modules)
    key = key_of(seed)
    for event in run(work, runnable, key, sandbox, budget, together=together) if runnable else ():
        if event.step is not None:
            values, refused = observed[event.probe]
            values |= event.step.values
            refused |= event.step.refused
        if event.ending is not None:
            endings[event.probe] = event.ending
    by_probe = {
        name: Observation(name, dict(values), dict(refused), endings[name])
        for name, (values, refused) in observed.items()
    }
    return Observations(seed, sandbox.name, dict(by_probe))


def observe_then_repeat_unfinished(
    assignment: Assignment,
    files: Mapping[str, bytes],
    cells: Mapping[str, str],
    seed: int,
    sandbox: Backend,
    probes: Sequence[str],
) -> Observations:
    """Runs all probes of a submission in one process, then repeats unfinished ones individually.

    The probes share a process, because starting one for each would take most of the grading time.
    A probe that crashes, hangs or exhausts the memory also stops the others, so those that did not
    finish run again, each in its own process.

    Whether a probe is repeated depends on how its first run ended, never on the values: a finished
    run counts, right or wrong. If wrong values led to a repetition, a submission could behave
    differently in the two runs and benefit from the better one.
    """
    together = observe(assignment, files, cells, seed, sandbox, TOGETHER, probes, together=True)
    unfinished = [name for name in probes if not _needs_no_repetition(together[name].ending)]
    if not unfinished:
        return together
    alone = observe(assignment, files, cells, seed, sandbox, PROBE_BY_PROBE, unfinished)
    return together.replaced(alone)


def _needs_no_repetition(ending: Ending) -> bool:
    """Whether a probe finished, or would end the same way in its own process.

    The latter is the case if its code was not written or its module cannot be imported.
    """
    raised = ending.raised
    missing = raised and (raised.importing or raised.type == "NotImplementedError")
    return ending.how == "finished" or bool(missing)


def missing_cell_ending(probe: Probe | None, cells: Mapping[str, str]) -> Ending | None:
    """The ending "missing" if the notebook lacks the probe's cell, else None.

    This is decided outside the sandbox, so student code cannot influence it.
    """
    if probe is None or probe.cell is None or probe.cell in cells:
        return None
    return Ending("missing", NO_CELL.format(probe.cell))


def _observation(record: Mapping[str, Any], archive: Mapping[str, np.ndarray]) -> Observation:
    values: dict[str, np.ndarray | str] = {}
    for name in record["arrays"]:
        array = archive[f"{record['probe']}/{name}"]
        if array.dtype.str not in DTYPES:
            raise ValueError(f"{record['probe']}/{name} has dtype {array.dtype}")
        array.setflags(write=False)
        values[name] = array
    ending = dict(record["ending"])
    if ending["raised"] is not None:
        trace = tuple(TraceLine(**line) for line in ending["raised"]["trace"])
        ending["raised"] = Raised(**{**ending["raised"], "trace": trace})
    values |= record["texts"]
    return Observation(record["probe"], dict(values), dict(record["refused"]), Ending(**ending))
