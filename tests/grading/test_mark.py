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
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.session import Ending

SEED = 2024
SUITE = """
from autograder.judgement.checks import check, close, require

@check("fc_forward", weight=2, announced="anything")
def test_fc_forward_values(fc_forward):
    close(fc_forward.student.out, fc_forward.reference.out, "the output")
"""


@pytest.fixture(scope="module")
def seen(sandbox) -> Observations:
    return reference(P1, SEED, sandbox, probe_names(P1, False))


@pytest.fixture
def suite(tmp_path):
    """`suite(source)` is the assignment with one suite instead of the hidden ones."""

    def write(source: str) -> Assignment:
        other = replace(P1, root=tmp_path)
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


def failures(
    student: Observations, seen: Observations, assignment: Assignment = P1
) -> dict[str, str]:
    verdicts = suites.judge(assignment, student, seen)
    return {v.check.name: v.failure for v in verdicts if v.failure is not None}


def test_a_small_suite_judges(suite, seen):
    other, wrong = suite(SUITE), with_values(seen, "fc_forward", out=np.ones(3))
    assert [v.check.name for v in suites.judge(other, seen, seen)] == ["fc_forward_values"]
    assert failures(seen, seen, other) == {}
    assert "fc_forward_values" in failures(wrong, seen, other)


def test_an_exception_of_a_check_is_a_failure_without_its_text(suite, seen):
    other = suite(SUITE + "    raise ValueError(str(fc_forward.reference.out))\n")
    assert failures(seen, seen, other) == {
        "fc_forward_values": "the returned values could not be judged (ValueError)"
    }


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (SUITE + "\nraise RuntimeError('suite')\n", "RuntimeError: suite"),
        (SUITE + "\nimport os\nos.environ['X'\n", None),
        (SUITE.replace("fc_forward.reference.out", "fc_forward.reference.nothing"), "nothing"),
        (SUITE + "\ndel test_fc_forward_values\n", "pytest exited with status 5"),
        (SUITE + "\ntest_fc_forward_more = test_fc_forward_values\n", "collects different checks"),
        (SUITE.replace("weight=2", "weight=1 + 1"), None),
        (SUITE.replace("weight=2", "weight=int(2)"), "must be literals"),
        (SUITE.replace('"fc_forward", weight', '"fc", weight'), "must begin with its section's id"),
        (SUITE + "\ndef test_fc_forward_extra(fc_forward):\n    pass\n", "is not a check"),
        (SUITE.replace("(fc_forward):", "(fc_forward, no_such_probe):"), "no probe called no_such"),
    ],
)
def test_a_broken_suite_is_refused(suite, seen, source, why):
    other = suite(source)
    with pytest.raises((suites.SuiteBroken, SyntaxError), match=why):
        suites.judge(other, seen, seen)


def test_a_reference_that_did_not_finish_is_refused(seen):
    failed = Observation("fc_forward", {}, {}, Ending("timed out", "it did not finish"))
    broken = replace(seen, by_probe={**seen.by_probe, "fc_forward": failed})
    with pytest.raises(suites.SuiteBroken, match="it did not finish"):
        suites.judge(P1, seen, broken)


def test_observations_of_different_probes_or_seeds_are_refused(seen):
    less = {name: seen[name] for name in seen if name != "fc_forward"}
    for other in (replace(seen, by_probe=less), replace(seen, seed=SEED + 1)):
        with pytest.raises(ValueError, match="not observed with the same"):
            suites.judge(P1, seen, other)


def test_checks_of_probes_that_did_not_run_are_not_judged(seen):
    some = {name: seen[name] for name in ("fc_forward", "fc_forward_flatten")}
    names = {v.check.name for v in suites.judge(P1, *[replace(seen, by_probe=some)] * 2)}
    assert names == {
        "fc_forward_values",
        "fc_forward_flattens_any_number_of_dimensions",
        "fc_forward_changes_nothing_else",
    }


def test_the_grader_ignores_its_surroundings(seen, tmp_path, monkeypatch):
    (tmp_path / "conftest.py").write_text("raise SystemExit('conftest of a stranger')")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --collect-only")
    (tmp_path / "evil.py").write_text("raise SystemExit('plugin of a stranger')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only -k nothing")
    monkeypatch.setenv("PYTEST_PLUGINS", "evil")
    assert failures(seen, seen) == {}


STRANGE = {
    "text": "a text",
    "nan": np.full((8, 6), np.nan),
    "infinite": np.full((8, 6), np.inf),
    "empty": np.zeros((0,)),
    "many dimensions": np.zeros((1,) * 30),
    "bool": np.ones((8, 6), dtype=bool),
    "huge integers": np.full((8, 6), 2**63, dtype=np.uint64),
    "one": np.array(1.0),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_values_fail_every_check_without_an_error(name, seen):
    everywhere = {
        probe: Observation(
            probe, dict.fromkeys(seen[probe].values, STRANGE[name]), {}, seen[probe].ending
        )
        for probe in seen
    }
    verdicts = suites.judge(P1, replace(seen, by_probe=everywhere), seen)
    passed = [v.check.name for v in verdicts if v.failure is None]
    # 1 is a valid batch size, number of epochs and decay
    assert passed == (["train_tiny_net_hyperparameters"] if name == "one" else [])


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
