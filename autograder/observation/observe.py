"""A tree and a seed -> Observations: what the probes saw of a library, in a sandbox.

The same function observes a student's tree, the solution's and every variant of it. What comes back
is plain data, and of a student's tree a claim: whoever judges it derives every property from the
raw arrays.
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
"""1: inputs were drawn from a seed without `seeds.stretched`; 2: a training said of its own run
nothing of chance and of its section."""
LARGEST_FILE = 512 * 2**20
MANIFEST = "observations.json"
NO_CELL = "no cell {} was found: hand in the notebook as it was released, with this cell answered"


@dataclass(frozen=True)
class Observation:
    """What one probe saw.

    Attributes:
        probe: its name.
        values: what it yielded by name, the steps merged in order (a later value of a name replaces
            an earlier one): read-only exact arrays of bool, int or float, 0-dimensional for
            scalars, and the probe's own texts.
        refused: by name, why a value is no numeric data, such as "returned a str; expected ...".
        ending: how it ended. What was yielded before a failure is kept.
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
    """What the probes saw of one tree.

    Attributes:
        seed: the grading seed, from which the inputs were drawn.
        sandbox: the name of the backend.
        by_probe: an observation for every probe that was asked for.
        training: what was found out about the training, as plain data; None without one.
        older_work: whether the tree was observed as work of another year, see the module of that
            name.
        errors: what was to be said of the submission when it was read.
        version: of the assignment, from which the submission says that it was made: a claim.
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

    def with_training(self, found: Mapping[str, Any]) -> Observations:
        """These and what was found out about the training."""
        return replace(self, training=found)

    def replaced(self, others: Observations) -> Observations:
        """With the observations of others in place of those of the same probes."""
        return replace(self, by_probe={**self.by_probe, **others.by_probe})

    def only(self, probes: Sequence[str]) -> Observations:
        """Those of these probes, in this order.

        Raises:
            ValueError: one of them was not observed.
        """
        missing = [name for name in probes if name not in self.by_probe]
        if missing:
            raise ValueError(f"nothing was observed by {', '.join(missing)}; grade it afresh")
        return replace(self, by_probe={name: self.by_probe[name] for name in probes})

    def save(self, path: Path) -> None:
        """Writes an .npz archive (the rest as JSON bytes in it), renamed into place when whole."""
        arrays: dict[str, Any] = {}
        records = []
        for observation in self.by_probe.values():
            texts = {n: v for n, v in observation.values.items() if isinstance(v, str)}
            plain = {n: v for n, v in observation.values.items() if not isinstance(v, str)}
            arrays |= {f"{observation.probe}/{name}": array for name, array in plain.items()}
            records.append(
                {
                    "probe": observation.probe,
                    "arrays": list(plain),
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
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Observations:
        """Reads what `save` wrote.

        Raises:
            ValueError: the file is none of ours, of another format, or too large.
        """
        content = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else None
        if content is None:
            raise ValueError(f"{path} is larger than {LARGEST_FILE // 2**20} MiB")
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if sum(member.file_size for member in archive.infolist()) > LARGEST_FILE:
                    raise ValueError("its contents are too large")
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                manifest = json.loads(archive[MANIFEST].tobytes())
                if manifest["format"] != FORMAT:
                    raise ValueError(f"it has format {manifest['format']}; expected {FORMAT}")
                read = [_observation(record, archive) for record in manifest["probes"]]
        except (KeyError, TypeError, zipfile.BadZipFile, ValueError) as failure:
            raise ValueError(f"{path} holds no observations: {failure}") from None
        by_probe = {o.probe: o for o in read}
        kept = manifest["training"], manifest["older_work"], tuple(manifest["errors"])
        version = manifest.get("version")  # what was kept before there were any says none
        return cls(manifest["seed"], manifest["sandbox"], by_probe, *kept, version)


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
        assignment: whose probes are run.
        files: contents by relative path ("lib/optim.py"), read and bounded by the caller.
        cells: the text of notebook cells by grade id, without magics.
        seed: the grading seed.
        sandbox: a backend that passed its self-test, see `sandbox.selftest.choose`.
        budget: the limits.
        probes: their names; all but the training ones when None.
        data: .npy files by name for the probes that ask for `data`.
        together: all of them in one process, see `session.run`.

    Raises:
        SandboxError: the sandbox itself could not work; never a student's fault.
    """
    if probes is None:
        probes = [name for name, probe in assignment.probes.items() if not probe.training]
    observed: dict[str, tuple[dict[str, np.ndarray | str], dict[str, str]]] = {
        name: ({}, {}) for name in probes
    }
    known = assignment.probes
    endings = {n: end for n in probes if (end := without_its_cell(known.get(n), cells))}
    asked = [name for name in probes if name not in endings]
    work = Work(files, cells, data or {}, assignment.probes_folder, assignment.modules)
    key = key_of(seed)
    for event in run(work, asked, key, sandbox, budget, together=together) if asked else ():
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
    """Runs probes on a submission: together, and those that did not finish again, each alone.

    Most of a grading's time would go into processes, so all probes share one. There one that
    crashes, hangs or uses the memory up costs others their answers, which they then give alone.

    Each probe has one answer that counts, and which of two it is follows from how the first ended,
    never from what it says: what finished counts, right or wrong. If what is wrong were asked
    again, a submission could do one thing together and another alone, and have the better of both.
    """
    together = observe(assignment, files, cells, seed, sandbox, TOGETHER, probes, together=True)
    unfinished = [name for name in probes if not _needs_no_second_look(together[name].ending)]
    if not unfinished:
        return together
    alone = observe(assignment, files, cells, seed, sandbox, PROBE_BY_PROBE, unfinished)
    return together.replaced(alone)


def _needs_no_second_look(ending: Ending) -> bool:
    """Whether a probe finished, or ended as it would alone: the code is not there.

    Its block was never written, or its module cannot be imported.
    """
    raised = ending.raised
    missing = raised and (raised.importing or raised.type == "NotImplementedError")
    return ending.how == "finished" or bool(missing)


def without_its_cell(probe: Probe | None, cells: Mapping[str, str]) -> Ending | None:
    """How a probe ends whose cell the notebook has not: here, where no code of the student's runs.

    So what counts as missing is never what a submission claims.
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
