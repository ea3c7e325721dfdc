"""Serialises what a probe yields and writes it to a pipe.

Runs in the sandbox next to untrusted code, so nothing here protects the grade: the reader
(`protocol.py`) does. This module explains clearly why a student's value is not numeric data.
Standard library and numpy only; imports nothing of the package.

A frame is `HEAD` (magic, length of the header, length of the payload), a JSON header and raw bytes.
The header is

    {"arrays": [[name, dtype, shape], ...], "texts": {name: str}, "refused": {name: reason}, "end":
    null}

and the payload contains the arrays' bytes one after another. `end` is null before the end of the
probe, then `"finished"` or the exception.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import traceback
from collections import deque
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


class UnusableValueError(Exception):
    """A value is not plain numeric data; the message says what it is."""


def as_plain_array(value: Any, room: int) -> np.ndarray:
    """Copies a value exactly to a C-ordered array of bool, int or float in native byte order.

    Lists and tuples of numbers become arrays, scalars become arrays of shape ().

    Raises:
        UnusableValueError: the value is something else, or has more than `room` bytes.
    """
    numpy_ma = sys.modules.get("numpy.ma")  # numpy imports it lazily
    if numpy_ma is not None and isinstance(value, numpy_ma.MaskedArray):
        raise UnusableValueError("returned a masked array; expected a plain numeric array")
    if not isinstance(value, np.ndarray):
        if not isinstance(value, (bool, int, float, complex, np.generic, list, tuple)):
            raise UnusableValueError(f"returned {_with_article(value)}; expected a numeric array")
        try:
            value = np.asarray(value)
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise UnusableValueError(
                f"returned a {type(value).__name__} that is not a rectangular array of numbers"
            ) from None
    kind, size = value.dtype.kind, value.dtype.itemsize
    if kind not in "biuf":
        raise UnusableValueError(
            f"returned an array of {KINDS.get(kind, value.dtype)}; expected numbers"
        )
    if size > 8:
        raise UnusableValueError(f"returned an array of {value.dtype}; expected float32 or float64")
    if value.size * size > room:
        raise UnusableValueError(
            f"returned an array of shape {value.shape}, {value.size * size / 2**20:,.0f} MiB; "
            f"there is room for {room / 2**20:,.0f} MiB"
        )
    return np.array(value, dtype=value.dtype.newbyteorder("="), order="C", subok=False)


def _with_article(value: Any) -> str:
    name = "None" if value is None else type(value).__name__
    return name if value is None else f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


class Writer:
    """Writes frames to a descriptor and tracks how many bytes may still be sent."""

    def __init__(self, descriptor: int, room: int, student: str, cells: Mapping[str, str]) -> None:
        self._descriptor = descriptor
        self._room = room - HEADER_CAP
        self._student = student
        self._cells = cells
        self._has_ended = False

    def step(self, values: Mapping[str, Any]) -> None:
        """Sends the values of one `yield`; for an unfit value, sends the reason instead."""
        arrays, texts, refused = {}, {}, {}
        for name, value in values.items():
            if type(value).__name__ == "Text":  # the probe's own, see `probe.text`
                texts[name] = value.value[:LONGEST_TEXT]
                continue
            try:
                arrays[name] = as_plain_array(value, self._room)
                self._room -= arrays[name].nbytes
            except UnusableValueError as unfit:
                refused[name] = str(unfit)[:LONGEST_MESSAGE]
        # widest items first, so that every array is aligned in the payload
        ordered = dict(sorted(arrays.items(), key=lambda item: -item[1].itemsize))
        self._send(ordered, texts=texts, refused=refused)

    def finished(self) -> None:
        self._has_ended = True
        self._send({}, end="finished")

    def raised(self, failure: BaseException, importing: str | None) -> None:
        """Sends that a probe raised: the exception and its traceback in the student's own code.

        Does nothing after `finished`: a student's signal handler may still raise then.
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
        descriptions = [[name, a.dtype.str, list(a.shape)] for name, a in arrays.items()]
        header = json.dumps({"arrays": descriptions, **rest}).encode()
        payload = sum(a.nbytes for a in arrays.values())
        write_all(self._descriptor, HEAD.pack(MAGIC, len(header), payload) + header)
        for array in arrays.values():
            write_all(self._descriptor, array.reshape(-1).data.cast("B"))

    def _student_lines(self, failure: BaseException) -> Iterator[tuple[str, int, str, str]]:
        """(file, line, function, source) of every traceback entry in student files and cells."""
        for frame, line in _walk(failure.__traceback__):
            code = frame.f_code
            file = self._student_name(code.co_filename)
            if file is not None:
                source = self._source(code.co_filename, line)
                yield file, line, code.co_name, source[:LONGEST_SOURCE_LINE]
        if isinstance(failure, SyntaxError):
            file = self._student_name(str(failure.filename))
            if file is not None:
                source = str(failure.text or "").strip()
                yield file, int(failure.lineno or 0), "", source[:LONGEST_SOURCE_LINE]

    def _student_name(self, filename: str) -> str | None:
        """The student's name for a file; None if the file is not the student's."""
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
    """The last 2,000 entries of a traceback; it has more only after a deep recursion."""
    return iter(deque(traceback.walk_tb(trace), 2_000))


def _name(failure: BaseException) -> str:
    return str(type(failure).__name__)[:100]


def _message(failure: BaseException) -> str:
    try:
        return str(failure)[:LONGEST_MESSAGE]
    except Exception:  # the student's own __str__ may fail
        return ""


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
