"""What a student would look for is put where a student would look; afterwards: what was touched?

`Bait` stands while attacks run. Nothing that came back may hold its words, nobody may have knocked
at its sockets, and `Traces` taken before and after must be the same.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder import checkout
from autograder.problem_1 import ASSIGNMENT as P1

PR_SET_CHILD_SUBREAPER = 36
WATCHED = ("autograder", "tests", "lib_solution", "source", "release")
"""Of the checkout."""
HIDDEN = tuple(
    path.read_text("utf-8").split("\n", 1)[0].strip('"').encode()
    for path in sorted(P1.suites.glob("test_*.py"))
)
"""How the hidden suites begin, each in its own words."""


@contextlib.contextmanager
def adopting_orphans() -> Iterator[None]:
    """Every process that something of ours leaves behind becomes a child of this process."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@dataclass
class Bait:
    """A secret, and everywhere it stands.

    Attributes:
        word: the secret.
        folder: the temporary folder of all that runs, with files in it that anybody may change.
        knocks: who connected to a socket of ours.
    """

    word: str
    folder: Path
    knocks: list[str] = field(default_factory=list)

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What must not come back."""
        return (self.word.encode(), *HIDDEN)


@contextlib.contextmanager
def bait(place: Path) -> Iterator[Bait]:
    """Files, an environment variable, a process, shared memory and sockets that tell the secret."""
    laid = Bait(f"canary-{secrets.token_hex(8)}", place / "tmp")
    with contextlib.ExitStack() as stack:
        _files(laid)
        stack.callback(os.environ.pop, "GRADEBOOK_PASSWORD", None)
        os.environ["GRADEBOOK_PASSWORD"] = laid.word
        stack.enter_context(_temporary_folder(laid.folder))
        shared = Path("/dev/shm", f"solution-{laid.word[-8:]}.py")
        shared.write_text(laid.word)
        stack.callback(shared.unlink)
        sleeper = [sys.executable, "-c", "import sys; sys.stdin.read()", laid.word]
        process = stack.enter_context(subprocess.Popen(sleeper, stdin=subprocess.PIPE))
        stack.callback(process.kill)
        for family, address in (
            (socket.AF_INET, ("127.0.0.1", 0)),
            (socket.AF_UNIX, str(laid.folder / "grader.sock")),
            (socket.AF_UNIX, "\0grader"),
        ):
            listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            with contextlib.suppress(OSError):  # another suite on this machine has that name
                listener.bind(address)
                listener.listen()
                _listen(listener, laid)
        yield laid


def _files(laid: Bait) -> None:
    told = {
        "solution/lib/mlp/layer_utils.py": f"# {laid.word}\n",
        "tests/hidden/test_fc.py": f"# {laid.word}\n",
        "expected.json": f'{{"fc_forward": "{laid.word}"}}\n',
        "gradebook.db": f"SQLite format 3\0{laid.word}",
        "grades.csv": f"student,score\nada,{laid.word}\n",
    }
    for name, text in told.items():
        path = laid.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in (laid.folder, *laid.folder.rglob("*")):  # what keeps a student out is the sandbox
        path.chmod(0o777 if path.is_dir() else 0o666)
    for path in laid.folder.parents:
        if path != Path(path.anchor) and path.stat().st_uid == os.geteuid():
            path.chmod(path.stat().st_mode | 0o055)


@contextlib.contextmanager
def _temporary_folder(folder: Path) -> Iterator[None]:
    home = folder.with_name("home")  # where honest programs, too, leave their settings
    home.mkdir()
    before = {name: os.environ.get(name) for name in ("TMPDIR", "HOME")}
    os.environ |= {"TMPDIR": str(folder), "HOME": str(home)}
    tempfile.tempdir = None  # asks again
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        tempfile.tempdir = None


def _listen(listener: socket.socket, laid: Bait) -> None:
    def answer() -> None:
        with contextlib.suppress(OSError):  # closed at the end
            while True:
                guest, _ = listener.accept()
                laid.knocks.append(f"a connection to {listener.getsockname()!r}")
                guest.sendall(laid.word.encode())
                guest.close()

    threading.Thread(target=answer, daemon=True).start()


@dataclass(frozen=True)
class Traces:
    """What there is to change, for comparison.

    Attributes:
        processes: that descend from this one, by what they are called.
        files: of the bait's folder, shared memory and what was handed in: their contents; of the
            checkout: mode, and of what is no folder size and time.
    """

    processes: Mapping[int, str]
    files: Mapping[str, str]

    @classmethod
    def now(cls, laid: Bait) -> Traces:
        files = {str(p): _content(p) for p in sorted(laid.folder.rglob("*"))}
        files |= {str(p): "" for p in Path("/dev/shm").iterdir() if _may_be_a_students(p)}
        for part in WATCHED:
            for path in (checkout.ROOT / part).rglob("*"):
                if "__pycache__" not in path.parts:
                    status = path.lstat()
                    # a folder's time changes with every __pycache__ that another test makes in it
                    when = "" if path.is_dir() else f" {status.st_size} {status.st_mtime_ns}"
                    files[str(path)] = f"{status.st_mode:o}{when}"
        return cls(descendants(), files)

    def left_by(self, later: Traces) -> list[str]:
        """Sentences about what is there later and was not, or is otherwise."""
        found = [
            f"process {pid} ({name}) was left running"
            for pid, name in later.processes.items()
            if pid not in self.processes
        ]
        for path in sorted({*self.files, *later.files}):
            if path not in later.files:
                found.append(f"{path} was removed")
            elif path not in self.files:
                found.append(f"{path} was left behind")
            elif self.files[path] != later.files[path]:
                found.append(f"{path} was changed")
        return found


def _may_be_a_students(path: Path) -> bool:
    """Whether a sandbox's user may have written it: from root that is another user than ours."""
    try:
        return os.geteuid() != 0 or path.lstat().st_uid != 0
    except FileNotFoundError:  # others of this machine come and go
        return False


def _content(path: Path) -> str:
    if path.is_file() and not path.is_symlink():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return str(path.lstat().st_mode)


def descendants() -> dict[int, str]:
    """Every living process that was started by this one or what it started."""
    parents, names = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path("/proc", entry, "stat").read_text(errors="replace")
                name, _, rest = stat.rpartition(")")
                state, parent = rest.split()[:2]
                if state != "Z":
                    parents[int(entry)] = int(parent)
                    names[int(entry)] = name.partition("(")[2]
    family, grown = {os.getpid()}, True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in family}
        grown = not children <= family
        family |= children
    return {pid: names[pid] for pid in family if pid != os.getpid() and pid in names}


def told(secrets: tuple[bytes, ...], out: Path, neighbour: str) -> list[str]:
    """Files under `out` that hold one of the secrets, but those of the neighbour who wrote it."""
    found = []
    for path in sorted(out.rglob("*")):
        if path.is_file() and not path.is_symlink() and neighbour not in path.parts:
            content = path.read_bytes()
            for secret in secrets:
                at = content.find(secret)
                if at >= 0:
                    around = content[max(0, at - 60) : at + 60]
                    found.append(f"{path.relative_to(out)} holds a secret: {around!r}")
    return found
