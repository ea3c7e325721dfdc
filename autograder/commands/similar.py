"""The command `similar`: compares the works of a class, and writes the report and the JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.cohort.pool import Processes, closing, processors
from autograder.hand_in.whole_class import ReadAs
from autograder.report.terminal import console_on, near
from autograder.similar.comparison import Comparison, compared
from autograder.similar.page import Names, chance, in_detail, json_of, page_of
from autograder.similar.rarity import places_of
from autograder.similar.works import (
    SimilarError,
    fingerprinted,
    references_in,
    traced,
    works_in,
)

REPORT = "similar.html"
MOST_SHOWN = 15


def run(
    assignment: Assignment,
    folder: Path,
    against: Sequence[Path],
    out: Path,
    *,
    blind: bool = False,
    json: Path | None = None,
    layout: str | None = None,
    rosters: Sequence[Path] = (),
    zone: str | None = None,
    console: Console | None = None,
) -> Comparison:
    """Compare the works of a class with each other and with references.

    Args:
        assignment: what was handed in.
        folder: the class, as `cohort` reads it, or what `cohort` wrote.
        against: folders or zips of references.
        out: the folder for the report.
        blind: hide names.
        json: a file for the pairs; `-` for stdout.
        layout, rosters, zone: of the class, as in `cohort`.

    Raises:
        SimilarError: a folder cannot be read as works, or the results cannot be written.
    """
    to_stdout = json == Path("-")
    console = console or console_on(sys.stderr if to_stdout else sys.stdout)
    class_ = works_in(assignment, folder, ReadAs(layout, tuple(rosters), zone))
    references = [work for path in against for work in references_in(assignment, path)]
    works = [*class_.works, *references]
    if len(class_.works) < 2 and not (class_.works and references):
        raise SimilarError(f"{folder} has fewer than two works that can be read")
    pool = Processes(min(processors(), len(works)))
    with closing(pool):
        with _bar("reading", len(works), console) as advance:
            prints, failed = fingerprinted(assignment, works, pool, advance)
        with _bar("comparing blocks", len(places_of(list(prints.values()))), console) as advance:
            comparison = compared(prints, advance)
        with console.status("writing the report"):
            shown = {work for pair in in_detail(comparison) for work in (pair.a, pair.b)}
            texts = traced(assignment, sorted(shown, key=lambda work: work.name), pool)
    not_compared = [*class_.set_aside, *failed]
    by_name = {work.name: each for work, each in texts.items()}
    content = page_of(assignment, comparison, by_name, class_.grades, not_compared, blind)
    report = out / REPORT
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(report, content)
        if json is not None and not to_stdout:
            write_whole(json, json_of(comparison, blind))
    except OSError as error:
        raise SimilarError(f"{error.filename or out}: {error.strerror}") from None
    if to_stdout:
        print(json_of(comparison, blind), end="")
    console.print(_shown(comparison, blind, report, len(not_compared)))
    return comparison


@contextmanager
def _bar(doing: str, total: int, console: Console) -> Iterator[Callable[[], object]]:
    columns = (
        TextColumn(doing),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


def _shown(comparison: Comparison, blind: bool, report: Path, not_compared: int) -> RenderableType:
    """The most alike pairs, for the terminal."""
    names = Names(comparison, blind)
    listing = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("Work", "Work"):
        listing.add_column(header, overflow="ellipsis", no_wrap=True, max_width=26)
    listing.add_column("Likeness", justify="right")
    listing.add_column("By chance")
    for pair in comparison.pairs[:MOST_SHOWN]:
        style = "bold" if pair.stands_out else ""
        listing.add_row(
            Text(names[pair.a]),
            Text(names[pair.b]),
            f"{pair.likeness:.2f}",
            Text(chance(comparison, pair), style),
        )
    standing_out = sum(pair.stands_out for pair in comparison.pairs)
    counts = f"{comparison.compared:,} pairs compared, {standing_out} stand out"
    if not_compared:
        counts += f", {not_compared} hand-ins not compared"
    if comparison.tail is None:
        counts += "; too few works to say what chance explains"
    return Group(
        listing,
        Text(),
        Text(counts, "bold"),
        Text("Being alike is no proof of anything: look at the lines in the report, and ask."),
        Text(f"  report     {near(report)}"),
    )
