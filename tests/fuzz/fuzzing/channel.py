"""Fuzzing a sandbox's output: a probe's frames, the worker's records, and a probe's ending."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from fuzzing.answers import Breach, must_be_text, named
from fuzzing.damage import encoded, spoiled
from hypothesis import strategies as st

from autograder.sandbox import protocol
from autograder.sandbox.limits import Budget, Limits
from autograder.sandbox.protocol import DTYPES, Frames, MalformedError, Raised, Step, probe_end
from autograder.sandbox.session import WorkerRun
from autograder.sandbox.watch import Watch

ROOM = 2**18
"""Bytes that a probe may send. The limit is low, so that inputs often exceed it."""

names = st.sampled_from(["x", "dx", "w_after", "loss", "é", "x1", "class", "_"])


@st.composite
def steps(draw: st.DrawFn) -> bytes:
    """One frame, possibly with errors in its header, its lengths and its payload."""
    described, payload = [], b""
    for name in draw(st.lists(names, max_size=4, unique=draw(st.integers(0, 9)) > 0)):
        dtype = draw(st.sampled_from([*DTYPES, *DTYPES, "|O", ">f8", "<U3", "<c16", "<f16"]))
        shape = draw(st.lists(st.integers(0, 4), max_size=4))
        size = int(np.prod(shape)) * (int(dtype[2:]) if dtype[2:].isdigit() else 8)
        described.append([name, dtype, shape])
        fill = b"\0\1" if dtype == "|b1" else draw(st.binary(min_size=2, max_size=8))
        payload += (fill * size)[:size]
    line = st.lists(st.just("lib/optim.py"), min_size=1, max_size=1)
    raised = st.fixed_dictionaries(
        {
            "type": st.just("ValueError"),
            "message": st.text(max_size=20),
            "importing": st.none() | st.just("lib.optim"),
            "trace": st.lists(line.map(lambda file: [*file, 12, "step", "x = 1"]), max_size=3),
        }
    )
    texts = st.dictionaries(names, st.text(max_size=20), max_size=2)
    header: dict[str, Any] = {"arrays": described}
    if draw(st.booleans()):
        header |= {"texts": draw(texts), "refused": draw(texts)}
    if draw(st.integers(0, 3)) == 0:
        header["end"] = draw(st.just("finished") | raised)
    text = encoded(draw(spoiled(st.just(header))))
    claims = [len(text), len(payload)]
    if draw(st.integers(0, 5)) == 0:
        which = draw(st.integers(0, 1))
        claims[which] = draw(st.sampled_from([0, 1, 2**16, 2**16 + 1, 2**31, 2**32 - 1]))
    magic = draw(st.sampled_from([protocol.MAGIC] * 9 + [b"OBS2"]))
    return protocol.HEAD.pack(magic, *claims) + text + payload


frames = st.lists(steps(), min_size=1, max_size=4).map(b"".join)


def read_frames(data: bytes) -> str:
    """Reads frames in pieces, whose size depends on the bytes."""
    reader, pieces = Frames(ROOM), 1 + sum(data[:64]) % 97 * (1 + len(data) // 50)
    try:
        for start in range(0, len(data), pieces):
            for step in reader.feed(data[start : start + pieces]):
                must_be_plain(step)
    except MalformedError as refusal:
        return named(refusal)
    return "plain data" if reader.whole else "plain data, then nothing"


def must_be_plain(step: Step) -> None:
    """Allows only read-only arrays of numbers, and texts that can be stored."""
    for name, value in step.values.items():
        if type(value) is np.ndarray:
            fit = value.dtype.str in DTYPES and not value.flags.writeable and value.dtype.isnative
            if not fit or value.dtype.kind not in "biuf":
                raise Breach(f"{name} is an array of {value.dtype}")
            if value.dtype.kind == "b" and value.view(np.uint8).max(initial=0) > 1:
                raise Breach(f"{name} holds a truth value that is neither true nor false")
        else:
            must_be_text(value)
    for name, reason in (*step.values.items(), *step.refused.items()):
        must_be_text(name)
        if name in step.refused:
            must_be_text(reason)
    if isinstance(step.end, Raised):
        for text in (step.end.type, step.end.message, step.end.importing or ""):
            must_be_text(text)
        for line in step.end.trace:
            must_be_text(line.file + line.function + line.source)
            if type(line.line) is not int or not 0 <= line.line <= 10**9:
                raise Breach(f"a line number is {line.line!r}")
    elif step.end not in (None, "finished"):
        raise Breach(f"a probe ended with {step.end!r}")


# records: what the worker sends for a whole submission

PROBES = ("fc_forward", "adam", "activations")
BUDGET = Budget(probe=Limits(output_bytes=ROOM), output_bytes=4 * ROOM)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Records of a run, of which some are moved, missing, repeated or of another kind."""
    records: list[tuple[bytes, bytes]] = [(b"I", b"lib.optim")]
    for probe in PROBES:
        ended = {"how": "exit", "code": 0, "allowed_s": 5, "printed": draw(st.text(max_size=9))}
        end = draw(spoiled(st.just(ended), most=1))
        sent = draw(frames)
        cut = draw(st.integers(0, len(sent)))
        records += [(b"B", probe.encode()), (b"D", sent[:cut]), (b"D", sent[cut:])]
        records += [(b"E", encoded(end))]
    records.append((b"Z", b""))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(records) - 1))
        match draw(st.sampled_from(["gone", "twice", "kind", "moved"])):
            case "gone" if len(records) > 1:
                del records[at]
            case "twice":
                records.insert(at, records[at])
            case "kind":
                kind = draw(st.sampled_from([b"I", b"B", b"D", b"E", b"A", b"Z", b"X"]))
                records[at] = (kind, records[at][1])
            case "moved":
                records.insert(draw(st.integers(0, len(records) - 1)), records.pop(at))
    return b"".join(protocol.RECORD.pack(kind, len(data)) + data for kind, data in records)


class Pipe:
    """The output of a process that sent these bytes and died."""

    def __init__(self, data: bytes) -> None:
        pieces = 1 + sum(data[:64]) % 97 * (1 + len(data) // 50)
        self._left = [data[at : at + pieces] for at in range(0, len(data), pieces)]
        self._left.append(b"")

    def read(self, deadline: float) -> bytes:
        return self._left.pop(0) if self._left else b""


def read_stream(data: bytes) -> str:
    soon = time.monotonic() + 60
    pipe = Pipe(data)
    watch = Watch(pipe, BUDGET.probe, soon, soon)  # it is never started
    worker = WorkerRun(pipe, [[name] for name in PROBES], BUDGET, watch)
    ended = []
    for event in worker.events():
        if event.step is not None:
            must_be_plain(event.step)
        if event.ending is not None:
            ended.append(event.probe)
            must_be_text(event.ending.text)
            must_be_text(event.ending.printed)
            if event.ending.how not in ENDS:
                raise Breach(f"a probe ended {event.ending.how!r}")
    if ended != list(PROBES[: len(ended)]) or worker.done != len(ended):
        raise Breach(f"{ended} ended, in this order, of {PROBES}")
    if worker.how == "refused":
        return named(MalformedError(worker.why))
    return f"plain data of {len(ended)} probes, each with its end"


ENDS = {"finished", "raised", "timed out", "killed", "refused", "missing"}


def read_end(data: bytes) -> str:
    try:
        end = probe_end(data)
    except MalformedError as refusal:
        return named(refusal)
    must_be_text(end.printed)
    if not (0 <= end.code <= 255 and 0 <= end.allowed_s < 1e6):
        raise Breach(f"a probe ended with {end}")
    return "plain data"


ends = spoiled(
    st.fixed_dictionaries(
        {
            "how": st.sampled_from(["exit", "signal", "time", "output", "missing"]),
            "code": st.integers(-1, 300),
            "allowed_s": st.floats() | st.integers(0, 10),
            "printed": st.text(),
        }
    )
).map(encoded)
