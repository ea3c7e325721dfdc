"""Measures how many submissions per minute `autograder cohort` and stock nbgrader grade.

usage: python benchmarks/class_speed.py

Both grade the same submissions: the demo's made-up class without those that hang or cannot be read.
Stock nbgrader runs `autograde` with the visible checks that need no images, then
`generate_feedback`. `autograder cohort` runs every hidden suite and writes gradebook and pages,
with the training off.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from results import machine, verdict, write_section

from autograder.diagnosis.variants import solution
from autograder.grading.grade import probe_names
from autograder.observation.observe import observe
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import demo_class
from autograder.sandbox.selftest import choose

RUNS = 3
PROCESSORS = 2
STOCK, OURS = 7, 210
AT_LEAST = 25
"""The target for the ratio on this many processors; stock nbgrader uses only one."""
OBSERVED = 9
NEEDS_IMAGES = ("data", "train_tiny_net", "compare_")


def main() -> int:
    used = sorted(os.sched_getaffinity(0))[:PROCESSORS]
    if len(used) < PROCESSORS:
        print(f"skipped: the target is for {PROCESSORS} processors; this machine has one")
        return 0
    os.sched_setaffinity(0, used)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        works = handed_in(root / "works")
        a_class = classroom(works, root / "class", OURS)
        a_course = stock_course(works[:: len(works) // STOCK][:STOCK], root / "course")
        stock, ours = [], []
        for run in range(RUNS):  # alternating, so that a change of the machine's speed affects both
            stock.append(STOCK / by_stock(a_course) * 60)
            ours.append(OURS / by_us(a_class, root / f"out-{run}") * 60)
    ratio = statistics.median(b / a for a, b in zip(stock, ours, strict=True))
    return write_section(
        "class speed",
        "## A class, compared with stock nbgrader\n\n"
        f"`python benchmarks/class_speed.py`, medians of {RUNS} alternating runs, "
        f"on {PROCESSORS} processors. {machine()}.\n\n"
        "| | submissions per minute |\n|---|---|\n"
        f"| stock `nbgrader autograde` and `generate_feedback`, visible checks without training "
        f"| {statistics.median(stock):.1f} |\n"
        f"| `autograder cohort`, all hidden suites, gradebook and pages, training off "
        f"| {statistics.median(ours):.0f} |\n"
        f"| ratio, target: at least {AT_LEAST} | {ratio:.1f}, {verdict(AT_LEAST, ratio)} |\n\n"
        + why(),
    )


def why() -> str:
    """A paragraph on where a submission's time in the sandbox goes."""
    right, sandbox, names = (
        solution(P1),
        choose(),
        list(probe_names(P1, training=False)),
    )
    ways = {"one": (names[:1], True), "together": (names, True), "alone": (names, False)}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for seed in range(OBSERVED):
        for way, (probes, together) in ways.items():
            started = time.perf_counter()
            observe(
                P1,
                right.files,
                right.cells,
                seed,
                sandbox,
                probes=probes,
                together=together,
            )
            seconds[way].append(time.perf_counter() - started)
    one, together, alone = (1000 * statistics.median(s) for s in seconds.values())
    return (
        f"Where the time goes: a submission takes {together:.0f} ms in the sandbox, with nothing "
        f"else running. The first {one:.0f} ms are for bwrap, a fork of the zygote, the import of "
        f"the library and the first probe. The other {len(names) - 1} probes share that process. "
        f"With a process for each probe, a submission would take {alone:.0f} ms; probes that did "
        "not finish are repeated in this way."
    )


def handed_in(folder: Path) -> list[Path]:
    """Submissions that any grader can finish."""
    folder.mkdir()
    demo_class.make(folder)
    names = [name for name in demo_class.MISTAKES if (folder / name).is_dir()]
    return [folder / name for name in names]


def classroom(works: Sequence[Path], folder: Path, size: int) -> Path:
    for number in range(size):
        work = works[number % len(works)]
        shutil.copytree(work, folder / f"{work.name}-{number:03}")
    return folder


def stock_course(works: Sequence[Path], root: Path) -> Path:
    """A course that stock nbgrader grades, without this project's configuration."""
    place = root / "source" / P1.id
    place.mkdir(parents=True)
    (place / P1.notebook).write_bytes(without_images(P1.source))
    nbgrader(root, "generate_assignment", P1.id)
    for work in works:
        shutil.copytree(work, root / "submitted" / work.name)
        notebook = root / "submitted" / work.name / P1.id / P1.notebook
        notebook.write_bytes(without_images(notebook))
    return root


def without_images(path: Path) -> bytes:
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if not cell["metadata"]["nbgrader"]["grade_id"].startswith(NEEDS_IMAGES)
    ]
    return json.dumps(notebook).encode()


def by_stock(root: Path) -> float:
    started = time.perf_counter()
    nbgrader(root, "autograde", P1.id, "--force")
    nbgrader(root, "generate_feedback", P1.id, "--force")
    pages = list(root.glob(f"feedback/*/{P1.id}/*.html"))
    assert len(pages) == STOCK, f"stock nbgrader wrote {len(pages)} pages for {STOCK} submissions"
    return time.perf_counter() - started


def by_us(folder: Path, out: Path) -> float:
    command = ["-m", "autograder", "cohort", str(folder), "--out", str(out), "--seed", "2026"]
    started = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    pages = list(out.glob(f"feedback/*/{P1.id}/*.html"))
    assert len(pages) == OURS, f"autograder wrote {len(pages)} pages for {OURS} submissions"
    return seconds


def nbgrader(root: Path, *words: str) -> None:
    command = Path(sys.executable).with_name("nbgrader")
    environment = os.environ | {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([command, *words], cwd=root, check=True, env=environment, capture_output=True)


if __name__ == "__main__":
    raise SystemExit(main())
