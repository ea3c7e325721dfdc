"""Gradescope's container, as far as a machine without a container engine can have one."""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

HERE = Path(__file__).parent
ROOT, HOME = "/autograder", "/opt/autograder"
INSTALLED = f"{HOME}/installed"
"""Where the packages of this machine are shown in the container."""
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
CPU = "OPENBLAS_CORETYPE"


@dataclass
class Container:
    """A container's folders below one folder of this machine, and what was said in it."""

    folder: Path
    printed: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def results(self) -> bytes:
        return (self.folder / "autograder" / "results" / "results.json").read_bytes()

    @property
    def parsed(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.results)
        return found

    def unpack(self, archive: bytes) -> None:
        """As Gradescope does: the zip into `source`."""
        source = self.folder / "autograder" / "source"
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            opened.extractall(source)

    def install(self) -> None:
        """What setup.sh does, without a network: a Python, and the packages of requirements.txt.

        Nothing else that is installed on this machine can be imported there.
        """
        venv = self.folder / "home" / "venv"
        packages = venv / "lib" / PYTHON / "site-packages"
        packages.mkdir(parents=True)
        (venv / "bin").mkdir()
        (venv / "bin" / "python").symlink_to(f"{sys.base_prefix}/bin/{PYTHON}")
        (venv / "pyvenv.cfg").write_text(f"home = {sys.base_prefix}/bin\n")
        source = self.folder / "autograder" / "source"
        for line in (source / "requirements.txt").read_text().splitlines():
            found = importlib.metadata.distribution(Requirement(line).name)
            for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
                if not (packages / top).is_symlink():
                    (packages / top).symlink_to(f"{INSTALLED}/{top}")

    def submit(self, files: Mapping[str, bytes], **metadata: object) -> None:
        submission = self.folder / "autograder" / "submission"
        for name, content in files.items():
            (submission / name).parent.mkdir(parents=True, exist_ok=True)
            (submission / name).write_bytes(content)
        (self.folder / "autograder" / "submission_metadata.json").write_text(json.dumps(metadata))

    def run(self, *argv: str, landlock: bool = True, **environment: str) -> int:
        """Run a command as root, by Docker's rules; run_autograder by default."""
        (self.folder / "home").mkdir(exist_ok=True)
        order = {
            "argv": argv or ["/bin/bash", f"{ROOT}/source/run_autograder"],
            "cwd": ROOT,
            "env": {
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                **({CPU: os.environ[CPU]} if CPU in os.environ else {}),
                **environment,
            },
            "writable": {
                ROOT: str(self.folder / "autograder"),
                HOME: str(self.folder / "home"),
            },
            "read_only": {
                sys.base_prefix: sys.base_prefix,
                INSTALLED: sysconfig.get_path("purelib"),
            },
            "landlock": landlock,
        }
        ran = subprocess.run(
            [sys.executable, "-I", str(HERE / "docker_rules.py"), json.dumps(order)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.printed = ran.stdout
        return ran.returncode


needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or os.uname().machine != "x86_64",
    reason="only root can make the mounts of a container, and the rules are those of x86_64",
)
