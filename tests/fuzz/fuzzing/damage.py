"""Hostile data: valid structures with replaced parts, and bytes with changes."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st


def write_new(path: Path, data: bytes) -> None:
    """Writes a new file: some file systems write what replaces a file to the disk at once."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def damaged(chance: random.Random, data: bytes) -> bytes:
    """The same bytes, with a few changed, removed, repeated or inserted."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(8):
            case 0 if at < len(changed):
                changed[at] = chance.randrange(256)
            case 1 if at < len(changed):
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                del changed[at : at + chance.choice((1, 2, 4, 8, 64))]
            case 3:
                changed[at:at] = chance.randbytes(chance.choice((1, 2, 4, 8)))
            case 4:
                changed[at:at] = changed[at : at + chance.randrange(1, 64)]
            case 5:
                changed[at : at + 4] = chance.choice(EDGES)
            case 6:
                changed[at : at + 1] = chance.choice(TOKENS)
            case _:
                del changed[at:]
    return bytes(changed)


EDGES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\xff\xff\xff\x7f", b"\1\0\0\0")
TOKENS = (
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b",",
        b":",
        b"-",
        b"9" * 25,
        b"1e999",
        b"NaN",
        b"null",
        b"true",
    ),
    *(b"\\ud800", b"\\u0000", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80"),
    *(b"PK\3\4", b"PK\1\2", b"PK\5\6"),
)


# JSON values that no honest writer sends

RAW = {
    "deep lists": "[" * 3_000 + "]" * 3_000,
    "deep objects": '{"a":' * 2_000 + "1" + "}" * 2_000,
    "never closed": "[" * 5_000,
    "vast integer": "9" * 5_000,
    "negative vast integer": "-" + "9" * 4_000,
    "vast float": "1e400",
    "not a number": "NaN",
    "infinite": "-Infinity",
    "half a surrogate": '"\\ud800"',
    "a pair": '"\\ud83d\\ude00"',
    "nul": '"\\u0000"',
    "long text": '"' + "x" * 20_000 + '"',
    "many": "[" + "0," * 9_000 + "0]",
    "key twice": '{"arrays": [], "arrays": 1}',
}
MARK = re.compile(r'"@raw:([a-z ]+)@"')

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["finished", "x", "", "../x", "a\ud800", "\u202e", "é" * 120]),
    st.sampled_from([f"@raw:{name}@" for name in RAW]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


def encoded(tree: Any) -> bytes:
    """JSON, with marks replaced by text that `json` would not write."""
    return MARK.sub(lambda found: RAW[found[1]], json.dumps(tree)).encode()


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in JSON data, as a container and a key."""
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
        yield tree, key
        if isinstance(tree[key], (dict, list)):
            yield from places(tree[key])


@st.composite
def spoiled(draw: st.DrawFn, trees: st.SearchStrategy[Any], most: int = 3) -> Any:
    """JSON data in which a few values are replaced, removed or repeated."""
    tree = draw(trees)
    for _ in range(draw(st.integers(0, most))):
        there = list(places(tree))
        if not there:
            break
        container, key = draw(st.sampled_from(there))
        match draw(st.sampled_from(["other", "other", "gone", "twice"])):
            case "other":
                container[key] = draw(anything)
            case "gone":
                del container[key]
            case "twice" if isinstance(container, list):
                container.insert(key, container[key])
    return tree
