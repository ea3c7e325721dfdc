"""Files that are there whole, or as they were."""

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
    """A file to write to, which is renamed to `path` once all of it is there.

    Its readers, and whoever ends this process, find the old content or the new; and so does who
    pulls the plug, unless it need not be `durable` because it can be made again.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    path = path.resolve()  # of a link, what it leads to
    beside = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with beside.open("xb") as file:
            yield file
            if durable:  # takes some milliseconds
                file.flush()
                os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def write_whole(path: Path, text: str, durable: bool = True) -> None:
    """Writes a text in the same way, see `whole`.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    with whole(path, durable) as file:
        file.write(text.encode("utf-8"))
