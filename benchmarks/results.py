"""Writes each benchmark's section of RESULTS.md between its markers."""

import json
import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

_STARTED = time.monotonic()
MISSED = "NOT reached"
RESULTS = Path(__file__).with_name("RESULTS.md")
HEADER = "# Results\n\nMeasured by the scripts of this folder; each writes its own section.\n"


def write_section(name: str, text: str) -> int:
    """Replaces the section of ``name``, or appends it.

    Returns the script's exit status: 1 if the text has a missed target, see `verdict`.
    """
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = f"{opening}\n{text.strip()}\n{closing}"
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEADER
    pattern = re.compile(re.escape(opening) + ".*?" + re.escape(closing), re.DOTALL)
    new, found = pattern.subn(lambda _: section, old)
    RESULTS.write_text(new if found else f"{old.rstrip()}\n\n{section}\n", encoding="utf-8")
    return int(MISSED in text)


def machine(minutes: float | None = None) -> str:
    """When and where a benchmark runs: the day, how long it took, versions and processors.

    Args:
        minutes: that it took; by default since it began.
    """
    import numpy

    minutes = (time.monotonic() - _STARTED) / 60 if minutes is None else minutes
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {minutes:.1f} minutes, Python {platform.python_version()}, "
        f"numpy {numpy.__version__}, {platform.system()}, "
        f"{os.cpu_count()} processors ({_processor()})"
    )


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def json_from(script: str, *arguments: object, threads: int | None = None) -> dict:
    """The JSON that a script prints in a new process with this many BLAS threads.

    Environment variables that choose BLAS kernels are removed, so that numpy and its peers each
    choose their default kernels.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "MKL_"))}
    if threads is not None:
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        environment |= dict.fromkeys(names, str(threads))
    argv = [sys.executable, script, *map(str, arguments)]
    return json.loads(subprocess.run(argv, env=environment, check=True, stdout=-1).stdout)


def verdict(value: float, most: float) -> str:
    """Whether a figure reaches its target, in words."""
    return "reached" if value <= most else MISSED
