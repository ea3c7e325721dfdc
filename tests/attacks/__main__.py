"""`make attacks`: try every attack in every sandbox, on every road.

    python tests/attacks                                  # all attacks
    python tests/attacks daemon "exhausting"              # by name or by group
    python tests/attacks --sandbox sandlock --road cohort

Prints a table. The exit status is 1 if an attack gained, read, left behind or changed anything, or
if an honest twin lost a point.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

from attack import ALL_ROADS
from gauntlet import Result, gauntlet
from rich.console import Console
from rich.table import Table
from rich.text import Text
from tables import GROUPS, matching

from autograder import checkout
from autograder.sandbox.selftest import BACKENDS, choose

sys.path.append(str(checkout.ROOT / "benchmarks"))  # for results.py

from results import machine, write_section


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("tests/attacks", description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", help="words in names or groups (default: all attacks)")
    known = [backend.name for backend in BACKENDS]
    parser.add_argument("--sandbox", action="append", choices=known, help="(default: all)")
    parser.add_argument("--road", action="append", choices=ALL_ROADS, help="(default: all)")
    asked = parser.parse_args(words)
    attacks, console, began = matching(asked.names), Console(), time.monotonic()
    if not attacks:
        parser.error(f"no attack is called {' or '.join(asked.names)}")
    backends = asked.sandbox or known
    for name in backends:
        choose(name)  # fails now, not after minutes, if a sandbox is unavailable
    with (
        tempfile.TemporaryDirectory(prefix="attacks-") as place,
        console.status("") as status,
        contextmanager(gauntlet)(Path(place), report=status.update) as run,
    ):
        results = list(run.run(attacks, backends, asked.road or ALL_ROADS))
    console.print(table(results))
    breached = [result for result in results if result.breaches]
    for result in breached:
        console.print(f"\n{result.attack.name}, {result.backend}, {result.road}", style="bold red")
        for text in result.breaches:
            console.print(f"  {text}", markup=False, highlight=False)
    seconds = time.monotonic() - began
    console.print(summary(results, seconds))
    if not (asked.names or asked.sandbox or asked.road):
        write_section("attacks", section(results, seconds))
    return 1 if breached else 0


def section(results: Sequence[Result], seconds: float) -> str:
    """The section of RESULTS.md: results by sandbox and road."""
    ways = {(result.backend, result.road): [] for result in results}
    for result in results:
        ways[result.backend, result.road].append(result)
    lines = []
    for (backend, road), tries in sorted(ways.items()):
        longest = max(t.seconds for t in tries)  # 0 where the road reports no times
        full = sum(t.twin == t.max_score > 0 for t in tries)
        breached = sum(bool(t.breaches) for t in tries)
        lines.append(
            f"| {backend} | {road} | {len(tries)} | {sum(t.gained for t in tries):g} | {full} "
            f"| {breached} | {f'{longest:.0f}' if longest else ''} |"
        )
    return "\n".join(
        [
            f"## Attacks\n\n`make attacks`. {machine()}.\n{summary(results, seconds)}.\n",
            "| sandbox | road | tries | points gained | twins with all points | breaches "
            "| most seconds |\n|---|---|---|---|---|---|---|",
            *lines,
        ]
    )


def table(results: Sequence[Result]) -> Table:
    """A row for every attack, backend and road, grouped by group; 80 columns wide."""
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    shown.add_column("Attack", width=38, no_wrap=True, overflow="ellipsis")
    shown.add_column("Sandbox", width=10)
    shown.add_column("Road", width=9)
    for name, width in (("Gained", 6), ("Twin", 5), ("s", 5)):
        shown.add_column(name, justify="right", width=width)
    for group, attacks in GROUPS.items():
        rows = [r for attack in attacks for r in results if r.attack is attack]
        if rows:
            shown.add_row(Text(group, "bold"))
        for row in rows:
            style = "red" if row.breaches else None
            shown.add_row(*_cells(row), style=style)
    return shown


def _cells(row: Result) -> tuple[Text | str, ...]:
    return (
        Text(row.attack.name),
        row.backend,
        row.road,
        f"{row.gained:g}",
        "full" if row.twin == row.max_score and row.max_score else f"{row.twin:g}",
        f"{row.seconds:.1f}" if row.seconds else "",
    )


def summary(results: Sequence[Result], seconds: float) -> Text:
    """A line with the totals."""
    attacks = len({result.attack.name for result in results})
    backends = len({result.backend for result in results})
    breached = sum(1 for result in results if result.breaches)
    gained = sum(result.gained for result in results)
    said = "no breach" if not breached else f"{breached} breached"
    return Text(
        f"\n{attacks} attacks, {backends} sandboxes, {len(results)} tries: {gained:g} points "
        f"gained, {said}, {seconds / 60:.0f} minutes",
        "bold green" if not breached else "bold red",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
