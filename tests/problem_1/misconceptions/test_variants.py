"""Every variant is found and named, and costs what the table says in its own section."""

import os
import re
import shutil

import pytest

from autograder.assignment import Assignment
from autograder.assignment.variant import PatchDoesNotApply, Variant
from autograder.diagnosis import costs
from autograder.diagnosis.variants import applied, named, solution, variants
from autograder.problem_1 import ASSIGNMENT as P1

MISCONCEPTIONS = [variant for variant in variants(P1) if not variant.correct]
ROWS = {
    line.split(" | ")[0].removeprefix("| "): line
    for line in (P1.misconceptions_folder / "TABLE.md").read_text("utf-8").splitlines()
}


@pytest.mark.parametrize("variant", MISCONCEPTIONS, ids=lambda variant: variant.name)
def test_a_misconception_is_seen_and_named_and_costs_what_the_table_says(variant):
    cost = costs.cost(P1, variant)
    assert variant.section in cost.failed, "no check sees it"
    assert cost.own > 0
    assert cost.found == {variant.section: (variant.name,)}
    assert set(cost.failed) <= {variant.section, *P1.used_by.get(variant.section, ())}
    assert costs.row(cost) == ROWS[variant.name], "python -m autograder.diagnosis writes the table"


@pytest.mark.parametrize(
    "variant", [v for v in variants(P1) if v.correct], ids=lambda variant: variant.name
)
def test_a_correct_variant_loses_nothing_and_is_told_nothing(variant):
    cost = costs.cost(P1, variant)
    assert cost.failed == cost.found == {}
    assert variant.hint == ""


def test_the_table_has_every_misconception_and_no_other():
    rows = [name for name in ROWS if re.fullmatch(r"\w+_\w+", name)]
    assert rows == [variant.name for variant in MISCONCEPTIONS]


def test_every_block_and_every_answer_cell_has_misconceptions():
    blocks = {}
    for path, text in applied(P1, ()).files.items():
        count = text.decode().count("### BEGIN SOLUTION")
        if count:
            blocks[path] = count
    patched = {patch.file for variant in variants(P1) for patch in variant.patches}
    answers = {answer for section in P1.by_id.values() for answer in section.answers}
    assert set(blocks) | answers <= patched
    texts = {path: text.decode() for path, text in solution(P1).files.items()}
    for path in blocks:
        parts = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", texts[path], re.DOTALL)
        olds = [p.old for v in MISCONCEPTIONS for p in v.patches if p.file == path]
        for part in parts:
            code = " ".join(part.split())
            assert any(_overlap(old, part) for old in olds), f"nothing touches: {code}"


def _overlap(old, block):
    """Whether a patch replaces some lines of the block."""
    lines = {line.strip() for line in block.splitlines() if line.strip()}
    return any(
        own.strip() in line or line in own
        for line in lines
        for own in old.splitlines()
        if own.strip()
    )


def test_a_hint_is_one_or_two_sentences_without_a_line_of_the_solution():
    texts = [content.decode() for content in solution(P1).files.values()]
    lines = {line.strip() for text in texts for line in text.splitlines() if len(line.strip()) > 20}
    for variant in MISCONCEPTIONS:
        assert 30 <= len(variant.hint) <= 250, variant.name
        assert 1 <= len(re.findall(r"[.?](?: |$)", variant.hint)) <= 3, variant.name
        assert not any(line in variant.hint for line in lines), variant.name


def test_every_patch_changes_what_it_is_applied_to():
    for variant in variants(P1):
        changed = applied(P1, (variant,))
        assert (changed.files, changed.cells) != (
            solution(P1).files,
            solution(P1).cells,
        )


def test_a_text_that_is_not_there_once_is_refused():
    twice = Variant("fc_forward_twice", "lib/optim.py", "param", "p")
    never = Variant("fc_forward_never", "lib/optim.py", "parametre", "p")
    for variant in (twice, never):
        with pytest.raises(PatchDoesNotApply, match="instead of once"):
            applied(P1, (variant,))


def test_two_variants_of_one_place_do_not_go_together():
    with pytest.raises(PatchDoesNotApply):
        applied(
            P1,
            (named(P1, "adam_goes_uphill"), named(P1, "adam_forgets_the_root")),
        )


def test_a_hard_link_to_the_solution_does_not_take_it_from_the_grader(tmp_path, monkeypatch):
    """Hard links are refused in a hand-in. But a student on the same machine can make one."""
    shutil.copytree(P1.library / "lib", tmp_path / "lib")
    os.link(tmp_path / "lib" / "optim.py", tmp_path / "mine.py")
    monkeypatch.setattr(Assignment, "library", tmp_path)
    found = solution.__wrapped__(P1).files
    monkeypatch.undo()
    assert found == solution(P1).files
