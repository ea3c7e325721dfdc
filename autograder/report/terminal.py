"""Shows a Grade as a table that fits a terminal of 80 columns, and how far a command has come.

Messages can contain text by students, so nothing here is interpreted as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from autograder.grading.result import Grade, SectionGrade

BLOCKS = " ▁▂▃▄▅▆▇█"


def console_on(stream: TextIO) -> Console:
    """A console that keeps its stream: while a training runs, `sys.stdout` is redirected."""
    return Console(file=stream)


def steps_bar(console: Console) -> Progress:
    """A bar that disappears at its end. A task's field `doing` says what is being done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[doing]}", markup=False),
        console=console,
        transient=True,
    )


def shown(grade: Grade) -> RenderableType:
    """Points by section, and under each section what failed and why."""
    table = Table(box=None, pad_edge=False, show_header=False, expand=True)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True)
    for section in grade.sections:
        table.add_row(_described(section), _points(section))
    title = Text.assemble(
        (grade.submission, "bold"), f"  seed {grade.seed}, {_circumstances(grade)}"
    )
    total = Text(f"{grade.score:g} of {grade.max_score:g} points", style="bold", justify="right")
    complaints = [Text(f"! {error}", style="yellow") for error in grade.errors]
    return Group(title, *complaints, Text(), table, Text(), total)


def curve_of(accuracies: Sequence[float], target: float) -> str:
    """A learning curve as a row of block characters, scaled from 0 to the target."""
    top = len(BLOCKS) - 1
    return "".join(BLOCKS[min(top, round(top * accuracy / target))] for accuracy in accuracies)


def near(path: Path) -> Path:
    """The path relative to the working directory, if it is inside it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _described(section: SectionGrade) -> RenderableType:
    lines = [Text(f"→ {hint.text}", style="cyan") for hint in section.hints]
    lines += [
        Text.assemble(("✗ ", "red"), (", ".join(checks), "bold"), f": {message}")
        for message, checks in section.failed.items()
    ]
    return Group(Text(section.title), *(Padding(line, (0, 0, 0, 2)) for line in lines))


def _points(section: SectionGrade) -> Text:
    if section.score is None:
        return Text(f"not judged / {section.max_score:g}", style="dim")
    style = "green" if section.score == section.max_score else "red"
    return Text(f"{section.score:g} / {section.max_score:g}", style=style)


def _circumstances(grade: Grade) -> str:
    confined = "no sandbox: only for your own files" if grade.sandbox == "none" else grade.sandbox
    return f"training {grade.training}, {confined}, {grade.elapsed_s:.1f} s"
