"""Download the files of SVHN: resume broken downloads, verify checksums, replace atomically."""

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
PAUSES = (1, 3, 10)  # seconds between retries that receive nothing


def download(directory: str | Path, source: str = SOURCE) -> None:
    """Put ``train_32x32.mat`` and ``test_32x32.mat`` into ``directory``.

    Existing files are never overwritten: complete ones are not downloaded again, and a twin stays.
    After a broken connection, the bytes received are kept in a ``.part`` file, and the next run
    resumes from there.

    Raises:
        DataError: the download failed, or other files are in the way.
    """
    if identify(directory).kind == "twin":
        print(
            f"{directory} holds a synthetic twin. To download SVHN itself, delete the twin's files."
        )
        return
    for file in FILES:
        _fetch(file, Path(directory), source)


def _fetch(file: File, directory: Path, source: str) -> None:
    """Download one file, unless it exists."""
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
                "have answered instead; try again from another network."
            )
        part.replace(path)


def _refuse_other(path: Path, file: File) -> None:
    """Raise a DataError unless ``path`` is the real file: the user's files are not overwritten."""
    if path.stat().st_size == file.size and checksum(path) == file.md5:
        return
    what = "the synthetic twin's" if read_mark(path) else "not SVHN's (truncated, or another file)"
    raise DataError(
        f"{path} exists already and is {what}: delete it, or choose another directory with --dir."
    )


def _receive(url: str, part: Path) -> None:
    """Download ``url`` into ``part``, and resume after a broken connection.

    If the first attempt receives nothing, there is probably no network, and it gives up at once.
    After a connection that received something, it retries with PAUSES before it gives up.
    """
    import requests

    largest = _size(part)
    pauses: Iterator[int] = iter(())
    with requests.Session() as session:
        while True:
            try:
                if _request_rest(session, url, part):
                    return
                reason = "the connection ended early"
            except requests.RequestException as error:
                reason = _reason(error)
            if _size(part) > largest:
                largest, pauses = _size(part), iter(PAUSES)
                continue
            pause = next(pauses, None)
            if pause is None:
                raise DataError(
                    f"{url} could not be downloaded: {reason}.{_kept(part)} Check the network and "
                    "try again, or draw the synthetic twin with --synthetic, which needs none."
                )
            time.sleep(pause)


def _request_rest(session: requests.Session, url: str, part: Path) -> bool:
    """Make one request for the missing bytes; return whether the file is now complete."""
    have = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        span = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+)", answer.headers.get("Content-Range", ""))
        if (
            answer.status_code == 416 and have
        ):  # no bytes after these: the part is complete, or too long
            if not (span and int(span[2]) == have):
                part.unlink()
                return _request_rest(session, url, part)
            return True
        if answer.status_code == 407:
            raise DataError(
                f"The proxy wants a name and a password before it gets {url}: write them into the "
                "environment variable HTTP_PROXY, as http://NAME:PASSWORD@HOST:PORT, or draw the "
                "synthetic twin with --synthetic, which needs no network."
            )
        if answer.status_code not in (200, 206):
            moved = f" (for {answer.url}, to which it redirects)" if answer.history else ""
            raise DataError(
                f"{url} answered {answer.status_code} {answer.reason}{moved}. Try again later, or "
                "draw "
                "the synthetic twin with --synthetic, which needs no network."
            )
        # A server that does not support Range sends the file from the start.
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
        f" The {size:,} bytes received are kept; the next run resumes from there." if size else ""
    )


def _reason(error: Exception) -> str:
    """A short reason, since these errors wrap several others."""
    from requests.exceptions import ProxyError, SSLError, TooManyRedirects

    text = f"{type(error).__name__} {error}"
    if isinstance(error, ProxyError):
        return (
            "the proxy did not answer; it is named by the environment variable HTTP_PROXY or "
            "HTTPS_PROXY, or by the system's settings"
        )
    if isinstance(error, SSLError):
        return (
            "the server's certificate was not accepted (is the clock right? If your network "
            "checks all traffic, REQUESTS_CA_BUNDLE names the file with its certificate)"
        )
    if isinstance(error, TooManyRedirects):
        return "the server redirects without end (is there a login page on this network?)"
    if "NameResolution" in text or "getaddrinfo" in text:
        return "the server's name is unknown here (no network?)"
    if "refused" in text:
        return "the connection was refused"
    if "Timeout" in text or "timed out" in text:
        return "no answer in time"
    return "the connection broke"
