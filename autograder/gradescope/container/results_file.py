"""The file that Gradescope reads, and what stands in it when nothing was judged.

Runs in the container, also under its own Python 3.10, so it needs the standard library alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "results.json"
STAFF_ONLY = "hidden"
KEEPS_THE_TOTAL_BACK = "after_published"
"""A test with this visibility keeps students from seeing their total until grades are published;
a test that is only hidden does not."""
LONGEST = 20_000
"""Characters of a text. Gradescope cuts what is longer than 100,000 in the middle."""


def nothing_judged(title: str, said: str, detail: str = "") -> dict[str, Any]:
    """Results that give no judgement.

    Gradescope wants a score in any case. It is 0, and a test that is shown after publication keeps
    students from seeing that 0 as their total.

    Args:
        title: what happened, in a few words ("Not graded yet").
        said: what the student reads.
        detail: what only the staff reads.
    """
    tests = [{"name": title, "output": text(said), "visibility": KEEPS_THE_TOTAL_BACK}]
    if detail:
        tests.append({"name": "For the staff", "output": text(detail), "visibility": STAFF_ONLY})
    return {
        "score": 0,
        "output": text(f"{title}. {said}"),
        "output_format": "text",
        "stdout_visibility": STAFF_ONLY,
        "tests": tests,
        "extra_data": {"judged": False},
    }


def text(words: str) -> str:
    """A text as Gradescope shows it unchanged: without NUL and not too long."""
    words = words.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return words if len(words) <= LONGEST else words[:LONGEST] + "\n[cut]"


def as_json(results: Mapping[str, Any]) -> str:
    """The text of the file. Raises ValueError for NaN, on which Gradescope times out."""
    return json.dumps(results, allow_nan=False) + "\n"


def write(folder: Path, results: str) -> None:
    """Replace the file at once, so that it is never half-written."""
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / (NAME + ".new")
    new.write_text(results, "utf-8")
    os.replace(new, folder / NAME)
