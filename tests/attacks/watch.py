"""Bait for attacks to find, and the traces that an attack may leave.

`Bait` puts secrets where a student would look for them. While attacks run, no output may contain
a secret and nobody may connect to its sockets. `Traces` before and after must be equal.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import pwd
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
"""Folders of the checkout that must not change."""
HIDDEN = tuple(
    path.read_text("utf-8").split("\n", 1)[0].strip('"').encode()
    for path in sorted(P1.suites.glob("test_*.py"))
)
"""The first line of each hidden suite, which shows up wherever the suite leaks."""

OF_OTHER_TESTS = ("sem.mp-", "autograder-", "solution-")
"""How files in /dev/shm begin: of process pools, of the product, and of the bait of other runs."""


@contextlib.contextmanager
def adopting_orphans() -> Iterator[None]:
    """Makes this process the parent of every process that its descendants leave behind."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@dataclass
class Bait:
    """A secret, and the places that contain it.

    Attributes:
        word: the secret.
        folder: the temporary folder of everything that runs; its files are writable by anybody.
        connections: a sentence for each connection to a socket of the bait.
    """

    word: str
    folder: Path
    connections: list[str] = field(default_factory=list)

    @property
    def shared(self) -> Path:
        """The bait's file in shared memory."""
        return Path("/dev/shm", f"solution-{self.word[-8:]}.py")

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """Texts that no output may contain."""
        return (self.word.encode(), *HIDDEN)


@contextlib.contextmanager
def bait(place: Path) -> Iterator[Bait]:
    """The secret in files, an environment variable, a process, shared memory and sockets."""
    planted = Bait(f"canary-{secrets.token_hex(8)}", place / "tmp")
    with contextlib.ExitStack() as stack:
        _files(planted)
        stack.callback(os.environ.pop, "GRADEBOOK_PASSWORD", None)
        os.environ["GRADEBOOK_PASSWORD"] = planted.word
        stack.enter_context(_temporary_folder(planted.folder))
        planted.shared.write_text(planted.word)
        stack.callback(planted.shared.unlink)
        sleeper = [sys.executable, "-c", "import sys; sys.stdin.read()", planted.word]
        process = stack.enter_context(subprocess.Popen(sleeper, stdin=subprocess.PIPE))
        stack.callback(process.kill)
        for family, address in (
            (socket.AF_INET, ("127.0.0.1", 0)),
            (socket.AF_UNIX, str(planted.folder / "grader.sock")),
            (socket.AF_UNIX, "\0grader"),
        ):
            listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            with contextlib.suppress(OSError):  # another run on this machine uses that name
                listener.bind(address)
                listener.listen()
                _listen(listener, planted)
        yield planted


def _files(planted: Bait) -> None:
    texts = {
        "solution/lib/mlp/layer_utils.py": f"# {planted.word}\n",
        "tests/hidden/test_fc.py": f"# {planted.word}\n",
        "expected.json": f'{{"fc_forward": "{planted.word}"}}\n',
        "gradebook.db": f"SQLite format 3\0{planted.word}",
        "grades.csv": f"student,score\nada,{planted.word}\n",
    }
    for name, text in texts.items():
        path = planted.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in (
        planted.folder,
        *planted.folder.rglob("*"),
    ):  # only the sandbox may keep students out
        path.chmod(0o777 if path.is_dir() else 0o666)
    for path in planted.folder.parents:
        if path != Path(path.anchor) and path.stat().st_uid == os.geteuid():
            path.chmod(path.stat().st_mode | 0o055)


@contextlib.contextmanager
def _temporary_folder(folder: Path) -> Iterator[None]:
    home = folder.with_name("home")  # honest programs write settings there, too
    home.mkdir()
    before = {name: os.environ.get(name) for name in ("TMPDIR", "HOME")}
    os.environ |= {"TMPDIR": str(folder), "HOME": str(home)}
    tempfile.tempdir = None  # forgets the cached folder
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        tempfile.tempdir = None


def _listen(listener: socket.socket, planted: Bait) -> None:
    def answer() -> None:
        with contextlib.suppress(OSError):  # closed at the end
            while True:
                client, _ = listener.accept()
                planted.connections.append(f"a connection to {listener.getsockname()!r}")
                client.sendall(planted.word.encode())
                client.close()

    threading.Thread(target=answer, daemon=True).start()


@dataclass(frozen=True)
class Traces:
    """The state that attacks might change, to be compared before and after.

    Attributes:
        processes: names of this process's descendants, by process id.
        files: a text for each path that changes with it: a hash of the content in the bait's
            folder; mode, size and time in the checkout (of folders the mode only).
    """

    processes: Mapping[int, str]
    files: Mapping[str, str]

    @classmethod
    def now(cls, planted: Bait) -> Traces:
        files = {str(p): _content(p) for p in sorted(planted.folder.rglob("*"))}
        files |= {str(p): "" for p in Path("/dev/shm").iterdir() if _may_be_a_students(p)}
        files[str(planted.shared)] = _content(planted.shared) if planted.shared.exists() else "gone"
        for part in WATCHED:
            for path in (checkout.ROOT / part).rglob("*"):
                if "__pycache__" not in path.parts:
                    status = path.lstat()
                    # a folder's time changes whenever another test writes a __pycache__ into it
                    when = "" if path.is_dir() else f" {status.st_size} {status.st_mtime_ns}"
                    files[str(path)] = f"{status.st_mode:o}{when}"
        return cls(descendants(), files)

    def left_by(self, later: Traces) -> list[str]:
        """A sentence for each difference between this state and a later one."""
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
    """Whether a sandbox may have written it: not a program that runs at the same time.

    Root's sandboxes run as users without a name. All others' run as the same user as those tests.
    """
    if os.geteuid() != 0:
        return not path.name.startswith(OF_OTHER_TESTS)
    try:
        pwd.getpwuid(path.lstat().st_uid)
    except FileNotFoundError:  # other processes create and delete files here
        return False
    except KeyError:
        return True
    return False


def _content(path: Path) -> str:
    if path.is_file() and not path.is_symlink():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return str(path.lstat().st_mode)


def descendants() -> dict[int, str]:
    """Names of all living descendants of this process, by process id."""
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


def leaks(secrets: tuple[bytes, ...], out: Path, neighbour: str) -> list[str]:
    """Files under `out` that contain a secret, except those of the neighbour who handed it in."""
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
