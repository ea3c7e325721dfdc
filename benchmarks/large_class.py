"""Measures how long the download of a very large class takes to read, and its file to fill.

usage: python benchmarks/large_class.py [--students 10000]

Reading: the download is recognised and its submissions are listed and looked up in the roster, for
a zip of each platform. Before it, the lists of the class are read and merged. Filling: a row for
each student. Each runs in a process of its own, whose memory counts from its start. As seconds
depend on the machine, plain Python's own reading stands beside them: `zipfile` lists the entries
and `csv` the rows, and nobody is looked up.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import resource
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from results import json_from, machine, verdict, write_section

RUNS, MOST_S, MOST_MIB = 3, 2.0, 200
LAYOUTS: dict[str, Callable[[int], str]] = {
    "canvas": lambda n: f"person{_letters(n)}ada_{n}_{900_000 + n}_work.zip",
    "moodle": lambda n: f"Ada Person{_letters(n)}_{n}_assignsubmission_file/work.zip",
    "blackboard": lambda n: f"hw_u{n}_attempt_2026-11-20-15-38-53_work.zip",
    "brightspace": lambda n: f"{n}-8 - Ada Person{_letters(n)} - Nov 20, 2026 1205 PM - work.zip",
    "sakai": lambda n: f"Person, Ada(u{n})/Submission attachment(s)/work.zip",
    "exchange": lambda n: f"u{n}+problem_1+2026-11-20 15:38:53 UTC/Problem_1.ipynb",
}
TARGETS = {
    "canvas": (
        ("Student", "ID", "SIS Login ID", "Section", "Problem 1 (9876)", "Final Score"),
        lambda n: (f"Person{_letters(n)}, Ada", n, f"u{n}", "CS-1", "", "80.5"),
    ),
    "moodle": (
        ("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade"),
        lambda n: (
            *(f"Participant {n}", f"Ada Person{_letters(n)}", f"u{n}@example.edu"),
            *("Submitted for grading", "", "40.00"),
        ),
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=10_000, help="(default: %(default)s)")
    parser.add_argument("--one", nargs=3, metavar=("WHAT", "NAME", "FOLDER"), help="used inside")
    options = parser.parse_args()
    if options.one:
        what, name, folder = options.one
        print(json.dumps(MEASURED[what](name, Path(folder))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _prepare(place, options.students)
        plain = {name: _measured("plain", name, place) for name in LAYOUTS}
        read = {name: _measured("read", name, place) for name in LAYOUTS}
        filled = {name: _measured("fill", name, place) for name in TARGETS}
    text = _shown(options.students, read, plain, filled)
    print(text)
    return write_section("large class", text)


def _letters(number: int) -> str:
    """A name without digits."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _prepare(place: Path, students: int) -> None:
    for name, entry in LAYOUTS.items():
        with zipfile.ZipFile(place / f"{name}.zip", "w") as archive:
            for number in range(1, students + 1):
                archive.writestr(entry(number), b"")
    for name, (header, row) in TARGETS.items():
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(header)
        writer.writerows(row(number) for number in range(1, students + 1))
        (place / f"{name}.csv").write_text(text.getvalue(), "utf-8")
    lines = [f"u{n},Ada Person{_letters(n)},u{n}@example.edu" for n in range(1, students + 1)]
    (place / "roster.csv").write_text("\n".join(["id,name,email", *lines]), "utf-8")


Figures = dict[str, float]


def _measured(what: str, name: str, place: Path) -> Figures:
    """The median of each figure."""
    script = str(Path(__file__))
    found = [json_from(script, "--one", what, name, place) for _ in range(RUNS)]
    return {key: statistics.median(figures[key] for figures in found) for key in found[0]}


def _lists(name: str, folder: Path) -> list[Path]:
    """The rosters: a list of ours, and the platform's own if its ids are only there."""
    names = ("roster", name) if name in TARGETS else ("roster",)
    return [folder / f"{one}.csv" for one in names]


def _plain(name: str, folder: Path) -> Figures:
    before, began = _used(), time.perf_counter()
    entries = zipfile.ZipFile(folder / f"{name}.zip").namelist()
    rows = [list(csv.DictReader(path.open(encoding="utf-8"))) for path in _lists(name, folder)]
    seconds = time.perf_counter() - began
    assert len(entries) == len(rows[0])
    return {"seconds": seconds, "MiB": _used() - before}


def _read(name: str, folder: Path) -> Figures:
    from autograder.hand_in import roster
    from autograder.hand_in.whole_class import read_class
    from autograder.problem_1 import ASSIGNMENT

    before, began = _used(), time.perf_counter()
    people = roster.merged([roster.read(path) for path in _lists(name, folder)])
    listed = time.perf_counter()
    class_ = read_class(ASSIGNMENT, folder / f"{name}.zip", people=people)
    ended = time.perf_counter()
    assert class_.layout == name
    assert len(class_.received) == len(people)
    return {"seconds": ended - listed, "lists": listed - began, "MiB": _used() - before}


def _fill(name: str, folder: Path) -> Figures:
    from autograder.export import report
    from autograder.export.grades import Graded
    from autograder.export.targets import fill
    from autograder.hand_in import roster

    people = roster.read(folder / f"{name}.csv").people
    class_ = [Graded(one.id, one.name, one.ids, 37.5) for one in people]
    content = (folder / f"{name}.csv").read_bytes()
    before, began = _used(), time.perf_counter()
    filled = fill(name, content, class_, "Problem 1")
    report.whole(filled)
    seconds = time.perf_counter() - began
    assert len(filled.matched) == len(people)
    return {"seconds": seconds, "MiB": _used() - before}


MEASURED = {"plain": _plain, "read": _read, "fill": _fill}


def _used() -> float:
    """The largest memory use of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _shown(
    students: int,
    read: dict[str, Figures],
    plain: dict[str, Figures],
    filled: dict[str, Figures],
) -> str:
    lines = [
        "## The download of a very large class",
        "",
        f"`python benchmarks/large_class.py --students {students}`, medians of {RUNS} runs. "
        f"{machine()}.",
        "",
        f"Reading: a zip of {students:,} entries is recognised and listed, and everybody looked "
        f"up. Filling: a file of {students:,} rows. Targets: at most {MOST_S:g} s, and for reading "
        f"{MOST_MIB} MiB besides the imports. Canvas and Moodle have two lists to merge.",
        "",
        "| | seconds | | with the lists, s | times plain Python | MiB | |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figures in read.items():
        seconds, used = figures["seconds"], figures["MiB"]
        whole = seconds + figures["lists"]
        lines.append(
            f"| read: {name} | {seconds:.2f} | {verdict(seconds, MOST_S)} | {whole:.2f} "
            f"| {whole / plain[name]['seconds']:.1f} | {used:.0f} | {verdict(used, MOST_MIB)} |"
        )
    for name, figures in filled.items():
        seconds, used = figures["seconds"], figures["MiB"]
        lines.append(
            f"| fill: {name} | {seconds:.2f} | {verdict(seconds, MOST_S)} | | | {used:.0f} | |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
