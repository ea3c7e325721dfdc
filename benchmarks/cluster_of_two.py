"""A class with trainings on a cluster of two workers, one of which is killed twice.

usage: python benchmarks/cluster_of_two.py [--students N]

The class consists of copies of the demo's made-up class under other ids. It is graded with short
trainings, on this machine and on two Dask workers that have an empty folder each. One of these is
killed twice, and another takes its place. Gradebook, pages and table must be equal.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from class_of_200 import a_class, results
from results import machine, write_section

from autograder import checkout
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.training.images import REPLAYS

sys.path += [str(checkout.ROOT / "tests"), str(checkout.ROOT / "tests" / "cohort")]

from class_runs import without_replays
from dask_processes import DaskProcesses


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=200, help="(default: %(default)s)")
    size = parser.parse_args().students
    if not P1.data_module.identify(P1.data_folder()).trainable:
        print("skipped: there are no images to train on; run `autograder data`")
        return 0
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        class_ = a_class(root / "class", size)
        here_s = graded(class_, root / "here", root / "data-here", "--workers", "2")
        there_s, kills = on_a_cluster(class_, root)
        calm, killed = results(root / "here"), results(root / "there")
        differing = [n for n in sorted(calm.keys() | killed) if calm.get(n) != killed.get(n)]
        recipes = len(list((root / "data-there" / REPLAYS).glob("*.json")))
    text = f"""## A class of {size} on a cluster

`python benchmarks/cluster_of_two.py`. {machine()}.

With short trainings of {recipes} distinct recipes, two processes of this machine took
{here_s:.0f} s, and two Dask workers, of which {kills} were killed and replaced, {there_s:.0f} s.
Gradebook, pages and table are {"DIFFERENT" if differing else "equal"}."""
    write_section("cluster of two", text)
    print(text, *differing[:10], sep="\n")
    return 1 if differing or kills < 2 else 0


def on_a_cluster(class_: Path, root: Path) -> tuple[float, int]:
    """Seconds, and how many workers were killed."""
    dask, killed = DaskProcesses(root / "dask", SVHN_DIR=str(P1.data_folder())), []

    def kill() -> None:
        size = len(list(class_.iterdir()))
        # far apart: a submission that loses two workers is set aside
        for moment in (size // 4, 3 * size // 4):
            while len(list((root / "there").glob("observations/*/grade.json"))) < moment:
                time.sleep(0.1)
            dask.workers[-1].kill()
            killed.append(moment)
            dask.start_worker()

    try:
        dask.start_worker()
        dask.start_worker()
        dask.wait_for_workers(2)
        threading.Thread(target=kill, daemon=True).start()
        words = "--scheduler", dask.address
        return graded(class_, root / "there", root / "data-there", *words), len(killed)
    finally:
        dask.close()


def graded(folder: Path, out: Path, data: Path, *words: str) -> float:
    """Seconds, with replays kept in `data`."""
    command = [sys.executable, "-m", "autograder", "cohort", folder, "--out", out, "--seed", "200"]
    began = time.monotonic()
    ran = subprocess.run(
        [str(word) for word in (*command, "--training", "short", *words)],
        env={**os.environ, "SVHN_DIR": without_replays(P1.data_folder(), data)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return time.monotonic() - began


if __name__ == "__main__":
    raise SystemExit(main())
