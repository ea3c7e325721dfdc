"""What Gradescope does with `results.json` (FORMATS.md 1.3, 1.5) and an autograder's zip (1.1)."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uploading.taken import Refused

VISIBILITY = {"visible", "hidden", "after_due_date", "after_published"}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
LONGEST = 100_000
"""Characters of an output. Gradescope cuts what is longer."""

# fmt: off
RESULT: Mapping[str, Any] = {
    "score": float, "execution_time": float, "output": str, "output_format": FORMATS,
    "test_output_format": FORMATS, "test_name_format": FORMATS, "visibility": VISIBILITY,
    "stdout_visibility": VISIBILITY, "extra_data": dict, "tests": list, "leaderboard": list,
}
TEST: Mapping[str, Any] = {
    "score": float, "max_score": float, "status": {"passed", "failed"}, "name": str,
    "name_format": FORMATS, "number": str, "output": str, "output_format": FORMATS, "tags": list,
    "visibility": VISIBILITY, "extra_data": dict,
}
ENTRY: Mapping[str, Any] = {"name": str, "value": object, "order": {"asc", "desc"}}
# fmt: on


@dataclass(frozen=True)
class Results:
    """What Gradescope shows.

    Attributes:
        score, max_score: of the submission; the second is the sum over its tests.
        shown: whether students see their total: not where a test is hidden.
        tests: as they are.
        reported: what is cut, unknown or replaced.
    """

    score: float
    max_score: float
    shown: bool
    tests: tuple[Mapping[str, Any], ...]
    reported: tuple[str, ...]


def gradescope_results(data: bytes) -> Results:
    """Raises `Refused` for what Gradescope gives a score of 0 or cannot take."""
    results = _json(data)
    reported = _checked(results, RESULT, "results.json")
    tests = results.get("tests", [])
    for at, test in enumerate(tests):
        reported += _checked(test, TEST, f"test {at + 1}")
    for at, entry in enumerate(results.get("leaderboard", [])):
        reported += _checked(entry, ENTRY, f"leaderboard {at + 1}")
    scores = [test["score"] for test in tests if "score" in test]
    if "score" not in results and not scores:
        raise Refused("no score, and no test has one")
    default = results.get("visibility", "visible")
    shown = all(test.get("visibility", default) == "visible" for test in tests)
    return Results(
        score=results.get("score", math.fsum(scores)),
        max_score=math.fsum(test.get("max_score", 0) for test in tests),
        shown=shown,
        tests=tuple(tests),
        reported=tuple(reported),
    )


def _json(data: bytes) -> dict[str, Any]:
    def no_constant(name: str) -> None:
        raise Refused(f"{name} is not JSON: the platform times out on it")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise Refused(f"a key stands twice: {[key for key, _ in pairs]}")
        return dict(pairs)

    try:
        results = json.loads(
            data.decode("utf-8"), parse_constant=no_constant, object_pairs_hook=once
        )
    except ValueError as error:
        raise Refused(f"not valid JSON: {error}") from error
    if not isinstance(results, dict):
        raise Refused("results.json is not an object")
    return results


def _checked(found: object, schema: Mapping[str, Any], where: str) -> list[str]:
    if not isinstance(found, dict):
        raise Refused(f"{where} is not an object")
    reported = []
    for key, value in found.items():
        kind = schema.get(key)
        if kind is None:
            reported.append(f"{where}: {key!r} is not in the schema")
        elif isinstance(kind, set):
            if value not in kind:
                raise Refused(f"{where}: {key} is {value!r}; expected one of {sorted(kind)}")
        elif kind is float:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise Refused(f"{where}: {key} is {value!r}, not a number")
            if not math.isfinite(value):
                raise Refused(f"{where}: {key} is too large a number")
        elif not isinstance(value, kind):
            raise Refused(f"{where}: {key} is {value!r}, not a {kind.__name__}")
        elif isinstance(value, str):
            reported += _text(value, f"{where}: {key}")
    return reported


def _text(value: str, where: str) -> list[str]:
    reported = []
    if len(value) > LONGEST:
        reported.append(f"{where} is cut after {LONGEST} characters")
    if "\0" in value:
        reported.append(f"{where}: NUL is replaced")
    return reported


def gradescope_autograder(data: bytes) -> tuple[str, ...]:
    """The names in an autograder's zip. Raises `Refused` where Gradescope could not use it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        for script in ("setup.sh", "run_autograder"):
            if script not in names:
                raise Refused(f"{script} is not at the root of the zip")
            content = archive.read(script)
            if not content.startswith(b"#!"):
                raise Refused(f"{script} has no shebang")
            if b"\r\n" in content:
                raise Refused(f"{script} has line ends of Windows")
    return tuple(names)
