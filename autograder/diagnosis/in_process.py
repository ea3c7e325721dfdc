"""Runs probes on trusted libraries (the solution and its variants) without a sandbox.

There are many variants, and they are trusted: each is the solution with a patch from the
assignment. So they are loaded into this process side by side, each with its own modules. That takes
milliseconds, while a sandbox takes a third of a second. Never use this for student code.
"""

from __future__ import annotations

import contextlib
import io
import random
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from autograder.assignment import Assignment
from autograder.assignment.probe import Library, Probe, Text
from autograder.hand_in.submission import Submission
from autograder.observation.observe import Observation, Observations, missing_cell_ending
from autograder.sandbox.inside.writer import UnusableValueError, as_plain_array
from autograder.sandbox.protocol import Raised, TraceLine
from autograder.sandbox.session import Ending
from autograder.seeds import key_of

LARGEST_VALUE = 2**30
"""Bytes."""

DEFINITION = re.compile(r"^(?=(?:class|def) )", re.MULTILINE)

_importing = threading.Lock()
_running = threading.Lock()


def load(assignment: Assignment, files: Mapping[str, bytes]) -> Library:
    """Imports the library from these files, without changing this process's own module `lib`."""
    names = assignment.modules
    packages = {name.rpartition(".")[0] for name in names} | {"lib"}
    modules = {name: ModuleType(name) for name in (*packages, *names)}
    for name in packages:
        modules[name].__path__ = []
    with _importing:
        before = {name: sys.modules.pop(name) for name in _lib_modules()}
        sys.modules.update(modules)
        try:
            for name in names:
                path = name.replace(".", "/") + ".py"
                for code in _compiled(path, files[path].decode()):
                    exec(code, modules[name].__dict__)
        finally:
            for name in _lib_modules():
                del sys.modules[name]
            sys.modules.update(before)
    return Library({name: modules[name] for name in names}, {})


def run_trusted(
    library: Library,
    cells: Mapping[str, str],
    probe: Probe,
    seed: int,
    data: Mapping[str, np.ndarray] | None = None,
) -> Observation:
    """Runs one probe on a library, with the same result as `observe.observe` in a sandbox."""
    if ending := missing_cell_ending(probe, cells):
        return Observation(probe.name, {}, {}, ending)
    key = key_of(seed)
    available = {"cells": cells, "data": data or {}}
    requested = {name: available[name] for name in probe.asks}
    values: dict[str, np.ndarray | str] = {}
    refused: dict[str, str] = {}
    ending = Ending("finished")
    with seeded_and_quiet(probe.legacy_seed(key)):
        try:
            for step in probe.run(library, **probe.inputs(key), **requested):
                _store(step, values, refused)
        except Exception as failure:
            ending = Ending("raised", raised=_raised(failure, cells))
    return Observation(probe.name, values, refused, ending)


def observe_trusted(
    assignment: Assignment, submission: Submission, seed: int, names: Iterable[str]
) -> Observations:
    """Runs these probes independently on a trusted library."""
    library, cells = load(assignment, submission.files), submission.cells
    observed = {name: run_trusted(library, cells, assignment.probes[name], seed) for name in names}
    return Observations(seed, "none", observed)


def _store(
    step: Mapping[str, Any], values: dict[str, np.ndarray | str], refused: dict[str, str]
) -> None:
    """Converts yielded values to plain arrays by the rules that the sandbox applies."""
    for name, value in step.items():
        if isinstance(value, Text):
            values[name] = value.value
            continue
        try:
            array = values[name] = as_plain_array(value, LARGEST_VALUE)
            array.setflags(write=False)
        except UnusableValueError as unfit:
            refused[name] = str(unfit)


def _raised(failure: Exception, cells: Mapping[str, str]) -> Raised:
    """The exception, with the lines of its traceback in the library and the notebook."""
    lines = [
        TraceLine(frame.f_code.co_filename, line, frame.f_code.co_name, "")
        for frame, line in traceback.walk_tb(failure.__traceback__)
        if frame.f_code.co_filename.startswith("lib/") or frame.f_code.co_filename in cells
    ]
    return Raised(type(failure).__name__, str(failure), None, tuple(lines))


@contextlib.contextmanager
def seeded_and_quiet(seed: int) -> Iterator[None]:
    """Seeds the random generators as a worker does, and discards output and numpy warnings."""
    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with _running, np.errstate(all="ignore"), quiet[0], quiet[1]:
        numpy_state, python_state = np.random.get_state(), random.getstate()
        np.random.seed(seed)
        random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(numpy_state)
            random.setstate(python_state)


def _compiled(path: str, source: str) -> list[CodeType]:
    """A module in parts, because a variant changes one of them: each is compiled once.

    Code that cannot be divided at its definitions is one part.
    """
    parts, line = [], 0
    try:
        for part in DEFINITION.split(source):
            parts.append(_part(path, line, part))
            line += part.count("\n")
    except SyntaxError:
        return [_part(path, 0, source)]
    return parts


@lru_cache(maxsize=4096)
def _part(path: str, line: int, source: str) -> CodeType:
    """The code of a part that begins after this many lines."""
    return compile("\n" * line + source, path, "exec")


def _lib_modules() -> list[str]:
    return [name for name in sys.modules if name.startswith("lib") and name[3:4] in ("", ".")]
