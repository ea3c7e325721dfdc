"""Grades a hundred honest submissions with and without twenty hostile ones in the class.

usage: python benchmarks/hostile_class.py [--honest 100] [--hostile 20]

The honest submissions are copies of the demo's class under other ids; HOSTILE below has the hostile
ones. `autograder cohort` grades the honest ones alone and all together, with one seed and the
training off. Every file about an honest student must be byte for byte the same, except for times.
Hostile submissions may add at most their time limits, divided among the workers.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import machine, write_section

from autograder.cohort.pool import processors
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import demo_class
from autograder.sandbox.limits import SUBMISSION

WORKERS = processors()
SEED = "20"
LAYERS, OPTIM, TRAIN = "lib/mlp/layer_utils.py", "lib/optim.py", "lib/mlp/train.py"
MODULES = (LAYERS, OPTIM, TRAIN, "lib/grad_check.py", "lib/mlp/fully_conn.py")
IN_EVERY_CALL = """

def _hostile(*arguments, **named):
    import ctypes, os, signal, sys, threading, time
    import numpy as np
{body}
for _layer in list(vars().values()):
    if isinstance(_layer, type):
        _layer.forward = _layer.backward = _hostile
"""
DEAF = """
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGXCPU, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True: pass
    except BaseException: pass
"""
BOMB = """
import os
while True:
    try: os.fork()
    except OSError: pass
"""
AT_IMPORT = {
    "loops": {OPTIM: "while True: pass"},
    "loops, deaf to signals": {TRAIN: DEAF},
    "loops in every module": dict.fromkeys(MODULES, "while True: pass"),
    "sleeps": {OPTIM: "import time; time.sleep(10**6)"},
    "takes memory": {OPTIM: "kept = []\nwhile True: kept.append(bytearray(2**24))"},
    "forks without end": {OPTIM: BOMB},
    "crashes": {OPTIM: "import ctypes; ctypes.string_at(0)"},
    "exits": dict.fromkeys(MODULES, "import os; os._exit(0)"),
    "prints without end": {OPTIM: "while True: print('x' * 10**5)"},
}
IN_CALLS = {
    "loops": "    while True: pass",
    "sleeps": "    time.sleep(10**6)",
    "forks without end": "    while True:\n        try: os.fork()\n        except OSError: pass",
    "starts threads without end": (
        "    while True: threading.Thread(target=time.sleep, args=(10**6,), daemon=True).start()"
    ),
    "fills memory in many processes": (
        "    for _ in range(8):\n        if os.fork() == 0:\n"
        "            kept = b'x' * (900 * 2**20); time.sleep(60)\n    time.sleep(60)"
    ),
    "fills the disk": (
        "    for i in range(10**4): open(f\"{os.environ['TMPDIR']}/{i}\", 'wb').write(b'x' * 10**6)"
    ),
    "prints without end": "    while True: sys.stderr.write('y' * 10**5)",
    "recurses": (
        "    sys.setrecursionlimit(10**9)\n    nested = []\n"
        "    for _ in range(10**6): nested = [nested]\n    repr(nested)"
    ),
    "returns giants": "    return np.broadcast_to(1.0, (10**5, 10**5))",
    "kills everything": "    os.kill(-1, 9); os.kill(os.getppid(), 9); time.sleep(9)",
    "leaves a daemon": (
        "    if os.fork() == 0:\n        os.setsid()\n        while True: time.sleep(1)"
        "\n    return 1.0"
    ),
}
HOSTILE = {
    **{f"import {name}": work for name, work in AT_IMPORT.items()},
    **{
        f"call {name}": {LAYERS: IN_EVERY_CALL.format(body=body)} for name, body in IN_CALLS.items()
    },
}
"""For each hostile submission, the code to append to its files."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--honest", type=int, default=100, help="(default: %(default)s)")
    parser.add_argument("--hostile", type=int, default=len(HOSTILE), help="(default: all)")
    options = parser.parse_args()
    names = list(HOSTILE)[: options.hostile]
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        honest = a_class(root / "honest", options.honest)
        together = shutil.copytree(honest, root / "together")
        join(together, names)
        alone_s = graded(honest, root / "alone")
        all_s = graded(together, root / "all")
        calm, disturbed = results(root / "alone"), results(root / "all")
        differing = sorted(key for key in calm if calm[key] != disturbed.get(key))
        seconds = {n: taken(root / "all", student_of(n)) for n in names}
    most_s = alone_s + len(names) * SUBMISSION.wall_s / WORKERS
    good = not differing and all_s <= most_s
    text = f"""## A class with hostile submissions in it

`python benchmarks/hostile_class.py`, {WORKERS} workers. {machine()}.

| | |
|---|---|
| {options.honest} honest submissions alone | {alone_s:.0f} s |
| with {len(names)} hostile ones | {all_s:.0f} s |
| limit: {SUBMISSION.wall_s:g} s more per hostile one, divided among workers | {most_s:.0f} s |
| files and rows about honest students | {len(calm):,} |
| files and rows that differ | {len(differing)} |

Wall-clock seconds for each: {", ".join(f"{n} {s:.0f}" for n, s in seconds.items())}.
"""
    print(text, *differing[:10], sep="\n")
    if good:
        write_section("hostile class", text)
    return 0 if good else 1


def a_class(folder: Path, size: int) -> Path:
    """Copies of the demo's class, without its hard cases, under other ids."""
    with tempfile.TemporaryDirectory() as name:
        demo_class.make(Path(name))
        originals = [
            path for path in sorted(Path(name).iterdir()) if path.stem in demo_class.MISTAKES
        ]
        folder.mkdir()
        for number in range(size):
            original = originals[number % len(originals)]
            copy = folder / f"{original.stem}-{number:03}{original.suffix}"
            shutil.copytree(original, copy) if original.is_dir() else shutil.copy(original, copy)
    return folder


def join(folder: Path, names: list[str]) -> None:
    """Adds hostile submissions, whose names sort between the honest ones."""
    for name in names:
        work = folder / student_of(name) / P1.id
        shutil.copytree(P1.library / "lib", work / "lib")
        shutil.copy(P1.source, work / P1.notebook)
        for file, text in HOSTILE[name].items():
            with (work / file).open("a") as source:
                source.write(f"\n{text}\n")


def student_of(name: str) -> str:
    words = re.sub(r"\W+", "-", name)
    return f"{'abcdefghijklmnopqrstuvwxyz'[len(words) % 26]}-{words}"


def graded(folder: Path, out: Path) -> float:
    """Grades a class; returns wall-clock seconds."""
    command = [sys.executable, "-m", "autograder", "cohort", str(folder), "--out", str(out)]
    began = time.monotonic()
    done = subprocess.run(
        [*command, "--workers", str(WORKERS), "--seed", SEED, "--training", "off"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def results(out: Path) -> dict[str, object]:
    """All results about honest students, without times."""
    found: dict[str, object] = {}
    for folder in ("observations", "feedback", "autograded"):
        for path in (out / folder).rglob("*"):
            student = path.relative_to(out / folder).parts[0]
            if path.is_file() and is_honest(student) and path.suffix != ".npz":
                text = path.read_text("utf-8")
                found[f"{folder} {path.relative_to(out)}"] = re.sub(
                    r'"elapsed_s": [\d.]+', "", text
                )
    with sqlite3.connect(out / "gradebook.db") as book:
        for student, *marks in book.execute(MARKS):
            if is_honest(student):
                found.setdefault(f"gradebook {student}", []).append(marks)
    for row in (out / "report" / "grades.csv").read_text("utf-8").splitlines():
        if is_honest(row.split(",")[0].strip('"')):
            found[f"table {row.split(',')[0]}"] = row
    return found


def is_honest(student: str) -> bool:
    return student.rpartition("-")[0] in demo_class.MISTAKES


MARKS = """
    select student.id, cell.name, grade.auto_score, grade.needs_manual_grade
    from grade join base_cell as cell on cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
    join student on student.id = submitted_assignment.student_id order by 1, 2
"""


def taken(out: Path, student: str) -> float:
    (found,) = json.loads((out / "observations" / student / "grade.json").read_text("utf-8"))
    return found["elapsed_s"]


if __name__ == "__main__":
    raise SystemExit(main())
