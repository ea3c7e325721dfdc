"""An array whose shape differs from the reference's reaches no check and takes no memory."""

import resource
from dataclasses import replace

import numpy as np
import pytest

from autograder.assignment import probe
from autograder.assignment.probe import Probe
from autograder.diagnosis.findings import findings
from autograder.grading.compiled import compiled
from autograder.grading.grade import probe_names, reference
from autograder.hand_in.submission import Submission
from autograder.judgement import checks, suites
from autograder.judgement.checks import Evidence, Failure, ReferenceBroken, Refused
from autograder.observation.observe import Observation
from autograder.observation.shapes import (
    LARGEST_MISFIT,
    complaint_about,
    fitted,
    without_unusable_values,
)
from autograder.sandbox.session import Ending

SEED = 2024
BOMB = np.broadcast_to(np.arange(2, dtype=bool), (10**6, 10**6, 2))
"""A terabyte of booleans by broadcasting, of which two are in memory."""


@pytest.fixture(scope="module")
def seen(tiny, sandbox):
    return reference(tiny, SEED, sandbox, probe_names(tiny, training=False))


def with_values(seen, probe, **values):
    changed = replace(seen[probe], values={**seen[probe].values, **values})
    return replace(seen, by_probe={**seen.by_probe, probe: changed})


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


def test_evidence_contains_only_values_that_checks_or_a_diagnosis_may_need(tiny, seen):
    more = {f"v{n}": np.ones(3) for n in range(2_000)}
    student = with_values(seen, "scale_forward", out=BOMB, **more)
    refused = {"x_after": "returned a str", "nothing_of_ours": "returned a str"}
    student.by_probe["scale_forward"] = replace(student["scale_forward"], refused=refused)
    student = with_values(student, "scale_backward", dx=np.ones((3, 4)))
    kept = without_unusable_values(tiny, student, seen)
    forward, backward = kept["scale_forward"], kept["scale_backward"]
    assert set(forward.values) | set(forward.refused) == set(seen["scale_forward"].values)
    assert forward.refused == {
        "x_after": "returned a str",
        "out": "has shape (1000000, 1000000, 2); expected (4, 3)",
    }
    assert backward["dx"].shape == (3, 4), "a shape that a mistake may have"
    assert backward["da"] is seen["scale_backward"]["da"]


def test_values_kept_for_a_diagnosis_are_limited(tiny, seen):
    largest, larger = (np.ones(size, dtype=bool) for size in (LARGEST_MISFIT, LARGEST_MISFIT + 1))
    student = with_values(seen, "scale_forward", out=largest, x_after=larger)
    kept = without_unusable_values(tiny, student, seen)["scale_forward"]
    assert set(seen["scale_forward"].values) - set(kept.values) == {"x_after"}


@pytest.fixture
def suite(tiny, tmp_path):
    """`suite(body)` is the assignment with a suite of two checks, the first with this body."""

    def write(body):
        other = replace(tiny, root=tmp_path)
        other.suites.mkdir(parents=True)
        (other.suites / "pytest.ini").write_text("[pytest]\n")
        (other.suites / f"test_{tmp_path.name}.py").write_text(SUITE.format(body))
        return other

    return write


SUITE = """
import numpy as np
from autograder.judgement.checks import check, close

@check("scale", announced="anything")
def test_scale_large(scale_forward):
    {}

@check("scale", announced="anything")
def test_scale_small(scale_forward):
    close(scale_forward.student.out, scale_forward.reference.out, "the output")
"""
AS_LARGE_AS_SAID = "np.ones(int(abs(scale_forward.student.out[0, 0])) * 2**20)"


def test_only_the_check_that_takes_too_much_memory_fails(suite, seen):
    other = suite(AS_LARGE_AS_SAID)
    out = seen["scale_forward"]["out"].copy()
    out[0, 0] = 10**6  # 8 TiB
    student = with_values(seen, "scale_forward", out=out)
    limit = resource.getrlimit(resource.RLIMIT_DATA)
    verdicts = suites.judge(other, student, seen)
    assert [v.failure == suites.TOO_LARGE for v in verdicts] == [True, False]
    assert resource.getrlimit(resource.RLIMIT_DATA) == limit
    assert [v.failure for v in suites.judge(other, seen, seen)] == [None, None]


def test_a_grade_says_which_checks_took_too_much_memory(tiny, seen):
    verdicts = [
        replace(v, failure=suites.TOO_LARGE, share=0) if v.check.name == "step_factor" else v
        for v in suites.judge(tiny, seen, seen)
    ]
    seen, verdicts = replace(seen, errors=("a file is missing",)), tuple(verdicts)
    found = compiled(tiny, "large", seen, verdicts, findings(tiny, seen, verdicts), 0.0)
    assert found.errors == ("a file is missing", f"step_factor: {suites.TOO_LARGE}")
    assert {s.id for s in found.sections if s.score not in (None, s.max_score)} == {"step"}


def test_a_check_that_takes_too_much_memory_on_the_reference_is_an_error_of_the_grader(suite, seen):
    other = suite("np.ones(2**40)")
    why = "judging the reference with scale_large takes too much memory"
    with pytest.raises(suites.SuiteBroken, match=why):
        suites.judge(other, seen, seen)


def test_a_diagnosis_without_memory_names_nothing_and_the_grade_says_so(tiny, seen, monkeypatch):
    student = with_values(seen, "step_of_a_layer", a=seen["step_of_a_layer"]["a"] * 2)
    verdicts = suites.judge(tiny, student, seen)
    monkeypatch.setattr("autograder.diagnosis.variant_readings.read", lambda *_: np.ones(2**40))
    known = findings(tiny, student, verdicts)
    found = compiled(tiny, Submission("large", {}, {}), student, verdicts, known, 0.0)
    (error,) = found.errors
    assert error.startswith("the diagnosis takes more memory than one submission may use")
    assert not any(section.hints for section in found.sections)
    assert found.score < 5


def test_probes_declare_which_sizes_are_free():
    @probe.given(free={"w": {1: 4096}})
    def shapes_are_free(lib):
        yield {}

    try:
        assert shapes_are_free.free == {"w": {1: 4096}}
        assert hash(shapes_are_free)
    finally:
        del probe._registries[__name__.rpartition(".")[0]]
