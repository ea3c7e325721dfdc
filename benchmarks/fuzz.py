"""Feeds a million or more hostile inputs to every reader of untrusted bytes.

usage: python benchmarks/fuzz.py [--inputs 1000000] [--seed N] [--reader NAME] [--replay FILE]

The readers, their inputs and their allowed answers are in tests/fuzz/fuzzing. Any other answer,
another exception or too much memory ends that reader's turn, and the input is saved for `--replay`.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from collections import Counter
from pathlib import Path

from results import MISSED, machine, write_section
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "fuzz"))

from fuzzing.readers import DAMAGED, Reader, Violation, attacked, held, readers  # noqa: E402

SHARES = {
    "frames of a probe": 0.35,
    "records of a worker": 0.15,
    "the end of a probe": 0.1,
    "notebooks": 0.15,
    "zip files": 0.1,
    "downloads": 0.05,
    "lists of a class": 0.05,
    "files to fill": 0.05,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1_000_000, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="(default: new each run)")
    parser.add_argument("--reader", choices=SHARES, default=None, help="(default: all readers)")
    parser.add_argument("--replay", type=Path, help="a saved input to read again; needs --reader")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        known = {reader.name: reader for reader in readers(Path(name))}
        if options.replay is not None:
            return replayed(known[options.reader or parser.error("--reader is missing")], options)
        seed = secrets.randbits(32) if options.seed is None else options.seed
        print(f"seed {seed}")
        shares = SHARES if options.reader is None else {options.reader: 1.0}
        rows, violations = {}, {}
        with bar() as progress:
            for title, share in shares.items():
                inputs = round(share * options.inputs)
                task = progress.add_task(title, total=inputs)

                def report(done: int, task: TaskID = task) -> None:
                    progress.update(task, completed=done)

                try:
                    rows[title] = attacked(known[title], inputs, seed, report)
                except Violation as violation:
                    violations[title] = violation
    text = shown(rows, violations, seed, options.inputs)
    print(text)
    for title, violation in violations.items():
        keep(violation, title)
    if options.reader is None:
        write_section("fuzz", text)
    return 1 if violations else 0


def replayed(reader: Reader, options: argparse.Namespace) -> int:
    reader.answer(reader.ordinary)
    try:
        said, peak = held(reader, options.replay.read_bytes())
    except Violation as violation:
        print(violation, "", repr(violation.__cause__), sep="\n")
        return 1
    print(f"{said}; {peak:,} bytes of memory")
    return 0


def keep(violation: Violation, title: str) -> None:
    """Saves and shows the input that broke the rules, and the command to replay it."""
    with tempfile.NamedTemporaryFile(prefix="violation-", delete=False) as file:
        file.write(violation.data)
    print(violation, f"{violation.data[:200]!r} ({len(violation.data):,} bytes)", sep="\n")
    print(f"python benchmarks/fuzz.py --reader '{title}' --replay {file.name}")


def shown(
    rows: dict[str, tuple[Counter[str], int]],
    violations: dict[str, Violation],
    seed: int,
    inputs: int,
) -> str:
    total = sum(answers.total() for answers, _ in rows.values())
    lines = [
        "## Hostile bytes for every reader",
        "",
        f"`python benchmarks/fuzz.py --inputs {inputs} --seed {seed}`, on one core. {machine()}.",
        "",
        f"{total:,} inputs: one in {DAMAGED + 1} is drawn by structure, the others are made from "
        "it by changing bytes. Every input gave plain data or a refusal, within the memory cap "
        "(measured by tracemalloc for drawn inputs, and by the size of the process for all).",
        "",
        *(f"{MISSED}, and not counted above: {found}.\n" for found in violations.values()),
        "| reader | inputs | plain data | refused | kinds of answers | peak memory, MiB |",
        "|---|---|---|---|---|---|",
    ]
    for title, (answers, most) in rows.items():
        refused = sum(count for said, count in answers.items() if said.startswith("refused"))
        lines.append(
            f"| {title} | {answers.total():,} | {answers.total() - refused:,} | {refused:,} "
            f"| {len(answers)} | {most / 2**20:.1f} |"
        )
    lines += [
        "",
        "Most frequent answers:",
        "",
        "| reader | answer | inputs |",
        "|---|---|---|",
    ]
    for title, (answers, _) in rows.items():
        lines += [f"| {title} | {said} | {n:,} |" for said, n in answers.most_common(8)]
    return "\n".join(lines)


def bar() -> Progress:
    return Progress(
        TextColumn("{task.description:20}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )


if __name__ == "__main__":
    raise SystemExit(main())
