"""The demo's training: as much as there is time for, and what is told about it."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from autograder.assignment.training import Mode
from autograder.commands import demo_training
from autograder.commands.demo_training import DemoTraining
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import svhn

SMALL = Mode("full", 1500, 300, 0.3, 0.5, standardised=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    svhn.draw(folder, train=1800, test=20)
    return folder


@pytest.fixture
def text():
    return io.StringIO()


@pytest.fixture
def training(data, text):
    """A training that needs about three epochs of 60 steps."""
    assignment = replace(P1, training=replace(P1.training, modes={"full": SMALL}, spread=0.0))
    return DemoTraining(assignment, Console(file=text, width=200), data, 3)


def test_a_training_with_enough_time_reaches_the_target(training, text):
    accuracies = training.run(3600)
    assert accuracies[-1] >= SMALL.target > max(accuracies[:-1], default=0)
    assert not training.ended_early
    first, *_, last = text.getvalue().splitlines()
    assert "about 3 epochs of" in first
    assert "is left" not in first
    assert f"{accuracies[-1]:.1%} after {len(accuracies)} epoch" in last


def test_a_training_without_time_ends_after_an_epoch_and_names_the_whole(training, text):
    (accuracy,) = training.run(0)
    assert accuracy < SMALL.target
    assert training.ended_early
    said = text.getvalue()
    assert "; time for 1 is left" in said
    assert f"{accuracy:.1%} after 1 epoch\n" in said
    assert re.search(r"ended early; all of it: autograder demo --minutes \d+\n", said)


def test_an_output_that_is_no_terminal_gets_lines(training, text, monkeypatch):
    monkeypatch.setattr(demo_training, "SILENCE_S", 0.0)
    training.run(3600)
    lines = text.getvalue().splitlines()[1:-1]
    assert lines
    assert "accuracy" not in lines[0]
    assert "epoch 1.0, accuracy 0." in text.getvalue()


def test_a_terminal_gets_a_bar(data):
    stream = io.StringIO()
    assignment = replace(P1, training=replace(P1.training, modes={"full": SMALL}, spread=0.0))
    console = Console(file=stream, width=80, force_terminal=True)
    DemoTraining(assignment, console, data, 3).run(0)
    assert "epoch 1.0" in stream.getvalue()
