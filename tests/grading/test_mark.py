"""Marking is complete or refused, and independent of the grader's surroundings."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograder.assignment import Assignment
from autograder.grading.grade import probe_names, reference
from autograder.judgement import checks, suites
from autograder.observation.observe import Observation, Observations
from autograder.sandbox.session import Ending

SEED = 2024
SUITE = """
from autograder.judgement.checks import check, close, require

@check("scale", weight=2, announced="anything")
def test_scale_values(scale_forward):
    close(scale_forward.student.out, scale_forward.reference.out, "the output")
"""


@pytest.fixture(scope="module")
def seen(tiny, sandbox) -> Observations:
    return reference(tiny, SEED, sandbox, probe_names(tiny, training=False))


@pytest.fixture
def suite(tiny, tmp_path):
    """`suite(source)` is the assignment with one suite instead of the hidden ones."""

    def write(source: str) -> Assignment:
        other = replace(tiny, root=tmp_path)
        other.suites.mkdir(parents=True)
        (other.suites / "pytest.ini").write_text("[pytest]\n")
        (other.suites / f"test_{tmp_path.name}.py").write_text(
            source
        )  # unique, because modules are cached by name
        return other

    return write


def with_values(seen: Observations, probe: str, **values) -> Observations:
    """The same observations with some values of one probe replaced."""
    old = seen[probe]
    changed = Observation(probe, {**old.values, **values}, old.refused, old.ending)
    return replace(seen, by_probe={**seen.by_probe, probe: changed})


def failures(assignment: Assignment, student: Observations, seen: Observations) -> dict[str, str]:
    verdicts = suites.judge(assignment, student, seen)
    return {v.check.name: v.failure for v in verdicts if v.failure is not None}


def test_a_small_suite_judges(suite, seen):
    other, wrong = suite(SUITE), with_values(seen, "scale_forward", out=np.ones(3))
    assert [v.check.name for v in suites.judge(other, seen, seen)] == ["scale_values"]
    assert failures(other, seen, seen) == {}
    assert "scale_values" in failures(other, wrong, seen)


def test_an_exception_of_a_check_is_a_failure_without_its_text(suite, seen):
    other = suite(SUITE + "    raise ValueError(str(scale_forward.reference.out))\n")
    assert failures(other, seen, seen) == {
        "scale_values": "the returned values could not be judged (ValueError)"
    }


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (SUITE + "\nraise RuntimeError('suite')\n", "RuntimeError: suite"),
        (SUITE + "\nimport os\nos.environ['X'\n", None),
        (
            SUITE.replace("scale_forward.reference.out", "scale_forward.reference.nothing"),
            "nothing",
        ),
        (SUITE + "\ndel test_scale_values\n", "pytest exited with status 5"),
        (SUITE + "\ntest_scale_more = test_scale_values\n", "collects different checks"),
        (SUITE.replace("weight=2", "weight=1 + 1"), None),
        (SUITE.replace("weight=2", "weight=int(2)"), "must be literals"),
        (SUITE.replace('"scale", weight', '"step", weight'), "must begin with its section's id"),
        (SUITE + "\ndef test_scale_extra(scale_forward):\n    pass\n", "is not a check"),
        (
            SUITE.replace("(scale_forward):", "(scale_forward, no_such_probe):"),
            "no probe called no_such",
        ),
    ],
)
def test_a_broken_suite_is_refused(suite, seen, source, why):
    other = suite(source)
    with pytest.raises((suites.SuiteBroken, SyntaxError), match=why):
        suites.judge(other, seen, seen)


def test_a_reference_that_did_not_finish_is_refused(tiny, seen):
    failed = Observation("scale_forward", {}, {}, Ending("timed out", "it did not finish"))
    broken = replace(seen, by_probe={**seen.by_probe, "scale_forward": failed})
    with pytest.raises(suites.SuiteBroken, match="it did not finish"):
        suites.judge(tiny, seen, broken)


def test_observations_of_different_probes_or_seeds_are_refused(tiny, seen):
    less = {name: seen[name] for name in seen if name != "scale_forward"}
    for other in (replace(seen, by_probe=less), replace(seen, seed=SEED + 1)):
        with pytest.raises(ValueError, match="not observed with the same"):
            suites.judge(tiny, seen, other)


def test_checks_of_probes_that_did_not_run_are_not_judged(tiny, seen):
    some = {name: seen[name] for name in ("scale_forward",)}
    names = {v.check.name for v in suites.judge(tiny, *[replace(seen, by_probe=some)] * 2)}
    assert names == {"scale_forward", "scale_forward_leaves_its_input"}


def test_the_grader_ignores_its_surroundings(tiny, seen, tmp_path, monkeypatch):
    (tmp_path / "conftest.py").write_text("raise SystemExit('conftest of a stranger')")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --collect-only")
    (tmp_path / "evil.py").write_text("raise SystemExit('plugin of a stranger')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only -k nothing")
    monkeypatch.setenv("PYTEST_PLUGINS", "evil")
    assert failures(tiny, seen, seen) == {}


def test_close_allows_rounding_and_no_more():
    right = np.array([1.0, -4.0, 2.0])
    checks.close(right * (1 + 5e-6), right, "x")
    for wrong in (right + 1e-3, -right, right[::-1], right[:2], right[None], right * np.nan):
        with pytest.raises(checks.Failure):
            checks.close(wrong, right, "x")


@pytest.mark.filterwarnings("error")
def test_close_to_an_overflowed_value_is_a_failure_without_a_warning():
    with pytest.raises(checks.Failure):
        checks.close(np.ones(2), np.array([np.inf, 1.0]), "x")


def test_close_says_how_far_and_where_but_not_what_was_expected():
    expected = np.array([[0.123456, 7.654321], [2.345678, 9.876543]])
    wrong = expected.copy()
    wrong[1, 0] = 5.5
    with pytest.raises(checks.Failure) as failure:
        checks.close(wrong, expected, "the output")
    said = str(failure.value)
    assert said == (
        "the output is off by more than 1e-01 of the largest value (tolerance 1e-05), "
        "in one of 4 places, first at [1, 0], where yours is 5.5"
    )


def said_of(actual, expected):
    with pytest.raises(checks.Failure) as failure:
        checks.close(actual, expected, "the loss")
    return str(failure.value)


@given(
    st.floats(-1e6, 1e6).filter(lambda value: abs(value) > 1e-3),
    st.integers(-4, 3),
    st.lists(st.floats(1.01, 9.99), min_size=2, max_size=2),
    st.sampled_from([-1, 1]),
    st.sampled_from([(), (1,)]),
)
def test_a_message_reveals_only_the_order_of_magnitude_of_an_error(
    answer, power, digits, sign, shape
):
    """The message is the same for every expected value within an order of magnitude."""
    errors = [sign * digit * 10.0**power for digit in digits]
    assume(all(abs(1 + error) > 1e-3 for error in errors))
    given = np.full(shape, answer)
    messages = {said_of(given, given / (1 + error)) for error in errors}
    assert len(messages) == 1, messages
    assert f"more than {10.0**power:.0e} of the largest value" in messages.pop()


def test_errors_that_are_a_power_of_ten_or_infinite_have_messages():
    assert "off by more than 1e+00" in said_of(0.0, 2.0)
    assert "off by more than 1e+300" in said_of(np.array([2e300, 1.0]), np.array([1.0, 1.0]))
    assert "off by an infinite multiple" in said_of(np.ones(2), np.array([np.inf, 1.0]))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(100, "all 100"), (99, "most of 100"), (51, "most of 100"), (50, "some of 100"),
     (2, "some of 100"), (1, "one of 100")],
)  # fmt: skip
def test_the_number_of_wrong_places_is_given_in_words(wrong, words):
    expected = np.arange(1.0, 101)
    assert f", in {words} places, " in said_of(np.where(expected <= wrong, 0, expected), expected)


def test_a_transposed_array_is_recognised():
    with pytest.raises(checks.Failure, match=r"\(2, 3\); expected \(3, 2\); is it transposed\?"):
        checks.close(np.zeros((2, 3)), np.zeros((3, 2)), "x")


def test_unchanged_compares_every_bit():
    before = np.linspace(0, 1, 5)
    checks.unchanged(before.copy(), before, "x")
    after = before.copy()
    after[3] = np.nextafter(after[3], 2)
    with pytest.raises(
        checks.Failure, match=r"changed in place, in one of 5 places, first at \[3\]"
    ):
        checks.unchanged(after, before, "x")
