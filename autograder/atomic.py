"""Atomic writes: a file has either its old content or all of the new."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def whole(path: Path, durable: bool = True) -> Iterator[IO[bytes]]:
    """A file to write to, which is renamed to `path` when it is complete.

    Readers find either the old content or the new, even if this process is killed. A `durable` file
    also survives a power cut; a file that could be generated again need not be durable.

    Raises:
        OSError: it cannot be written; the old content stays.
    """
    path = path.resolve()  # replaces the target of a link, not the link
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            yield file
            if durable:
                keep_through_power_cut(file)
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def keep_through_power_cut(file: IO[bytes]) -> None:
    """Wait until the disk has all that was written, which takes some milliseconds."""
    file.flush()
    os.fsync(file.fileno())


def write_whole(path: Path, text: str, durable: bool = True) -> None:
    """Write a text atomically, see `whole`.

    Raises:
        OSError: it cannot be written; the old content stays.
    """
    with whole(path, durable) as file:
        file.write(text.encode("utf-8"))
