"""Results that only the container of their own submission can open.

A result is encrypted with a key that is made from what its container has and no other: the id of
the submission and the contents of its files. The cipher is cryptography's Fernet, which also
notices changes. The key comes from scrypt, so that each guess of the files takes a tenth of a
second.

Runs in the container, also under its own Python 3.10.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from cryptography.fernet import Fernet, InvalidToken

COST = 2**15
"""scrypt's n: 32 MiB and about a tenth of a second."""
MEMORY = 64 * 2**20
LEFTOVERS = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
"""Names that do not count, because the export drops such files."""
OFTEN_TWICE = "__init__.py"
"""Not counted either: of files that were uploaded one by one, the export may drop these."""


def seal(result: bytes, submission: str, digests: Iterable[str]) -> bytes:
    """A result for one submission.

    Args:
        result: whatever the container is to find.
        submission: Gradescope's id.
        digests: the SHA-256 of each of its files that counts, in hexadecimal.
    """
    salt = secrets.token_bytes(16)
    return salt.hex().encode() + b"\n" + Fernet(_key(submission, digests, salt)).encrypt(result)


def unseal(record: bytes, submission: str, digests: Iterable[str]) -> bytes | None:
    """What was sealed; None if it is another submission's, or was changed."""
    salt, _, token = record.partition(b"\n")
    try:
        return Fernet(_key(submission, digests, bytes.fromhex(salt.decode()))).decrypt(token)
    except (InvalidToken, ValueError):
        return None


def _key(submission: str, digests: Iterable[str], salt: bytes) -> bytes:
    known = "\n".join([submission, *sorted(digests)]).encode()
    key = hashlib.scrypt(known, salt=salt, n=COST, r=8, p=1, maxmem=MEMORY, dklen=32)
    return base64.urlsafe_b64encode(key)


def counts(path: str) -> bool:
    """Whether a file belongs to the secret, by its path."""
    parts = PurePosixPath(path).parts
    left_over = any(part in LEFTOVERS or part.startswith("._") for part in parts)
    return not left_over and parts[-1] != OFTEN_TWICE


def digests_of(folder: Path) -> Iterator[str]:
    """The digests of a folder's files. No link is followed, and nothing is run or imported."""
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            plain = path.is_file() and not path.is_symlink()
            if plain and counts(path.relative_to(folder).as_posix()):
                yield _digest(path)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()
