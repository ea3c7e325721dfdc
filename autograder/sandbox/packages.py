"""What student code may import besides the standard library, and where it lies on this machine."""

from __future__ import annotations

import functools
import importlib.metadata
import sys
import sysconfig
from pathlib import Path

DISTRIBUTIONS = (
    "numpy",
    "scipy",
    "matplotlib",
    "tqdm",
    "pillow",
    "six",  # `from six.moves import xrange` and `past.builtins` stand in much old course code
    "future",
    # what matplotlib itself imports
    "contourpy",
    "cycler",
    "fonttools",
    "kiwisolver",
    "packaging",
    "pyparsing",
    "python-dateutil",
)
"""The student's requirements and what they need. All but numpy may be missing."""


@functools.cache
def packages() -> dict[str, Path]:
    """Every folder or file that the distributions put on the import path, by its name there."""
    found: dict[str, Path] = {}
    for name in DISTRIBUTIONS:
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        tops = {file.parts[0] for file in distribution.files or () if _is_code(file.parts)}
        for top in tops:
            found[top] = Path(str(distribution.locate_file(top)))
    return dict(sorted((top, path) for top, path in found.items() if path.exists()))


def _is_code(parts: tuple[str, ...]) -> bool:
    top = parts[0]
    if top in ("..", "__pycache__", "bin", "share") or top.endswith((".dist-info", ".pth")):
        return False
    return len(parts) > 1 or top.endswith((".py", ".so"))


def interpreter() -> Path:
    """The real interpreter behind a virtual environment, which would bring the rest of it along."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


@functools.cache
def interpreter_files() -> tuple[Path, ...]:
    """The interpreter, its standard library and the system's shared libraries alone."""
    library = Path(sysconfig.get_path("stdlib"))
    base = Path(sys.base_prefix)
    machine = sysconfig.get_config_var("MULTIARCH") or ""
    candidates = [
        interpreter(),
        library,
        *sorted((base / "lib").glob("libpython3*")),
        Path("/lib64"),
        Path("/usr/lib64"),
        Path("/lib") / machine if machine else Path("/lib"),
        Path("/usr/lib") / machine if machine else Path("/usr/lib"),
        Path("/etc/ld.so.cache"),
    ]
    return tuple(dict.fromkeys(path for path in candidates if path.exists()))


def hidden_within() -> tuple[Path, ...]:
    """Folders inside those that hold other packages, the grader among them perhaps."""
    return tuple(
        path / name
        for path in interpreter_files()
        for name in ("site-packages", "dist-packages")
        if (path / name).is_dir()
    )
