"""Gradescope's readers take a correct file, and refuse or report each kind of wrong one."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from downloads import zipped
from uploads import (
    Refused,
    gradescope_autograder,
    gradescope_results,
)

RESULTS = {
    "output": "29 of 29 points. Training was not judged here.",
    "output_format": "text",
    "stdout_visibility": "hidden",
    "tests": [
        {"name": "Adam", "number": "15", "score": 2, "max_score": 2, "visibility": "visible"},
        {"name": "Training", "score": 0, "max_score": 5, "visibility": "after_published"},
    ],
    "leaderboard": [{"name": "Accuracy", "value": 0.81, "order": "desc"}],
    "extra_data": {"seed": 1},
}


def test_gradescope_takes_results() -> None:
    results = gradescope_results(json.dumps(RESULTS).encode())
    assert (results.score, results.max_score, results.reported) == (2, 7, ())
    assert not results.shown
    assert gradescope_results(b'{"score": 0, "output": "not graded yet"}').shown


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not valid JSON"),
        (b"\xff{}", "not valid JSON"),
        (b"[]", "not an object"),
        (b"{}", "no score"),
        (b'{"tests": [{"name": "x"}]}', "no score"),
        (b'{"score": NaN}', "NaN is not JSON"),
        (b'{"score": -Infinity}', "Infinity is not JSON"),
        (b'{"score": 1e999}', "too large"),
        (b'{"score": "1"}', "not a number"),
        (b'{"score": true}', "not a number"),
        (b'{"score": 1, "score": 2}', "stands twice"),
        (b'{"score": 1, "visibility": "shown"}', "expected one of"),
        (b'{"score": 1, "tests": {}}', "not a list"),
        (b'{"score": 1, "tests": [1]}', "not an object"),
        (b'{"tests": [{"score": null}]}', "not a number"),
        (b'{"score": 1, "output": null}', "not a str"),
        (b'{"tests": [{"score": 1, "status": "ok"}]}', "expected one of"),
        (b'{"tests": [{"score": 1, "number": 15}]}', "not a str"),
    ],
)
def test_gradescope_refuses_results(data: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        gradescope_results(data)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"output": "x" * 100_001}, "is cut"),
        ({"output": "a\0b"}, "NUL"),
        ({"points": 3}, "not in the schema"),
        ({"tests": [{"score": 1, "outptu": ""}]}, "test 1: 'outptu'"),
        ({"tests": [{"score": 1, "output": "x" * 100_001}]}, "test 1: output is cut"),
    ],
)
def test_gradescope_reports(more: dict[str, object], what: str) -> None:
    (line,) = gradescope_results(json.dumps({"score": 1, **more}).encode()).reported
    assert what in line


GOOD = {"setup.sh": b"#!/bin/sh\n", "run_autograder": b"#!/usr/bin/env python3\n"}


def test_gradescope_takes_an_autograder() -> None:
    assert set(gradescope_autograder(zipped({**GOOD, "results/1.json": b"{}"}))) > set(GOOD)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"setup.sh": b"#!/bin/sh\n"}, "run_autograder is not at the root"),
        ({f"autograder/{name}": content for name, content in GOOD.items()}, "not at the root"),
        ({**GOOD, "run_autograder": b"echo\n"}, "no shebang"),
        ({**GOOD, "setup.sh": b"#!/bin/sh\r\n"}, "line ends of Windows"),
    ],
)
def test_gradescope_refuses_an_autograder(files: dict[str, bytes], why: str) -> None:
    with pytest.raises(Refused, match=why):
        gradescope_autograder(zipped(files))


def test_a_zip_can_hold_one_name_twice() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zipped([("a", b"1"), ("a", b"2")])
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["a", "a"]
