"""The figures in benchmarks/ describe the current twin, and are within their bounds."""

import csv
import re
from pathlib import Path

import pytest

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.svhn.recipe import RECIPE

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def section(name: str) -> str:
    results = (BENCHMARKS / "RESULTS.md").read_text(encoding="utf-8")
    return re.search(f"<!-- {name} -->(.*?)<!-- /{name} -->", results, re.DOTALL)[1]


def curve(file: Path) -> list[float]:
    with file.open(newline="") as rows:
        return [float(row["val_accuracy"]) for row in csv.DictReader(rows)]


@pytest.mark.parametrize("name", ["twin_statistics", "seed_curve"])
def test_the_recipe_that_was_measured_is_the_one_in_force(name):
    assert f"Recipe {RECIPE.fingerprint()}" in section(name), (
        f"the recipe changed: run benchmarks/{name}.py again"
    )


def test_no_figure_of_the_images_is_out_of_its_bounds():
    rows = [line for line in section("twin_statistics").splitlines() if line.startswith("|")]
    verdicts = [row.split("|")[-2].strip() for row in rows[2:]]
    assert sum(verdict.startswith("yes") for verdict in verdicts) == 12
    assert not any(verdict.startswith("NO") for verdict in verdicts)


def test_the_learning_curve_is_the_seed_s():
    twin = curve(BENCHMARKS / "twin_curve.csv")
    seed = curve(P1.handout / "figures" / "published_run.csv")
    gap = [abs(a - b) for a, b in zip(twin, seed, strict=True)]
    assert len(gap) == 30
    assert max(gap) <= 0.06
    assert max(gap[epoch - 1] for epoch in (10, 15, 20, 25, 30)) <= 0.03
    assert twin[-1] > 0.75
