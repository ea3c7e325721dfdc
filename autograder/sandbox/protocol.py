"""The reading half of the border: bytes become plain read-only data, or a named refusal.

Whatever arrives was written by code that wants a better grade. Nothing is unpickled; types are on a
list; sizes must agree; buffers grow with what was sent, not with what was claimed, and end at a
cap.

Two layers, both bounded. Records (`worker.py`) tell what the worker does; the `D` records of one
probe, put together, are frames (`writer.py`), each a step of the probe.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

RECORD = struct.Struct("<cI")
RECORD_KINDS = b"IBDEAZ"
RECORD_CAP = 64 * 1024

HEAD = struct.Struct("<4sIQ")
MAGIC = b"OBS1"
HEADER_CAP = 64 * 1024
PAYLOAD_CAP = 128 * 2**20

DTYPES = {
    np.dtype(kind).str: np.dtype(kind)
    for kind in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
}
MOST_VALUES = 2_000
"""Names of a probe, all its steps together: an empty array takes 20 bytes to send, 600 to hold."""
MOST_STEPS = 20_000
MOST_RECORDS = 200_000
LONGEST_NAME = 100
LONGEST_TEXT, LONGEST_PART = 10_000, 500
"""Characters of a text, and of a file's name, a function's or a line of code in a traceback."""
LONGEST_TRACE = 20


class MalformedError(Exception):
    """What arrived breaks the format; the message says where."""


@dataclass(frozen=True)
class TraceLine:
    """One line of the student's that an exception went through."""

    file: str
    line: int
    function: str
    source: str


@dataclass(frozen=True)
class Raised:
    """An exception of the student's code.

    Attributes:
        type: the name of its class.
        message: what it said.
        importing: the module whose import raised it, if an import did.
        trace: the student's own lines it went through, the innermost last.
    """

    type: str
    message: str
    importing: str | None = None
    trace: tuple[TraceLine, ...] = ()


@dataclass(frozen=True)
class Step:
    """What a probe yielded at one point, or that it came to its end.

    Attributes:
        values: arrays (read-only, exact, native) and the probe's own texts.
        refused: by name, why a value is no numeric data.
        end: None, "finished", or what was raised.
    """

    values: Mapping[str, np.ndarray | str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    end: str | Raised | None = None


@dataclass(frozen=True)
class Record:
    """What the worker says happened: see `worker.py` for the kinds."""

    kind: str
    data: bytes


class Records:
    """Cuts the worker's stream into records."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._left = MOST_RECORDS

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that `chunk` completes.

        Raises:
            MalformedError: an unknown kind, a record longer than the worker's, or too many.
        """
        self._buffer += chunk
        while len(self._buffer) >= RECORD.size:
            kind, length = RECORD.unpack_from(self._buffer)
            if kind not in RECORD_KINDS or length > RECORD_CAP:
                raise MalformedError(
                    f"the worker sent a record of kind {kind!r} and {length} bytes"
                )
            if len(self._buffer) < RECORD.size + length:
                return
            self._left -= 1
            if self._left < 0:
                raise MalformedError("the worker sent too many records")
            data = bytes(self._buffer[RECORD.size : RECORD.size + length])
            del self._buffer[: RECORD.size + length]
            yield Record(kind.decode("ascii"), data)


class Frames:
    """Puts the bytes of one probe together into steps."""

    def __init__(self, room: int) -> None:
        """`room`: how many bytes the probe may send in all."""
        self._room = room
        self._left = MOST_STEPS
        self._names: set[str] = set()
        self._head = bytearray()
        self._need = HEAD.size
        self._header: dict[str, Any] | None = None
        self._payload = bytearray()

    @property
    def whole(self) -> bool:
        """Whether everything that was begun has arrived."""
        return not self._head and self._header is None

    def feed(self, chunk: bytes) -> Iterator[Step]:
        """The steps that `chunk` completes.

        Raises:
            MalformedError: with the reason, for whatever is not exactly as it should be.
        """
        self._room -= len(chunk)
        if self._room < 0:
            raise MalformedError("the probe sent more than it may")
        view = memoryview(chunk)
        while view or (self._header is not None and len(self._payload) == self._need):
            if self._header is None:
                view = self._feed_head(view)
                continue
            missing = self._need - len(self._payload)
            self._payload += view[:missing]
            view = view[missing:]
            if len(self._payload) == self._need:
                header, payload = self._header, memoryview(self._payload).toreadonly()
                self._header, self._payload, self._need = None, bytearray(), HEAD.size
                self._left -= 1
                if self._left < 0:
                    raise MalformedError("the probe took too many steps")
                step = _step(header, payload)
                self._names.update(step.values, step.refused)
                if len(self._names) > MOST_VALUES:
                    raise MalformedError("the probe sent too many values")
                yield step

    def _feed_head(self, view: memoryview) -> memoryview:
        """Takes what is missing of magic, lengths and header."""
        missing = self._need - len(self._head)
        self._head += view[:missing]
        view = view[missing:]
        if len(self._head) < self._need:
            return view
        magic, header, payload = HEAD.unpack_from(self._head)
        if magic != MAGIC:
            raise MalformedError("a frame begins with the wrong bytes")
        if header > HEADER_CAP or payload > min(PAYLOAD_CAP, self._room + len(view)):
            raise MalformedError(f"a frame claims {header} and {payload} bytes, more than it may")
        if len(self._head) < HEAD.size + header:
            self._need = HEAD.size + header
            return view
        self._header = _json(bytes(self._head[HEAD.size :]))
        self._head.clear()
        self._need = payload
        return view


def _json(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise MalformedError("a header is not JSON") from None
    if type(header) is not dict:
        raise MalformedError("a header is not a JSON object")
    return header


def _step(header: Mapping[str, Any], payload: memoryview) -> Step:
    values = dict(_arrays(header.get("arrays", []), payload))
    texts, refused = _strings(header.get("texts", {})), _strings(header.get("refused", {}))
    if len(values.keys() | texts.keys() | refused.keys()) < len(values) + len(texts) + len(refused):
        raise MalformedError("a name stands for two values")
    return Step({**values, **texts}, refused, _end(header.get("end")))


def _arrays(described: Any, payload: memoryview) -> Iterator[tuple[str, np.ndarray]]:
    """Every array that the header describes, over the payload's own bytes."""
    if type(described) is not list or len(described) > MOST_VALUES:
        raise MalformedError("the arrays are no list, or too many")
    at, seen = 0, set()
    for entry in described:
        if type(entry) is not list or len(entry) != 3:
            raise MalformedError("an array is not described by name, dtype and shape")
        name, dtype, shape = _name(entry[0]), _dtype(entry[1]), _shape(entry[2])
        if name in seen:
            raise MalformedError("a name stands for two arrays")
        seen.add(name)
        size = math.prod(shape) * dtype.itemsize
        if at + size > len(payload):
            raise MalformedError(f"{name} is said to be longer than what was sent")
        array = np.frombuffer(payload[at : at + size], dtype=dtype).reshape(shape)
        if dtype.kind == "b" and np.any(array.reshape(-1).view(np.uint8) > 1):
            raise MalformedError(f"{name} holds truth values that are neither true nor false")
        yield name, array
        at += size
    if at != len(payload):
        raise MalformedError(f"{len(payload) - at} bytes of a frame belong to no array")


def _name(name: Any) -> str:
    if type(name) is not str or not name.isidentifier() or len(name) > LONGEST_NAME:
        raise MalformedError("a value has no proper name")
    return name


def _dtype(dtype: Any) -> np.dtype:
    if type(dtype) is not str or dtype not in DTYPES:
        raise MalformedError("a dtype is not on the list")
    return DTYPES[dtype]


def _shape(shape: Any) -> tuple[int, ...]:
    if type(shape) is not list or len(shape) > 32:
        raise MalformedError("a shape is no list of at most 32 sizes")
    # numpy multiplies the sizes that are not zero, so (0, 2**62) must not reach it
    if not all(type(n) is int and 0 <= n <= PAYLOAD_CAP for n in shape):
        raise MalformedError("a shape holds something that is no size")
    if math.prod(n or 1 for n in shape) > 2**40:
        raise MalformedError("a shape is too large")
    return tuple(shape)


def _strings(given: Any) -> dict[str, str]:
    if type(given) is not dict or len(given) > MOST_VALUES:
        raise MalformedError("texts are no object, or too many")
    return {_name(name): _text(value) for name, value in given.items()}


def _end(end: Any) -> str | Raised | None:
    if end is None or end == "finished":
        known: str | None = end
        return known
    if type(end) is not dict or type(end.get("trace")) is not list:
        raise MalformedError("the end of a probe is told in an unknown form")
    importing = end.get("importing")
    return Raised(
        _text(end.get("type")),
        _text(end.get("message")),
        None if importing is None else _text(importing),
        tuple(_line(line) for line in end["trace"][-LONGEST_TRACE:]),
    )


def _line(line: Any) -> TraceLine:
    if type(line) is not list or len(line) != 4 or type(line[1]) is not int:
        raise MalformedError("a line of a traceback is not file, number, function and source")
    number = max(0, min(line[1], 10**9))
    file, function, source = (_text(line[part], LONGEST_PART) for part in (0, 2, 3))
    return TraceLine(file, number, function, source)


def _text(value: Any, most: int = LONGEST_TEXT) -> str:
    """A string that can be stored and shown anywhere: no lone surrogates, no control characters."""
    if type(value) is not str:
        raise MalformedError("a text is no string")
    value = value[:most].encode("utf-8", "replace").decode("utf-8")
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in value
    )


@dataclass(frozen=True)
class ProbeEnd:
    """How the worker says a probe's process ended.

    Attributes:
        how: "exit", "signal", "time", "output" or "missing".
        code: exit status or number of the signal.
        allowed_s: the seconds it had.
        printed: the end of what it printed.
    """

    how: str
    code: int = 0
    allowed_s: float = 0.0
    printed: str = ""


def probe_end(data: bytes) -> ProbeEnd:
    """Reads an `E` record.

    Raises:
        MalformedError: it is none.
    """
    told = _json(data)
    how, code, allowed = told.get("how"), told.get("code", 0), told.get("allowed_s", 0.0)
    if how not in ("exit", "signal", "time", "output", "missing"):
        raise MalformedError("a probe ended in an unknown way")
    if type(code) is not int or type(allowed) not in (int, float) or not 0 <= allowed < 1e6:
        raise MalformedError("the end of a probe is told in an unknown form")
    return ProbeEnd(how, max(0, min(code, 255)), float(allowed), _text(told.get("printed", "")))
