"""A class of 200: its time, its memory, and whether it survives `kill -9`.

usage: python benchmarks/class_of_200.py

The class consists of copies of the demo's made-up class under other ids, and is graded without
trainings. One run is undisturbed. Another is killed at three random moments and resumed. Gradebook,
pages and table of both runs must be equal. The parent's memory is measured for 20 submissions and
for all of them.
"""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import machine, write_section

from autograder.cohort.pool import processors
from autograder.problem_1 import demo_class

SIZE, SMALL, KILLS = 200, 20, 3
MARKS = """
    select student.id, cell.name, grade.auto_score, grade.needs_manual_grade
    from grade join base_cell as cell on cell.id = grade.cell_id
    join submitted_notebook on submitted_notebook.id = grade.notebook_id
    join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
    join student on student.id = submitted_assignment.student_id order by 1, 2
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        small, large = a_class(root / "small", SMALL), a_class(root / "large", SIZE)
        _, small_mib, _ = graded(small, root / "out-small")
        seconds, large_mib, _ = graded(large, root / "out")
        kills = interrupted(large, root / "killed", seconds)
        calm, killed = results(root / "out"), results(root / "killed")
        names = calm.keys() | killed.keys()
        differing = sorted(name for name in names if calm.get(name) != killed.get(name))
    text = f"""## A class of {SIZE}

`python benchmarks/class_of_200.py`. {machine()}.

It took {seconds:.0f} s ({SIZE / seconds * 60:.0f} a minute, {processors()} workers). The parent
held at most {small_mib:.0f} MiB for {SMALL} submissions and {large_mib:.0f} MiB for {SIZE}. Killed
when {", ".join(map(str, kills))} of {SIZE} were done, and resumed each time: gradebook, pages and
table are {"DIFFERENT from" if differing else "equal to"} those of the undisturbed run."""
    write_section("class of 200", text)
    print(text, *differing[:10], sep="\n")
    return 1 if differing else 0


def a_class(folder: Path, size: int) -> Path:
    """Copies of the demo's class under other ids."""
    first = folder.with_name(folder.name + "-first")
    first.mkdir()
    demo_class.make(first)
    folder.mkdir()
    originals = sorted(first.iterdir())
    for number in range(size):
        original = originals[number % len(originals)]
        copy = folder / f"{original.stem}-{number:03}{original.suffix}"
        shutil.copytree(original, copy) if original.is_dir() else shutil.copy(original, copy)
    return folder


def graded(folder: Path, out: Path, resume: bool = False, kill_s: float | None = None) -> tuple:
    """Seconds, the parent's largest memory in MiB, and the number of finished submissions."""
    words = ["--resume"] if resume else ["--seed", "200"]
    command = [sys.executable, "-m", "autograder", "cohort", str(folder), "--out", str(out)]
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "--workers", "2", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    most = 0.0
    while process.poll() is None:
        most = max(most, memory_mib(process.pid))
        if kill_s is not None and time.monotonic() - started > kill_s:
            process.send_signal(signal.SIGKILL)
            process.wait()
            break
        time.sleep(0.2)
    else:
        assert process.returncode == 0, process.stderr.read().decode()
    return time.monotonic() - started, most, len(list(out.glob("observations/*/grade.json")))


def memory_mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    held = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(held[0]) / 1024 if held else 0.0


def interrupted(folder: Path, out: Path, seconds: float) -> list[int]:
    """Kills a run three times, then lets it finish; returns the number finished at each kill."""
    chance, done = random.Random(200), []
    for number in range(KILLS):
        kill_s = chance.uniform(0.15, 0.4) * seconds
        done.append(graded(folder, out, resume=number > 0, kill_s=kill_s)[2])
    graded(folder, out, resume=True)
    return done


def results(out: Path) -> dict[str, object]:
    """All results, which must not depend on how the run went."""
    found: dict[str, object] = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for folder in ("feedback", "autograded")
        for path in (out / folder).rglob("*")
        if path.is_file()
    }
    with sqlite3.connect(out / "gradebook.db") as book:
        found["gradebook"] = book.execute(MARKS).fetchall()
    found["table"] = (out / "report" / "grades.csv").read_bytes()
    return found


if __name__ == "__main__":
    raise SystemExit(main())
