"""Grading one submission, on an assignment that has nothing to do with neural networks."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.diagnosis import costs, hiding
from autograder.diagnosis.variants import variants
from autograder.grading.grade import grade, regrade
from autograder.hand_in.submission import read
from autograder.observation.observe import Observations
from autograder.report.as_json import from_json, to_json
from autograder.report.feedback import feedback

SEED = 5
COSTS = {
    "scale_adds": {"scale": 2.0},
    "scale_averages_the_gradient_of_the_factor": {"scale": 2.0},
    "step_goes_uphill": {"step": 0.5},
    "step_forgets_the_rate": {"step": 0.5},
    "step_rate_is_too_large": {"step": 1.5},
}
"""The sections in which a mistake costs points, and the points that are left."""


def points(found):
    return {section.id: section.score for section in found.sections}


def test_the_solution_has_all_points_and_the_stub_none(tiny, work, stub, sandbox):
    right, left = (grade(tiny, each, SEED, sandbox) for each in (work(), stub))
    assert points(right) == {"scale": 3, "step": 2}
    assert points(left) == {"scale": 0, "step": 0}
    assert (right.assignment, right.max_score, right.training) == ("tiny", 5, "off")


@pytest.mark.parametrize("mistake", COSTS)
def test_a_mistake_costs_points_once_and_is_named(tiny, work, sandbox, mistake):
    found = grade(tiny, work(mistake), SEED, sandbox)
    assert points(found) == {"scale": 3, "step": 2} | COSTS[mistake]
    (own,) = (s for s in found.sections if s.id in COSTS[mistake])
    assert [hint.misconception for hint in own.hints] == [mistake]


def test_a_mistake_that_shows_again_is_mentioned_but_not_counted(tiny, work, sandbox):
    found = grade(tiny, work("scale_averages_the_gradient_of_the_factor"), SEED, sandbox)
    (hint,) = found.sections[1].hints
    assert hint.text == (
        "The mistake found in A layer that scales also affects this section. "
        "It costs no further points here."
    )
    assert "1 check fails because of an earlier mistake (no points lost)" in feedback(tiny, found)
    strict = replace(tiny, carry_forward=False)
    assert points(grade(strict, work(hint.misconception), SEED, sandbox))["step"] == 0.5


def test_kept_evidence_gives_the_same_grade_again(tiny, work, sandbox, tmp_path):
    kept = []
    first = grade(tiny, work("step_goes_uphill"), SEED, sandbox, keep=kept.append)
    kept[0].save(tmp_path / "kept.npz")
    again = regrade(tiny, first.submission, Observations.load(tmp_path / "kept.npz"), sandbox)
    assert replace(again, elapsed_s=0) == replace(first, elapsed_s=0)
    assert from_json(to_json([first])) == [first]


def test_the_page_has_titles_and_hints(tiny, work, sandbox):
    page = feedback(tiny, grade(tiny, work("step_goes_uphill"), SEED, sandbox))
    for text in ("A layer and a step", "A step downhill", "Which way does the gradient point?"):
        assert text in page
    assert "Problem 1" not in page


@pytest.mark.parametrize("packed", [False, True])
def test_a_submission_is_read_from_a_folder_or_a_zip(tiny, work, hand_in, tmp_path, packed):
    path = hand_in(tmp_path / "ada", work("step_rate_is_too_large"))
    if packed:
        path = Path(shutil.make_archive(str(tmp_path / "ada"), "zip", path))
    found = read(tiny, path)
    assert found.errors == ()
    assert found.files == work().files
    assert "rate = 2" in found.cells["step_rate"]


def test_missing_files_are_reported_by_the_assignments_own_names(tiny, work, hand_in, tmp_path):
    folder = hand_in(tmp_path / "ada", work())
    (folder / "lib" / "optim.py").unlink()
    (folder / tiny.notebook).unlink()
    assert read(tiny, folder).errors == (
        "lib/optim.py is missing",
        "there is no notebook, so its answer cells count as missing",
    )


def test_the_committed_tables_of_mistakes_are_up_to_date(tiny):
    """`python -m autograder.diagnosis` writes these files for the checkout's assignment."""
    found = {v.name: dict(hiding.hidden_later(tiny, v)) for v in hiding.hiders(tiny)}
    assert found == hiding.tabled(tiny)
    table = (tiny.misconceptions_folder / "TABLE.md").read_text("utf-8")
    assert costs.table(tiny, (costs.row(costs.cost(tiny, v)) for v in variants(tiny))) == table


def test_unpickling_an_assignment_gives_the_same_object(tiny):
    assert pickle.loads(pickle.dumps(tiny)) is tiny


def test_a_changed_copy_of_an_assignment_cannot_be_pickled(tiny):
    with pytest.raises(pickle.PicklingError, match="holds a different assignment"):
        pickle.dumps(replace(tiny, carry_forward=False))
