"""The writing half of the border: what a probe yields, made plain and put on a pipe.

Runs inside the sandbox, beside code that may do anything, so nothing here protects the grade: the
reader (`protocol.py`) does. What it does is say clearly what a student returned that is no numeric
data. Standard library and numpy only; imports nothing of the package.

A frame is `HEAD` (magic, length of the header, length of the payload), a JSON header and raw bytes:

    {"arrays": [[name, dtype, shape], ...], "texts": {name: str}, "refused": {name: reason}, "end":
    null}

with the arrays' bytes one after another in the payload. `end` is `"finished"`, or what was raised.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import numpy as np

HEAD = struct.Struct("<4sIQ")
MAGIC = b"OBS1"
HEADER_CAP = 64 * 1024

LONGEST_MESSAGE = 2_000
LONGEST_SOURCE_LINE = 200
LONGEST_TRACE = 12
LONGEST_TEXT = 10_000

KINDS = {
    "O": "Python objects",
    "U": "strings",
    "S": "bytes",
    "c": "complex numbers",
    "V": "records",
    "M": "dates",
    "m": "time differences",
}


class UnfitError(Exception):
    """A value that is not plain numeric data; says what it is."""


def as_plain_array(value: Any, room: int) -> np.ndarray:
    """A fresh, exact, native, C-ordered array of bool, int or float with the value's contents.

    Lists and tuples of numbers count as arrays, scalars as arrays without dimensions.

    Raises:
        UnfitError: it is something else, or has more than `room` bytes.
    """
    masked = sys.modules.get("numpy.ma")  # numpy loads it when asked for; until then there is none
    if masked is not None and isinstance(value, masked.MaskedArray):
        raise UnfitError("returned a masked array; expected a plain numeric array")
    if not isinstance(value, np.ndarray):
        if not isinstance(value, (bool, int, float, complex, np.generic, list, tuple)):
            raise UnfitError(f"returned {_article(value)}; expected a numeric array")
        try:
            value = np.asarray(value)
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise UnfitError(
                f"returned a {type(value).__name__} that is no rectangular array of numbers"
            ) from None
    kind, size = value.dtype.kind, value.dtype.itemsize
    if kind not in "biuf":
        raise UnfitError(f"returned an array of {KINDS.get(kind, value.dtype)}; expected numbers")
    if size > 8:
        raise UnfitError(f"returned an array of {value.dtype}; expected float32 or float64")
    if value.size * size > room:
        raise UnfitError(
            f"returned an array of shape {value.shape}, {value.size * size / 2**20:,.0f} MiB; "
            f"there is room for {room / 2**20:,.0f} MiB"
        )
    return np.array(value, dtype=value.dtype.newbyteorder("="), order="C", subok=False)


def _article(value: Any) -> str:
    name = "None" if value is None else type(value).__name__
    return name if value is None else f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


class Writer:
    """Sends frames to one descriptor, keeping count of what may still be sent."""

    def __init__(self, descriptor: int, room: int, student: str, cells: Mapping[str, str]) -> None:
        self._descriptor = descriptor
        self._room = room - HEADER_CAP
        self._student = student
        self._cells = cells
        self._has_ended = False

    def step(self, values: Mapping[str, Any]) -> None:
        """Sends what one `yield` of a probe holds; what is unfit goes as its reason."""
        arrays, texts, refused = {}, {}, {}
        for name, value in values.items():
            if type(value).__name__ == "Text":  # the probe's own, see probes.text
                texts[name] = value.value[:LONGEST_TEXT]
                continue
            try:
                arrays[name] = as_plain_array(value, self._room)
                self._room -= arrays[name].nbytes
            except UnfitError as unfit:
                refused[name] = str(unfit)[:LONGEST_MESSAGE]
        # widest items first, so that every array lies aligned in the payload
        ordered = dict(sorted(arrays.items(), key=lambda item: -item[1].itemsize))
        self._send(ordered, texts=texts, refused=refused)

    def finished(self) -> None:
        self._has_ended = True
        self._send({}, end="finished")

    def raised(self, failure: BaseException, importing: str | None) -> None:
        """Sends how a probe ended: the exception and the student's own lines it went through.

        Once: a signal's handler of the student's may raise when the end has just been told.
        """
        if self._has_ended:
            return
        end = {"type": _name(failure), "message": _message(failure), "importing": importing}
        try:
            trace = list(self._student_lines(failure))[-LONGEST_TRACE:]
        except Exception:  # a student's exception may be any kind of object
            trace = []
        self._send({}, end={**end, "trace": trace})

    def _send(self, arrays: Mapping[str, np.ndarray], **rest: Any) -> None:
        described = [[name, a.dtype.str, list(a.shape)] for name, a in arrays.items()]
        header = json.dumps({"arrays": described, **rest}).encode()
        payload = sum(a.nbytes for a in arrays.values())
        write_all(self._descriptor, HEAD.pack(MAGIC, len(header), payload) + header)
        for array in arrays.values():
            write_all(self._descriptor, array.reshape(-1).data.cast("B"))

    def _student_lines(self, failure: BaseException) -> Iterator[tuple[str, int, str, str]]:
        """(file, line, function, source) of every frame in the student's files and cells."""
        for frame, line in _walk(failure.__traceback__):
            code = frame.f_code
            place = self._place(code.co_filename)
            if place is not None:
                source = self._source(code.co_filename, line)
                yield place, line, code.co_name, source[:LONGEST_SOURCE_LINE]
        if isinstance(failure, SyntaxError):
            place = self._place(str(failure.filename))
            if place is not None:
                source = str(failure.text or "").strip()
                yield place, int(failure.lineno or 0), "", source[:LONGEST_SOURCE_LINE]

    def _place(self, filename: str) -> str | None:
        """How the student knows the file, None for files that are not the student's."""
        if filename.startswith(self._student + os.sep):
            return filename[len(self._student) + 1 :]
        return filename if filename in self._cells else None

    def _source(self, filename: str, line: int) -> str:
        if filename in self._cells:
            lines = self._cells[filename].splitlines()
        else:
            with open(filename, encoding="utf-8", errors="replace") as file:
                lines = file.read(2**20).splitlines()
        return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def _walk(trace: TracebackType | None) -> Iterator[tuple[Any, int]]:
    """The frames of a traceback, the first and last thousand of a deep recursion being plenty."""
    for count, (frame, line) in enumerate(traceback.walk_tb(trace)):
        if count < 2_000:
            yield frame, line


def _name(failure: BaseException) -> str:
    return str(type(failure).__name__)[:100]


def _message(failure: BaseException) -> str:
    try:
        return str(failure)[:LONGEST_MESSAGE]
    except Exception:  # a __str__ of the student's
        return ""


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
