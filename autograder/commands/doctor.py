"""The command `doctor`: checks whether this machine can grade. It tests each sandbox."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.text import Text

from autograder.assignment import Assignment
from autograder.sandbox.backend import Backend, SandboxError
from autograder.sandbox.selftest import ALLOWED, BACKENDS, OF_THE_SANDBOX, Line, selftest


def run(assignment: Assignment, name: str | None = None) -> bool:
    """Show all results; return whether a sandbox passed.

    Args:
        assignment: whose data to look for.
        name: test only this sandbox.

    Raises:
        SandboxError: there is no sandbox of that name.
    """
    console = Console()
    console.print(
        f"Python {platform.python_version()}, numpy {np.__version__}, {platform.system()} "
        f"{platform.release()}, {os.cpu_count()} CPUs",
        highlight=False,
    )
    for sentence in other_versions(assignment):
        console.print(f"[yellow]{sentence}[/]", highlight=False)
    if assignment.data_module is not None:
        data = assignment.data_module.identify(assignment.data_folder())
        console.print(f"Data: {data.text}", highlight=False)
    backends = [backend for backend in BACKENDS if name in (None, backend.name)]
    if not backends:
        known = ", ".join(backend.name for backend in BACKENDS)
        raise SandboxError(f"there is no sandbox called {name!r}; there are {known}")
    passed = [_test(console, backend) for backend in backends]  # every one is shown
    return any(passed)


def other_versions(assignment: Assignment) -> Iterator[str]:
    """Where this machine's versions are not those that the handout tells students."""
    ours = {"Python": platform.python_version(), "numpy": np.__version__}
    for name, stated in assignment.graded_with.items():
        parts = stated.split(".")
        here = ".".join(ours[name].split(".")[: len(parts)])
        if here != stated:
            yield (
                f"The handout tells students that {name} {stated} grades, but {name} {here} does: "
                "correct the handout, and `graded_with` in the assignment's __init__.py"
            )


def _test(console: Console, backend: Backend) -> bool:
    """Test a sandbox and show the result of each attempt to break out; return whether it passed."""
    started = time.perf_counter()
    lines = selftest(backend)
    seconds = time.perf_counter() - started
    passed = all(line.passed for line in lines)
    console.rule(f"[bold]{backend.name}: what a submission can and cannot do", align="left")
    for line in lines:
        mark = Text("✓", "green") if line.passed else Text("✗", "red")
        console.print(mark, _description(line), highlight=False)
        if not line.passed:
            console.print(Text(f"  {line.detail}"))
    verdict = "[green]confines student code[/]" if passed else "[red]is not used for grading[/]"
    console.print(f"{backend.name} {verdict}  ({seconds:.2f} s)", highlight=False)
    return passed


def _description(line: Line) -> str:
    """What a submission can or cannot do, according to a line of the self-test."""
    if line.name in OF_THE_SANDBOX:
        return line.name
    if line.name.startswith(ALLOWED):
        return ("can " if line.passed else "cannot ") + line.name.removeprefix(ALLOWED)
    return ("cannot " if line.passed else "can ") + line.name
