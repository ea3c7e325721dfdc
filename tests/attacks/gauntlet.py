"""Tries attacks on every backend and road, and reports breaches.

All attacks on a backend and road are graded in one batch, together with honest works: baselines,
twins, a sentinel that is graded between attacks, and a neighbour whose files contain the secret. An
honest work must always get the same Grade, whatever the road and whatever was graded before it.
"""

from __future__ import annotations

import hashlib
import resource
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from active_content import active_content
from attack import ALL_ROADS, DIRECTORY, LAYERS, SOLUTION, ZIP, Attack, Work
from hand_in import write
from roads import ROADS, GraderFailed, Outcome, Settings
from watch import Bait, Traces, adopting_orphans, bait, leaks

from autograder import checkout
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.limits import SUBMISSION, TRAINING

SEED = 20_261
NEIGHBOUR = "neighbour"
SENTINEL = SOLUTION.without("RMSProp.update", "fc.backward")
"""Partly right and with random dropout, so that any disturbance of a grading changes its Grade."""
SECONDS_EACH = 60
"""Seconds per submission after which a command counts as hanging; ten times that with training."""


@dataclass(frozen=True)
class Result:
    """The result of one attack on one backend and road.

    Attributes:
        gained: points above the baseline, summed over the sections in which there is a gain.
        twin, max_score: the honest twin's points, and the maximum.
        seconds: the time that grading the attack took.
        breaches: a sentence for everything that must not happen and did.
    """

    attack: Attack
    backend: str
    road: str
    gained: float = 0.0
    twin: float = 0.0
    max_score: float = 0.0
    seconds: float = 0.0
    breaches: tuple[str, ...] = ()


@dataclass
class Gauntlet:
    """Runs attacks, and remembers the Grades of honest works from road to road.

    Attributes:
        planted: the bait.
        training: how attacks on the training are graded with: "short", or "small" for a
            smaller one in this process.
        honest_once: whether to grade honest works, except the sentinel, only on the first backend
            and road, and to reuse those Grades on the others.
        hurried: whether to grade with small budgets, see `hurried.py`.
        sentinel_every: the sentinel is graded after this many attacks, and after the last.
        report: gets a progress message for each batch.
    """

    planted: Bait
    training: str = "short"
    honest_once: bool = False
    hurried: bool = False
    sentinel_every: int = 1
    report: Callable[[str], None] = lambda _: None
    _known: dict[tuple, Outcome] = field(default_factory=dict)
    _keys: dict[int, str] = field(default_factory=dict)

    def run(
        self, attacks: Sequence[Attack], backends: Iterable[str], roads: Iterable[str] = ALL_ROADS
    ) -> Iterator[Result]:
        """A result for every attack on every backend and on each of these roads that it takes."""
        roads = tuple(roads)
        for backend in backends:
            for training in (False, True):
                concerned = [attack for attack in attacks if attack.training == training]
                for road in (road for road in ALL_ROADS if road in roads):
                    batch = [attack for attack in concerned if road in attack.all_roads]
                    yield from self._bisected(batch, backend, road)

    def _bisected(self, attacks: list[Attack], backend: str, road: str) -> Iterator[Result]:
        """Results. After a breach without a known attack, each half of the batch is run again."""
        if not attacks:
            return
        self.report(f"{backend}, {road}: {len(attacks)} attacks")
        try:
            results, breaches = self._run_batch(attacks, backend, road)
        except GraderFailed as failure:
            results = [Result(attack, backend, road) for attack in attacks]
            breaches = [f"the grader failed: {failure}"]
        if breaches and len(attacks) > 1:
            middle = len(attacks) // 2
            halves = (attacks[:middle], attacks[middle:])
            results = [r for half in halves for r in self._bisected(half, backend, road)]
            if any(result.breaches for result in results):
                breaches = []
            else:
                breaches = [f"{len(attacks)} attacks together: {text}" for text in breaches]
        for number, result in enumerate(results):
            yield result if number else replace(result, breaches=(*result.breaches, *breaches))

    def _run_batch(
        self, attacks: list[Attack], backend: str, road: str
    ) -> tuple[list[Result], list[str]]:
        """Grades a batch; returns results, and breaches that are not assigned to an attack."""
        training = self.training if attacks[0].training else "off"
        honest = self._honest(attacks, training)
        works = [(NEIGHBOUR, _neighbour(self.planted)), *honest.values()]
        sentinel = honest[self._key(SENTINEL)]
        one_by_one = road in (DIRECTORY, ZIP)
        for number, attack in enumerate(attacks, start=1):
            works.append((_student(attack), attack.work))
            if one_by_one and (number % self.sentinel_every == 0 or number == len(attacks)):
                works.append(sentinel)
        with tempfile.TemporaryDirectory(dir=self.planted.folder.parent) as name:
            place = Path(name)
            place.chmod(0o755)
            patience_s = (600 if training != "off" else SECONDS_EACH) * (len(works) + 5)
            settings = Settings(backend, SEED, training, place, patience_s, self.hurried)
            before, largest = Traces.now(self.planted), _largest()
            outcomes = ROADS[road](works, settings)
            breaches = before.left_by(Traces.now(self.planted))
            breaches += leaks(self._secrets(backend), settings.out, NEIGHBOUR)
            breaches += active_content(settings.out)
        breaches += self.planted.connections
        self.planted.connections.clear()
        breaches += _memory(training, largest)
        breaches += self._changed_grades(works, outcomes, honest, (backend, training))
        by_student = dict(zip((student for student, _ in works), outcomes, strict=True))

        def of(work: Work) -> Outcome:
            key = self._key(work)
            if key in honest:
                return by_student[honest[key][0]]
            return self._remembered(key, training)

        return [
            _result(attack, backend, road, by_student[_student(attack)], of) for attack in attacks
        ], breaches

    def _secrets(self, backend: str) -> tuple[bytes, ...]:
        """Texts that no output may contain. Under sandlock, students can see the host's paths."""
        place = (str(checkout.ROOT / "autograder").encode(),) if backend == Bubblewrap.name else ()
        return (*self.planted.secrets, f"the seed is {SEED}".encode(), *place)

    def _honest(self, attacks: list[Attack], training: str) -> dict[str, tuple[str, Work]]:
        """Each distinct honest work once, with its student id."""
        found = {self._key(SENTINEL): ("honest-0", SENTINEL)}
        for work in (work for attack in attacks for work in (attack.baseline, attack.twin)):
            key = self._key(work)
            if not (self.honest_once and self._remembered(key, training)):
                found.setdefault(key, (f"honest-{len(found)}", work))
        return found

    def _remembered(self, key: str, training: str) -> Outcome | None:
        """The outcome of an honest work on any backend, if it was graded before."""
        known = (o for (_, t, k), o in self._known.items() if (t, k) == (training, key))
        return next(known, None)

    def _key(self, work: Work) -> str:
        """A hash of the submitted files, so that equal submissions are graded once."""
        if id(work) not in self._keys:
            with tempfile.TemporaryDirectory(dir=self.planted.folder.parent) as name:
                write(work, Path(name))
                digest = hashlib.sha256()
                for path in sorted(Path(name).rglob("*")):
                    digest.update(f"{path.relative_to(name)}\n".encode("utf-8", "replace"))
                    digest.update(path.read_bytes() if path.is_file() else b"")
            self._keys[id(work)] = digest.hexdigest()
        return self._keys[id(work)]

    def _changed_grades(
        self,
        works: Sequence[tuple[str, Work]],
        outcomes: Sequence[Outcome],
        honest: Mapping[str, tuple[str, Work]],
        settings: tuple,
    ) -> list[str]:
        """A sentence for each honest work whose Grade differs from its first one."""
        keys = {student: key for key, (student, _) in honest.items()}
        found = []
        for place, ((student, _), outcome) in enumerate(zip(works, outcomes, strict=True)):
            if student not in keys:
                continue
            known = self._known.setdefault((*settings, keys[student]), outcome)
            same = outcome.points == known.points
            if outcome.grade is not None and known.grade is not None:
                same = outcome.grade == known.grade
            if not same:
                after = works[place - 1][0]
                found.append(f"after {after}, an honest work had {outcome.score}, not the same")
        return found


def _result(
    attack: Attack, backend: str, road: str, found: Outcome, of: Callable[[Work], Outcome]
) -> Result:
    without, twin = of(attack.baseline), of(attack.twin)
    gained = {
        section: round(points - without.points[section], 2)
        for section, points in found.points.items()
        if points > without.points[section]
    }
    breaches = []
    if gained:
        breaches.append(f"points were gained: {gained}")
    if twin.score != twin.max_score or not twin.max_score:
        breaches.append(f"the honest twin has {twin.score} of {twin.max_score} points")
    allowed_s = SUBMISSION.wall_s + (TRAINING.wall_s if attack.training else 0)
    if found.seconds > allowed_s:
        breaches.append(f"grading it took {found.seconds:.0f} s, allowed are {allowed_s:.0f}")
    return Result(
        attack,
        backend,
        road,
        sum(gained.values()),
        twin.score,
        twin.max_score,
        found.seconds,
        tuple(breaches),
    )


def _student(attack: Attack) -> str:
    return attack.student or "".join(c if c.isalnum() else "-" for c in attack.name)


def _neighbour(planted: Bait) -> Work:
    secret = f'STUDENT = "{planted.word}"'
    return SOLUTION.plus(appended={LAYERS: secret}, files={"notes.txt": planted.word})


def _largest() -> int:
    """Bytes of the largest child process so far, including the graders."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def _memory(training: str, before: int) -> list[str]:
    """A breach if a process exceeded both its limit and the largest process before it."""
    budget = SUBMISSION if training == "off" else TRAINING
    taken, most = _largest(), max(before, budget.probe.total_bytes)
    return [f"a process took {taken >> 20} MiB of memory"] if taken > most else []


def gauntlet(place: Path, **how: object) -> Iterator[Gauntlet]:
    """A gauntlet with bait in a new folder; a generator, for `contextmanager` and fixtures."""
    with adopting_orphans(), bait(place) as planted:
        yield Gauntlet(planted, **how)
