"""Fetch SVHN's own files: resumed after a broken connection, checked, and put in place when whole."""

import re
import sys
from pathlib import Path

from tqdm import tqdm

from .errors import DataError
from .files import FILES, SOURCE, File, checksum, read_mark, writing

BLOCK = 1 << 18  # bytes read at a time
TIMEOUT = (10, 30)  # seconds to connect, and between two blocks


def download(directory: str | Path, source: str = SOURCE) -> None:
    """Put ``train_32x32.mat`` and ``test_32x32.mat`` into ``directory``; what is there is not fetched again.

    Raises DataError, with a sentence that says what to do, when that is not possible.
    """
    for file in FILES:
        fetch(file, Path(directory), source)


def fetch(file: File, directory: Path, source: str) -> None:
    """Fetch one file, unless it is there already."""
    path = directory / file.name
    if path.exists():
        _refuse_other(path, file)
        return
    part = directory / (file.name + ".part")
    with writing(part, file.size):
        _receive(file, source + file.name, part)
        found = checksum(part)
        if found != file.md5:
            size = part.stat().st_size
            part.unlink()
            raise DataError(
                f"{source}{file.name} is not SVHN's file: {size:,} bytes with MD5 {found}, expected "
                f"{file.size:,} bytes with {file.md5}. A proxy or login page may stand between; "
                "try again from another network."
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


def _receive(file: File, url: str, part: Path) -> None:
    """Receive ``url`` into ``part``, going on where a broken connection left off."""
    import requests

    broken = None
    with requests.Session() as session:
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                if _receive_once(session, url, part, file.name):
                    return
                broken = "the connection ended early"
            except (requests.ConnectionError, requests.Timeout) as error:
                broken = _reason(error)
            except requests.exceptions.ChunkedEncodingError as error:
                broken = _reason(error)
            after = part.stat().st_size if part.exists() else 0
            if after <= before:  # as long as each attempt brings something, go on
                kept = (
                    f" {after:,} bytes are kept and the next run goes on from there."
                    if after
                    else ""
                )
                raise DataError(
                    f"{url} could not be fetched ({broken}).{kept} Check the network and try again, "
                    "or draw the synthetic twin with --synthetic, which needs none."
                )


def _receive_once(session, url: str, part: Path, name: str) -> bool:
    """One request; True when the file is whole as far as its length can tell."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        span = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+)", answer.headers.get("Content-Range", ""))
        if answer.status_code == 416 and span and int(span[2]) == have:
            return True  # all of it was here
        if answer.status_code == 416:
            part.unlink()  # longer than the file: of something else
            return _receive_once(session, url, part, name)
        if answer.status_code not in (200, 206):
            raise DataError(
                f"{url} answered {answer.status_code} {answer.reason}. Try again later, "
                "or draw the synthetic twin with --synthetic, which needs no network."
            )
        resumed = answer.status_code == 206 and span and span[1] and int(span[1]) == have
        start = (
            have if resumed else 0
        )  # a server that ignores Range sends the file from its beginning
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length else None
        bar = tqdm(
            total=total, initial=start, desc=name, unit="B", unit_scale=True, file=sys.stdout
        )
        with bar, part.open("ab" if resumed else "wb") as out:
            for block in answer.iter_content(BLOCK):
                out.write(block)
                bar.update(len(block))
        return total is None or part.stat().st_size >= total


def _reason(error: Exception) -> str:
    """A few words for what requests wraps in several layers."""
    text = str(error)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "the name of the server is not known here; no network?"
    if "refused" in text:
        return "connection refused"
    if "timed out" in text or "Timeout" in type(error).__name__:
        return "no answer in time"
    return "the connection broke"
