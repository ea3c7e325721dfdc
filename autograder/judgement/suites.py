"""Turns observations of a student and of the reference into a verdict for every hidden check.

pytest collects the suites once for a whole class, in this process. It is isolated from its
environment: no plugin discovery, its own ini file, no options from environment variables. It must
collect exactly the checks that the suites' source declares. Each check is then called with the
evidence of every submission, and its exception, if any, becomes the verdict.
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
from autograder.judgement.memory import memory_limited
from autograder.observation.observe import Observations

UNUSED_PLUGINS = ("cacheprovider", "doctest", "junitxml", "logging", "threadexception", "unittest")
PYTEST_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_THEME", "PYTEST_THEME_MODE")


TOO_LARGE = "judging the returned values takes more memory than one submission may use"


class SuiteBroken(Exception):  # noqa: N818
    """The hidden suites could not be run: the grader's fault, never a submission's."""


@dataclass(frozen=True)
class Check:
    """A graded check as declared in its source.

    Attributes:
        name: the name of the test function without "test_".
        section: the id of its section.
        weight: its share of the section's points, relative to the other checks' weights.
        announced: the phrase in the notebook that announces it.
        probes: the probes whose evidence it uses; it is judged if all of them were observed.
        scaled_by: names of other checks; a passed check earns the share that those earn.
        file, line: where it is declared.
    """

    name: str
    section: str
    weight: int
    announced: str
    probes: tuple[str, ...]
    scaled_by: tuple[str, ...]
    file: Path
    line: int

    @property
    def where(self) -> str:
        return f"{self.file.name}, line {self.line}"


@dataclass(frozen=True)
class Verdict:
    """The result of a check.

    Attributes:
        failure: the message for the student; None if the check passed and counts in full.
        share: the fraction of its weight that it earns.
    """

    check: Check
    failure: str | None
    share: Fraction = Fraction(0)


@cache
def all_checks(assignment: Assignment) -> tuple[Check, ...]:
    """All checks of the suites, read from their source without running it, in rubric order.

    Raises:
        SuiteBroken: a check has arguments that are not literals, belongs to no section, uses an
            unknown probe, or has the name of another check.
    """
    checks: dict[str, Check] = {}
    for check in declared(assignment.suites):
        if check.section not in assignment.by_id or not check.name.startswith(check.section):
            raise SuiteBroken(f"{check.where}: a check's name must begin with its section's id")
        if unknown := set(check.probes) - set(assignment.probes):
            raise SuiteBroken(f"{check.where}: there is no probe called {', '.join(unknown)}")
        if check.name in checks:
            raise SuiteBroken(f"{check.file.name}: two checks are named {check.name}")
        checks[check.name] = check
    order = list(assignment.by_id)
    return tuple(sorted(checks.values(), key=lambda check: order.index(check.section)))


def declared(folder: Path) -> Iterator[Check]:
    """All checks declared in a folder's suites, whether or not they can be judged.

    Raises:
        SuiteBroken: a test has no `@check(...)`, or its arguments are not literals.
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
                options.get("scaled_by", ()),
                file,
                decorator.lineno,
            )
    raise SuiteBroken(f"{where}: {function.name} is not a check; decorate it with @check(...)")


DECIDING_PARTS = (
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
"""The parts of the engine whose code affects a Grade. A test compares the list with the imports."""


def deciding_files(assignment: Assignment) -> list[Path]:
    """All files that affect a Grade: the assignment, with its suites, solution and changelog, and
    the engine's parts in DECIDING_PARTS."""
    files = [assignment.source, assignment.misconceptions_folder / "hidden.json"]
    files += [assignment.changelog] if assignment.changelog.exists() else []
    files += assignment.suites.glob("*.py")
    files += assignment.suites.glob("*.ini")
    files += (assignment.library / "lib").rglob("*.py")
    files += assignment.folder.rglob("*.py")
    return sorted([*files, *files_of(DECIDING_PARTS)])


def files_of(parts: Iterable[str]) -> list[Path]:
    """The files of these parts of the engine, each of which is a folder or a module."""
    files: list[Path] = []
    for path in (checkout.PACKAGE / part for part in parts):
        files += [path] if path.is_file() else path.rglob("*.py")
    return files


@cache
def suite_hash(assignment: Assignment) -> str:
    """A hash of all files that affect a Grade."""
    roots = assignment.root, checkout.PACKAGE.parent
    names = {
        next(file.relative_to(root).as_posix() for root in roots if file.is_relative_to(root)): file
        for file in deciding_files(assignment)
    }
    digest = hashlib.sha256()
    for name, file in sorted(names.items()):  # the same in a checkout and where it is installed
        content = file.read_bytes()
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def judge(
    assignment: Assignment, student: Observations, reference: Observations
) -> tuple[Verdict, ...]:
    """A verdict for every check whose probes were observed, in the order of `all_checks`.

    Raises:
        ValueError: student and reference were not observed with the same probes and seed.
        SuiteBroken: pytest collects different checks from those declared, or the reference lacks a
            value.
    """
    if student.seed != reference.seed or set(student) != set(reference):
        raise ValueError("student and reference were not observed with the same probes and seed")
    known = assignment.probes
    evidence = {
        name: Evidence(known[name], student.seed, student[name], reference[name])
        for name in student
    }
    checks = [check for check in all_checks(assignment) if set(check.probes) <= set(evidence)]
    functions = _collected(assignment)
    with memory_limited():
        verdicts = [
            _verdict(check, _failure(functions[check.name], check, evidence)) for check in checks
        ]
    by_name = {verdict.check.name: verdict for verdict in verdicts}
    return tuple(_in_proportion(verdict, by_name) for verdict in verdicts)


def _verdict(check: Check, failure: str | None) -> Verdict:
    return Verdict(check, failure, Fraction(failure is None))


def _in_proportion(verdict: Verdict, by_name: Mapping[str, Verdict]) -> Verdict:
    """Gives a passed check with `scaled_by` the share that those checks earn."""
    others = [by_name[name] for name in verdict.check.scaled_by]
    if verdict.failure is not None or not others:
        return verdict
    share = earned(others)
    if share == 1:
        return verdict
    names = ", ".join(other.check.name for other in others if other.failure is not None)
    return Verdict(
        verdict.check,
        f"it earns {float(share):.0%} of its points, because these checks fail: {names}",
        share,
    )


def earned(verdicts: Sequence[Verdict], excused: frozenset[str] = frozenset()) -> Fraction:
    """The weighted fraction of the points that checks earn; excused checks earn all of theirs."""
    return Fraction(
        sum(v.check.weight * (1 if v.check.name in excused else v.share) for v in verdicts),
        sum(v.check.weight for v in verdicts),
    )


@cache
def _collected(assignment: Assignment) -> Mapping[str, Callable[..., None]]:
    """The functions of all checks by name, as pytest collects them."""
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
        *(f"-pno:{plugin}" for plugin in UNUSED_PLUGINS),
        "-qq",
    ]
    with (
        _clean_environment(),
        _own_modules(),
        contextlib.redirect_stdout(io.StringIO()) as output,
    ):
        status = pytest.main(arguments, plugins=[collector])
    if status != 0:
        raise SuiteBroken(
            f"pytest exited with status {int(status)} on the hidden suites; "
            + output.getvalue()[-2000:]
        )
    declared = Counter(f"test_{check.name}" for check in all_checks(assignment))
    collected = Counter(item.name for item in collector.items)
    if collected != declared:
        names = sorted({*(collected - declared), *(declared - collected)})
        raise SuiteBroken(
            f"pytest collects different checks from those that the hidden suites declare: {names}"
        )
    return {item.name.removeprefix("test_"): item.obj for item in collector.items}


class _Collector:
    """A pytest plugin that stores the collected tests and runs none."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = sections

    def pytest_configure(self, config: pytest.Config) -> None:
        for section in self._sections:
            config.addinivalue_line("markers", f"{section.id}: {section.title}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = [item for item in session.items if isinstance(item, pytest.Function)]
        return True


def _failure(
    function: Callable[..., None], check: Check, evidence: Mapping[str, Evidence]
) -> str | None:
    """The failure message for the student; None if the check passed.

    An exception other than `Failure` means that the student's values were of an unexpected kind.
    """
    try:
        function(**{name: evidence[name] for name in check.probes})
    except ReferenceBroken as broken:
        raise SuiteBroken(f"{check.name}: {broken}") from broken
    except Failure as failure:
        return str(failure)
    except MemoryError as error:
        _require_reference_fits(function, check, evidence, error)
        return TOO_LARGE
    except Exception as error:
        return f"the returned values could not be judged ({type(error).__name__})"
    return None


def _require_reference_fits(
    function: Callable[..., None],
    check: Check,
    evidence: Mapping[str, Evidence],
    error: MemoryError,
) -> None:
    """Raises SuiteBroken if judging the reference itself exceeds the memory limit, too."""
    try:
        function(**{name: evidence[name].of_reference() for name in check.probes})
    except MemoryError:
        raise SuiteBroken(
            f"judging the reference with {check.name} takes too much memory: give the grader more "
            f"({error})"
        ) from error


@contextlib.contextmanager
def _own_modules() -> Iterator[None]:
    """Forgets the suites that are imported inside the block.

    pytest imports a suite as `test_step` without the assignment's name. It would reuse another
    assignment's module of the same name.
    """
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if name.partition(".")[0].startswith(("test_", "conftest")):
                del sys.modules[name]


@contextlib.contextmanager
def _clean_environment() -> Iterator[None]:
    """Removes pytest's environment variables inside the block, and restores them afterwards."""
    names = (*PYTEST_VARIABLES, "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update({name: value for name, value in before.items() if value is not None})
