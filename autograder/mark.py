"""Observations of a student and of the reference -> a verdict for every hidden check.

pytest runs in this process, with nothing of the surroundings: no plugins found, an ini of its own,
no options from the environment. Its text is thrown away; verdicts come from the exceptions.
The ids it collects must be those that the suites' source declares, and all must have run.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from autograder import course
from autograder.checks import Evidence, Failure, ReferenceBroken
from autograder.observe import Observations
from autograder.probes import probes
from autograder.rubric import BY_ID

EVIDENCE = pytest.StashKey[Mapping[str, Evidence]]()
UNUSED = ("cacheprovider", "doctest", "junitxml", "logging", "threadexception", "unittest")
UNUSED += ("unraisableexception",)  # collects garbage at every end, which takes a quarter of all
PYTEST_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_THEME", "PYTEST_THEME_MODE")


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
    """

    name: str
    section: str
    weight: int
    announced: str
    probes: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What became of a check: passed when `failure` is None."""

    check: Check
    failure: str | None


def manifest() -> tuple[Check, ...]:
    """Every check of the suites, read from their source without running it, in rubric order.

    Raises:
        SuiteBroken: a check without literal arguments, of no section, or named twice.
    """
    return _manifest(course.HIDDEN_SUITES)


@cache
def _manifest(folder: Path) -> tuple[Check, ...]:
    found: dict[str, Check] = {}
    for file in sorted(folder.glob("test_*.py")):
        for function in ast.parse(file.read_text("utf-8")).body:
            if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
                continue
            check = _declared(function, file)
            if check.name in found:
                raise SuiteBroken(f"{file.name}: two checks are called {check.name}")
            found[check.name] = check
    order = list(BY_ID)
    return tuple(sorted(found.values(), key=lambda check: order.index(check.section)))


def _declared(function: ast.FunctionDef, file: Path) -> Check:
    where = f"{file.name}, line {function.lineno}"
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "check":
            try:
                (section,) = (ast.literal_eval(argument) for argument in decorator.args)
                options = {k.arg: ast.literal_eval(k.value) for k in decorator.keywords}
            except ValueError:
                raise SuiteBroken(f"{where}: the arguments of check must be literals") from None
            if section not in BY_ID or not function.name.startswith(f"test_{section}"):
                raise SuiteBroken(f"{where}: a check's name begins with its section's id")
            name = function.name.removeprefix("test_")
            fixtures = tuple(argument.arg for argument in function.args.args)
            return Check(name, section, options.get("weight", 1), options["announced"], fixtures)
    raise SuiteBroken(f"{where}: {function.name} is no check; decorate it with @check(...)")


@cache
def suite_hash() -> str:
    """Of all that decides a verdict: suites, probes, solution, and what judges by them."""
    package = Path(__file__).parent
    files = [
        *course.HIDDEN_SUITES.glob("*.py"),
        *course.HIDDEN_SUITES.glob("*.ini"),
        *(package / "probes").glob("*.py"),
        *(course.LIBRARY / "lib").rglob("*.py"),
        *(package / "variants").glob("*.py"),
        *(package / f"{name}.py" for name in ("checks", "gauge", "judge", "rubric", "training")),
        *(package / f"{name}.py" for name in ("diagnose", "readings", "rehearse")),
    ]
    digest = hashlib.sha256()
    for file in sorted(files):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(course.ROOT).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def mark(student: Observations, reference: Observations) -> tuple[Verdict, ...]:
    """A verdict for every check whose probes were observed, in the manifest's order.

    Raises:
        ValueError: the two were not observed by the same probes under the same seed.
        SuiteBroken: pytest did not judge every check, or the reference has no answer to one.
    """
    if student.seed != reference.seed or set(student) != set(reference):
        raise ValueError("a student and a reference that were not observed alike")
    evidence = {
        name: Evidence(probes()[name], student.seed, student[name], reference[name])
        for name in student
    }
    expected = {c.name: c for c in manifest() if set(c.probes) <= set(evidence)}
    judge = _Judge(evidence, set(manifest()) - set(expected.values()))
    arguments = [
        str(course.HIDDEN_SUITES),
        f"--rootdir={course.HIDDEN_SUITES}",
        f"-c{course.HIDDEN_SUITES / 'pytest.ini'}",
        "--import-mode=importlib",
        "--assert=plain",
        "--capture=no",
        "--strict-markers",
        *(f"-pno:{plugin}" for plugin in UNUSED),
        "-qq",
    ]
    with _alone(), contextlib.redirect_stdout(io.StringIO()) as said:
        status = pytest.main(arguments, plugins=[judge])
    if status not in (0, 1) or judge.broken or set(judge.failures) != set(expected):
        missing = sorted(set(expected) ^ set(judge.failures))
        why = judge.broken or [f"unjudged or unknown: {missing}", said.getvalue()[-2000:]]
        raise SuiteBroken(f"the hidden suites ended with status {int(status)}; {'; '.join(why)}")
    return tuple(Verdict(check, judge.failures[name]) for name, check in expected.items())


class _Judge:
    """A pytest plugin that gives the checks their evidence and writes down what became of each."""

    def __init__(self, evidence: Mapping[str, Evidence], unobserved: set[Check]) -> None:
        self.evidence = evidence
        self.unobserved = {f"test_{check.name}" for check in unobserved}
        self.failures: dict[str, str | None] = {}
        self.broken: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[EVIDENCE] = self.evidence
        for section in BY_ID.values():
            config.addinivalue_line("markers", f"{section.id}: {section.title}")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.name not in self.unobserved]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> pytest.TestReport:
        """Instead of pytest's own, which would format tracebacks that nobody reads."""
        raised = call.excinfo.value if call.excinfo is not None else None
        if isinstance(raised, ReferenceBroken) or (raised is not None and call.when != "call"):
            self.broken.append(f"{item.name}: {raised}")
        if call.when == "call":
            self.failures[item.name.removeprefix("test_")] = _failure(raised)
        return pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords={},
            outcome="passed" if call.excinfo is None else "failed",
            longrepr=None,
            when=call.when,
        )


def _failure(raised: BaseException | None) -> str | None:
    """What the student is told. Anything but a `Failure` is about claims no check was ready for."""
    if raised is None or isinstance(raised, Failure):
        return None if raised is None else str(raised)
    return f"what came back could not be judged ({type(raised).__name__})"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Without what the environment would tell pytest; afterwards as before."""
    names = (*PYTEST_VARIABLES, "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update({name: value for name, value in before.items() if value is not None})
