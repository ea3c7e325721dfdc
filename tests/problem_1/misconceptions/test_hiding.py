"""A mistake excuses nothing that it hides: two mistakes never earn more than one of them alone.

`benchmarks/mistake_pairs.py` tests all pairs. The pairs here are most likely to gain points: a
mistake that shows in later sections, combined with an unwritten block there, with placeholder code
in a block, or with a mistake that it hides according to the table.
"""

from __future__ import annotations

import contextlib
import json
import sys
from importlib import import_module
from types import ModuleType

import pytest

from autograder import checkout
from autograder.assignment.variant import Patch, PatchDoesNotApply, Variant
from autograder.diagnosis import costs, hiding
from autograder.diagnosis.findings import findings
from autograder.diagnosis.variants import applied, named, solution, unwritten
from autograder.grading.compiled import compiled
from autograder.judgement.suites import judge
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.misconceptions import LAYERS

TABLE = json.loads(hiding.table_file(P1).read_text("utf-8"))
HIDERS = [variant for variant in hiding.hiders(P1) if TABLE["hidden"][variant.name]]
OTHERS = [variant for variant in hiding.hiders(P1) if not TABLE["hidden"][variant.name]]
HOW_TO_WRITE = "python -m autograder.diagnosis writes the table"
SLOW = "train_tiny_net"
PROBES = tuple(p for p in costs.seen(P1) if not p.startswith(SLOW) and "training_size" not in p)
SEED = costs.SEED
MOST_PAIRS = 12
"""The most pairs to test for one mistake."""
EVERY = 6
"""`make test` tests the pairs of every sixth mistake."""


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    """The script. It imports another script in its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(checkout.ROOT / "benchmarks"))
        yield import_module("mistake_pairs")
        sys.modules.pop("mistake_pairs")


def tried_beside(mistake: Variant, benchmark: ModuleType) -> list[tuple[Variant, Variant]]:
    """The pairs to test for a mistake, in the order of the rubric."""
    hidden = {name for names in TABLE["hidden"][mistake.name].values() for name in names}
    concerned = {
        part for later in P1.used_by[mistake.section] for part in P1.with_earlier_sections(later)
    }
    left = {block.name for block in unwritten(P1) if block.section in concerned}
    return [
        pair
        for pair in pairs_of(mistake, benchmark)
        for (other,) in [[one for one in pair if one != mistake]]
        if other.name in {*hidden, *left} or (hidden and "_idle_" in other.name)
    ]


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(variant, id=variant.name, marks=[pytest.mark.proof] * (number % EVERY > 0))
        for number, variant in enumerate(hiding.hiders(P1))
    ],
)
def test_two_mistakes_never_earn_more_than_one_of_them_alone(mistake, benchmark):
    pairs = [pair for pair in tried_beside(mistake, benchmark) if go_together(pair)]
    assert len(pairs) >= 5
    found = []
    for pair in pairs[:: -(-len(pairs) // MOST_PAIRS)]:
        found += benchmark.gains(*pair, SEED, (*benchmark.SLOW, *benchmark.TRAINING_SIZE))
    assert [str(gain) for gain in found if not gain.known] == []


def go_together(pair: tuple[Variant, ...]) -> bool:
    with contextlib.suppress(PatchDoesNotApply):
        return bool(applied(P1, pair))
    return False


def pairs_of(mistake: Variant, benchmark: ModuleType) -> list[tuple[Variant, Variant]]:
    """All pairs with this mistake, the earlier one first."""
    every = benchmark.mistakes()
    place = every.index(mistake)
    earlier = [(other, mistake) for other in every[:place]]
    return earlier + [(mistake, other) for other in every[place + 1 :]]


@pytest.mark.parametrize("hider", [*HIDERS[::4], *OTHERS[::12]], ids=lambda variant: variant.name)
def test_the_table_says_what_a_mistake_hides(hider):
    expected = TABLE["hidden"][hider.name]
    found = hiding.hidden(P1, (hider,), tuple(s for s in P1.used_by[hider.section] if s != SLOW))
    assert found == {p: tuple(names) for p, names in expected.items() if not p.startswith(SLOW)}


def test_the_table_is_about_every_mistake_that_there_is():
    assert hiding.considered(P1) == TABLE["considered"], HOW_TO_WRITE
    assert list(TABLE["hidden"]) == [v.name for v in hiding.hiders(P1)], HOW_TO_WRITE


def test_what_is_hidden_does_not_depend_on_the_seed(monkeypatch):
    found = {}
    for seed in (1, 2, 3):
        monkeypatch.setattr(hiding, "SEED", seed)
        hiding.hidden.cache_clear()
        hiding.telling_probes.cache_clear()
        found[seed] = hiding.hidden(
            P1, (named(P1, "fc_forward_clips_at_zero"),), ("small_network",)
        )
    hiding.hidden.cache_clear()
    hiding.telling_probes.cache_clear()
    assert found[1]
    assert found[1] == found[2] == found[3]


def test_no_two_sections_share_a_probe():
    """Otherwise the table, which is indexed by probe, would mix two sections."""
    asked = [probe for section in P1.by_id for probe in hiding.probes_of(P1, section)]
    assert len(asked) == len(set(asked))


AVERAGES = named(P1, "fc_backward_averages_both_gradients")
PASSES_ON = named(P1, "leaky_relu_backward_passes_the_gradient_on")
CLIPS = named(P1, "fc_forward_clips_at_zero")


@pytest.mark.parametrize(
    ("beside", "sees"),
    [
        ((AVERAGES,), True),
        ((CLIPS,), False),
        ((AVERAGES, PASSES_ON), True),
        ((CLIPS, AVERAGES), False),
    ],
    ids=lambda value: "+".join(v.name for v in value) if isinstance(value, tuple) else "",
)
@pytest.mark.parametrize("table", ["written", "empty"])
def test_a_probe_sees_all_beside_one_or_two_mistakes_that_hide_nothing(
    beside, sees, table, monkeypatch
):
    """Mistakes that no single one hides (according to the table) are tested beside all of them."""
    if table == "empty" and len(beside) > 1:
        monkeypatch.setattr(hiding, "tabled", lambda _: {v.name: {} for v in beside})
    assert hiding.sees_all(P1, "cascade", "cascade", beside) is sees


def test_a_section_is_there_to_tell_what_it_is_made_of_and_what_is_unwritten_there():
    concerning = hiding.concerning(P1, ("small_network",))
    assert {mistake.section for mistake in concerning} == {
        "fc_forward",
        "fc_backward",
        "leaky_relu_forward",
        "leaky_relu_backward",
        "small_network",
    }
    names = {mistake.name for mistake in concerning}
    assert "leaky_relu_forward_unwritten_leaky_relu.forward" in names
    assert "small_network_unwritten_small_network_names" in names


def test_every_block_and_every_answer_can_be_left_unwritten():
    texts = [text.decode() for text in solution(P1).files.values()] + [*solution(P1).cells.values()]
    assert len(unwritten(P1)) == sum(text.count("### BEGIN SOLUTION") for text in texts)
    for block in unwritten(P1):
        assert "NotImplementedError" in block.new
        assert len(applied(P1, (block,)).files) == len(solution(P1).files)


IDLE = Variant(
    "leaky_relu_forward_idle",
    LAYERS,
    "output = np.maximum(feat, self.negative_slope * feat)",
    "output = feat",
    further=(
        Patch(
            LAYERS,
            "dfeat = np.where(feat >= 0, dprev, self.negative_slope * dprev)",
            "dfeat = dprev",
        ),
    ),
)


def test_a_right_layer_that_is_spoiled_to_hide_one_that_is_not_written_gains_nothing():
    honest, both = (costs.outcome(P1, those, PROBES, SEED) for those in ((IDLE,), (CLIPS, IDLE)))
    assert honest.points["fc_forward"] == 2
    assert honest.points["cascade"] < 2
    assert not both.excused
    assert all(both.points[section] <= points for section, points in honest.points.items())


def test_a_student_is_told_that_a_mistake_counts_again_where_it_hides_others():
    submission = applied(P1, (CLIPS,))
    student = costs.observed(P1, submission, SEED)
    verdicts = judge(P1, student, costs.reference(P1, SEED))
    found = findings(P1, student, verdicts)
    sections = compiled(P1, submission.name, student, verdicts, found, 0.0).sections
    for section in sections:
        if section.id in P1.used_by["fc_forward"] and section.score is not None:
            failed = [test.name for test in section.tests if not test.passed]
            (hint,) = section.hints or (None,)
            if section.id == "fc_backward":
                assert (failed, hint) == ([], None)
            else:
                assert failed
                assert hint.misconception == CLIPS.name
                assert "costs points again where it hides" in hint.text
