"""Runs the students' checks and a grading with every Python, and the oldest and newest packages.

usage: python benchmarks/versions.py [--python PYTHON]...

For each Python and each end of the version ranges, two environments are made: the students', from
the handout's requirements, and the grader's, from the package. In the first, the solution must pass
every visible check that takes seconds. In the second, the solution must get all points and the
release none, in both sandboxes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from results import MISSED, machine, write_section

from autograder import checkout
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.release.proofs import answer

PYTHONS = "python3.11", "python3.12", "python3.13"
ENDS = {"oldest": "lowest-direct", "newest": "highest"}
SHOWN = "numpy", "scipy", "matplotlib", "pytest"
SANDBOXES = "bubblewrap", "sandlock"


@dataclass(frozen=True)
class Row:
    """What one Python did with one end of the ranges.

    Attributes:
        python: its version.
        end: oldest or newest.
        versions: of the students' packages.
        checks: the summary of the students' pytest.
        grades: the scores of solution and release by sandbox, or why there are none.
        right: whether all is as it must be.
    """

    python: str
    end: str
    versions: str
    checks: str
    grades: str
    right: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", action="append", help=f"(default: {', '.join(PYTHONS)})")
    pythons = parser.parse_args().python or PYTHONS
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name in ("solution", "stub"):
            shutil.copytree(P1.release, place / name)
        answer(P1, place / "solution")
        for number, (python, end) in enumerate(itertools.product(pythons, ENDS)):
            rows.append(_row(place, place / str(number), python, end))
            print(rows[-1], flush=True)
    text = _shown(rows)
    print(text)
    return write_section("versions", text)


def _row(place: Path, environments: Path, python: str, end: str) -> Row:
    failed = Row(python, end, "", "", "", False)
    try:
        failed = replace(failed, python=_python(python))
        student = _environment(
            environments / "student", python, end, "-r", str(P1.handout / "requirements.txt")
        )
        checks, passed = _checks(student, place / "solution")
        row = replace(failed, versions=_versions(student), checks=checks)
        grader = _environment(environments / "grader", python, end, str(checkout.ROOT))
        grades = {sandbox: _grades(grader, place, sandbox) for sandbox in SANDBOXES}
    except FileNotFoundError:
        return replace(failed, checks="there is no such Python")
    except subprocess.CalledProcessError as error:
        last = (error.stderr or error.stdout or str(error)).strip().splitlines()[-1]
        return replace(failed, checks=f"{Path(error.cmd[0]).name}: {last}")
    right = passed and all(scores == (P1.without_training, 0) for scores in grades.values())
    told = ", ".join(f"{sandbox} {one:g} and {two:g}" for sandbox, (one, two) in grades.items())
    return replace(row, grades=told, right=right)


def _python(python: str) -> str:
    return _output(python, "-c", "import platform; print(platform.python_version())").strip()


def _environment(folder: Path, python: str, end: str, *requirements: str) -> Path:
    """An environment with these requirements; only built packages are installed."""
    uv = [sys.executable, "-m", "uv", "--quiet"]
    _output(*uv, "venv", "--python", python, str(folder))
    own = folder / "bin" / "python"
    built = ("--only-binary", ":all:", "--no-binary", "autograder")
    install = (*uv, "pip", "install", "--python", str(own), *built)
    _output(*install, "--resolution", ENDS[end], *requirements)
    return own


def _versions(python: Path) -> str:
    code = f"from importlib.metadata import version; print(*map(version, {SHOWN!r}))"
    return ", ".join(
        map(" ".join, zip(SHOWN, _output(str(python), "-c", code).split(), strict=True))
    )


def _checks(python: Path, folder: Path) -> tuple[str, bool]:
    ran = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.findall(r"^(?:FAILED|ERROR) .*", ran.stdout, re.MULTILINE)
    passed = ran.returncode == 0
    return "all passed" if passed else "; ".join(failed) or ran.stdout[-200:], passed


def _grades(python: Path, place: Path, sandbox: str) -> tuple[float, float]:
    """The scores of the solution and of the release."""
    command = (str(python.parent / "autograder"), "grade", "--json", "-", "--sandbox", sandbox)
    found = json.loads(_output(*command, str(place / "solution"), str(place / "stub")))
    return found[0]["score"], found[1]["score"]


def _output(*command: str) -> str:
    ran = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=tempfile.gettempdir()
    )
    return ran.stdout


def _shown(rows: list[Row]) -> str:
    lines = [
        "## Pythons and packages, the oldest and the newest",
        "",
        f"`python benchmarks/versions.py`. {machine()}. Oldest and newest: the ends of the "
        "ranges that the students' requirements and the package name, of what is built for that "
        "Python. Points: solution and release.",
        "",
        "| Python | packages | the students' checks on the solution | points by sandbox | |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row.python} | {row.end}: {row.versions} | {row.checks} | {row.grades} "
            f"| {'as it must be' if row.right else MISSED} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
