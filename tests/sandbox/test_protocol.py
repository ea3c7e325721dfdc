"""The reader of a sandbox's output: it gives exact data or refuses, whatever the bytes."""

from __future__ import annotations

import json
import os
import tracemalloc

import numpy as np
import pytest

from autograder.sandbox import protocol
from autograder.sandbox.inside import writer
from autograder.sandbox.protocol import Frames, MalformedError, Raised, Records, Step, probe_end

ROOM = 2**20


def frame(content: object, sent: bytes = b"", magic: bytes = b"OBS1", **claims: int) -> bytes:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    sizes = {"header": len(text), "payload": len(sent), **claims}
    return protocol.HEAD.pack(magic, sizes["header"], sizes["payload"]) + text + sent


def array(name: object, dtype: object, shape: object, sent: bytes, **rest: bytes) -> bytes:
    return frame({"arrays": [[name, dtype, shape]]}, sent, **rest)


def read(data: bytes, room: int = ROOM, pieces: int = 2**30) -> list[Step]:
    frames = Frames(room)
    return [
        step
        for start in range(0, len(data), pieces)
        for step in frames.feed(data[start : start + pieces])
    ]


def written(values: dict, room: int = ROOM) -> bytes:
    """The bytes that the writer sends for one step."""
    out, into = os.pipe()
    try:
        writer.Writer(into, room, "/box/student", {}).step(values)
        return os.read(out, 2**16)
    finally:
        os.close(out)
        os.close(into)


@pytest.mark.parametrize("dtype", ["?", *"bBhHiIlLqQ", "f2", "f4", "f8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3), (1, 2, 3, 1)])
def test_an_array_arrives_unchanged_and_read_only(dtype, shape):
    sent = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2).astype(dtype)
    (step,) = read(written({"x": sent}))
    got = step.values["x"]
    assert type(got) is np.ndarray
    assert got.dtype == sent.dtype
    np.testing.assert_array_equal(got, sent)
    with pytest.raises(ValueError, match="read-only"):
        got[...] = 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        got.setflags(write=True)


def test_frames_are_read_the_same_in_pieces_of_any_size():
    sent = {"x": np.arange(6.0).reshape(2, 3), "flag": True, "n": 3, "s": np.float32(0.5)}
    data = written(sent) + frame({"end": "finished"})
    for pieces in (1, 2, 7, 100):
        steps = read(data, pieces=pieces)
        assert [step.end for step in steps] == [None, "finished"]
        for name, value in sent.items():
            np.testing.assert_array_equal(steps[0].values[name], value)


def test_special_floats_survive():
    sent = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])
    (step,) = read(written({"x": sent}))
    assert step.values["x"].tobytes() == sent.tobytes()


EIGHT = b"\0" * 8
MALFORMED = {
    "other magic": array("x", "<f8", [1], EIGHT, magic=b"PK\3\4"),
    "a pickle": b"\x80\x04\x95" + b"x" * 40,
    "header not JSON": frame(b"{'arrays': []}"),
    "header not UTF-8": frame(b'{"arrays": "\xff\xfe"}'),
    "header a list": frame([1, 2]),
    "header nested too deeply": frame(b"[" * 50_000),
    "header claims a gigabyte": frame({}, header=2**30),
    "header with a number of a million digits": frame(b'{"arrays": ' + b"9" * 60_000 + b"}"),
    "payload claims a terabyte": frame({}, payload=2**40),
    "payload claims 2**64 - 1": frame({}, payload=2**64 - 1),
    "payload without an array": frame({"arrays": []}, EIGHT),
    "array longer than the payload": array("x", "<f8", [2], EIGHT),
    "array shorter than the payload": array("x", "<f4", [1], EIGHT),
    "object dtype": array("x", "|O", [1], EIGHT),
    "structured dtype": array("x", "<f4,<f4", [1], EIGHT),
    "string dtype": array("x", "<U2", [1], EIGHT),
    "bytes dtype": array("x", "|S8", [1], EIGHT),
    "complex dtype": array("x", "<c8", [1], EIGHT),
    "date dtype": array("x", "<M8[s]", [1], EIGHT),
    "other byte order": array("x", ">f8", [1], EIGHT),
    "longdouble": array("x", "<f16", [1], EIGHT * 2),
    "dtype a list": array("x", ["a", "<f8"], [1], EIGHT),
    "dtype without size": array("x", "", [1], EIGHT),
    "void": array("x", "|V8", [1], EIGHT),
    "a boolean of 7": array("x", "|b1", [3], b"\0\1\7"),
    "negative size": array("x", "<f8", [-1], EIGHT),
    "two negative sizes": array("x", "<f8", [-1, -1], EIGHT),
    "size a float": array("x", "<f8", [1.0], EIGHT),
    "size a bool": array("x", "<f8", [True], EIGHT),
    "size a string": array("x", "<f8", ["1"], EIGHT),
    "sizes that overflow to zero": array("x", "<f8", [2**32, 2**32], b""),
    "empty but with a vast size": array("x", "<f8", [0, 2**62], b""),
    "empty but with vast sizes": array("x", "<f8", [0, 2**27, 2**27], b""),
    "too many dimensions": array("x", "<f8", [1] * 65, EIGHT),
    "shape an object": array("x", "<f8", {"0": 1}, EIGHT),
    "no name": array("", "<f8", [1], EIGHT),
    "a path for a name": array("../x", "<f8", [1], EIGHT),
    "a name of 101 letters": array("x" * 101, "<f8", [1], EIGHT),
    "name a number": array(7, "<f8", [1], EIGHT),
    "two arrays of one name": frame({"arrays": [["x", "<f4", [1]], ["x", "<f4", [1]]]}, EIGHT),
    "an array and a text of one name": frame(
        {"arrays": [["x", "<f8", [1]]], "texts": {"x": "y"}}, EIGHT
    ),
    "arrays an object": frame({"arrays": {"x": 1}}),
    "ten thousand arrays": frame({"arrays": [["x", "?", [0]]] * 3_000}),
    "array described by two values": frame({"arrays": [["x", "<f8"]]}),
    "texts a list": frame({"texts": ["x"]}),
    "text a number": frame({"texts": {"x": 1}}),
    "refused a number": frame({"refused": {"x": 1}}),
    "end a number": frame({"end": 1}),
    "end another word": frame({"end": "full marks"}),
    "end without a trace": frame({"end": {"type": "E", "message": ""}}),
    "trace a string": frame({"end": {"type": "E", "message": "", "trace": "x"}}),
    "trace of numbers": frame({"end": {"type": "E", "message": "", "trace": [1]}}),
    "line a string": frame({"end": {"type": "E", "message": "", "trace": [["f", "1", "g", "h"]]}}),
    "message a list": frame({"end": {"type": "E", "message": [], "trace": []}}),
    "type missing": frame({"end": {"message": "", "trace": []}}),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_frame_is_refused_with_a_message(data):
    with pytest.raises(MalformedError, match=r"\w+ \w+"):
        read(data)


def test_unprintable_characters_are_replaced_in_texts():
    header = b'{"texts": {"x": "a\\ud800\\u0000\\u001b[31m\\u202e b\\n"}}'
    (step,) = read(frame(header))
    assert step.values["x"] == "a?\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[31m" + (
        "\N{REPLACEMENT CHARACTER} b\n"
    )
    step.values["x"].encode("utf-8")


def test_an_exception_is_read_with_its_traceback():
    trace = [["lib/optim.py", 12, "step", "x = 1 / 0"]]
    end = {"type": "ZeroDivisionError", "message": "division", "importing": None, "trace": trace}
    (step,) = read(frame({"end": end}))
    assert isinstance(step.end, Raised)
    assert (step.end.type, step.end.trace[0].line) == ("ZeroDivisionError", 12)


def test_no_bytes_are_accepted_beyond_the_limit():
    one = written({"x": np.zeros(64)})
    frames = Frames(room=len(one))
    assert len(list(frames.feed(one))) == 1
    with pytest.raises(MalformedError, match="more bytes than allowed"):
        list(frames.feed(b"O"))


def test_the_numbers_of_steps_and_records_are_limited():
    """Each takes far more of the reader's memory than bytes to send."""
    step = frame({})
    with pytest.raises(MalformedError, match="too many steps"):
        read(step * (protocol.MOST_STEPS + 1), room=2**30)
    record = protocol.RECORD.pack(b"D", 0)
    with pytest.raises(MalformedError, match="too many records"):
        list(Records().feed(record * (protocol.MOST_RECORDS + 1)))


def test_the_number_of_values_of_a_probe_is_limited():
    """An empty array takes 20 bytes to send and 600 in memory. A repeated name counts once."""
    names = [f"a{number}" for number in range(protocol.MOST_VALUES)]
    many = frame({"arrays": [[name, "|b1", [0]] for name in names]})
    assert len(read(many * 3)) == 3
    with pytest.raises(MalformedError, match="too many values"):
        read(many + frame({"refused": {"one_more": "is None"}}))


def test_an_incomplete_frame_is_noticed():
    frames = Frames(ROOM)
    data = written({"x": np.zeros(8)})
    assert list(frames.feed(data[:-1])) == []
    assert not frames.whole
    assert len(list(frames.feed(data[-1:]))) == 1
    assert frames.whole


def test_memory_use_depends_on_the_bytes_sent_not_on_the_size_claimed():
    claim = frame({"arrays": [["x", "<f8", [2**23]]]}, payload=2**26)
    tracemalloc.start()
    try:
        frames = Frames(room=2**27)
        list(frames.feed(claim))
        list(frames.feed(b"\0" * 1000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_a_stream_of_gigabytes_stays_under_the_cap():
    """Sends up to three gigabytes in chunks; the reader refuses them at the cap."""
    cap, chunk = 2**22, b"\0" * 2**16
    frames, fed = Frames(cap), 0
    tracemalloc.start()
    try:
        list(frames.feed(frame({"arrays": [["x", "|u1", [cap - 2**12]]]}, payload=cap - 2**12)))
        with pytest.raises(MalformedError):  # noqa: PT012  (the loop is what is refused)
            while fed < 3 * 2**30:
                list(frames.feed(chunk))
                fed += len(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert fed <= cap
    assert peak < 2 * cap


def _mutated(rng: np.random.Generator, data: bytes) -> bytes:
    """Changes, removes, repeats or inserts a few bytes, often those of lengths and types."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        at = int(rng.integers(0, max(1, len(data))))
        kind = rng.integers(0, 5)
        if kind == 0 and data:
            data[at] = int(rng.integers(0, 256))
        elif kind == 1:
            del data[at : at + int(rng.integers(1, 9))]
        elif kind == 2:
            data[at:at] = rng.bytes(int(rng.integers(1, 9)))
        elif kind == 3:
            data[at:at] = data[at : at + int(rng.integers(1, 40))]
        elif data:
            data[at] = int(rng.choice(np.frombuffer(b'0129-[]{}",:<>|fbiuOtrue', np.uint8)))
    return bytes(data)


def test_mutated_streams_give_plain_data_or_are_refused():
    rng = np.random.default_rng(20)
    whole = (
        written({"x": np.arange(6.0).reshape(2, 3), "n": 3, "ok": True, "bad": "text"})
        + frame({"texts": {"kind": "fc"}, "refused": {"y": "is None"}})
        + frame({"end": {"type": "E", "message": "m", "trace": [["lib/a.py", 1, "f", "x"]]}})
    )
    refused = 0
    for _ in range(4_000):
        try:
            steps = read(_mutated(rng, whole), pieces=int(rng.integers(1, 200)))
        except MalformedError:
            refused += 1
            continue
        for step in steps:
            for value in step.values.values():
                assert type(value) in (np.ndarray, str)
                if type(value) is np.ndarray:
                    assert value.dtype.kind in "biuf"
                    assert not value.flags.writeable
    assert refused > 1_000


def test_records_are_read_the_same_in_pieces_of_any_size():
    data = b"".join(protocol.RECORD.pack(k, len(d)) + d for k, d in [(b"B", b"x"), (b"Z", b"")])
    for pieces in (1, 3, 100):
        records = Records()
        got = [
            r for at in range(0, len(data), pieces) for r in records.feed(data[at : at + pieces])
        ]
        assert [(r.kind, r.data) for r in got] == [("B", b"x"), ("Z", b"")]


@pytest.mark.parametrize("head", [(b"X", 0), (b"D", 2**17), (b"D", 2**32 - 1), (b"\0", 0)])
def test_a_record_of_unknown_kind_or_invalid_length_is_refused(head):
    with pytest.raises(MalformedError):
        list(Records().feed(protocol.RECORD.pack(*head)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"how": "full marks"}',
        b'{"how": "exit", "code": "0"}',
        b'{"how": "exit"',
        b'{"how": "time", "allowed_s": 1e400}',
        b'{"how": "time", "allowed_s": NaN}',
    ],
)
def test_the_end_of_a_probe_is_read_strictly(data):
    with pytest.raises(MalformedError):
        probe_end(data)


def test_random_bytes_are_refused():
    rng = np.random.default_rng(21)
    for _ in range(500):
        with pytest.raises(MalformedError):
            read(rng.bytes(64))
        with pytest.raises(MalformedError):
            probe_end(rng.bytes(32))
