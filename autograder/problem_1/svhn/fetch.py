"""Fetch SVHN's own files: resumed when a connection breaks, checked, put in place when whole."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from .errors import DataError
from .files import FILES, SOURCE, File, checksum, identify, read_mark, writing

if TYPE_CHECKING:
    import requests

BLOCK = 1 << 18  # bytes read at a time
TIMEOUT = (10, 30)  # seconds to connect, and between two blocks
PAUSES = (1, 3, 10)  # seconds between attempts that bring nothing, once something had come


def download(directory: str | Path, source: str = SOURCE) -> None:
    """Put ``train_32x32.mat`` and ``test_32x32.mat`` into ``directory``.

    Files that are there are not fetched again, a twin that was drawn there stays, and nothing else
    is overwritten. What a broken connection left is kept beside them as ``.part``, and the next run
    goes on from there.

    Raises:
        DataError: with a sentence that says what to do.
    """
    if identify(directory).kind == "twin":
        print(f"{directory} holds a synthetic twin of SVHN. To have SVHN itself, delete its files.")
        return
    for file in FILES:
        _fetch(file, Path(directory), source)


def _fetch(file: File, directory: Path, source: str) -> None:
    """Fetch one file, unless it is there already."""
    path = directory / file.name
    if path.exists():
        _refuse_other(path, file)
        return
    part = directory / (file.name + ".part")
    with writing(part, file.size):
        _receive(source + file.name, part)
        size, found = part.stat().st_size, checksum(part)
        if found != file.md5:
            part.unlink()
            raise DataError(
                f"{source}{file.name} is not SVHN's file: {size:,} bytes with MD5 {found}, "
                f"expected {file.size:,} bytes with {file.md5}. A proxy or a login page may "
                "stand between; try again from another network."
            )
        part.replace(path)


def _refuse_other(path: Path, file: File) -> None:
    """Raise unless ``path`` is the real file: nothing of the user's is overwritten."""
    if path.stat().st_size == file.size and checksum(path) == file.md5:
        return
    what = "the synthetic twin's" if read_mark(path) else "not SVHN's (cut short, or another file)"
    raise DataError(
        f"{path} is there already and is {what}: delete it, or choose another directory with --dir."
    )


def _receive(url: str, part: Path) -> None:
    """Receive ``url`` into ``part``, going on where a broken connection left off.

    It gives up at once when the first attempt brings nothing, which is how no network looks, and
    after some pauses when a connection that had brought something is gone for good.
    """
    import requests

    most = _size(part)
    pauses: Iterator[int] = iter(())
    with requests.Session() as session:
        while True:
            try:
                if _whole_after_one_answer(session, url, part):
                    return
                reason = "the connection ended early"
            except requests.RequestException as error:
                reason = _reason(error)
            if _size(part) > most:
                most, pauses = _size(part), iter(PAUSES)
                continue
            pause = next(pauses, None)
            if pause is None:
                raise DataError(
                    f"{url} could not be fetched: {reason}.{_kept(part)} Check the network and try "
                    "again, or draw the synthetic twin with --synthetic, which needs none."
                )
            time.sleep(pause)


def _whole_after_one_answer(session: requests.Session, url: str, part: Path) -> bool:
    """Make one request and keep what comes; True when that was the rest of the file."""
    have = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        span = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+)", answer.headers.get("Content-Range", ""))
        if answer.status_code == 416 and have:  # nothing comes after that: it is all, or too much
            if not (span and int(span[2]) == have):
                part.unlink()
                return _whole_after_one_answer(session, url, part)
            return True
        if answer.status_code not in (200, 206):
            raise DataError(
                f"{url} answered {answer.status_code} {answer.reason}. Try again later, or draw "
                "the synthetic twin with --synthetic, which needs no network."
            )
        # A server that does not know Range sends the file from its beginning.
        resumed = answer.status_code == 206 and span and span[1] and int(span[1]) == have
        start = have if resumed else 0
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length else None
        look = {"desc": part.stem, "unit": "B", "unit_scale": True, "mininterval": 0.5}
        bar = tqdm(total=total, initial=start, file=sys.stdout, **look)
        with bar, part.open("ab" if resumed else "wb") as out:
            for block in answer.iter_content(BLOCK):
                out.write(block)
                bar.update(len(block))
    return total is None or _size(part) >= total


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _kept(part: Path) -> str:
    size = _size(part)
    return (
        f" The {size:,} bytes received are kept; the next run goes on from there." if size else ""
    )


def _reason(error: Exception) -> str:
    """A few words for what arrives wrapped in several layers."""
    text = f"{type(error).__name__} {error}"
    if "NameResolution" in text or "getaddrinfo" in text:
        return "the server's name is unknown here (no network?)"
    if "refused" in text:
        return "the connection was refused"
    if "Timeout" in text or "timed out" in text:
        return "no answer in time"
    return "the connection broke"
