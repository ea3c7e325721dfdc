"""The proofs that run code: the solution passes every released check, and the stub fails each one
for the right reason."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.assignment import Assignment
from autograder.release.finding import Finding

SECONDS = 300
"""Time limit for one run of the checks, which takes about ten seconds; it stops endless loops."""

RIGHT_REASON = re.compile(r"NotImplementedError: .+: write your solution here")
"""The error with which the stub of each section must fail."""


@dataclass(frozen=True)
class Verdict:
    """The result of one visible check.

    Attributes:
        passed: whether it passed.
        message: its error message, if it failed.
    """

    passed: bool
    message: str = ""


def run_proofs(assignment: Assignment, folder: Path) -> list[Finding]:
    """Run both proofs in parallel, on copies of the released folder."""
    plan = assignment.training
    with TemporaryDirectory(prefix="release-") as name, ThreadPoolExecutor(2) as pool:
        temporary = Path(name)
        data = {} if plan is None else plan.practice(temporary / "data")
        stub, solution = temporary / "stub", temporary / "solution"
        for copy in (stub, solution):
            shutil.copytree(folder, copy)
        answer(assignment, solution)
        proofs = [
            pool.submit(list, _stub_problems(assignment, stub, data)),
            pool.submit(list, _solution_problems(assignment, solution, data)),
        ]
        problems = [*_import_problems(stub, data), *(p for f in proofs for p in f.result())]
        return [_finding(assignment, folder, *problem) for problem in problems]


def answer(assignment: Assignment, folder: Path) -> None:
    """Turn a released folder into a perfect hand-in.

    It gets the solution's library, and every answer in the notebook is filled in.
    """
    shutil.rmtree(folder / "lib", ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(assignment.library / "lib", folder / "lib", ignore=ignored)
    answers = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["source"]
        for cell in json.loads(assignment.source.read_text(encoding="utf-8"))["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }
    path = folder / assignment.notebook
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(grade_id, cell["source"])
    path.write_text(json.dumps(notebook), encoding="utf-8")


def run_checks(assignment: Assignment, folder: Path, data: Data) -> dict[str, Verdict]:
    """Run every visible check of a folder, including those that train (on few images).

    Raises:
        RuntimeError: the checks cannot be run at all.
    """
    report = folder / "report.xml"
    training = ["--training"] if assignment.training else []
    arguments = "-m", "pytest", "--tb=native", f"--junitxml={report}", *training
    run = _python(folder, data, *arguments)
    if not report.exists():
        raise RuntimeError(f"pytest could not run: {run.stdout[-2000:]}{run.stderr[-2000:]}")
    verdicts = {}
    for case in ET.parse(report).iter("testcase"):
        name = case.attrib["name"]
        found = re.fullmatch(r"test_check\[(\w+)\]", name)
        problem = case.find("failure") if case.find("failure") is not None else case.find("error")
        message = "" if problem is None else problem.text or ""
        verdicts[found[1] if found else name] = Verdict(problem is None, message)
    return verdicts


Data = Mapping[str, str]
"""Environment variables with which the library finds the small data set."""

Problem = tuple[str, str, str]
"""The failed proof, the file or section that it concerns, and what is wrong."""


def _stub_problems(assignment: Assignment, folder: Path, data: Data) -> Iterator[Problem]:
    """Checks that do not fail on the stub, or not because the student's work is missing."""
    for section, verdict in _verdicts(assignment, folder, data):
        if verdict.passed:
            yield "stub", section, "passes without any work by the student"
        elif not RIGHT_REASON.fullmatch(why := _last_line(verdict.message)):
            yield "stub", section, f"fails, but not because a solution is missing: {why}"


def _solution_problems(assignment: Assignment, folder: Path, data: Data) -> Iterator[Problem]:
    """Checks that fail on the solution."""
    for section, verdict in _verdicts(assignment, folder, data):
        if not verdict.passed:
            yield "solution", section, f"fails on the solution: {_last_line(verdict.message)}"


def _import_problems(folder: Path, data: Data) -> Iterator[Problem]:
    """Modules of the stub that cannot be imported."""
    paths = [path.relative_to(folder) for path in sorted((folder / "lib").rglob("*.py"))]
    modules = {".".join(p.with_suffix("").parts).removesuffix(".__init__"): p for p in paths}
    script = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    try: importlib.import_module(name)\n"
        "    except BaseException as e: print(name, type(e).__name__, e, sep='\\t')\n"
    )
    for line in _python(folder, data, "-c", script, *modules).stdout.splitlines():
        module, kind, message = line.split("\t", 2)
        yield "imports", modules[module].as_posix(), f"cannot be imported: {kind}: {message}"


def _verdicts(assignment: Assignment, folder: Path, data: Data) -> list[tuple[str, Verdict]]:
    """The verdict on each section. If the checks cannot run, every section fails."""
    try:
        verdicts = run_checks(assignment, folder, data)
    except (RuntimeError, subprocess.TimeoutExpired) as problem:
        verdicts = {section.id: Verdict(False, str(problem)) for section in assignment.sections}
    missing = Verdict(False, "there is no such check")
    return [(section.id, verdicts.get(section.id, missing)) for section in assignment.sections]


def _finding(
    assignment: Assignment, folder: Path, proof: str, concerns: str, problem: str
) -> Finding:
    if concerns not in assignment.by_id:
        return Finding(proof, concerns, 1, problem)
    line = line_of(folder / assignment.notebook, concerns)
    return Finding(proof, assignment.notebook, line, f"the check {concerns} {problem}")


def line_of(notebook: Path, grade_id: str) -> int:
    """The line of the notebook's file that contains this grade id; 1 if there is none."""
    text = notebook.read_text(encoding="utf-8")
    found = text.find(f'"grade_id": "{grade_id}"')
    return text.count("\n", 0, found) + 1 if found >= 0 else 1


def _last_line(message: str) -> str:
    return next((line for line in reversed(message.split("\n")) if line.strip()), "")


def _python(folder: Path, data: Data, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder as a student would, whatever the environment of this process."""
    environment = os.environ | {
        **data,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    for name in ("PYTHONPATH", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_CURRENT_TEST"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
