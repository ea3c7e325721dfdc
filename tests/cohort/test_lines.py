"""The progress of a class for a program: lines of JSON."""

import io
import json

from autograder.cohort.lines import Lines
from autograder.cohort.pool import Failed
from autograder.cohort.work import Outcome
from autograder.hand_in.students import HandIn
from autograder.training.replay import Progress, Replay


def lines_of(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def hand_in(student: str) -> HandIn:
    return HandIn(student, f"{student}.zip", None)


def test_every_submission_is_a_line_also_those_that_were_set_aside_before():
    stream = io.StringIO()
    with Lines(stream).shown(3, {hand_in("zeno"): "the zip was cut off"}) as shown:
        shown.graded(hand_in("ada\n\udcff"), Outcome(29.0, 29.0, kept=False, elapsed_s=1.0))
        shown.graded(hand_in("weyl"), Failed("it killed two workers"))
    one, two, three = lines_of(stream)
    assert one == {
        "event": "set aside",
        "student": "zeno",
        "reason": "the zip was cut off",
        "done": 1,
        "total": 3,
    }
    assert (two["event"], two["student"], two["points"], two["of"], two["done"]) == (
        "graded",
        "ada\n\udcff",
        29.0,
        29.0,
        2,
    )
    assert (three["event"], three["reason"], three["done"]) == (
        "set aside",
        "it killed two workers",
        3,
    )


def test_every_training_is_a_line():
    stream = io.StringIO()
    with Lines(stream).shown(2, {}) as shown:
        shown.recipes(2)
        shown.training("a", 30, Progress(0.5, 0.0))
        shown.trained("b", Replay(0.75, (0.5, 0.75)))
        shown.trained("a", Replay(0.5, (0.5,)))
    assert [(line["event"], line["accuracy"], line["done"]) for line in lines_of(stream)] == [
        ("trained", 0.75, 1),
        ("trained", 0.5, 2),
    ]
