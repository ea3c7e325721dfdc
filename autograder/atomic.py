"""Files that are there whole, or as they were."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Writes a file, whose readers, and whoever ends this process, find the old text or the new.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    path = path.resolve()  # of a link, what it leads to
    beside = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with beside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
