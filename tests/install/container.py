"""Takes the steps of docs/Containerfile in a root folder, and grades there by Docker's rules.

usage: sudo python tests/install/container.py [--keep FOLDER]

No container engine is needed, but root, debootstrap and the package registries. Debian's Python
takes the place of the image's. `docker_rules` applies Docker's capabilities, mounts and seccomp
rules; what an engine does besides, such as its network, is not tried.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder import checkout
from autograder.diagnosis.variants import released, solution
from autograder.hand_in.submission import write
from autograder.problem_1 import ASSIGNMENT as P1

RULES = Path(__file__).parents[1] / "gradescope" / "docker_rules.py"
CONTAINERFILE = checkout.ROOT / "docs" / "Containerfile"
DEBIAN, MIRROR = "bookworm", "http://deb.debian.org/debian"
PACKAGES = "python3,python3-venv,ca-certificates"
STEP = re.compile(r"^(RUN|COPY) ((?:.*\\\n)*.*)$", re.MULTILINE)
PATH = "/opt/autograder/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ORDINARY = ("/usr/bin/setpriv", "--reuid=1000", "--regid=1000", "--clear-groups")
EXPECTED = [("ada", 29.0), ("ben", 0.0)]
SYS_PTRACE = ("pidfd_getfd", "kcmp", "process_madvise")
"""What Docker's profile allows besides with `--cap-add SYS_PTRACE`."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="build the root folder here, or use it again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        image, work = options.keep or Path(folder, "image"), Path(folder, "work")
        if not (image / "opt" / "autograder").exists():
            _build(image)
        _hand_in(work / "submitted")
        return _try(image, work)


def _build(image: Path) -> None:
    """The image's root folder."""
    debootstrap = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}"]
    subprocess.run([*debootstrap, DEBIAN, image, MIRROR], check=True, stdout=subprocess.DEVNULL)
    for file in ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"):
        shutil.copy(file, image / file[1:])  # this machine's way to the registries
    for kind, text in STEP.findall(CONTAINERFILE.read_text("utf-8")):
        print(f"{kind} {text}", flush=True)
        if kind == "COPY":
            *sources, target = text.split()
            for source in sources:
                _copy(checkout.ROOT / source, image / target.lstrip("/"), target.endswith("/"))
        else:
            environment = {"PATH": f"/usr/local/bin:{PATH}", "HOME": "/root"}
            command = ["chroot", image, "sh", "-ec", text.replace("\\\n", "")]
            subprocess.run(command, check=True, env=environment)


def _copy(source: Path, target: Path, into: bool) -> None:
    target = target / source.name if into else target
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _hand_in(folder: Path) -> None:
    for student, work in (("ada", solution(P1)), ("ben", released(P1))):
        write(P1, work, folder / student / P1.id)


def _try(image: Path, work: Path) -> int:
    """Grade a class in several ways to run the container; return the exit status."""
    failures = []
    for name, user, allowed in (
        ("as docs/graders.md says", (), ()),
        ("as an ordinary user with --cap-add SYS_PTRACE", ORDINARY, SYS_PTRACE),
    ):
        out = "class-of-the-ordinary" if user else "class"
        os.chown(work, *((1000, 1000) if user else (0, 0)))
        ran = _run(image, work, [*user, "autograder", "cohort", "submitted", "--out", out], allowed)
        table = work / out / "report" / "grades.csv"
        rows = list(csv.DictReader(table.open())) if table.exists() else []
        right = [(row["student"], float(row["score"])) for row in rows] == EXPECTED
        print(f"{name}: {'29 and 0 points, as it must be' if right else ran}", flush=True)
        failures += [] if right else [name]
    refused = _run(image, work, [*ORDINARY, "autograder", "doctor"], ())
    explained = "Run the grader as the container's root" in " ".join(refused.split())
    print(f"as an ordinary user: {'refused, with what to do' if explained else refused}")
    return 1 if failures or not explained else 0


def _run(image: Path, work: Path, command: Sequence[str], allowed: Sequence[str]) -> str:
    tool = "/opt/autograder/bin/autograder"
    order = {
        "argv": [tool if word == "autograder" else word for word in command],
        "env": {"PATH": PATH, "HOME": "/tmp", "COLUMNS": "80"},
        "cwd": "/work",
        "image": str(image),
        "read_only": {
            "/opt": str(image / "opt"),
            # to which Debian's Python has a link
            "/etc/python3.11": str(image / "etc/python3.11"),
        },
        "writable": {"/work": str(work)},
        "allowed": allowed,
    }
    ran = subprocess.run(
        [sys.executable, "-I", RULES, json.dumps(order)],
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout + ran.stderr


if __name__ == "__main__":
    sys.exit(main())
