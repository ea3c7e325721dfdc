"""What the project's own tests share: the solution library is importable as `lib`, and a user whom
the modes of files bind, which they do not from root."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder import course

sys.path.insert(0, str(course.LIBRARY))

NOBODY = 65534


@pytest.fixture
def public_path() -> Iterator[Path]:
    """As `tmp_path`, in a place where an ordinary user may look, read and write."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        path = Path(name)
        path.chmod(0o777)
        yield path
        if os.geteuid() != 0:  # what was closed to its owner is opened, to be removed
            subprocess.run(["chmod", "-R", "u+rwx", name], check=False)


@pytest.fixture(scope="session")
def as_ordinary_user() -> Callable[..., str]:
    """`as_ordinary_user(code, *arguments)` runs Python code and returns what it printed, or with
    `errors` what it wrote to its standard error."""

    def run(code: str, *arguments: object, cwd: Path | str = "/", errors: bool = False) -> str:
        python, options = _python()
        done = subprocess.run(
            [python, "-c", code, *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=600,
            **options,
        )
        if "Permission denied" in done.stderr and "No module named" in done.stderr:
            pytest.skip("this checkout is private")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stderr if errors else done.stdout

    return run


def _python() -> tuple[str, dict]:
    """An interpreter that an ordinary user can run, and as whom."""
    if os.geteuid() != 0:
        return sys.executable, {}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip(f"needs a python{version} outside root's home")
    packages = [path for path in sys.path if path.endswith("-packages")]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(course.ROOT), *packages]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
        "COLUMNS": "80",
    }
    return python, {"user": NOBODY, "group": NOBODY, "extra_groups": [], "env": environment}
