"""Switches off each protection of each sandbox, and records which line of the self-test fails.

usage: python benchmarks/weakened.py

As root, it repeats all trials as an ordinary user, which needs setpriv and a Python that every user
can run. The expected results are in tests/sandbox/weakenings.py; any other result is an error.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy
from results import machine, write_section

from autograder.sandbox.selftest import BACKENDS, selftest

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "tests" / "sandbox" / "weakenings.py"


def main() -> int:
    results = [
        *trials([sys.executable]),
        *(trials(as_ordinary_user()) if os.geteuid() == 0 else ()),
    ]
    wrong = [line for line in results if isinstance(line, list)]
    if wrong:
        print("Not as the table says:", *wrong, sep="\n")
        return 1
    counts = ", ".join(f"{line['tried']} as {line['who']}" for line in results)
    text = f"""## Weakened sandboxes

`python benchmarks/weakened.py`: {counts}. {machine()}.

Each row switches off a protection and shows the line of the confinement self-test that fails then.
If another protection covers it, no line fails, and a further row switches off both (what the zygote
and sandlock always do cannot be switched off). Both sandboxes use the same filter of system calls;
its rules are tried under bubblewrap, which has no filter of its own. Two protections are not in the
table: the namespace of control groups, which cannot be detected without /proc, and an ordinary
user's user namespace, without which bwrap does not start. The whole self-test takes {timed()}.

{table().as_markdown()}"""
    write_section("weakened", text)
    print(text)
    return 0


def table():
    spec = importlib.util.spec_from_file_location("weakenings", TABLE)
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def trials(command: list[str]) -> list:
    paths = [ROOT, Path(numpy.__file__).parent.parent]
    env = {"PYTHONPATH": ":".join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([*command, TABLE], cwd="/", env=env, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def as_ordinary_user() -> list[str]:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")
    if python is None or shutil.which("setpriv") is None:
        raise SystemExit(
            f"as root, this needs setpriv and a python{version} that every user can run"
        )
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python]


def timed() -> str:
    """The fastest of five self-tests of each unchanged sandbox, in words."""
    said = []
    for backend in BACKENDS:
        times = []
        for _ in range(5):
            began = time.perf_counter()
            lines = selftest(backend)
            times.append(time.perf_counter() - began)
        said.append(f"{min(times):.2f} s under {backend.name} ({len(lines)} lines)")
    return " and ".join(said)


if __name__ == "__main__":
    raise SystemExit(main())
