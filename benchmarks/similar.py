"""Measures how well copies in made classes are found, and how long a large class takes.

usage: python benchmarks/similar.py [--seeds 20] [--students 1000]

Finding: classes of 200 in which ten students copied and disguised everything, classes without a
copy, and classes in which some followed one lecture, as in `tests/similar`. Beside it stands
copydetect, which winnows tokens, on the same blocks without any given code.

Time and memory: hand-ins in a folder against each other and as many of an earlier year. To show the
growth, a quarter and half of them are compared, too.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

from results import json_from, machine, verdict, write_section

sys.path.append(str(Path(__file__).parents[1] / "tests" / "similar"))

IN_CLASS, COPIES, AMONG, UNLIKELY = 200, 10, 12, 0.001
MOST_S, MOST_MIB = 300, 1024
LISTENERS = 3, 5, 8, 12, 20, 50, 100, 200
PEER_SEEDS = 2
"""For how many seeds the slower copydetect is asked, too."""
TOKENS, WINDOW = 25, 1  # copydetect's own defaults are for whole files; these find more in blocks


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, help="(default: %(default)s)")
    parser.add_argument("--students", type=int, default=1000, help="(default: %(default)s)")
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "VALUE"), help="used inside")
    options = parser.parse_args()
    script = str(Path(__file__))
    if options.one:
        what, value = options.one
        print(json.dumps(found_in(int(value)) if what == "seed" else timed(Path(value))))
        return 0
    found = [json_from(script, "--one", "seed", seed) for seed in range(options.seeds)]
    sizes = [options.students // 4, options.students // 2, options.students]
    speed = []
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name, "whole")
        put_classes(whole, options.students)
        for size in sizes:
            speed.append(json_from(script, "--one", "time", part_of(whole, size)))
    text = shown(found, dict(zip(sizes, speed, strict=True)))
    print(text)
    return write_section("similar", text)


def found_in(seed: int) -> dict:
    """The ranks of the copies in a class, and the least chance in classes without any."""
    import random

    from fingerprinted import prints
    from made_class import listener, made_class

    from autograder.similar.comparison import compared

    none, _ = made_class(seed, IN_CLASS)
    some, pairs = made_class(seed, IN_CLASS, COPIES)
    of_none = prints(*(each.submission() for each in none))
    rng = random.Random(f"lecture {seed}")
    listening = prints(*(listener(each, rng).submission() for each in none))
    lectures = [
        compared({**of_none, **dict(list(listening.items())[:number])}) for number in LISTENERS
    ]
    ours = compared(prints(*(each.submission() for each in some))).pairs
    order = [frozenset((pair.a.name, pair.b.name)) for pair in ours]
    chances = [pair.unlikely for pair in ours if frozenset((pair.a.name, pair.b.name)) in pairs]
    return {
        "ours": [order.index(pair) + 1 if pair in order else None for pair in pairs],
        "unlikely": sum(chance <= UNLIKELY for chance in chances),
        "strangers": min(pair.unlikely for pair in compared(of_none).pairs),
        "lectures": [min(pair.unlikely for pair in each.pairs) for each in lectures],
        "copydetect": ranks_by_copydetect(some, pairs) if seed < PEER_SEEDS else None,
    }


def ranks_by_copydetect(students: list, pairs: set) -> list[int] | None:
    """The same by the token overlap that copydetect finds; None where it is not installed."""
    try:
        from copydetect.utils import (
            filter_code,
            find_fingerprint_overlap,
            get_document_fingerprints,
            get_token_coverage,
        )
    except ImportError:
        return None
    documents = {}
    for each in students:
        text = "\n".join([*each.code.values(), *each.files.values(), *each.cells])
        tokens, _ = filter_code(text, "blocks.py", "python")
        hashes, places = get_document_fingerprints(tokens, TOKENS, WINDOW)
        documents[each.name] = hashes, places, get_token_coverage(places, TOKENS, len(tokens))
    alike = {}
    for one, other in combinations(documents, 2):
        (a, a_at, a_size), (b, b_at, b_size) = documents[one], documents[other]
        overlap, _ = find_fingerprint_overlap(a, b, a_at, b_at)
        alike[frozenset((one, other))] = len(overlap) / max(1, min(a_size, b_size))
    order = sorted(alike, key=lambda pair: -alike[pair])
    return [order.index(pair) + 1 for pair in pairs]


def put_classes(folder: Path, size: int) -> None:
    """Writes a class and one of an earlier year, each half as different students would."""
    from made_class import made_class

    from autograder.problem_1 import ASSIGNMENT as P1

    for year, seed, prefix in (("now", 1, "s"), ("earlier", 2, "t")):
        for each in made_class(seed, size, COPIES, prefix)[0]:
            submission, place = each.submission(), folder / year / each.name / P1.id
            for path, content in submission.files.items():
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_bytes(content)
            (place / P1.notebook).write_bytes(submission.notebook)


def part_of(whole: Path, size: int) -> Path:
    """A folder with the first students of both years."""
    part = whole.with_name(f"{size}")
    for year in ("now", "earlier"):
        for student in sorted((whole / year).iterdir())[:size]:
            shutil.copytree(student, part / year / student.name)
    return part


def timed(folder: Path) -> dict:
    """Seconds and MiB of the command: of its own process and of the two that read."""
    import io

    from rich.console import Console

    from autograder.commands.similar import run
    from autograder.problem_1 import ASSIGNMENT

    began = time.perf_counter()
    quiet = Console(file=io.StringIO())
    earlier = [folder / "earlier"]
    comparison = run(ASSIGNMENT, folder / "now", earlier, folder / "out", console=quiet)
    seconds = time.perf_counter() - began
    own, child = (
        resource.getrusage(whose).ru_maxrss / 1024
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    used = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": seconds,
        "cpu": sum(each.ru_utime + each.ru_stime for each in used),
        "MiB": own + 2 * child,
        "pairs": comparison.compared,
    }


def shown(found: list[dict], speed: dict[int, dict]) -> str:
    within = [sum(rank is not None and rank <= AMONG for rank in one["ours"]) for one in found]
    least = min(one["strangers"] for one in found)
    by_lecture = [chance for one in found for chance in one["lectures"]]
    lines = [
        "## Who worked together",
        "",
        f"`python benchmarks/similar.py --seeds {len(found)} --students {max(speed)}`. "
        f"{machine()}.",
        "",
        f"Made classes of {IN_CLASS}, with {COPIES} copies that were disguised in several ways at "
        f"once, for {len(found)} seeds. Target: all copies among the first {AMONG} pairs, and in "
        f"classes without copies no pair said to be unlikely at {UNLIKELY:g}.",
        "",
        "| | |",
        "|---|---|",
        f"| copies among the first {AMONG} | {sum(within)} of {COPIES * len(found)}, "
        f"{verdict(COPIES * len(found) - sum(within), 0)} |",
        f"| copies said to be unlikely at {UNLIKELY:g} | "
        f"{sum(one['unlikely'] for one in found)} of {COPIES * len(found)} |",
        f"| least chance of a pair in classes without copies | {least:.2g}, "
        f"{verdict(UNLIKELY, least)} |",
        f"| least chance of a pair in classes without copies in which "
        f"{', '.join(map(str, LISTENERS[:-1]))} or {LISTENERS[-1]} followed one lecture | "
        f"{min(by_lecture):.2g}, {verdict(UNLIKELY, min(by_lecture))} |",
    ]
    peers = [one["copydetect"] for one in found if one["copydetect"] is not None]
    if peers:
        ranks = [rank for one in peers for rank in one]
        lines.append(
            f"| copydetect, on the same blocks of {len(peers)} classes: copies among the first "
            f"{AMONG} | "
            f"{sum(rank <= AMONG for rank in ranks)} of {len(ranks)}; the last has rank "
            f"{max(ranks):,} of {IN_CLASS * (IN_CLASS - 1) // 2:,} |"
        )
    lines += [
        "",
        f"A folder of hand-ins against each other and as many of an earlier year, in two "
        f"processes. Targets for the largest: {MOST_S} s and {MOST_MIB} MiB.",
        "",
        "| students | pairs | seconds | seconds of CPU | MiB | |",
        "|---|---|---|---|---|---|",
    ]
    for size, one in speed.items():
        is_largest = size == max(speed)
        verdicts = verdict(one["seconds"], MOST_S), verdict(one["MiB"], MOST_MIB)
        lines.append(
            f"| {size:,} + {size:,} | {one['pairs']:,} | {one['seconds']:.0f} | {one['cpu']:.0f} "
            f"| {one['MiB']:.0f} | {', '.join(verdicts) if is_largest else ''} |"
        )
    lines += [
        "",
        "Reading and fingerprints, which take most of the time, grow with the number of works. "
        "The counts of common fingerprints grow with the number of pairs.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
