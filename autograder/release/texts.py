"""Reads every text in a folder: files, strings in notebooks, members of archives, and base64.

Whatever cannot be searched as text must not be in a release, and is reported.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.release.finding import Finding

BASE64 = re.compile(r"[A-Za-z0-9+/_\-\n]{24,}={0,2}")
LARGEST = 20_000_000
"""Most bytes that packed data may unpack to."""
DEEPEST = 5
"""How many levels of nested packing are unpacked."""


@dataclass(frozen=True)
class Text:
    """A text to look through.

    Attributes:
        path: the file, relative to the folder.
        content: the text.
        inside: its place in the file, such as "cells[3].source"; empty for the whole file.
        raw: the text of the whole file, to find the line of a part.
    """

    path: str
    content: str
    inside: str = ""
    raw: str = ""

    def line(self, position: int) -> int:
        """The line of the file that holds a position of the content; 1 if the content is packed."""
        before = self.content.count("\n", 0, position)
        if not self.inside:
            return before + 1
        line = json.dumps(self.content.split("\n")[before], ensure_ascii=False)[1:-1]
        found = self.raw.find(line)
        return self.raw.count("\n", 0, found) + 1 if found >= 0 else 1


def read(folder: Path) -> tuple[list[Text], list[Finding]]:
    """All texts in a folder, and findings for files that are not text or not allowed."""
    texts: list[Text] = []
    findings: list[Finding] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if problem := _forbidden(path):
            findings.append(Finding("files", name, 1, problem))
        elif path.is_file():
            for text in unpack(name, path.read_bytes()):
                if isinstance(text, Finding):
                    findings.append(text)
                else:
                    texts.append(text)
    return texts, findings


def _forbidden(path: Path) -> str | None:
    if path.is_symlink():
        return "a symbolic link; replace it by a file"
    if path.suffix in (".pyc", ".pyo") or path.name == "__pycache__":
        return "compiled Python, which may contain code that its source no longer has; delete it"
    if path.name.startswith("."):
        return "a hidden file or folder; delete it"
    if path.suffix in (".db", ".sqlite") or path.name.startswith("gradebook"):
        return "a gradebook; delete it"
    if not (path.is_file() or path.is_dir()):
        return "neither a file nor a folder"
    return None


def unpack(path: str, data: bytes, inside: str = "", depth: int = 0) -> Iterator[Text | Finding]:
    """The texts in the bytes of a file, and a finding for each part that cannot be read."""
    if depth > DEEPEST:
        yield Finding("files", path, 1, f"{inside}: packed more than {DEEPEST} levels deep")
        return
    try:
        if data.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(member.file_size for member in archive.infolist()) > LARGEST:
                    raise ValueError(f"unpacks to more than {LARGEST} bytes")
                for member in archive.infolist():
                    within = f"{inside} {member.filename}".strip()
                    yield from unpack(path, archive.read(member), within, depth + 1)
            return
        if data.startswith(b"\x1f\x8b"):
            with gzip.open(io.BytesIO(data)) as file:
                unzipped = file.read(LARGEST + 1)
            if len(unzipped) > LARGEST:
                raise ValueError(f"unpacks to more than {LARGEST} bytes")
            yield from unpack(path, unzipped, f"{inside} gzip".strip(), depth + 1)
            return
        content = data.decode("utf-8")
    except (UnicodeDecodeError, ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as e:
        yield Finding("files", path, 1, f"{inside}: not text ({e})".removeprefix(": "))
        return
    yield from _of_text(path, content, inside, depth)


def _of_text(path: str, content: str, inside: str, depth: int) -> Iterator[Text | Finding]:
    """The text itself, or for JSON its strings, and any text packed into them as base64."""
    try:
        parsed = json.loads(content) if content.lstrip()[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        parsed = None
    parts = [(inside, content)] if parsed is None else list(_strings(parsed, inside))
    for within, part in parts:
        yield Text(path, part, within, content)
        for found in BASE64.finditer(part):
            if packed := _decoded(found[0]):
                yield from unpack(path, packed, f"{within} base64".strip(), depth + 1)


def _strings(value: object, inside: str) -> Iterator[tuple[str, str]]:
    """Every string of a JSON value, with its place. A list of strings counts as one text."""
    if isinstance(value, str):
        yield inside, value
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        yield inside, "".join(value)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, f"{inside}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"{inside}.{key}".lstrip("."), key
            yield from _strings(item, f"{inside}.{key}".lstrip("."))


def _decoded(text: str) -> bytes | None:
    """The content of a base64 text, or None if it is neither text nor an archive."""
    packed = text.replace("\n", "").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        data = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
        if not data.startswith((b"PK\x03\x04", b"\x1f\x8b")):
            data.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return data
