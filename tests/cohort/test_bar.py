"""What is shown while a class is graded and recipes are trained."""

import io

from rich.console import Console

from autograder.cohort.bar import MOST_CURVES, Display
from autograder.training.replay import Progress, Replay


def seen(display: Display) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(display)
    return console.file.getvalue()


def test_the_curves_of_running_trainings_are_shown_until_they_are_finished():
    display = Display(200, 0)
    assert "training" not in seen(display)
    display.recipes(2)
    for epoch, accuracy in ((1.0, 0.2), (2.0, 0.6), (2.5, 0.6)):
        display.training("a", 30, Progress(epoch, accuracy))
    assert "epoch  2.5 of 30  ▂▅ 60.0%" in seen(display)
    display.training("a", 30, Progress(0.5, 0.0))  # begun again, on another worker
    assert "epoch  0.5 of 30" in seen(display)
    assert "▂" not in seen(display)
    display.trained("a", Replay(0.7, (0.7,)))
    assert "epoch" not in seen(display)
    assert "1/2 distinct recipes, last accuracy 70.0%" in seen(display)


def test_of_many_trainings_a_few_are_shown():
    display = Display(200, 0)
    for key in range(MOST_CURVES + 3):
        display.training(str(key), 30, Progress(0.5, 0.0))
    assert seen(display).count("of 30") == MOST_CURVES
    assert "and 3 more" in seen(display)
