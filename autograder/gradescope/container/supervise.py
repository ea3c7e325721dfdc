"""Runs the grader, and writes results.json in whatever way the grader ends.

    python -m autograder.gradescope.container.supervise

`run_autograder` starts this as root, after it has written a results.json that says that the grading
did not finish. So there is one even if this process is killed. The grader needs root's right to
give student code a user of its own. For tests, the environment moves the folders (AUTOGRADER_ROOT)
and shortens the time (AUTOGRADER_TIMEOUT_S).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from autograder.gradescope.container import results_file

CODE = Path(__file__).resolve().parents[3]
"""The folder that holds the package."""
GRADER = "autograder.gradescope.inside"
CANNOT_GRADE = 3
"""The exit status of the grader when it cannot work here, with the reason as its error output."""
TIMEOUT_S = 540
"""Gradescope's own limit is 600 s unless the instructor raises it, and it then gives 0 points."""
LARGEST_RESULTS = 16 * 2**20
KEPT_OF_ERRORS = 8_000
KEPT_VARIABLES = (
    *("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES"),
    *("PATH", "LANG", "TZ"),
)
STAFF_KNOWS = "Your files were received. This is no fault of yours; the course staff can see why."

INSTEAD = (
    "\nGrade on your own machine instead, and have the results looked up here: autograder export "
    "gradescope."
)


@dataclass(frozen=True)
class Ended:
    """How the grader ended.

    Attributes:
        status: its exit status; negative for the signal that killed it, None for a timeout.
        output: what it printed.
        errors: the end of its error output.
    """

    status: int | None
    output: str
    errors: str


def main() -> None:
    root = Path(os.environ.get("AUTOGRADER_ROOT", "/autograder"))
    seconds = float(os.environ.get("AUTOGRADER_TIMEOUT_S", TIMEOUT_S))
    try:
        results = results_of(grade(root / "submission", seconds), seconds)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        detail = f"{type(error).__name__}: {error}"
        results = unjudged("the grader could not be started", detail)
    print(results.get("output", ""))
    for test in results.get("tests", []):
        if test.get("visibility") == results_file.STAFF_ONLY:
            print(test["output"])
    results_file.write(root / "results", results_file.as_json(results))


def grade(submission: Path, seconds: float) -> Ended:
    """Run the grader. Its output goes to files, because a pipe could fill up."""
    with (
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", "-m", GRADER, str(submission)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=environment(home),
            cwd="/",
            start_new_session=True,
            umask=0o022,
        )
        kill_before_this(process.pid)
        try:
            status: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
            os.killpg(process.pid, signal.SIGKILL)  # sandboxes end with it
            process.wait()
        return Ended(status, tail(output, LARGEST_RESULTS), tail(errors, KEPT_OF_ERRORS))


def environment(home: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {"LANG": "C.UTF-8", **kept, "HOME": home, "PYTHONPATH": str(CODE)}


def kill_before_this(pid: int) -> None:
    """When memory runs out, the kernel kills student code first, then the grader, then this."""
    with contextlib.suppress(OSError):  # it has ended, or the system has no such file
        Path(f"/proc/{pid}/oom_score_adj").write_text("500")


def tail(file: IO[bytes], size: int) -> str:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - size))
    return file.read().decode("utf-8", "replace")


def results_of(ended: Ended, seconds: float) -> Mapping[str, Any]:
    """What the grader printed, or why there is nothing."""
    if ended.status == 0:
        try:
            results = json.loads(ended.output)
            if isinstance(results, dict) and "score" in results:
                return results
        except ValueError:
            pass
        return unjudged("the grader's results cannot be read", ended.errors)
    if ended.status == CANNOT_GRADE:
        return unjudged("the grader cannot work in this container", ended.errors + INSTEAD)
    if ended.status is None:
        return unjudged(f"the grading took longer than {seconds:g} seconds", ended.errors)
    if ended.status == -signal.SIGKILL:
        detail = f"The grader was killed. {ended.errors}\nChoose a larger container."
        return unjudged("the container ran out of memory", detail)
    return unjudged(f"the grader failed (status {ended.status})", ended.errors)


def unjudged(what: str, detail: str) -> dict[str, Any]:
    return results_file.nothing_judged(
        "Nothing was judged", f"{what[0].upper()}{what[1:]}. {STAFF_KNOWS}", detail
    )


if __name__ == "__main__":
    main()
