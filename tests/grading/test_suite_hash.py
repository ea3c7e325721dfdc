"""`Grade.suite` hashes everything that decides a verdict, so that no stale Grade is reused."""

from __future__ import annotations

import ast
from pathlib import Path

from autograder import checkout
from autograder.judgement.suites import deciding_files
from autograder.problem_1 import ASSIGNMENT as P1

SAYS_WHERE_THINGS_ARE = {"checkout.py"}


def imported(file: Path) -> set[Path]:
    """The modules of the package that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder"):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            places = [checkout.ROOT.joinpath(*name.split(".")) for name in names]
            found |= {place.with_suffix(".py") for place in places}
            found |= {place / "__init__.py" for place in places}
    return {path for path in found if path.is_file()}


def test_the_suite_hash_covers_every_module_that_grading_imports():
    reached, ahead = set(), {checkout.PACKAGE / "grading" / "grade.py"}
    while ahead:
        file = ahead.pop()
        reached.add(file)
        ahead |= imported(file) - reached
    names = {path.relative_to(checkout.PACKAGE).as_posix() for path in reached}
    assert len(names) > 30
    covered = {path for path in deciding_files(P1) if path.is_relative_to(checkout.PACKAGE)}
    left = names - {path.relative_to(checkout.PACKAGE).as_posix() for path in covered}
    assert {n for n in left if not n.endswith("__init__.py")} <= SAYS_WHERE_THINGS_ARE


def test_the_suite_hash_covers_sandboxed_code_suites_and_solution():
    covered = {path.relative_to(checkout.ROOT).as_posix() for path in deciding_files(P1)}
    for name in (
        "autograder/sandbox/inside/worker.py",
        "autograder/problem_1/probes/fc.py",
        "autograder/problem_1/misconceptions/fc.py",
        "autograder/problem_1/misconceptions/hidden.json",
        "tests/hidden/test_fc.py",
        "lib_solution/lib/mlp/layer_utils.py",
        "source/problem_1/Problem_1.ipynb",
    ):
        assert name in covered
