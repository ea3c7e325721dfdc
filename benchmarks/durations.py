"""Writes how long the tests take: totals by folder, and the slowest twenty.

usage: make durations

It reads the JUnit files that `make test` and `make proofs` write. A test's time includes its
fixtures. Tests run in several processes, so the totals exceed the time that the commands take.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from results import machine, write_section

RECORDED = Path(__file__).parent.parent / "out" / "durations"
COMMANDS = {"make test": "test.xml", "make proofs": "proofs.xml"}
SLOWEST = 20


@dataclass(frozen=True)
class Timed:
    """A test that ran.

    Attributes:
        command: the command that ran it.
        file: its file, such as "tests/release/test_build.py".
        name: its name, with its parameters.
        seconds: wall-clock time, with its fixtures.
    """

    command: str
    file: str
    name: str
    seconds: float

    @property
    def folder(self) -> str:
        return "/".join(self.file.split("/")[:2])


def main() -> int:
    missing = [name for name in COMMANDS.values() if not (RECORDED / name).exists()]
    if missing:
        print(f"{RECORDED} lacks {' and '.join(missing)}; run `make durations`", file=sys.stderr)
        return 1
    suites = {
        command: ElementTree.parse(RECORDED / name).getroot().find("testsuite")
        for command, name in COMMANDS.items()
    }
    tests = [test for command, suite in suites.items() for test in timed(command, suite)]
    took = {command: float(suite.get("time")) for command, suite in suites.items()}
    text = section(tests, took)
    print(text)
    return write_section("durations", text)


def timed(command: str, suite: ElementTree.Element) -> Iterator[Timed]:
    """The tests of a JUnit file."""
    for case in suite.iter("testcase"):
        file = case.get("classname", "").replace(".", "/") + ".py"
        yield Timed(command, file, case.get("name", ""), float(case.get("time", 0)))


def section(tests: Iterable[Timed], took: dict[str, float]) -> str:
    """The section of RESULTS.md: the time of each command, and its tests by folder."""
    tests = list(tests)
    by_folder: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for test in tests:
        by_folder[test.folder][test.command].append(test.seconds)
        by_folder["all"][test.command].append(test.seconds)
    order = sorted(by_folder, key=lambda folder: -sum(map(sum, by_folder[folder].values())))
    rows = [
        f"| {folder} |" + "".join(_cells(by_folder[folder][command]) for command in COMMANDS)
        for folder in order
    ]
    slowest = sorted(tests, key=lambda test: -test.seconds)[:SLOWEST]
    minutes = sum(took.values()) / 60
    said = ", ".join(f"`{command}` {seconds / 60:.1f} minutes" for command, seconds in took.items())
    return "\n".join(
        [
            f"## How long the tests take\n\n`make durations`: {said}. {machine(minutes)}.\n",
            "| folder | " + " | ".join(f"`{c}`, tests | seconds" for c in COMMANDS) + " |",
            "|---" * (1 + 2 * len(COMMANDS)) + "|",
            *rows,
            f"\nThe slowest {SLOWEST}:\n",
            "| seconds | command | file | test |\n|---|---|---|---|",
            *(
                f"| {test.seconds:.1f} | `{test.command}` | {test.file} | {_plain(test.name)} |"
                for test in slowest
            ),
        ]
    )


def _cells(seconds: list[float]) -> str:
    return f" {len(seconds)} | {sum(seconds):.0f} |" if seconds else " | |"


def _plain(name: str) -> str:
    """A name that does not end a cell of the table."""
    return name.replace("|", "\\|")


if __name__ == "__main__":
    raise SystemExit(main())
