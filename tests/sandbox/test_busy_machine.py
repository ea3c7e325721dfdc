"""A busy machine changes nothing about observations except how long they take.

All tests share one processor with processes that never stop computing. So a probe gets a fraction
of the processor, and reaches its wall-clock limit long before its CPU limit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from busy import busy

from autograder.sandbox import session
from autograder.sandbox.limits import MIB, Budget, Limits

OTHERS = 3
TIGHT = Budget(
    probe=Limits(
        cpu_s=1,
        wall_s=1.25,
        memory_bytes=512 * MIB,
        total_bytes=640 * MIB,
        processes=12,
        output_bytes=8 * MIB,
    ),
    patience_s=2,
    import_cpu_s=1,
    import_wall_s=1.0,
    slack_s=0.5,
    wall_s=4.0,
    longest_s=300.0,
)
"""Wall-clock limits hardly above the CPU limits, which is enough only on an idle machine."""


@pytest.fixture(scope="module", autouse=True)
def one_busy_processor() -> Iterator[None]:
    """Restricts this process and its children to one processor, which others keep busy."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    with busy(OTHERS):
        yield
    os.sched_setaffinity(0, before)


COMPUTES = """
import time
def computes():
    end = time.process_time() + 0.6
    while time.process_time() < end: pass
    return 1.0
def loops():
    while True: pass
def sleeps():
    time.sleep(1000)
"""
PROBES = """
@given()
def a_computes(lib): yield dict(x=lib.layer_utils.computes())
@given()
def b_loops(lib): yield dict(x=lib.layer_utils.loops())
@given()
def c_sleeps(lib): yield dict(x=lib.layer_utils.sleeps())
@given()
def d_computes(lib): yield dict(x=lib.layer_utils.computes())
"""


@pytest.mark.proof
def test_cpu_time_decides_and_wall_time_ends_only_a_sleeping_probe(run):
    seen = run(
        PROBES,
        ["a_computes", "b_loops", "c_sleeps", "d_computes"],
        budget=TIGHT,
        layer_utils=COMPUTES,
    )
    endings = {name: (seen[name].ending.how, seen[name].ending.text) for name in seen}
    assert endings == {
        "a_computes": ("finished", ""),
        "b_loops": ("timed out", "it did not finish within 1 s"),
        "c_sleeps": ("timed out", "it did not finish within 1.25 s"),
        "d_computes": ("finished", ""),
    }


@pytest.mark.proof
def test_a_slow_module_is_imported_and_an_endless_one_times_out(run):
    """The endless module would otherwise end silently, by its CPU or its wall-clock limit."""
    seen = run(
        "@given()\ndef optim(lib): yield dict(x=lib.optim.ready())\n"
        "@given()\ndef train(lib): yield dict(x=lib.train.ready())\n",
        ["optim", "train"],
        budget=replace(TIGHT, import_wall_s=1.1),
        optim=COMPUTES + "computes()\ndef ready(): return 1.0\n",
        train="while True: pass",
    )
    assert seen["optim"].ending.how == "finished", seen["optim"].ending
    said = seen["train"].ending.raised.message
    assert said.endswith("did not import: it did not finish within 1 s")


def test_wall_clock_limits_alone_would_depend_on_the_load(run, monkeypatch):
    """Shows that the machine is busy enough for the tests above."""
    monkeypatch.setattr(session, "WALL_PER_CPU_SECOND", 0)
    seen = run(PROBES, ["a_computes"], budget=TIGHT, layer_utils=COMPUTES)
    assert seen["a_computes"].ending.how == "timed out"
