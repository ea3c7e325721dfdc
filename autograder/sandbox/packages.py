"""What student code may import besides the standard library, and its location on this machine."""

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
    "six",  # old course code uses `from six.moves import xrange` and `past.builtins`
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
"""The student's requirements and their dependencies. All but numpy may be missing."""


@functools.cache
def packages() -> dict[str, Path]:
    """The top-level files and folders of the distributions, by their name on the import path."""
    found: dict[str, Path] = {}
    for name in DISTRIBUTIONS:
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        tops = {file.parts[0] for file in distribution.files or () if _is_code(file.parts)}
        if distribution.files is None:  # Debian's packages do not list their files
            tops = set((distribution.read_text("top_level.txt") or name).split())
        for top in tops:
            found[top] = Path(str(distribution.locate_file(top)))
    return dict(sorted((top, path.resolve()) for top, path in found.items() if path.exists()))


def _is_code(parts: tuple[str, ...]) -> bool:
    top = parts[0]
    if top in ("..", "__pycache__", "bin", "share") or top.endswith((".dist-info", ".pth")):
        return False
    return len(parts) > 1 or top.endswith((".py", ".so"))


def interpreter() -> Path:
    """The base interpreter: that of a virtual environment would also expose its packages."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


@functools.cache
def python_files() -> dict[str, Path]:
    """The interpreter, its standard and shared libraries, by their path relative to a prefix."""
    base, library = Path(sys.base_prefix), Path(sysconfig.get_path("stdlib"))
    relative = library.relative_to(base) if library.is_relative_to(base) else f"lib/{library.name}"
    found = {f"bin/{interpreter().name}": interpreter(), str(relative): library}
    if base != Path("/usr"):  # there, shared libraries are among the system's files
        found |= {f"lib/{path.name}": path for path in sorted((base / "lib").glob("lib*.so*"))}
    return found


@functools.cache
def system_files() -> tuple[Path, ...]:
    """The folders of the system's shared libraries, and the loader's cache."""
    machine = sysconfig.get_config_var("MULTIARCH") or ""
    folders = [f"/{lib}" for lib in ("lib64", "usr/lib64")]
    folders += [f"/{lib}/{machine}".rstrip("/") for lib in ("lib", "usr/lib")]
    return tuple(path for path in map(Path, [*folders, "/etc/ld.so.cache"]) if path.exists())


def hidden_within(folder: Path) -> tuple[str, ...]:
    """Subfolders with installed packages, which may include the grader."""
    names = ("site-packages", "dist-packages")
    return tuple(name for name in names if (folder / name).is_dir())
