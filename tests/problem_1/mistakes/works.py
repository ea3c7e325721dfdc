"""Wrong works of students, and what is true of each.

They were written from the released notebook and library alone, by people who had not seen the table
of misconceptions or the diagnosis. Each says which blocks it replaces and which faults it has, by
section. Those in `seen` were used while the diagnosis was built. Those in `unseen` were not: they
were graded once, and judged by readers who had not written the diagnosis. Their sections in which
no check failed were then used to find what the checks did not see. Those in `fresh` were written
after that, graded once and judged in the same way.

`judged.yaml` holds what the grader said about each faulty section, and what a reader thought of it:

    exact   names the fault, so that a student knows what to change
    true    says something true and specific about the section, but not the fault itself
    vague   true, but of no use
    false   something that it says is not so

and for a faulty section about which nothing is said, because no check fails:

    elsewhere   the fault shows in another section, which names it
    unasked     the handout does not ask for what the fault breaks
    missed      the handout asks for it, and no check sees it

A statement that has changed since is to be judged again.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from autograder.diagnosis.variants import blocks, solution
from autograder.hand_in.submission import Submission
from autograder.problem_1 import ASSIGNMENT as P1

FOLDER = Path(__file__).parent
PARTS = ("seen", "unseen", "fresh")
JUDGED = FOLDER / "judged.yaml"
VERDICTS = ("exact", "true", "vague", "false")
SILENT = ("elsewhere", "unasked", "missed")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C, where PyYAML was built with it


@dataclass(frozen=True)
class Work:
    """One wrong work.

    Attributes:
        faults: what is true of each section that has a fault of its own.
        inherits: sections whose results are wrong because of these faults.
        code: what stands in place of the solution, by place or grade id.
    """

    name: str
    faults: Mapping[str, str]
    inherits: tuple[str, ...]
    code: Mapping[str, str]

    def submission(self) -> Submission:
        """The solution with this code in its blocks."""
        right = solution(P1)
        texts = {path: content.decode() for path, content in right.files.items()}
        texts |= right.cells
        for place, code in self.code.items():
            file, block = blocks(P1)[place]
            new = textwrap.indent(textwrap.dedent(code).rstrip("\n"), block.region.indent)
            assert texts[file].count(block.source) == 1, place
            texts[file] = texts[file].replace(block.source, new)
        return Submission(
            self.name,
            {path: texts[path].encode() for path in right.files},
            {cell: texts[cell] for cell in right.cells},
        )


@cache
def works(part: str) -> tuple[Work, ...]:
    """The works of one part, in the order of their files."""
    return tuple(
        Work(each["name"], each["faults"], tuple(each.get("inherits") or ()), each["code"])
        for file in sorted((FOLDER / part).glob("*.yaml"))
        for each in yaml.load(file.read_text("utf-8"), LOADER)
    )


@cache
def judged() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """What was said and thought: `said` (a list of texts) and `verdict`, by work and section."""
    found: Mapping[str, Mapping[str, Mapping[str, Any]]] = yaml.load(
        JUDGED.read_text("utf-8"), LOADER
    )
    return found
