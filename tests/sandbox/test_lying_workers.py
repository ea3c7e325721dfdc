"""Forged workers: the trusted side reads records that somebody else wrote.

A fake backend runs a Python program instead of the worker. Whatever it sends, every probe ends
exactly once, in bounded time, with a message, and the reader's memory stays under its cap.
"""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
import time
import tracemalloc
from dataclasses import replace

import pytest

from autograder.sandbox import backend as backends
from autograder.sandbox.backend import Process, SandboxError, popen
from autograder.sandbox.limits import MIB, Budget, Limits
from autograder.sandbox.session import Work, run
from autograder.sandbox.unconfined import kill_family

BUDGET = Budget(
    probe=Limits(cpu_s=1, wall_s=1.0, total_bytes=64 * MIB, output_bytes=4 * MIB),
    import_wall_s=0.5,
    slack_s=0.5,
    output_bytes=8 * MIB,
)
SLEEP_S = 99
"""Sleep of workers that do not end: a shorter run was ended, even on a slow machine."""

PRELUDE = """
import json, os, struct, sys, time
def tell(kind, data=b""): os.write(1, struct.pack("<cI", kind, len(data)) + data)
def frame(header, payload=b"", claim=None):
    text = json.dumps(header).encode()
    size = len(payload) if claim is None else claim
    return struct.pack("<4sIQ", b"OBS1", len(text), size) + text + payload
def array(name, shape, payload=b"", claim=None):
    return frame({"arrays": [[name, "<f8", shape]]}, payload, claim)
ends = frame({"end": "finished"})
def ended(how="exit", **more): tell(b"E", json.dumps({"how": how, **more}).encode())
runs = json.loads(sys.argv[1])["runs"]
probes = [p for run in runs for p in run]
"""


class Fake:
    """Runs a program as if it were the worker."""

    name = "fake"
    confines = False

    def __init__(self, source: str) -> None:
        self._source = PRELUDE + textwrap.dedent(source)

    def unavailable(self) -> None:
        return None

    def start(self, script, config, mounts, limits) -> Process:
        argv = [sys.executable, "-I", "-S", "-c", self._source, json.dumps(dict(config))]
        process, complaints = popen(argv, {})
        return Process([process.pid], process.stdout, complaints, lambda: kill_family(process))


def endings_of(source: str, probes: tuple[str, ...] = ("a", "b"), budget: Budget = BUDGET) -> dict:
    """(how, text, values) of each probe: how it ended, the message and its values."""
    endings, values = {}, {}
    for event in run(Work({}), probes, "key", Fake(source), budget):
        assert event.probe in probes
        if event.step is not None:
            values.setdefault(event.probe, {}).update(event.step.values)
        if event.ending is not None:
            assert event.probe not in endings, "a probe ended twice"
            endings[event.probe] = event.ending
    assert list(endings) == list(probes)
    return {
        name: (ending.how, ending.text, values.get(name, {})) for name, ending in endings.items()
    }


HONEST = """
tell(b"I", b"lib.optim")
for p in probes:
    tell(b"B", p.encode()); tell(b"D", array("x", [1], b"\\0" * 8) + ends); ended()
tell(b"Z")
"""


def test_an_honest_worker_is_understood():
    for how, text, values in endings_of(HONEST).values():
        assert (how, text) == ("finished", "")
        assert values["x"].tolist() == [0.0]


LIARS = {
    "sends nothing and leaves": ("tell(b'I', b'm')", "again and again"),
    "sends nothing and stays": ("tell(b'I', b'm'); time.sleep(99)", "again and again"),
    "claims sizes it does not send": (
        "tell(b'I', b'm'); tell(b'B', b'a'); tell(b'D', array('x', [400], claim=3200)); ended()",
        "ended its process early",
    ),
    "claims a terabyte": (
        "tell(b'I', b'm'); tell(b'B', b'a'); tell(b'D', array('x', [2**37], claim=2**40)); ended()",
        "than allowed",
    ),
    "claims a long record": (
        "tell(b'I', b'm'); os.write(1, struct.pack('<cI', b'D', 2**32 - 1))",
        "again and again",
    ),
    "sends three gigabytes": (
        "tell(b'I', b'm'); tell(b'B', b'a')\nfor _ in range(3 * 2**14): tell(b'D', b'x' * 2**16)",
        "more bytes than allowed|wrong bytes",
    ),
    "sends three gigabytes of a true frame": (
        "tell(b'I', b'm'); tell(b'B', b'a'); tell(b'D', array('x', [2**19], claim=2**22))\n"
        "for _ in range(3 * 2**14): tell(b'D', b'x' * 2**16)",
        "than allowed",
    ),
    "sends garbage": ("tell(b'I', b'm')\nwhile True: os.write(1, b'garbage!' * 1000)", "again"),
    "is a pickle": (
        "tell(b'I', b'm'); tell(b'B', b'a'); tell(b'D', b'\\x80\\x04cos\\nsystem\\n'); ended()",
        "ended its process early|wrong bytes",
    ),
    "begins another probe": ("tell(b'I', b'm'); tell(b'B', b'b')", "out of turn"),
    "begins a probe twice": ("tell(b'I', b'm'); tell(b'B', b'a'); tell(b'B', b'a')", "out of turn"),
    "ends what it did not begin": (
        "tell(b'I', b'm'); tell(b'B', b'a'); ended(); ended()",
        "ended its process",
    ),
    "sends data before any probe begins": ("tell(b'I', b'm'); tell(b'D', b'x')", "again and again"),
    "ends before any probe begins": ("tell(b'I', b'm'); tell(b'Z')", "again and again"),
    "asks again and again": ("tell(b'I', b'm'); tell(b'A')", "again and again"),
    "ends a probe in an unknown way": (
        "tell(b'I', b'm'); tell(b'B', b'a'); tell(b'E', b'{\"how\": \"full marks\"}')",
        "unknown way",
    ),
    "goes on after the end": (
        "tell(b'I', b'm'); tell(b'B', b'a'); tell(b'D', ends + array('x', [0])); ended()",
        "sent data after its end",
    ),
    "imports, a byte at a time": (
        "tell(b'I', b'm'); os.write(1, struct.pack('<cI', b'D', 2**16))\n"
        "while True: os.write(1, b'x'); time.sleep(0.05)",
        "again and again",
    ),
    "runs a probe, a byte at a time": (
        "tell(b'I', b'm'); tell(b'B', b'a'); os.write(1, struct.pack('<cI', b'D', 2**16))\n"
        "while True: os.write(1, b'x'); time.sleep(0.05)",
        "did not finish within",
    ),
    "computes for ever": (
        "tell(b'I', b'm'); tell(b'B', b'a')\nwhile True: pass",
        "did not finish within 1 s",
    ),
    "takes memory and keeps sending": (
        "tell(b'I', b'm'); tell(b'B', b'a'); kept = b'x' * 3 * 2**25\n"
        "while True: tell(b'D', b''); time.sleep(0.05)",
        "more than 64 MiB of memory",
    ),
    "stops in the middle": (
        "tell(b'I', b'm'); tell(b'B', b'a'); tell(b'D', array('x', [1], b'12345678'))\n"
        "time.sleep(99)",
        "did not finish within",
    ),
}


@pytest.mark.parametrize(("source", "says"), LIARS.values(), ids=LIARS)
def test_every_probe_ends_once_with_a_message_whatever_a_worker_sends(source, says):
    began = time.monotonic()
    tracemalloc.start()
    try:
        seen = endings_of(source)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    how, text, _ = seen["a"]
    assert how in ("killed", "refused", "timed out")
    assert re.search(says, text), text
    assert peak < 3 * BUDGET.output_bytes
    assert time.monotonic() - began < SLEEP_S


def test_a_worker_that_never_starts_raises_a_sandbox_error():
    with pytest.raises(SandboxError, match="did not start: no such thing"):
        endings_of("sys.exit('no such thing')")


def test_a_submission_as_a_whole_has_a_time_limit():
    began = time.monotonic()
    seen = endings_of(
        "tell(b'I', b'm'); tell(b'B', probes[0].encode()); time.sleep(99)",
        tuple("abcdefgh"),
        replace(BUDGET, wall_s=2.0),
    )
    assert {how for how, _, _ in seen.values()} == {"timed out"}
    assert "as a whole" in seen["h"][1]
    assert time.monotonic() - began < SLEEP_S


def test_steps_arrive_as_they_happen_and_closing_ends_the_child(tmp_path):
    alive = tmp_path / "alive"
    source = f"""
    tell(b"I", b"m"); tell(b"B", b"a")
    for i in range(1000):
        tell(b"D", array("x", [1], struct.pack("<d", i)))
        open({str(alive)!r}, "a").write("x")
        time.sleep(0.05)
    """
    events = run(Work({}), ["a"], "key", Fake(source), BUDGET)
    first = [float(next(events).step.values["x"][0]) for _ in range(3)]
    assert first == [0.0, 1.0, 2.0]
    events.close()
    then = alive.read_text()
    time.sleep(0.2)
    assert alive.read_text() == then
    assert 0 < len(then) < 100


def test_files_of_a_submission_stay_inside_it(tmp_path):
    for path in ("../x", "/etc/x", "a/../../x", "", "a\0b"):
        with pytest.raises(ValueError, match="not a path inside"), Work({path: b""}).written():
            pass


def test_only_files_whose_names_cannot_be_written_are_lost():
    odd = ["lib", "lib/a.py/b.py", "x" * 300, "lib/" + "y/" * 3000 + "z.py", "lib/\udcff.py"]
    with Work({"lib/a.py": b"here", **dict.fromkeys(odd, b"odd")}).written() as mounts:
        (student,) = (mount.source for mount in mounts if mount.target == "student")
        assert (student / "lib" / "a.py").read_bytes() == b"here"
        written = [str(p.relative_to(student)) for p in student.rglob("*") if p.is_file()]
        assert sorted(written) in (["lib/a.py"], ["lib/a.py", os.fsdecode(b"lib/\xff.py")])


def test_mounted_files_are_readable_by_another_user_whatever_the_umask(tmp_path):
    old = os.umask(0o077)
    try:
        with Work({"lib/mlp/a.py": b"x"}, {"cell": "y"}).written() as mounts:
            for mount in mounts:
                for path in [mount.source, *mount.source.rglob("*")]:
                    assert path.stat().st_mode & 0o004, path
    finally:
        os.umask(old)


def test_all_trusted_files_exist(tiny):
    assert all(mount.source.exists() for mount in backends.trusted_mounts(tiny.probes_folder))
