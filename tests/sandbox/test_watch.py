"""Processes in a sandbox are watched even while their reader is busy or paused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.sandbox import watch
from autograder.sandbox.backend import ENDED, STATE, Backend, Process, SandboxError
from autograder.sandbox.limits import MIB, Budget, Limits
from autograder.sandbox.selftest import BACKENDS
from autograder.sandbox.session import Event, Work, run
from autograder.sandbox.unconfined import Unconfined

PROBES = """
import os, time

@given()
def grows(lib):
    yield dict(begun=1.0)
    held = []
    for _ in range(2):
        if os.fork() == 0:
            held = b"x" * (400 * 2**20)
            time.sleep(60)
    time.sleep(60)

@given()
def sleeps(lib):
    yield dict(begun=1.0)
    time.sleep(60)

@given()
def forks(lib):
    yield dict(begun=1.0)
    for _ in range(20):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    time.sleep(60)

@given()
def sleeps_with_others(lib):
    for _ in range(8):
        if os.fork() == 0:
            time.sleep(60)
    time.sleep(60)
    yield dict(begun=1.0)

@given()
def goes_on(lib):
    yield dict(begun=1.0)
    yield dict(x=2.0)

@given()
def goes_on_again(lib):
    yield dict(x=2.0)
"""
SLOWLY = Budget(
    probe=Limits(cpu_s=5, wall_s=100.0, memory_bytes=512 * MIB, total_bytes=640 * MIB, processes=12)
)


@pytest.fixture(params=[*BACKENDS, Unconfined()], ids=lambda backend: backend.name)
def anywhere(request: pytest.FixtureRequest) -> Backend:
    if missing := request.param.unavailable():
        pytest.skip(missing)
    return request.param


Started = Callable[..., tuple[Iterator[Event], Process]]


@pytest.fixture
def started(tiny: Assignment, with_probes: Callable[[str], Path]) -> Started:
    """`started(backend, budget, *probes)`: the probes' events, and the process that sends them."""
    folder = with_probes(PROBES)

    def start(backend: Backend, budget: Budget, *probes: str) -> tuple[Iterator[Event], Process]:
        processes = []

        class Noted(type(backend)):
            def start(self, *order, **how):
                processes.append(super().start(*order, **how))
                return processes[-1]

        events = run(Work({}, probes=folder, modules=tiny.modules), probes, "0", Noted(), budget)
        first = next(events)
        assert first.step is not None
        return events, processes[0]

    return start


def ends_by_itself(process: Process, within_s: float = 10.0) -> bool:
    """Whether all its processes end within this time, while nobody reads."""
    deadline = time.monotonic() + within_s
    while not (over := all(stat[STATE] == ENDED for stat in process.running().values())):
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return over


def test_memory_is_watched_while_the_reader_pauses(anywhere, started):
    events, process = started(anywhere, SLOWLY, "grows", "goes_on")
    assert ends_by_itself(process)
    ends = {event.probe: event.ending for event in events if event.ending}
    assert ends["grows"].how == "killed"
    assert "more than 640 MiB of memory" in ends["grows"].text
    assert ends["goes_on"].how == "finished"


def test_time_is_watched_while_the_reader_pauses(anywhere, started):
    events, process = started(anywhere, replace(SLOWLY, longest_s=3.0), "sleeps", "goes_on")
    assert ends_by_itself(process)
    ends = {event.probe: event.ending for event in events if event.ending}
    assert [(end.how, end.text) for end in ends.values()] == [("timed out", watch.OUT_OF_TIME)] * 2


def test_processes_are_counted_where_the_kernel_has_no_limit(started):
    events, process = started(Unconfined(), SLOWLY, "forks", "goes_on")
    assert ends_by_itself(process)
    ends = {event.probe: event.ending for event in events if event.ending}
    assert (ends["forks"].how, ends["forks"].text) == ("killed", "it ran more than 12 processes")
    assert ends["goes_on"].how == "finished"


def test_the_allowed_number_of_processes_is_not_a_breach(sandbox, run):
    seen = run(
        """
        import os, time
        @given()
        def forks(lib):
            children = []
            while True:
                try:
                    children.append(os.fork())
                except OSError:
                    break
                if children[-1] == 0:
                    time.sleep(60)
            time.sleep(1.5)
            yield dict(count=len(children))
        """,
        ["forks"],
        budget=SLOWLY,
    )["forks"]
    assert seen.ending.how == "finished", seen.ending
    assert 4 < seen["count"] <= SLOWLY.probe.processes


def test_a_reader_that_pauses_costs_no_time(sandbox, started):
    probe = replace(SLOWLY.probe, wall_s=0.5)
    quick = replace(SLOWLY, probe=probe, slack_s=0.5, import_wall_s=0.5)
    events, _ = started(sandbox, quick, "goes_on")
    time.sleep(3)
    assert [event.ending.how for event in events if event.ending] == ["finished"]


def test_readers_leave_no_thread_whether_they_stop_early_or_finish(sandbox, started):
    for number in range(4):
        with closing(started(sandbox, SLOWLY, "goes_on", "sleeps")[0]) as events:
            if number % 2:
                next(events)
        assert [t for t in threading.enumerate() if t.name == "watch"] == []


def test_a_process_that_ends_during_a_look_is_not_a_breach(sandbox, started, monkeypatch):
    """With no pause between looks, processes end between any two steps of a look."""
    monkeypatch.setattr(watch, "POLL_INTERVAL_S", 0.0)
    for _ in range(5):
        events, _ = started(sandbox, SLOWLY, "goes_on", "goes_on_again")
        assert [event.ending.how for event in events if event.ending] == ["finished"] * 2


def test_a_process_that_cannot_be_watched_is_ended_and_raises_an_error(
    sandbox, started, monkeypatch
):
    def fails(process: Process) -> None:
        raise OSError("too many open files")

    events, process = started(sandbox, SLOWLY, "sleeps")
    monkeypatch.setattr(Process, "usage", fails)
    assert ends_by_itself(process)
    with pytest.raises(SandboxError, match="could not be measured: too many open files"):
        list(events)


def test_output_sent_before_a_kill_is_read(sandbox, started):
    budget = replace(SLOWLY, output_bytes=4 * MIB)
    events, process = started(sandbox, budget, "goes_on", "sleeps_with_others")
    deadline = time.monotonic() + 20
    while len(_of_the_child(process)) < 8:  # then the first probe has sent all
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    assert _of_the_child(process) == []
    kept = [event.step.values["x"] for event in events if event.step and "x" in event.step.values]
    assert kept == [2.0]


def _of_the_child(process: Process) -> list[int]:
    """The living processes of the child. The backend's own may need a moment longer to end."""
    running = process.running().items()
    return [pid for pid, stat in running if stat[STATE] != ENDED and pid not in process.ancestors]
