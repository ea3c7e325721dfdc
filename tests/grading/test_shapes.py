"""An array whose shape differs from the reference's reaches no check and takes no memory."""

import resource
from dataclasses import replace

import numpy as np
import pytest

from autograder.assignment import probe
from autograder.assignment.probe import Probe
from autograder.diagnosis import costs
from autograder.diagnosis.diagnose import diagnose
from autograder.diagnosis.findings import findings
from autograder.diagnosis.variants import applied, named, solution
from autograder.grading.compiled import compiled
from autograder.grading.grade import grade, probe_names, reference, regrade
from autograder.hand_in.submission import Submission
from autograder.judgement import checks, suites
from autograder.judgement.checks import Evidence, Failure, ReferenceBroken, Refused
from autograder.observation.observe import Observation, Observations
from autograder.observation.shapes import (
    LARGEST_MISFIT,
    complaint_about,
    fitted,
    without_unusable_values,
)
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.misconceptions import LAYERS
from autograder.sandbox.session import Ending

SEED = 2024
BOMB = np.broadcast_to(np.arange(2, dtype=bool), (10**6, 10**6, 2))
"""A terabyte of booleans by broadcasting, of which two are in memory."""


@pytest.fixture(scope="module")
def seen(sandbox):
    return reference(P1, SEED, sandbox, probe_names(P1, training=True))


def with_values(seen, probe, **values):
    changed = replace(seen[probe], values={**seen[probe].values, **values})
    return replace(seen, by_probe={**seen.by_probe, probe: changed})


def replaced(seen, by):
    """Replaces every value of every probe."""
    return replace(
        seen,
        by_probe={
            name: replace(seen[name], values={n: by(v) for n, v in seen[name].values.items()})
            for name in seen
        },
    )


FITTING = {
    "its own shape": ((4, 10), (4, 10), None),
    "an empty array": ((0, 3), (0, 3), None),
    "a scalar": ((), (), None),
    "a size that is free": ((3072, 77), (3072, 512), {1: 4096}),
    "the smallest size that is free": ((3072, 1), (3072, 512), {1: 4096}),
    "the largest size that is free": ((3072, 4096), (3072, 512), {1: 4096}),
}
UNFIT = {
    "one more dimension": ((600_000, 1, 10), (4, 10), None, "(600000, 1, 10); expected (4, 10)"),
    "transposed": ((10, 4), (4, 10), None, "(10, 4); expected (4, 10); is it transposed?"),
    "a scalar for an array": ((), (4, 10), None, "(); expected (4, 10)"),
    "an array for a scalar": ((2,), (), None, "(2,); expected ()"),
    "many dimensions of 1": ((1,) * 30 + (4, 10), (4, 10), None, "expected (4, 10)"),
    "none of a size that is free": ((3072, 0), (3072, 512), {1: 9}, "expected (3072, 1 to 9)"),
    "beyond what is free": ((3072, 10), (3072, 512), {1: 9}, "expected (3072, 1 to 9)"),
    "another size than the free one": ((9, 9), (3072, 512), {1: 9}, "(9, 9); expected (3072, 1"),
}


@pytest.mark.parametrize(("shape", "expected", "free"), FITTING.values(), ids=FITTING)
def test_matching_shapes_are_accepted(shape, expected, free):
    assert complaint_about(shape, expected, free) is None


@pytest.mark.parametrize(("shape", "expected", "free", "said"), UNFIT.values(), ids=UNFIT)
def test_a_shape_mismatch_is_reported_with_both_shapes(shape, expected, free, said):
    assert said in complaint_about(shape, expected, free)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1)])
def test_an_array_of_size_1_is_accepted_as_a_scalar(shape):
    assert fitted(np.full(shape, 7.0), np.array(1.0)).shape == ()


def test_text_is_not_accepted_for_numbers_nor_numbers_for_text():
    for value, expected in (("x", np.ones(2)), (np.ones(2), "x")):
        with pytest.raises(ValueError, match=r"^is (a text|numbers); expected (numbers|a text)$"):
            fitted(value, expected)
    assert fitted("x", "y") == "x"


def test_a_check_sees_only_values_that_fit():
    probe = Probe("p", lambda rng: {}, None, (), False, free={"w": {0: 9}})
    expected = dict(out=np.ones((4, 10)), w=np.ones(3), loss=np.array(2.0), gone=np.ones(2))
    claimed = dict(out=BOMB, w=np.ones(9), loss=np.array([5.0]), more=np.ones(2))
    ended = Ending("finished")
    student = Observation("p", claimed, {"gone": "returned None; expected a numeric array"}, ended)
    seen = Evidence(probe, SEED, student, Observation("p", expected, {}, ended)).student
    assert seen.w.shape == (9,)
    assert seen.loss.shape == ()
    assert isinstance(seen.out, Refused)
    assert isinstance(seen.gone, Refused)
    with pytest.raises(ReferenceBroken, match="is missing"):
        _ = seen.more


USES = {
    "close": lambda value: checks.close(value, np.ones((4, 10)), "the output"),
    "unchanged": lambda value: checks.unchanged(value, np.ones((4, 10)), "the output"),
    "numbers": lambda value: checks.numbers(value, "the output"),
    "asarray": lambda value: np.asarray(value, dtype=float),
    "a function of numpy": np.std,
    "its rank": np.ndim,
    "an attribute": lambda value: value.shape,
    "comparison": lambda value: value >= 1,
    "equality": lambda value: value == 1,
    "a number": float,
    "its elements": list,
    "an index": lambda value: value[0],
    "truth": lambda value: not value,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_any_use_of_a_refused_value_fails_and_says_why(use):
    with pytest.raises(
        Failure, match=r"^(the output|dx next).* has shape \(9,\); expected \(2,\)$"
    ):
        use(Refused("dx_next", "has shape (9,); expected (2,)"))


def test_a_check_names_a_refused_value_in_its_own_words():
    with pytest.raises(Failure, match=r"^the gradient: returned a str; expected a nu"):
        checks.close(
            Refused("dx", "returned a str; expected a numeric array"), np.ones(2), "the gradient"
        )


def test_no_check_and_no_diagnosis_spends_memory_on_values_that_do_not_fit(seen):
    student = replaced(seen, lambda value: BOMB)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    verdicts = suites.judge(P1, student, seen)
    assert [v.check.name for v in verdicts if v.failure is None] == []
    assert {d.found for d in diagnose(P1, student, verdicts).values()} <= {()}
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) / 1024 < 250, "MiB, including what a diagnosis keeps"


ODD = {
    "many dimensions of 1": lambda value: value.reshape((1,) * (32 - value.ndim) + value.shape),
    "an empty array": lambda value: np.zeros((0, *value.shape)),
    "one float16": lambda value: np.float16(1),
    "a text": lambda value: "a text",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_arrays_of_wrong_shapes_earn_nothing(odd, seen):
    def passed(by):
        student = replaced(seen, lambda value: by(value) if value.ndim else value)
        return {v.check.name for v in suites.judge(P1, student, seen) if v.failure is None}

    of_scalars = passed(lambda value: np.full(value.shape, np.nan))
    assert passed(odd) == of_scalars < passed(lambda value: value)


def test_evidence_contains_only_values_that_checks_or_a_diagnosis_may_need(seen):
    more = {f"v{n}": np.ones(3) for n in range(2_000)}
    student = with_values(seen, "fc_forward", out=BOMB, out_one=np.ones((6, 1)), **more)
    refused = {"w_after": "returned a str", "nothing_of_ours": "returned a str"}
    student.by_probe["fc_forward"] = replace(student["fc_forward"], refused=refused)
    kept = without_unusable_values(P1, student, seen)["fc_forward"]
    assert set(kept.values) | set(kept.refused) == set(seen["fc_forward"].values)
    assert kept.refused == {
        "w_after": "returned a str",
        "out": "has shape (1000000, 1000000, 2); expected (8, 6)",
    }
    assert kept["out_one"].shape == (6, 1), "a shape that a mistake may have"
    assert kept["x_after"] is seen["fc_forward"]["x_after"]


def test_values_kept_for_a_diagnosis_are_limited(seen):
    largest, larger = (np.ones(size, dtype=bool) for size in (LARGEST_MISFIT, LARGEST_MISFIT + 1))
    kept = without_unusable_values(
        P1, with_values(seen, "fc_forward", out=largest, out_one=larger), seen
    )
    assert set(seen["fc_forward"].values) - set(kept["fc_forward"].values) == {"out_one"}


def test_a_mistake_with_a_wrong_shape_is_still_recognised_after_trimming():
    mistake = named(P1, "fc_backward_keeps_the_bias_gradient_of_every_example")
    student = costs.observed(P1, applied(P1, (mistake,)), SEED)
    kept = without_unusable_values(P1, student, costs.reference(P1, SEED))
    verdicts = suites.judge(P1, kept, costs.reference(P1, SEED))
    assert diagnose(P1, kept, verdicts)["fc_backward"].found == (mistake,)


EXPLODES = """
def forward(self, feat, is_training=True, seed=None):
    return (np.arange(6_000_000) % 2 == 0).reshape(600_000, 1, 10)

DropoutNet.forward = forward
"""


def test_evidence_of_huge_answers_is_small_and_gives_the_same_grade(change, sandbox, tmp_path):
    networks = "lib/mlp/fully_conn.py"
    explodes = solution(P1).files[networks].decode() + EXPLODES
    submission = change(LAYERS, "dprev.sum(axis=0)", "dprev", base=change(networks, explodes))
    file = tmp_path / "kept.npz"
    first = grade(P1, submission, SEED, sandbox, keep=lambda seen: seen.save(file))
    assert file.stat().st_size < 8 * 2**20
    again = regrade(P1, submission.name, Observations.load(file), sandbox)
    assert replace(again, elapsed_s=0.0) == replace(first, elapsed_s=0.0)
    sections = {section.id: section for section in first.sections}
    assert sections["dropout_network"].score == 0
    (hint,) = sections["fc_backward"].hints
    assert hint.misconception == "fc_backward_keeps_the_bias_gradient_of_every_example"


@pytest.fixture
def suite(tmp_path):
    """`suite(body)` is the assignment with a suite of two checks, the first with this body."""

    def write(body):
        other = replace(P1, root=tmp_path)
        other.suites.mkdir(parents=True)
        (other.suites / "pytest.ini").write_text("[pytest]\n")
        (other.suites / f"test_{tmp_path.name}.py").write_text(SUITE.format(body))
        return other

    return write


SUITE = """
import numpy as np
from autograder.judgement.checks import check, close

@check("fc_forward", announced="anything")
def test_fc_forward_large(fc_forward):
    {}

@check("fc_forward", announced="anything")
def test_fc_forward_small(fc_forward):
    close(fc_forward.student.out, fc_forward.reference.out, "the output")
"""
AS_LARGE_AS_SAID = "np.ones(int(abs(fc_forward.student.out[0, 0])) * 2**20)"


def test_only_the_check_that_takes_too_much_memory_fails(suite, seen):
    other = suite(AS_LARGE_AS_SAID)
    out = seen["fc_forward"]["out"].copy()
    out[0, 0] = 10**6  # 8 TiB
    student = with_values(seen, "fc_forward", out=out)
    limit = resource.getrlimit(resource.RLIMIT_DATA)
    verdicts = suites.judge(other, student, seen)
    assert [v.failure == suites.TOO_LARGE for v in verdicts] == [True, False]
    assert resource.getrlimit(resource.RLIMIT_DATA) == limit
    assert [v.failure for v in suites.judge(other, seen, seen)] == [None, None]


def test_a_grade_says_which_checks_took_too_much_memory(seen):
    verdicts = [
        replace(v, failure=suites.TOO_LARGE, share=0) if v.check.name.startswith("adam_e") else v
        for v in suites.judge(P1, seen, seen)
    ]
    seen, verdicts = replace(seen, errors=("a file is missing",)), tuple(verdicts)
    found = compiled(P1, "large", seen, verdicts, findings(P1, seen, verdicts), 0.0)
    assert found.errors == ("a file is missing", f"adam_epsilon: {suites.TOO_LARGE}")
    assert {s.id for s in found.sections if s.score not in (None, s.max_score)} == {"adam"}


def test_a_check_that_takes_too_much_memory_on_the_reference_is_an_error_of_the_grader(suite, seen):
    other = suite("np.ones(2**40)")
    why = "judging the reference with fc_forward_large takes too much memory"
    with pytest.raises(suites.SuiteBroken, match=why):
        suites.judge(other, seen, seen)


def test_a_diagnosis_without_memory_names_nothing_and_the_grade_says_so(seen, monkeypatch):
    student = with_values(seen, "adam", w=seen["adam"]["w"] * 2)
    verdicts = suites.judge(P1, student, seen)
    monkeypatch.setattr("autograder.diagnosis.variant_readings.read", lambda *_: np.ones(2**40))
    known = findings(P1, student, verdicts)
    found = compiled(P1, Submission("large", {}, {}), student, verdicts, known, 0.0)
    (error,) = found.errors
    assert error.startswith("the diagnosis takes more memory than one submission may use")
    assert not any(section.hints for section in found.sections)
    assert found.score < 29


def test_probes_declare_which_sizes_are_free():
    @probe.given(free={"w": {1: 4096}})
    def shapes_are_free(lib):
        yield {}

    try:
        assert shapes_are_free.free == {"w": {1: 4096}}
        assert hash(shapes_are_free)
    finally:
        del probe._registries[__name__.rpartition(".")[0]]
