"""Small classes, and the results of a run as plain values to compare."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from class_runs import Start, results_of, starting, undisturbed_run, zipped

sys.path.append(str(Path(__file__).parent))  # for `dask_processes`
sys.path.append(str(Path(__file__).parent / "importable"))  # for tasks that other processes run

ON_TINY = Path(__file__).parents[1] / "on_tiny.py"


@pytest.fixture(scope="session")
def pack() -> Callable[[Path, Path], None]:
    """`pack(folder, zip)`."""
    return zipped


@pytest.fixture(scope="session")
def a_class(tmp_path_factory, work, stub, hand_in) -> Path:
    """Folders, a zip, a late submission, a hostile id, and two submissions without work."""
    root = tmp_path_factory.mktemp("class")
    hand_in(root / "ada" / "tiny", work())
    shutil.copytree(root / "ada", root / "=cmd('x')")
    (root / "=cmd('x')" / "tiny" / "timestamp.txt").write_text("2026-11-21 00:10:00 UTC")
    hand_in(root / "linus" / "tiny", work("step_goes_uphill"))
    hand_in(root / "new" / "tiny", stub)
    zipped(root / "linus" / "tiny", root / "grace.zip")
    (root / "broken.zip").write_bytes(b"PK and nothing else")
    (root / "absent").mkdir()
    return root


@pytest.fixture(scope="session")
def start() -> Start:
    """`start(class, out, ...)` starts `autograder cohort` in a new process."""
    return starting([sys.executable, ON_TINY])


@pytest.fixture(scope="session")
def undisturbed(a_class, start, tmp_path_factory) -> tuple[Path, str]:
    """The results of an uninterrupted run with one worker, and its output."""
    out = tmp_path_factory.mktemp("undisturbed")
    return out, undisturbed_run(start, a_class, out)


@pytest.fixture(scope="session")
def results() -> Callable[[Path], dict[str, object]]:
    """Everything in a run's folder that must not depend on how the run went."""
    return results_of
