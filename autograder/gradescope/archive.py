"""The zip that an instructor uploads as "autograder": the same bytes for the same files."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from autograder.atomic import whole

SCRIPTS = ("setup.sh", "run_autograder")
UNFINISHED = "unfinished.json"
"""What results.json holds until a submission has its results."""
TIME = (1980, 1, 1, 0, 0, 0)
EXECUTABLE, ORDINARY = 0o100755, 0o100644


def scripts(kind: str) -> dict[str, bytes]:
    """The two scripts that Gradescope runs, of an autograder of this kind."""
    folder = files("autograder.gradescope.container") / kind
    return {name: (folder / name).read_bytes() for name in SCRIPTS}


def write(path: Path, entries: Mapping[str, bytes]) -> None:
    """Write the zip.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(entries.items()):
            entry = zipfile.ZipInfo(name, TIME)
            entry.external_attr = (EXECUTABLE if name in SCRIPTS else ORDINARY) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
