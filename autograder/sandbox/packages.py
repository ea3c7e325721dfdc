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
        if distribution.files is None:  # as the packages of Debian are
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
    """The real interpreter behind a virtual environment, which would bring the rest of it along."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


@functools.cache
def python_files() -> dict[str, Path]:
    """The interpreter, its standard library and shared libraries, by their place below a prefix."""
    base, library = Path(sys.base_prefix), Path(sysconfig.get_path("stdlib"))
    place = library.relative_to(base) if library.is_relative_to(base) else f"lib/{library.name}"
    found = {f"bin/{interpreter().name}": interpreter(), str(place): library}
    if base != Path("/usr"):  # where they lie among the system's own
        found |= {f"lib/{path.name}": path for path in sorted((base / "lib").glob("lib*.so*"))}
    return found


@functools.cache
def system_files() -> tuple[Path, ...]:
    """The machine's shared libraries, and how the loader finds them."""
    machine = sysconfig.get_config_var("MULTIARCH") or ""
    folders = [f"/{lib}" for lib in ("lib64", "usr/lib64")]
    folders += [f"/{lib}/{machine}".rstrip("/") for lib in ("lib", "usr/lib")]
    return tuple(path for path in map(Path, [*folders, "/etc/ld.so.cache"]) if path.exists())


def hidden_within(folder: Path) -> tuple[str, ...]:
    """Folders inside one that hold other packages, the grader among them perhaps."""
    names = ("site-packages", "dist-packages")
    return tuple(name for name in names if (folder / name).is_dir())
