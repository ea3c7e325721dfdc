"""A few seconds of fuzzing (`benchmarks/fuzz.py` tries a million inputs), and proof that it can
fail."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from fuzzing.readers import Reader, Violation, attacked, drawn, held, readers

from autograder.export import table
from autograder.hand_in import notebook, people, platforms, roster_columns, version, zips
from autograder.sandbox import protocol

SEED = 7
NAMES = (
    *("frames of a probe", "records of a worker", "the end of a probe", "notebooks", "zip files"),
    *("downloads", "lists of a class", "files to fill"),
)


@pytest.fixture(params=NAMES, ids=lambda name: name.replace(" ", "-"))
def reader(request: pytest.FixtureRequest, tmp_path) -> Reader:
    return known(tmp_path, request.param)


def known(folder, name: str) -> Reader:
    return next(reader for reader in readers(folder) if reader.name == name)


def test_every_reader_is_fuzzed(tmp_path):
    assert tuple(reader.name for reader in readers(tmp_path)) == NAMES


def test_a_reader_gives_plain_data_or_a_refusal_within_its_memory_cap(reader):
    answers, most = attacked(reader, 1_000, SEED)
    assert answers.total() >= 1_000
    refused = sum(count for said, count in answers.items() if said.startswith("refused"))
    assert 50 < refused < answers.total() - 50, "hostile bytes must get far, and not too far"
    assert len(answers) > 4
    assert most > 0


def test_the_same_seed_draws_the_same_inputs(reader):
    assert drawn(reader, 20, SEED) == drawn(reader, 20, SEED)
    assert drawn(reader, 20, SEED) != drawn(reader, 20, SEED + 1)


def _takes_any_dtype(dtype: object) -> object:
    return protocol.np.dtype(dtype)


def _takes_any_shape(shape: object) -> tuple:
    return tuple(shape)


def _json_without_care(data: bytes) -> dict:
    return json.loads(data)


def _text_as_it_is(value: object) -> object:
    return value


def _any_number(data: bytes) -> protocol.ProbeEnd:
    end = protocol._json(data)
    return protocol.ProbeEnd("exit", end.get("code", 0), 0.0, "")


def _without_a_cap(self: protocol.Frames, view: memoryview) -> memoryview:
    """Like the original, but allocates the claimed size."""
    if len(view) >= protocol.HEAD.size:
        claimed = protocol.HEAD.unpack_from(view)[2]
        bytearray(min(claimed, 2**28))
    return FEED_HEAD(self, view)


FEED_HEAD = protocol.Frames._feed_head


def _parsed_without_care(content: bytes) -> list:
    return json.loads(content.decode("utf-8-sig"))["cells"]


def _any_id(cell: dict) -> str:
    return cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")


def _no_complaint(path: str) -> None:
    return None


def _whatever_is_claimed(path) -> None:
    """Trusts the central directory, as `zipfile` does."""


def _unguarded(archive, member):
    return lambda limit: archive.read(member)


def _as_found(found: list) -> list:
    return found


def _any_name(name: str) -> bool:
    return True


def _cell_as_it_is(self: object, cell: str, key: str) -> str:
    return cell or " "


def _without_the_row(self: object, start: int, stop: int, column: int, value: str) -> str:
    return value


BROKEN = [
    ("frames of a probe", protocol, "_dtype", _takes_any_dtype),
    ("frames of a probe", protocol, "_shape", _takes_any_shape),
    ("frames of a probe", protocol, "_json", _json_without_care),
    ("frames of a probe", protocol, "_text", _text_as_it_is),
    ("frames of a probe", protocol.Frames, "_feed_head", _without_a_cap),
    ("records of a worker", protocol, "RECORD_KINDS", b"IBDEAZX" + bytes(range(128, 256))),
    ("records of a worker", protocol, "_json", _json_without_care),
    ("the end of a probe", protocol, "_text", _text_as_it_is),
    ("notebooks", notebook, "parsed", _parsed_without_care),
    ("notebooks", notebook, "grade_id_of", _any_id),
    ("notebooks", version, "VERSION", re.compile("(?s).*")),
    ("zip files", zips, "complaint_about_path", _no_complaint),
    ("zip files", zips, "member_reader", _unguarded),
    ("downloads", platforms, "set_twice_aside", _as_found),
    ("downloads", platforms, "is_id", _any_name),
    ("lists of a class", people, "is_id", _any_name),
    ("lists of a class", roster_columns.Columns, "_id", _cell_as_it_is),
    ("files to fill", table.Table, "_with", _without_the_row),
]
"""(reader, module or class, attribute, broken replacement)."""


@pytest.mark.parametrize(
    ("name", "where", "what", "instead"), BROKEN, ids=[f"{b[0]}: {b[2]}" for b in BROKEN]
)
def test_a_deliberately_broken_reader_is_caught(name, where, what, instead, tmp_path, monkeypatch):
    monkeypatch.setattr(where, what, instead)
    with pytest.raises(Violation, match=name) as caught:
        attacked(known(tmp_path, name), 20_000, SEED)
    with pytest.raises(Violation):
        held(known(tmp_path, name), caught.value.data)


def test_the_memory_cap_is_enforced(tmp_path):
    reader = known(tmp_path, "frames of a probe")
    with pytest.raises(Violation, match=r"bytes of memory for \d+ bytes"):
        attacked(replace(reader, cap=lambda size: 100), 100, SEED)
