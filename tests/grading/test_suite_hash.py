"""`Grade.suite` hashes everything that decides a verdict, so that no stale Grade is reused."""

from __future__ import annotations

import ast
from pathlib import Path

from autograder import checkout
from autograder.judgement.suites import deciding_files

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


def test_the_suite_hash_covers_every_module_that_grading_imports(tiny):
    reached, ahead = set(), {checkout.PACKAGE / "grading" / "grade.py"}
    while ahead:
        file = ahead.pop()
        reached.add(file)
        ahead |= imported(file) - reached
    names = {path.relative_to(checkout.PACKAGE).as_posix() for path in reached}
    assert len(names) > 30
    covered = {path for path in deciding_files(tiny) if path.is_relative_to(checkout.PACKAGE)}
    left = names - {path.relative_to(checkout.PACKAGE).as_posix() for path in covered}
    assert {n for n in left if not n.endswith("__init__.py")} <= SAYS_WHERE_THINGS_ARE


def test_the_suite_hash_covers_sandboxed_code_suites_and_solution(tiny):
    covered = set(deciding_files(tiny))
    assert checkout.PACKAGE / "sandbox" / "inside" / "worker.py" in covered
    for name in (
        "probes/scale.py",
        "misconceptions/scale.py",
        "misconceptions/hidden.json",
        "tests/hidden/test_scale.py",
        "lib_solution/lib/layers.py",
        "source/tiny/Tiny.ipynb",
    ):
        assert tiny.root / name in covered
