"""Keep each benchmark's section of RESULTS.md between its own markers."""

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

MISSED = "NOT reached"
RESULTS = Path(__file__).with_name("RESULTS.md")
HEADER = "# Results\n\nMeasured by the scripts of this folder; each writes its own section.\n"


def write_section(name: str, text: str) -> int:
    """Put ``text`` between the markers of ``name``, in place of what is there, or at the end.

    Returns the exit status of its script: 1 when it misses a target, see `verdict`.
    """
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = f"{opening}\n{text.strip()}\n{closing}"
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEADER
    pattern = re.compile(re.escape(opening) + ".*?" + re.escape(closing), re.DOTALL)
    new, found = pattern.subn(lambda _: section, old)
    RESULTS.write_text(new if found else f"{old.rstrip()}\n\n{section}\n", encoding="utf-8")
    return int(MISSED in text)


def machine() -> str:
    """The versions and the processors that a figure may depend on."""
    import numpy

    return (
        f"Python {platform.python_version()}, numpy {numpy.__version__}, {platform.system()}, "
        f"{os.cpu_count()} processors ({_processor()})"
    )


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def json_from(script: str, *arguments: object, threads: int | None = None) -> dict:
    """The JSON that a script prints in a process of its own, with so many BLAS threads.

    Settings of this machine that choose BLAS kernels are left out: numpy and its peers each choose
    their own, as they do where nobody has set any.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "MKL_"))}
    if threads is not None:
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        environment |= dict.fromkeys(names, str(threads))
    argv = [sys.executable, script, *map(str, arguments)]
    return json.loads(subprocess.run(argv, env=environment, check=True, stdout=-1).stdout)


def verdict(value: float, most: float) -> str:
    """How a figure stands to its target."""
    return "reached" if value <= most else MISSED
