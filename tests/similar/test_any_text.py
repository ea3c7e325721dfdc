"""Whatever students write is read: fingerprints come of it, and no error."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.diagnosis.variants import blocks, released, solution
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.similar import parts
from autograder.similar.fingerprints import MOST, prints_of

sys.path.append(str(Path(__file__).parents[1]))

from tiny_assignment import ASSIGNMENT as TINY

PATH, PLACE = "lib/optim.py", "SGDM.update"
LONG = 20_000
HOSTILE = {
    "many statements": "x=1\n" * LONG,
    "a long sum": "x=" + "a+" * LONG + "a",
    "many signs": "x=" + "-" * LONG + "1",
    "a long chain": "x=a" + ".T" * LONG,
    "open brackets": "(" * LONG,
    "nested brackets": "x=" + "[" * 90 + "]" * 90,
    "nested branches": "".join(" " * depth + "if x:\n" for depth in range(95)) + " " * 95 + "y=x",
    "many branches": "if x: pass\n" + "elif y: pass\n" * 2000,
    "nested functions": "x=" + "lambda: " * 2000 + "0",
    "values that double": "\n".join(f"a{n + 1}=a{n}+a{n}*a{n}" for n in range(2000)),
    "calls that call themselves": "def f(x):\n    return f(x) + f(x) + f(x)\noutput = f(1)",
    "calls that multiply": "\n".join(
        f"def f{n}(x):\n    return f{n + 1}(x) + f{n + 1}(x) * f{n + 1}(x)" for n in range(300)
    )
    + "\nf0(1)\n" * 100,
    "quotes": "\"'" * LONG,
    "a null byte": "x=1\0\n",
    "a lone surrogate": "x = '\\ud800'",
    "a huge number": "x = " + "9" * 5000,
    "an infinite one": "x = 1e999 * 1j",
    "other characters": "x = 'ä'\n\u2028\x0c\x85 = ß",
}


def with_code(code: str):
    """The solution with this code in one block, and in a file of its own."""
    one = solution(P1)
    text = one.files[PATH].decode()
    _, block = blocks(P1)[PLACE]
    assert text.count(block.source) == 1
    data = text.replace(block.source, code).encode("utf-8", "surrogatepass")
    own = code.encode("utf-8", "surrogatepass")
    return replace(one, files={**one.files, PATH: data, "lib/own.py": own})


def check(submission) -> dict[str, np.ndarray]:
    by_place = prints_of(P1, submission).by_place
    for prints in by_place.values():
        assert prints.dtype == np.uint64
        assert 0 < len(prints) <= MOST
    return dict(by_place)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_leaves_the_other_files_as_they_are(name):
    found, expected = check(with_code(HOSTILE[name])), prints_of(P1, solution(P1)).by_place
    for place in ("fc.forward", "softmax", "train_net, TODO 1 of 3"):
        assert (found[place] == expected[place]).all()


def test_a_damaged_library_is_read_without_an_error():
    rng = random.Random(6)
    pieces = [
        "\n",
        "    ",
        "(",
        ")",
        "'",
        '"""',
        "#",
        "def f():",
        "for",
        "\\",
        "\t",
        "é",
        "\0",
        ":",
    ]
    text = solution(P1).files[PATH].decode()
    for _ in range(150):
        damaged = text
        for _ in range(rng.randrange(1, 6)):
            at, length = rng.randrange(len(damaged)), rng.choice([0, 1, 5, 200])
            damaged = damaged[:at] + rng.choice(pieces) + damaged[at + length :]
        check(replace(solution(P1), files={PATH: damaged.encode()}))


def test_a_notebook_that_is_none_is_read_without_an_error():
    for notebook in (b"", b"{}", b"[1]", b"\xff", b'{"nbformat": 4, "cells": [{"source": 3}]}'):
        check(replace(solution(P1), notebook=notebook))


def test_what_exceeds_the_limit_of_a_work_is_left_out(monkeypatch):
    monkeypatch.setattr(parts, "LARGEST_WORK", 1000)
    assert not prints_of(P1, replace(solution(P1), cells={}, notebook=b"")).by_place.keys() & {
        "Adam.update"
    }


def test_another_assignment_is_compared_in_the_same_way():
    found = prints_of(TINY, solution(TINY)).by_place
    assert set(blocks(TINY)) <= set(found)
    assert prints_of(TINY, released(TINY)).by_place == {}
