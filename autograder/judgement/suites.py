"""Observations of a student and of the reference -> a verdict for every hidden check.

pytest collects the suites in this process, once for a whole class, with nothing of the
surroundings: no plugins found, an ini of its own, no options from the environment. What it collects
must be what the suites' source declares. Each check is then called with its evidence, for every
submission; verdicts come from the exceptions.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from autograder import checkout
from autograder.assignment import Assignment
from autograder.assignment.rubric import Section
from autograder.judgement.checks import Evidence, Failure, ReferenceBroken
from autograder.judgement.memory import limited
from autograder.observation.observe import Observations

UNUSED = ("cacheprovider", "doctest", "junitxml", "logging", "threadexception", "unittest")
PYTEST_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_THEME", "PYTEST_THEME_MODE")


TOO_LARGE = "what came back takes more memory to judge than there is for one submission"


class SuiteBroken(Exception):  # noqa: N818
    """The hidden suites could not judge: a fault of the grader, never of a submission."""


@dataclass(frozen=True)
class Check:
    """A graded check as its source declares it.

    Attributes:
        name: of the test function, without "test_".
        section: the id of the section whose points it shares in.
        weight: its part, relative to the section's other checks.
        announced: the phrase of the notebook that announces it.
        probes: whose evidence it looks at; it is judged when all of them were observed.
        counts_with: names of other checks; it counts by the weight of those that pass.
        file, line: where it is declared.
    """

    name: str
    section: str
    weight: int
    announced: str
    probes: tuple[str, ...]
    counts_with: tuple[str, ...]
    file: Path
    line: int

    @property
    def where(self) -> str:
        return f"{self.file.name}, line {self.line}"


@dataclass(frozen=True)
class Verdict:
    """What became of a check: passed when `failure` is None.

    Attributes:
        share: the part of its weight that it earns.
    """

    check: Check
    failure: str | None
    share: Fraction = Fraction(0)


@cache
def manifest(assignment: Assignment) -> tuple[Check, ...]:
    """Every check of the suites, read from their source without running it, in rubric order.

    Raises:
        SuiteBroken: a check without literal arguments, of no section, or named twice.
    """
    found: dict[str, Check] = {}
    for check in declared(assignment.suites):
        if check.section not in assignment.by_id or not check.name.startswith(check.section):
            raise SuiteBroken(f"{check.where}: a check's name begins with its section's id")
        if unknown := set(check.probes) - set(assignment.probes):
            raise SuiteBroken(f"{check.where}: there is no probe called {', '.join(unknown)}")
        if check.name in found:
            raise SuiteBroken(f"{check.file.name}: two checks are called {check.name}")
        found[check.name] = check
    order = list(assignment.by_id)
    return tuple(sorted(found.values(), key=lambda check: order.index(check.section)))


def declared(folder: Path) -> Iterator[Check]:
    """Every check in a folder's suites as its source declares it, whether or not it can be judged.

    Raises:
        SuiteBroken: one is declared by other arguments than literals, or not at all.
    """
    for file in sorted(folder.glob("test_*.py")):
        for function in ast.parse(file.read_text("utf-8")).body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                yield _declared(function, file)


def _declared(function: ast.FunctionDef, file: Path) -> Check:
    where = f"{file.name}, line {function.lineno}"
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "check":
            try:
                (section,) = (ast.literal_eval(argument) for argument in decorator.args)
                options = {k.arg: ast.literal_eval(k.value) for k in decorator.keywords}
            except ValueError:
                raise SuiteBroken(f"{where}: the arguments of check must be literals") from None
            return Check(
                function.name.removeprefix("test_"),
                section,
                options.get("weight", 1),
                options["announced"],
                tuple(argument.arg for argument in function.args.args),
                options.get("counts_with", ()),
                file,
                decorator.lineno,
            )
    raise SuiteBroken(f"{where}: {function.name} is no check; decorate it with @check(...)")


DECIDE = (
    "assignment",
    "hand_in",
    "sandbox",
    "observation",
    "judgement",
    "training",
    "diagnosis",
    "grading",
    "release/markers.py",
    "release/strip.py",
    "atomic.py",
    "seeds.py",
)
"""The part of the engine whose code decides a verdict; a test holds it to what is imported."""


def deciding_files(assignment: Assignment) -> list[Path]:
    """All that decides a Grade: suites, probes, the solution, what judges by them, and what is told
    of versions."""
    found = [assignment.source, assignment.misconceptions_folder / "hidden.json"]
    found += [assignment.changelog] if assignment.changelog.exists() else []
    found += assignment.suites.glob("*.py")
    found += assignment.suites.glob("*.ini")
    found += (assignment.library / "lib").rglob("*.py")
    found += assignment.folder.rglob("*.py")
    return sorted([*found, *files_of(DECIDE)])


def files_of(parts: Iterable[str]) -> list[Path]:
    """The modules of the engine in these folders, and those that are named themselves."""
    found: list[Path] = []
    for part in (checkout.PACKAGE / part for part in parts):
        found += [part] if part.is_file() else part.rglob("*.py")
    return found


@cache
def suite_hash(assignment: Assignment) -> str:
    """Of all that decides a Grade."""
    digest = hashlib.sha256()
    for file in deciding_files(assignment):
        content, places = file.read_bytes(), (assignment.root, checkout.ROOT)
        root = next(root for root in places if file.is_relative_to(root))
        digest.update(f"{file.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def mark(
    assignment: Assignment, student: Observations, reference: Observations
) -> tuple[Verdict, ...]:
    """A verdict for every check whose probes were observed, in the manifest's order.

    Raises:
        ValueError: the two were not observed by the same probes under the same seed.
        SuiteBroken: pytest finds other checks than declared, or the reference has no answer to one.
    """
    if student.seed != reference.seed or set(student) != set(reference):
        raise ValueError("a student and a reference that were not observed alike")
    known = assignment.probes
    evidence = {
        name: Evidence(known[name], student.seed, student[name], reference[name])
        for name in student
    }
    asked = [check for check in manifest(assignment) if set(check.probes) <= set(evidence)]
    suites = _collected(assignment)
    with limited():
        verdicts = [
            _verdict(check, _judged(suites[check.name], check, evidence)) for check in asked
        ]
    by_name = {verdict.check.name: verdict for verdict in verdicts}
    return tuple(_in_proportion(verdict, by_name) for verdict in verdicts)


def _verdict(check: Check, failure: str | None) -> Verdict:
    return Verdict(check, failure, Fraction(failure is None))


def _in_proportion(verdict: Verdict, by_name: Mapping[str, Verdict]) -> Verdict:
    """A passed check that counts with others earns the part that those earn by their weights."""
    others = [by_name[name] for name in verdict.check.counts_with]
    if verdict.failure is not None or not others:
        return verdict
    share = earned(others)
    if share == 1:
        return verdict
    names = ", ".join(other.check.name for other in others if other.failure is not None)
    return Verdict(
        verdict.check, f"it counts for {float(share):.0%}, because these fail: {names}", share
    )


def earned(verdicts: Sequence[Verdict], excused: frozenset[str] = frozenset()) -> Fraction:
    """The part of the points that checks earn, by their weights."""
    return Fraction(
        sum(v.check.weight * (1 if v.check.name in excused else v.share) for v in verdicts),
        sum(v.check.weight for v in verdicts),
    )


@cache
def _collected(assignment: Assignment) -> Mapping[str, Callable[..., None]]:
    """The function of every check by its name, as pytest finds them."""
    folder = assignment.suites
    collector = _Collector(assignment.sections)
    arguments = [
        str(folder),
        f"--rootdir={folder}",
        f"-c{folder / 'pytest.ini'}",
        "--import-mode=importlib",
        "--assert=plain",
        "--capture=no",
        "--strict-markers",
        *(f"-pno:{plugin}" for plugin in UNUSED),
        "-qq",
    ]
    with (
        _clean_environment(),
        _own_modules(),
        contextlib.redirect_stdout(io.StringIO()) as said,
    ):
        status = pytest.main(arguments, plugins=[collector])
    if status != 0:
        raise SuiteBroken(
            f"pytest ended with status {int(status)} over the hidden suites; "
            + said.getvalue()[-2000:]
        )
    declared = Counter(f"test_{check.name}" for check in manifest(assignment))
    found = Counter(item.name for item in collector.items)
    if found != declared:
        differing = sorted({*(found - declared), *(declared - found)})
        raise SuiteBroken(f"the hidden suites declare other checks than pytest finds: {differing}")
    return {item.name.removeprefix("test_"): item.obj for item in collector.items}


class _Collector:
    """A pytest plugin that keeps what was collected, and runs nothing."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = sections

    def pytest_configure(self, config: pytest.Config) -> None:
        for section in self._sections:
            config.addinivalue_line("markers", f"{section.id}: {section.title}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = [item for item in session.items if isinstance(item, pytest.Function)]
        return True


def _judged(
    function: Callable[..., None], check: Check, evidence: Mapping[str, Evidence]
) -> str | None:
    """What the student is told, None if the check passed.

    An exception other than `Failure` is about claims that no check was ready for.
    """
    try:
        function(**{name: evidence[name] for name in check.probes})
    except ReferenceBroken as broken:
        raise SuiteBroken(f"{check.name}: {broken}") from broken
    except Failure as failure:
        return str(failure)
    except MemoryError as error:
        _try_without_the_student(function, check, evidence, error)
        return TOO_LARGE
    except Exception as error:
        return f"what came back could not be judged ({type(error).__name__})"
    return None


def _try_without_the_student(
    function: Callable[..., None],
    check: Check,
    evidence: Mapping[str, Evidence],
    error: MemoryError,
) -> None:
    """Raises SuiteBroken where judging the reference itself takes more memory than there is."""
    try:
        function(**{name: evidence[name].of_reference() for name in check.probes})
    except MemoryError:
        raise SuiteBroken(
            f"{check.name} takes more memory than there is, whatever is judged: give the grader "
            f"more ({error})"
        ) from error


@contextlib.contextmanager
def _own_modules() -> Iterator[None]:
    """Forgets the modules that are imported meanwhile: pytest calls a suite `test_step`, whichever
    assignment it is of, and would take another's that it has imported under that name."""
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if name.partition(".")[0].startswith(("test_", "conftest")):
                del sys.modules[name]


@contextlib.contextmanager
def _clean_environment() -> Iterator[None]:
    """Without what the environment would tell pytest; afterwards as before."""
    names = (*PYTEST_VARIABLES, "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update({name: value for name, value in before.items() if value is not None})
