"""Hostile submissions do not affect honest ones; a part of `benchmarks/hostile_class.py`."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

import pytest

from autograder import checkout
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.limits import SUBMISSION

NAMES = ["import loops, deaf to signals", "import takes memory", "call kills everything"]


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    """The benchmark as a module, imported with its folder on the path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(checkout.ROOT / "benchmarks"))
        yield import_module("hostile_class")
        sys.modules.pop("hostile_class")


@pytest.mark.proof
def test_three_hostile_submissions_do_not_change_six_honest_ones(benchmark, tmp_path):
    honest = benchmark.a_class(tmp_path / "honest", 6)
    benchmark.graded(honest, tmp_path / "alone")
    benchmark.join(honest, NAMES)
    benchmark.graded(honest, tmp_path / "all")
    alone, together = benchmark.results(tmp_path / "alone"), benchmark.results(tmp_path / "all")
    assert len({key.split("/")[1] for key in alone if key.startswith("observations")}) == 6
    assert {key: together.get(key) for key in alone} == alone
    for name in NAMES:
        taken = benchmark.taken(tmp_path / "all", benchmark.student_of(name))
        assert taken < SUBMISSION.longest_s + 60


def test_every_hostile_submission_is_written_and_compiles(benchmark, tmp_path):
    (tmp_path / "class").mkdir()
    benchmark.join(tmp_path / "class", list(benchmark.HOSTILE))
    for name, files in benchmark.HOSTILE.items():
        work = tmp_path / "class" / benchmark.student_of(name) / P1.id
        for file in files:
            compile((work / file).read_text("utf-8"), file, "exec")
    assert len(list((tmp_path / "class").iterdir())) == len(benchmark.HOSTILE) >= 20
