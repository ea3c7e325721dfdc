"""The diagnosis of work with several mistakes, or with unknown ones."""

import io
from collections import Counter
from dataclasses import replace
from importlib import import_module

import pytest
from rich.console import Console

from autograder.assignment.variant import Variant
from autograder.diagnosis import costs
from autograder.diagnosis.bounded_cache import BoundedCache
from autograder.diagnosis.diagnose import (
    PAIRS_IN_ALL,
    PAIRS_OF_A_SECTION,
    diagnose,
    require_sound_misconceptions,
)
from autograder.diagnosis.findings import findings
from autograder.diagnosis.variant_readings import (
    LIBRARIES,
    READINGS,
    VariantReadings,
    variant_readings,
)
from autograder.diagnosis.variants import applied, by_section, named, solution, variants
from autograder.grading import grade
from autograder.grading.compiled import compiled
from autograder.grading.result import Hint
from autograder.judgement.suites import SuiteBroken, judge
from autograder.observation.observe import Observation, Observations
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.misconceptions import LAYERS, OPTIMIZERS
from autograder.problem_1.misconceptions.pairs import PAIRS
from autograder.report.terminal import shown
from autograder.sandbox.protocol import Raised
from autograder.sandbox.selftest import choose
from autograder.sandbox.session import Ending

SEED = costs.SEED


def diagnosed(*those):
    student = costs.observed(P1, applied(P1, those), SEED)
    return diagnose(P1, student, judge(P1, student, costs.reference(P1, SEED)))


def found(*those):
    return sorted(v.name for diagnosis in diagnosed(*those).values() for v in diagnosis.found)


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_two_mistakes_are_both_named(pair):
    assert found(*(named(P1, name) for name in pair)) == sorted(pair)


def test_a_submission_is_told_in_its_grade():
    submission = applied(P1, (named(P1, "adam_counts_parameters"),))
    found = grade.grade(P1, submission, SEED, choose())
    hints = {section.id: section.hints for section in found.sections if section.hints}
    assert hints == {
        "adam": (Hint("adam_counts_parameters", named(P1, "adam_counts_parameters").hint),)
    }
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(shown(found))
    assert "t grows once per parameter" in console.export_text()


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (Variant("fc_forward_gone", LAYERS, "no such text", ""), "fc_forward_gone does not fit"),
        (Variant("batch_norm_off", LAYERS, "import", ""), "batch_norm_off begins with no section"),
        (
            Variant("fc_forward_new", LAYERS, "output = feat @", "output = -feat @"),
            "hidden.json has no entry for fc_forward_new",
        ),
    ],
)
def test_a_misconception_that_does_not_fit_stops_the_grader_by_name(monkeypatch, broken, why):
    modules = import_module("autograder.problem_1.misconceptions.fc")
    monkeypatch.setattr(modules, "VARIANTS", (*modules.VARIANTS, broken))
    for kept in (variants, by_section, require_sound_misconceptions, grade.reference):
        kept.cache_clear()
    try:
        with pytest.raises(SuiteBroken, match=why):
            grade.grade(P1, solution(P1), SEED, choose())
    finally:
        monkeypatch.undo()
        for kept in (variants, by_section, require_sound_misconceptions):
            kept.cache_clear()


UNKNOWN = (
    ("fc_backward_b", LAYERS, "dprev.sum(axis=0)", "1.7 * dprev.sum(axis=0)"),
    (
        "leaky_relu_forward_b",
        LAYERS,
        "output = np.maximum(feat, self.negative_slope * feat)",
        "output = np.maximum(feat, self.negative_slope * feat) + 0.3",
    ),
    (
        "dropout_forward_b",
        LAYERS,
        "output = feat * kept / self.keep_prob",
        "output = feat * kept / self.keep_prob**1.3",
    ),
    (
        "cross_entropy_b",
        LAYERS,
        "scores /= scores.sum(axis=-1, keepdims=True)",
        "scores /= scores.sum(axis=-1, keepdims=True) + 0.1",
    ),
    ("adam_b", OPTIMIZERS, "(np.sqrt(v_hat) + self.eps)", "(v_hat**0.4 + self.eps)"),
)


@pytest.mark.parametrize("unknown", UNKNOWN, ids=lambda row: row[0])
def test_an_unknown_mistake_is_given_no_name(unknown):
    assert found(Variant(*unknown)) == []


def test_an_unknown_mistake_is_excused_nowhere():
    unknown = Variant(*UNKNOWN[0])
    assert not any(d.excused for d in diagnosed(unknown).values())


def test_a_known_mistake_beside_an_unknown_one_is_named_where_it_shows_alone():
    unknown = Variant("adam_b", OPTIMIZERS, "(np.sqrt(v_hat) + self.eps)", "np.sqrt(v_hat)")
    known = named(P1, "rmsprop_has_epsilon_outside_the_root")
    assert "rmsprop_has_epsilon_outside_the_root" in found(known, unknown)


def test_two_mistakes_that_no_patch_joins_are_both_named_and_judged_by_themselves_later():
    always = "if self.keep_prob < 1:"  # at test time, and for a keep probability of 0
    both = Variant(
        "dropout_forward_b", LAYERS, "if is_training and 0 < self.keep_prob < 1:", always
    )
    assert found(both)[:2] == [
        "dropout_forward_drops_all_for_a_keep_probability_of_0",
        "dropout_forward_drops_at_test_time",
    ]
    assert not any(d.excused for d in diagnosed(both).values())


def test_a_later_section_with_a_mistake_of_its_own_is_judged_by_itself():
    both = diagnosed(
        named(P1, "fc_backward_averages_both_gradients"),
        named(P1, "cascade_has_a_relu"),
    )
    assert both["cascade"].found == (named(P1, "cascade_has_a_relu"),)
    assert not both["cascade"].excused
    assert both["small_network"].excused == {"small_network_gradients"}


@pytest.mark.parametrize("switch", [True, False])
def test_the_rubric_says_whether_a_mistake_is_paid_for_again(switch):
    submission = applied(P1, (named(P1, "fc_backward_averages_both_gradients"),))
    student = costs.observed(P1, submission, SEED)
    verdicts = judge(P1, student, costs.reference(P1, SEED))
    found = findings(P1, student, verdicts)
    strict = replace(P1, carry_forward=switch)
    sections = compiled(strict, submission.name, student, verdicts, found, 0.0).sections
    cascade = next(section for section in sections if section.id == "cascade")
    assert (cascade.score == 2) is switch
    (hint,) = cascade.hints
    assert hint.misconception == "fc_backward_averages_both_gradients"
    assert "FC Backward" in hint.text
    gradients = next(test for test in cascade.tests if test.name == "cascade_gradients")
    assert gradients.passed is switch
    assert gradients.message.startswith("costs no points") is switch


def test_two_known_mistakes_are_named_behind_sections_that_nobody_understands():
    pair = [named(P1, f"rmsprop_{how}") for how in ("goes_uphill", "adds_the_whole_square")]
    unknown = [Variant(*row) for row in (UNKNOWN[0], UNKNOWN[3])]
    assert set(found(*unknown, *pair)) >= {variant.name for variant in pair}


def wrong_everywhere(scale):
    """Claims that are all slightly wrong, unlike those of any variant."""
    seen = costs.reference(P1, SEED)
    by_probe = {
        name: replace(seen[name], values={n: v * scale for n, v in seen[name].values.items()})
        for name in seen
    }
    return replace(seen, by_probe=by_probe)


@pytest.mark.proof
def test_what_is_wrong_everywhere_takes_a_bounded_number_of_runs(monkeypatch):
    loaded, load = set(), VariantReadings._load

    def noted(self, those):
        loaded.add(those)
        return load(self, those)

    monkeypatch.setattr(VariantReadings, "_load", noted)
    variant_readings.cache_clear()
    student = wrong_everywhere(1.07)
    verdicts = judge(P1, student, costs.reference(P1, SEED))
    first = diagnose(P1, student, verdicts)
    pairs = [those for those in loaded if len(those) == 2]
    assert 100 < len(pairs) <= PAIRS_IN_ALL
    assert max(Counter(one.section for one, _ in pairs).values()) <= PAIRS_OF_A_SECTION
    assert diagnose(P1, student, verdicts) == first, "the cache must not change the result"


@pytest.mark.proof
def test_what_is_kept_from_submission_to_submission_is_bounded():
    kept = variant_readings(P1, SEED)
    for scale in (1.05, 1.06):
        student = wrong_everywhere(scale)
        diagnose(P1, student, judge(P1, student, costs.reference(P1, SEED)))
    assert len(list(kept._libraries)) <= LIBRARIES
    assert sum(kept.bytes_of(reading) for reading in kept.readings._held.values()) <= READINGS


def test_what_was_not_asked_for_longest_is_forgotten_first():
    made = []
    kept = BoundedCache(10, lambda key: made.append(key) or key, len)
    for key in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        assert kept[key] == key
    assert made == ["aaaa", "bbbb", "cccc", "bbbb"]
    assert kept["x" * 50] == "x" * 50
    assert list(kept) == ["x" * 50], "an item that exceeds the limit is kept alone"
    assert kept["y"] == "y"
    assert list(kept) == ["y"]


OTHER_WORDS = (
    (
        "fc_backward_averages_the_weight_gradient",
        LAYERS,
        "self.grads[self.w_name] = feat.T @ dprev",
        'self.grads[self.w_name] = np.einsum("nd,nm->dm", feat, dprev).astype(np.float32)'
        " / dprev.shape[0]",
    ),
    (
        "leaky_relu_backward_is_that_of_a_relu",
        LAYERS,
        "dfeat = np.where(feat >= 0, dprev, self.negative_slope * dprev)",
        "dfeat = np.array(dprev, copy=True)\n        dfeat[feat <= 0] = 0",
    ),
    (
        "dropout_forward_forgets_to_scale",
        LAYERS,
        "kept = self.rng.random_sample(feat.shape) < self.keep_prob\n"
        "            output = feat * kept / self.keep_prob",
        "kept = self.rng.binomial(1, self.keep_prob, size=feat.shape)\n"
        "            output = np.where(kept == 1, feat, 0.0).astype(np.float32)",
    ),
    (
        "dropout_forward_exchanges_keep_and_drop",
        LAYERS,
        "kept = self.rng.random_sample(feat.shape) < self.keep_prob",
        "kept = self.rng.choice([0, 1], feat.shape, p=[self.keep_prob, 1 - self.keep_prob])",
    ),
    (
        "dropout_backward_forgets_the_mask",
        LAYERS,
        "dfeat = dprev if self.kept is None else dprev * self.kept / self.keep_prob",
        "scale = 1.0 if self.kept is None else 1.0 / self.keep_prob\n        dfeat = scale * dprev",
    ),
    (
        "cross_entropy_softmax_overflows",
        LAYERS,
        "    scores = np.exp(feat - feat.max(axis=-1, keepdims=True))\n"
        "    scores /= scores.sum(axis=-1, keepdims=True)",
        "    scores = np.stack([np.exp(row) / np.sum(np.exp(row)) for row in feat])",
    ),
    (
        "adam_has_epsilon_inside_the_root",
        OPTIMIZERS,
        "        if layer is self.net.layers[0]:\n            self.t += 1\n",
        "        self.t += 1\n",
        "param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
        "layer.params[name] = param - self.lr * m_hat * (v_hat + self.eps) ** -0.5",
    ),
    (
        "rmsprop_forgets_the_root",
        OPTIMIZERS,
        "param -= self.lr * grad / np.sqrt(self.cache[name] + self.eps)",
        "layer.params[name] = param - grad / (self.cache[name] + self.eps) * self.lr",
    ),
)


@pytest.mark.parametrize("words", OTHER_WORDS, ids=lambda row: row[0])
def test_a_mistake_in_other_words_is_named_alike(words):
    name, path, *texts = words
    pieces = [
        Variant(f"{name}_{n}", path, old, new)
        for n, (old, new) in enumerate(zip(texts[::2], texts[1::2], strict=True))
    ]
    assert found(*pieces) == [name]


@pytest.mark.parametrize(
    "ending",
    [
        Ending("timed out", "it did not finish within 5 s"),
        Ending("killed", "its process was ended by SIGKILL"),
        Ending("raised", raised=Raised("SyntaxError", "invalid syntax", "lib.optim")),
        Ending("raised", raised=Raised("NotImplementedError", "Adam.update: write it here")),
    ],
    ids=lambda ending: ending.raised.type if ending.raised else ending.how,
)
def test_work_that_says_nothing_is_compared_with_nothing(ending):
    claims = {name: Observation(name, {}, {}, ending) for name in costs.seen(P1)}
    student = Observations(SEED, "none", claims)
    verdicts = judge(P1, student, costs.reference(P1, SEED))
    variant_readings.cache_clear()
    assert diagnose(P1, student, verdicts) == {}
    assert {those for those, _ in variant_readings(P1, SEED).readings} <= {()}
