"""Parses the sandbox's output: bytes become plain read-only data, or an error with a reason.

All input here is untrusted: it may be written by code that wants a better grade. Nothing is
unpickled, dtypes are on an allowlist and sizes must match. Buffers grow with the bytes received,
never with a claimed size, and every buffer has a cap.

There are two layers, both bounded. Records (see `worker.py`) report what the worker does. The `D`
records of one probe, concatenated, form frames (see `writer.py`); each frame is one step.
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
"""Distinct names per probe, over all steps: an empty array is 20 bytes sent but 600 in memory."""
MOST_STEPS = 20_000
MOST_RECORDS = 200_000
LONGEST_NAME = 100
LONGEST_TEXT, LONGEST_PART = 10_000, 500
"""Characters in a text; in a file name, function name or source line of a traceback."""
LONGEST_TRACE = 20


class MalformedError(Exception):
    """The input violates the format; the message says how."""


@dataclass(frozen=True)
class TraceLine:
    """One traceback entry in the student's own code."""

    file: str
    line: int
    function: str
    source: str


@dataclass(frozen=True)
class Raised:
    """An exception raised by the student's code.

    Attributes:
        type: the name of its class.
        message: its text.
        importing: the module whose import raised it; None if no import did.
        trace: the traceback entries in the student's own code, innermost last.
    """

    type: str
    message: str
    importing: str | None = None
    trace: tuple[TraceLine, ...] = ()


@dataclass(frozen=True)
class Step:
    """What a probe yielded at one point, or how it ended.

    Attributes:
        values: arrays (read-only, exact, native byte order) and the probe's own texts.
        refused: the reason, by name, for each value that is not numeric data.
        end: None before the end; then "finished" or the exception.
    """

    values: Mapping[str, np.ndarray | str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    end: str | Raised | None = None


@dataclass(frozen=True)
class Record:
    """One report from the worker; `worker.py` lists the kinds."""

    kind: str
    data: bytes


class Records:
    """Splits the worker's byte stream into records."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._left = MOST_RECORDS

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that `chunk` completes.

        Raises:
            MalformedError: an unknown kind, a record that is too long, or too many records.
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
    """Assembles the bytes of one probe into steps."""

    def __init__(self, room: int) -> None:
        """`room` is the number of bytes the probe may send in total."""
        self._room = room
        self._left = MOST_STEPS
        self._names: set[str] = set()
        self._head = bytearray()
        self._needed = HEAD.size
        self._header: dict[str, Any] | None = None
        self._payload = bytearray()

    @property
    def whole(self) -> bool:
        """Whether the input so far ends at a frame boundary."""
        return not self._head and self._header is None

    def feed(self, chunk: bytes) -> Iterator[Step]:
        """The steps that `chunk` completes.

        Raises:
            MalformedError: the bytes violate the format or a limit.
        """
        self._room -= len(chunk)
        if self._room < 0:
            raise MalformedError("the probe sent more bytes than allowed")
        view = memoryview(chunk)
        while view or (self._header is not None and len(self._payload) == self._needed):
            if self._header is None:
                view = self._feed_head(view)
                continue
            missing = self._needed - len(self._payload)
            self._payload += view[:missing]
            view = view[missing:]
            if len(self._payload) == self._needed:
                header, payload = self._header, memoryview(self._payload).toreadonly()
                self._header, self._payload, self._needed = None, bytearray(), HEAD.size
                self._left -= 1
                if self._left < 0:
                    raise MalformedError("the probe sent too many steps")
                step = _step(header, payload)
                self._names.update(step.values, step.refused)
                if len(self._names) > MOST_VALUES:
                    raise MalformedError("the probe sent too many values")
                yield step

    def _feed_head(self, view: memoryview) -> memoryview:
        """Consumes the missing bytes of the magic, the lengths and the header."""
        missing = self._needed - len(self._head)
        self._head += view[:missing]
        view = view[missing:]
        if len(self._head) < self._needed:
            return view
        magic, header, payload = HEAD.unpack_from(self._head)
        if magic != MAGIC:
            raise MalformedError("a frame starts with the wrong bytes")
        if header > HEADER_CAP or payload > min(PAYLOAD_CAP, self._room + len(view)):
            raise MalformedError(f"a frame claims {header} and {payload} bytes, more than allowed")
        if len(self._head) < HEAD.size + header:
            self._needed = HEAD.size + header
            return view
        self._header = _json(bytes(self._head[HEAD.size :]))
        self._head.clear()
        self._needed = payload
        return view


def _json(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise MalformedError("a header is not valid JSON") from None
    if type(header) is not dict:
        raise MalformedError("a header is not a JSON object")
    return header


def _step(header: Mapping[str, Any], payload: memoryview) -> Step:
    values = dict(_arrays(header.get("arrays", []), payload))
    texts, refused = _strings(header.get("texts", {})), _strings(header.get("refused", {}))
    if len(values.keys() | texts.keys() | refused.keys()) < len(values) + len(texts) + len(refused):
        raise MalformedError("two values have the same name")
    return Step({**values, **texts}, refused, _end(header.get("end")))


def _arrays(descriptions: Any, payload: memoryview) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays that the header describes, as views of the payload."""
    if type(descriptions) is not list or len(descriptions) > MOST_VALUES:
        raise MalformedError("the arrays are not a list, or there are too many")
    at, seen = 0, set()
    for entry in descriptions:
        if type(entry) is not list or len(entry) != 3:
            raise MalformedError("an array is not described by name, dtype and shape")
        name, dtype, shape = _name(entry[0]), _dtype(entry[1]), _shape(entry[2])
        if name in seen:
            raise MalformedError("two arrays have the same name")
        seen.add(name)
        size = math.prod(shape) * dtype.itemsize
        if at + size > len(payload):
            raise MalformedError(f"{name} is larger than the bytes that were sent")
        array = np.frombuffer(payload[at : at + size], dtype=dtype).reshape(shape)
        if dtype.kind == "b" and np.any(array.reshape(-1).view(np.uint8) > 1):
            raise MalformedError(f"{name} holds booleans that are neither 0 nor 1")
        yield name, array
        at += size
    if at != len(payload):
        raise MalformedError(f"{len(payload) - at} bytes of a frame belong to no array")


def _name(name: Any) -> str:
    if type(name) is not str or not name.isidentifier() or len(name) > LONGEST_NAME:
        raise MalformedError("a value has an invalid name")
    return name


def _dtype(dtype: Any) -> np.dtype:
    if type(dtype) is not str or dtype not in DTYPES:
        raise MalformedError("a dtype is not allowed")
    return DTYPES[dtype]


def _shape(shape: Any) -> tuple[int, ...]:
    if type(shape) is not list or len(shape) > 32:
        raise MalformedError("a shape is not a list of at most 32 sizes")
    # numpy multiplies only the nonzero sizes, so it raises ValueError for (0, 2**62)
    if not all(type(n) is int and 0 <= n <= PAYLOAD_CAP for n in shape):
        raise MalformedError("a shape holds an invalid size")
    if math.prod(n or 1 for n in shape) > 2**40:
        raise MalformedError("a shape is too large")
    return tuple(shape)


def _strings(given: Any) -> dict[str, str]:
    if type(given) is not dict or len(given) > MOST_VALUES:
        raise MalformedError("texts are not an object, or there are too many")
    return {_name(name): _text(value) for name, value in given.items()}


def _end(end: Any) -> str | Raised | None:
    if end is None or end == "finished":
        result: str | None = end
        return result
    if type(end) is not dict or type(end.get("trace")) is not list:
        raise MalformedError("the end of a probe has an unknown format")
    importing = end.get("importing")
    return Raised(
        _text(end.get("type")),
        _text(end.get("message")),
        None if importing is None else _text(importing),
        tuple(_trace_line(line) for line in end["trace"][-LONGEST_TRACE:]),
    )


def _trace_line(line: Any) -> TraceLine:
    if type(line) is not list or len(line) != 4 or type(line[1]) is not int:
        raise MalformedError("a traceback entry is not file, line number, function and source")
    number = max(0, min(line[1], 10**9))
    file, function, source = (_text(line[part], LONGEST_PART) for part in (0, 2, 3))
    return TraceLine(file, number, function, source)


def _text(value: Any, most: int = LONGEST_TEXT) -> str:
    """A string that is safe to store and display: no lone surrogates, no control characters."""
    if type(value) is not str:
        raise MalformedError("a text is not a string")
    value = value[:most].encode("utf-8", "replace").decode("utf-8")
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in value
    )


@dataclass(frozen=True)
class ProbeEnd:
    """How a probe's process ended, as the worker claims.

    Attributes:
        how: "exit", "signal", "time", "output" or "missing".
        code: exit status or signal number.
        allowed_s: its time limit in seconds.
        printed: the tail of its printed output.
    """

    how: str
    code: int = 0
    allowed_s: float = 0.0
    printed: str = ""


def probe_end(data: bytes) -> ProbeEnd:
    """Parses the data of an `E` record.

    Raises:
        MalformedError: the data violates the format.
    """
    fields = _json(data)
    how, code, allowed = fields.get("how"), fields.get("code", 0), fields.get("allowed_s", 0.0)
    if how not in ("exit", "signal", "time", "output", "missing"):
        raise MalformedError("a probe ended in an unknown way")
    if type(code) is not int or type(allowed) not in (int, float) or not 0 <= allowed < 1e6:
        raise MalformedError("the end of a probe has an unknown format")
    return ProbeEnd(how, max(0, min(code, 255)), float(allowed), _text(fields.get("printed", "")))
