"""Nothing is checked that the notebook does not announce, in the section where it counts."""

import json
import re

import pytest

from autograder.judgement.suites import manifest
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.rubric import SECTIONS


def plain(text: str) -> str:
    """Without Markdown's marks, in one line, in lower case."""
    return re.sub(r"\s+", " ", re.sub(r"[*`]", "", text)).lower()


@pytest.fixture(scope="module")
def text_of():
    """The Markdown above each section's graded cell, from the cell of the section before."""
    cells = json.loads(P1.source.read_text("utf-8"))["cells"]
    texts, collected = {}, ""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            collected += "".join(cell["source"]) + "\n"
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in P1.by_id:
            texts[grade_id], collected = plain(collected), ""
    return texts


@pytest.mark.parametrize("check", manifest(P1), ids=lambda check: check.name)
def test_a_check_is_announced_in_its_section(check, text_of):
    assert plain(check.announced) in text_of[check.section]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.id)
def test_every_section_has_checks_that_weigh_something(section):
    weight = sum(check.weight for check in manifest(P1) if check.section == section.id)
    assert weight > 0


@pytest.mark.parametrize("check", manifest(P1), ids=lambda check: check.name)
def test_a_check_looks_at_probes_that_exist(check):
    assert check.probes
    assert set(check.probes) <= set(P1.probes)


def test_every_probe_is_looked_at():
    used = {name for check in manifest(P1) for name in check.probes}
    of_training = {"train_tiny_net", "train_tiny_net_recipe"}
    assert set(P1.probes) - used == of_training, "the training itself is judged by itself"


def test_every_probe_belongs_to_a_section():
    for name in P1.probes:
        assert any(name.startswith(section) for section in P1.by_id), name
