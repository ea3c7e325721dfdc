"""Measures the class report of a very large class: making it, and using it in a browser.

usage: python benchmarks/large_report.py [--students 10000] [--keep FOLDER]

The class is made up: points, known mistakes with their hints, failed checks, accuracies, lateness
and work that was set aside. Chromium opens the page, sorts it by every column, and searches and
filters it. A time ends with the frame that shows the result. The peer is a bare table of the same
students and figures, written by `str.join`, without any of the report's styles and code. Its rows
are sorted and hidden by the few lines of script that first come to mind.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from results import machine, verdict, write_section

from autograder.diagnosis.variants import by_section
from autograder.problem_1 import ASSIGNMENT
from autograder.report.class_report import page_of
from autograder.report.graded_class import Class, Row

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import chromium

RUNS = 3
MOST_S, MOST_MIB, MOST_LOAD_MS, MOST_ANSWER_MS = 5.0, 8.0, 1000, 200
"""A page that answers in 200 ms seems to answer at once (web.dev: Interaction to Next Paint)."""
SEARCHES = ("s", "s01", "s01234", "older", "nobody")

TIMED = """new Promise(done => {
  const start = performance.now();
  %s;
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""
WATCH = """addEventListener("load", () =>
  requestAnimationFrame(() => setTimeout(() => { window.shownAfter = performance.now() })))"""
SORT = "document.querySelectorAll('.students thead button')[%d].click()"
SEARCH = """{const field = document.querySelector('.search input');
  field.value = %s; field.dispatchEvent(new Event('input', {bubbles: true}))}"""
FILTER = """{const choice = document.querySelectorAll('.search option:not([value=""])')[%d];
  choice.parentNode.value = choice.value;
  choice.dispatchEvent(new Event('input', {bubbles: true}));
  choice.parentNode.value = ''}"""
PEER_SORT = """{const body = document.querySelector('tbody');
  body.append(...[...body.rows].sort((a, b) =>
    a.cells[%d].textContent.localeCompare(b.cells[%d].textContent)))}"""
PEER_SEARCH = """for (const row of document.querySelector('tbody').rows)
  row.hidden = !row.textContent.includes(%s)"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=10_000, help="(default: %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep both pages here")
    options = parser.parse_args()
    if chromium.installed() is None:
        print("there is no Chromium on this machine", file=sys.stderr)
        return 1
    class_ = a_class(options.students)
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        ours = _made(lambda: page_of(ASSIGNMENT, class_), folder / "report.html")
        peer = _made(lambda: _bare_table(class_), folder / "bare.html")
        browser = chromium.Browser()
        browser.before_every_page(WATCH)
        try:
            ours |= _used(browser, folder / "report.html")
            peer |= _peer_used(browser, folder / "bare.html")
        finally:
            browser.close()
    text = _shown(options.students, ours, peer)
    print(text)
    return write_section("large report", text)


def a_class(students: int, seed: int = 1) -> Class:
    """A made-up class; one submission in fifty is set aside."""
    rng = random.Random(seed)
    names = [f"s{number:05d}" for number in range(students)]
    aside = tuple((name, "the zip file is damaged") for name in names[::50])
    return Class(tuple(_row(rng, name) for n, name in enumerate(names) if n % 50), aside)


def _row(rng: random.Random, student: str) -> Row:
    variants = by_section(ASSIGNMENT)
    ability = rng.random()
    scores = {s.id: (float(s.auto), float(s.auto)) for s in ASSIGNMENT.sections}
    failures, hints = {}, {}
    for section in ASSIGNMENT.sections:
        if rng.random() < ability:
            continue
        scores[section.id] = (section.auto * rng.randrange(4) / 4, float(section.auto))
        if known := variants[section.id]:
            mistake = rng.choice(known)
            hints[mistake.name] = mistake.hint
        for number in range(rng.randint(1, 4)):
            message = f"the relative error is {rng.random():.1e}, at most 1.0e-06 is allowed"
            failures[f"{section.id}_check_{number}"] = message
    remark = "The notebook was made from an older version: since then, two texts have changed."
    return Row(
        student,
        sum(score for score, _ in scores.values()),
        float(ASSIGNMENT.auto_total),
        scores,
        failures,
        hints,
        accuracy=None if rng.random() < 0.1 else 0.2 + 0.6 * rng.random(),
        late_s=rng.choice([0.0] * 17 + [None, float("inf"), 86400 * rng.random()]),
        elapsed_s=10 * rng.random(),
        training="short",
        errors=(remark,) if rng.random() < 0.1 else (),
    )


def _bare_table(class_: Class) -> str:
    lines = [
        [row.student, row.score, row.max_score, row.accuracy, row.late_s, " ".join(row.errors)]
        + [score for score, _ in row.sections.values()]
        for row in class_.rows
    ]
    blanks = [""] * (4 + len(ASSIGNMENT.sections))
    lines += [[student, why, *blanks] for student, why in class_.set_aside]
    rows = ("<td>".join(html.escape(str(cell)) for cell in line) for line in lines)
    table = "".join(f"<tr><td>{row}\n" for row in rows)
    return f"<!doctype html><meta charset=utf-8><title>A class</title><table><tbody>{table}</table>"


Figures = dict[str, float]


def _made(make, path: Path) -> Figures:
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        text = make()
        taken.append(time.perf_counter() - began)
    path.write_text(text, "utf-8")
    return {"make": statistics.median(taken), "MiB": path.stat().st_size / 2**20}


def _opened(browser: chromium.Browser, page: Path) -> float:
    """The milliseconds until the page was shown, the median."""
    taken = []
    for _ in range(RUNS):
        browser.open("about:blank")
        browser.open(page.absolute().as_uri())
        taken.append(browser.until(lambda: browser.run("window.shownAfter")))
    return statistics.median(taken)


def _slowest(browser: chromium.Browser, actions: list[str]) -> float:
    """The milliseconds of the slowest action; of each, the median of its runs.

    Each run is one round of all actions, since an action that is repeated may change nothing.
    """
    rounds = [[browser.run(TIMED % action) for action in actions] for _ in range(RUNS)]
    return max(statistics.median(taken) for taken in zip(*rounds, strict=True))


def _used(browser: chromium.Browser, page: Path) -> Figures:
    load = _opened(browser, page)
    columns = browser.run("document.querySelectorAll('.students thead button').length")
    choices = browser.run("document.querySelectorAll('.search option:not([value=\"\"])').length")
    searches = [SEARCH % json.dumps(word) for word in (*SEARCHES, "")]
    return {
        "load": load,
        "sort": _slowest(browser, [SORT % number for number in range(columns)]),
        "search": _slowest(browser, searches),
        "filter": _slowest(browser, [FILTER % number for number in range(min(choices, 40))]),
    }


def _peer_used(browser: chromium.Browser, page: Path) -> Figures:
    load = _opened(browser, page)
    sorts = [PEER_SORT.replace("%d", str(number)) for number in (0, 1, 10)]
    searches = [PEER_SEARCH % json.dumps(word) for word in (*SEARCHES, "")]
    return {
        "load": load,
        "sort": _slowest(browser, sorts),
        "search": _slowest(browser, searches),
    }


LINES = (
    ("make", "made, s", MOST_S, ".2f"),
    ("MiB", "size, MiB", MOST_MIB, ".1f"),
    ("load", "loaded and shown, ms", MOST_LOAD_MS, ".0f"),
    ("sort", "sorted by the slowest column, ms", MOST_ANSWER_MS, ".0f"),
    ("search", "searched by the slowest word, ms", MOST_ANSWER_MS, ".0f"),
    ("filter", "filtered by the slowest choice, ms", MOST_ANSWER_MS, ".0f"),
)


def _shown(students: int, ours: Figures, peer: Figures) -> str:
    lines = [
        "## The report of a very large class",
        "",
        f"`python benchmarks/large_report.py --students {students}`, medians of {RUNS} runs. "
        f"{machine()}.",
        "",
        f"The class report of {students:,} students in {len(ASSIGNMENT.sections)} sections, in "
        "headless Chromium. A time ends with the frame that shows the result. The bare table has "
        "the same students and figures, and none of the report's styles and code.",
        "",
        "| | report | limit | | bare table |",
        "|---|---|---|---|---|",
    ]
    for key, name, most, form in LINES:
        beside = format(peer[key], form) if key in peer else ""
        lines.append(
            f"| {name} | {ours[key]:{form}} | {most:g} | {verdict(ours[key], most)} | {beside} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
