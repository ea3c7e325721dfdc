"""What the numbers of dropout show.

Values of dropout differ between correct libraries, so nothing here compares them with the
reference: every statement follows from the student's output, the input and the keep probability.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.assignment.words import Described, Given, Statements, Symptoms, Values, Words
from autograder.diagnosis.same import SAME
from autograder.diagnosis.symptoms.factors import named_factor

SHARE = 0.05
"""How far a share may be from its expectation: more than five standard deviations for 3,600
activations."""


def _forward(values: Values, given: Given) -> Statements:
    if "out" not in values:
        return
    out, p = values["out"], given["keep_prob"]
    yield from _mask(out, given, "at training time")
    yield from _scale("the output at training time", out, given["x"], 1 / p, given)
    again = values.get("again")
    if again is not None and _drops_some(out) and np.array_equal(out != 0, again != 0):
        yield "same_mask", "Two passes at training time draw the same mask."
    elif "further" in values and _drops_some(values["further"]):
        counts = np.count_nonzero(values["further"], axis=(1, 2))
        if (counts == counts[0]).all():
            yield (
                "same_number",
                "Every pass at training time keeps equally many activations. If each is kept "
                "independently of the others, their number varies.",
            )


def _mask(out: np.ndarray, given: Given, when: str) -> Statements:
    kept, p = out != 0, given["keep_prob"]
    share = kept.mean()
    if not np.isfinite(out).all():
        yield "not_finite", f"The output {when} is not finite everywhere."
    elif kept.all():
        yield "keeps_all", f"No activation is set to 0 {when}: the mask keeps everything."
    elif not kept.any():
        yield "drops_all", f"Every activation is set to 0 {when}."
    elif (kept == kept[:1]).all():
        yield "whole", f"All examples have the same mask {when}: whole features are dropped."
    elif (kept == kept[:, :1]).all():
        yield "whole", f"An example is kept or dropped as a whole {when}."
    elif abs(share - p) > SHARE:
        if abs(share - (1 - p)) <= SHARE:
            yield (
                "exchanged",
                f"An activation is kept {when} with the probability with which it should be "
                "dropped. Look at the comparison with the keep probability.",
            )
        else:
            size = "more" if share > p else "fewer"
            yield (
                "share",
                f"{size.capitalize()} activations are kept {when} than the keep probability says.",
            )


def _scale(
    what: str, out: np.ndarray, base: np.ndarray, factor: float | None, given: Given
) -> Statements:
    """What the kept activations are multiplied by, if it is not `factor`."""
    kept = (out != 0) & (base != 0)
    if factor is None or not kept.any() or not np.isfinite(out).all():
        return
    factors = out[kept] / base[kept]
    if np.abs(factors - factor).max() <= SAME * factor:
        return
    if np.ptp(factors) > SAME * np.abs(factors).max():
        yield "factors", f"In {what} the kept numbers are not all multiplied by the same factor."
        return
    found = float(factors.mean())
    if abs(found - 1) <= SAME:
        yield "not_scaled", f"In {what} the kept numbers are not scaled."
        return
    name = named_factor(found / factor, {"the keep probability": given["keep_prob"]})
    if name is not None:
        yield "scaled", f"In {what} the kept numbers are {name} times what they should be."
    else:
        size = "large" if abs(found) > factor else "small"
        yield "scaled", f"In {what} the kept numbers are too {size} by one and the same factor."


def _drops_some(out: np.ndarray) -> bool:
    kept = out != 0
    return bool(kept.any() and not kept.all())


def _unchanged(what: str, out: np.ndarray, base: np.ndarray, given: Given) -> Statements:
    """What is wrong with an output that should equal the input."""
    if np.array_equal(out, base) or np.allclose(out, base, rtol=SAME, atol=0):
        return
    if not np.isfinite(out).all():
        yield "not_finite", f"{_capital(what)} is not finite everywhere."
    elif not (out != 0).any():
        yield "drops_all", f"{_capital(what)} is 0 everywhere."
    elif not (out != 0).all():
        yield "drops", f"{_capital(what)} has numbers that were dropped; nothing should be."
    else:
        yield from _scale(what, out, base, 1.0, given)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _test_time(values: Values, given: Given) -> Statements:
    for name, what in (
        ("tested", "the output at test time, after a pass at training time"),
        ("fresh", "the output of a new layer at test time"),
    ):
        if name in values:
            yield from _unchanged(what, values[name], given["x"], given)


def _without(values: Values, given: Given) -> Statements:
    for name, p in (("kept_1", 1), ("kept_0", 0)):
        if name in values:
            what = f"the output for a keep probability of {p}"
            yield from _unchanged(what, values[name], given["x"], given)


def _seed(values: Values, given: Given) -> Statements:
    pairs = (
        ("built", "built_again", True, "Two layers with the same seed draw different masks."),
        ("seeded", "seeded_again", True, "Two passes with the same seed draw different masks."),
        ("seeded", "seeded_otherwise", False, "Two different seeds give the same mask."),
        ("then", "after_that", False, "Without a seed, two passes draw the same mask."),
    )
    for one, other, equal, text in pairs:
        if one not in values or other not in values or not _drops_some(values[one]):
            continue
        if np.array_equal(values[one] != 0, values[other] != 0) != equal:
            yield "seed", text


def _backward(values: Values, given: Given, keep_prob: float | None = None) -> Statements:
    if "out" not in values or "dx" not in values:
        return
    out, dx, dout = values["out"], values["dx"], given["dout"]
    if not np.isfinite(dx).all():
        yield "not_finite", "The gradient is not finite everywhere."
        return
    if not dx.any():
        yield "zero", "The gradient is 0 everywhere."
        return
    if np.allclose(dx, dout, rtol=SAME, atol=0):
        yield "an_input", "The gradient is the incoming gradient, unchanged."
        return
    kept, passed = out != 0, dx != 0
    if passed.all() and not kept.all():
        yield "passes_all", "The gradient is not 0 where the forward pass dropped the activation."
    elif np.array_equal(passed, ~kept):
        yield "other_mask", "The gradient passes exactly where the activation was dropped."
    elif not np.array_equal(passed, kept):
        yield "other_mask", "The mask of the gradient is not that of the last forward pass."
    p = given["keep_prob"] if keep_prob is None else keep_prob
    own = _factor(out, given["x"])
    if own is None or abs(own - 1 / p) > SAME / p:
        own = own if own is not None and np.allclose(dx[passed] / dout[passed], own) else 1 / p
    yield from _scale("the gradient", dx, dout, own, {"keep_prob": p})


def _factor(out: np.ndarray, x: np.ndarray) -> float | None:
    """What the student's own forward pass multiplied the kept activations by."""
    kept = out != 0
    factors = out[kept] / x[kept]
    if not factors.size or np.ptp(factors) > SAME * np.abs(factors).max():
        return None
    return float(factors.mean())


def _backward_seed(values: Values, given: Given) -> Statements:
    yield from _backward(values, given, 1 - given["keep_prob"])


def _backward_test_time(values: Values, given: Given) -> Statements:
    yield from _gradient("the gradient after a pass at test time", "out", "dx", values, given)


def _backward_without(values: Values, given: Given) -> Statements:
    for name, p in (("kept_1", 1), ("kept_0", 0)):
        what = f"the gradient for a keep probability of {p}"
        yield from _gradient(what, name, f"{name}_dx", values, given)


def _gradient(what: str, out: str, dx: str, values: Values, given: Given) -> Statements:
    """What is wrong with a gradient that should pass unchanged, or as the forward pass did."""
    if out not in values or dx not in values:
        return
    with np.errstate(all="ignore"):
        as_forward = given["dout"] * (values[out] / given["x"])
    if not np.allclose(values[dx], as_forward, rtol=SAME, atol=0, equal_nan=True):
        yield from _unchanged(what, values[dx], given["dout"], given)


SYMPTOMS: Mapping[str, Symptoms] = {
    "dropout_forward": _forward,
    "dropout_forward_test_time": _test_time,
    "dropout_forward_without": _without,
    "dropout_forward_seed": _seed,
    "dropout_backward": _backward,
    "dropout_backward_seed": _backward_seed,
    "dropout_backward_test_time": _backward_test_time,
    "dropout_backward_without": _backward_without,
}


def _named(words: Mapping[str, str], when: Mapping[str, str]) -> Words:
    return lambda given: Described(values=words, when=when)


TEST_TIME = "after a pass at test time"
NO_DROPOUT = dict(
    kept_1="for a keep probability of 1",
    kept_0="for a keep probability of 0",
    kept_1_dx="for a keep probability of 1",
    kept_0_dx="for a keep probability of 0",
)
WORDS: Mapping[str, Words] = {
    "dropout_forward": _named({"out": "the output"}, {}),
    "dropout_forward_test_time": _named({"tested": "the output"}, {"tested": "at test time"}),
    "dropout_forward_without": _named(dict(kept_1="the output", kept_0="the output"), NO_DROPOUT),
    "dropout_forward_seed": _named({"built": "the output"}, {"built": "with a seed"}),
    "dropout_backward": _named({"dx": "the gradient"}, {}),
    "dropout_backward_seed": _named({"dx": "the gradient"}, {"dx": "with a seed"}),
    "dropout_backward_test_time": _named({"dx": "the gradient"}, {"dx": TEST_TIME}),
    "dropout_backward_without": _named(
        dict(kept_1_dx="the gradient", kept_0_dx="the gradient"), NO_DROPOUT
    ),
}
