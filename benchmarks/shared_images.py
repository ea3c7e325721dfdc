"""Whether trainings that run side by side share one copy of the images, and one thread is one.

usage: python benchmarks/shared_images.py

Starts 2 and then 8 trainings of the solution and reads from the kernel (smaps) what the images take
in each process: resident memory counts a shared page in every process, proportional memory (PSS)
divides it among those that share it.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from results import machine, verdict, write_section

from autograder.grade import solution
from autograder.sandbox.unconfined import Unconfined
from autograder.svhn import DataError
from autograder.training import MODES, Images, prepare, train

MOST_COPIES = 1.1
HEAD = re.compile(r"^[0-9a-f]+-[0-9a-f]+ .* (/\S+)$")
KEYS = ("Rss", "Pss", "Private_Dirty")


class Enough(Exception):  # noqa: N818 - no error: what was to be seen was seen
    """Ends a training."""


def main() -> int:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            images = prepare(MODES["full"], 1, folder)
        except DataError as problem:
            print(f"skipped: {problem}")
            return 0
        size = sum(path.stat().st_size for path in images.files.values()) / 1e6
        for trainings in (2, 8):
            seen, processes, threads = watched(images, folder, trainings)
            copies = seen["Pss"] / size
            rows.append(
                f"| {trainings} | {processes} | {seen['Rss']:,.0f} | {seen['Pss']:,.0f} | "
                f"{seen['Private_Dirty']:.1f} | {copies:.2f} | {MOST_COPIES} | "
                f"{verdict(copies, MOST_COPIES)} | {threads} |"
            )
    return write_section(
        "shared images",
        "## Trainings side by side share the images\n\n`python benchmarks/shared_images.py`. "
        f"The files have {size:,.0f} MB. {machine()}.\n\n"
        "| trainings | processes that map them | resident, all together, MB | proportional, MB "
        "| written to, MB | copies | at most | | busy threads each |\n"
        "|---|---|---|---|---|---|---|---|---|\n" + "\n".join(rows),
    )


def watched(images: Images, folder: Path, trainings: int) -> tuple[Counter, int, int]:
    """The largest sample in MB, the processes in it, and the most threads that were busy in one."""
    done = threading.Event()
    right = solution()

    def stop(_: object) -> None:
        done.set()
        raise Enough

    def run() -> None:
        with suppress(Enough):
            train(right.files, right.cells, images, Unconfined(), stop_early=True, progress=stop)

    best, processes, threads = Counter(), 0, 0
    with ThreadPoolExecutor(trainings) as pool:
        running = [pool.submit(run) for _ in range(trainings)]
        while not done.wait(1.0) and not all(one.done() for one in running):
            samples = {pid: found for pid in _pids() if (found := mapped(pid, folder))["Rss"]}
            total = sum(samples.values(), Counter())
            if total["Rss"] > best["Rss"]:
                best, processes = total, len(samples)
                threads = max(map(_busy_threads, samples))
        for one in running:
            one.result()
    return best, processes, threads


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def mapped(pid: int, folder: Path) -> Counter:
    """What the files of a folder take in a process that looks at them, in MB."""
    found, ours = Counter(), False
    with suppress(OSError):  # it has ended, or is somebody else's
        for line in Path(f"/proc/{pid}/smaps").read_text("utf-8").splitlines():
            if head := HEAD.match(line):
                ours = head[1].startswith(str(folder))
            elif line[0] in "0123456789abcdef" and "-" in line.split()[0]:
                ours = False
            elif ours and (key := line.partition(":")[0]) in KEYS:
                found[key] += int(line.split()[1]) * 1024 / 1e6
    return found


def _busy_threads(pid: int) -> int:
    """Threads of a process that have used a tenth of its processor time or more."""
    ticks = []
    with suppress(OSError):
        for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
            fields = stat.read_text("utf-8").rpartition(")")[2].split()
            ticks.append(int(fields[11]) + int(fields[12]))
    return sum(tick * 10 >= sum(ticks) for tick in ticks)


if __name__ == "__main__":
    raise SystemExit(main())
