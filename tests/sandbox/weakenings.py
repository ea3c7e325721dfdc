"""Every protection of every sandbox, and how it is switched off for the self-test to notice.

Nothing in the sandbox is made for this. A weakening changes what a backend hands over anyway: the
command and the environment of a process, the order for sandlock's launcher, or the text of a file
that runs inside. Each says which line of the self-test must fail then. Where a second protection
holds the same thing, the line must not fail, and the weakening of both is a row of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

from autograder import course
from autograder.sandbox import bubblewrap, sandlock
from autograder.sandbox.backend import HERE, Backend, Mount, Process, popen
from autograder.sandbox.limits import Limits
from autograder.sandbox.packages import hidden_within, python_files
from autograder.sandbox.selftest import BACKENDS, OUTLIVES, selftest

sys.path.append(str(HERE))  # what runs inside imports its neighbours by their plain names
import seccomp
from escapes import files, kernel, limits, processes

WHO = "root" if os.geteuid() == 0 else "ordinary user"
EVERYWHERE = tuple(f"{b.name}, {who}" for b in BACKENDS for who in ("root", "ordinary user"))

Order = dict[str, Any]


@dataclass(frozen=True)
class Weakening:
    """One protection less, or several.

    Attributes:
        name: what is switched off.
        line: of the self-test, which must fail.
        command: makes another command of bubblewrap's.
        order: changes the order of sandlock's launcher.
        texts: by name of a file that runs inside or starts what does, (old, new) texts; an empty
            old text adds the new one at the end.
        inherited: the child gets a descriptor and a variable of ours.
        left_alive: processes are not ended.
        same_session: the child begins in the grader's session.
        says: what the line must say, where it could fail for another reason.
        only: the backends and users that have this protection; all when empty.
        held_by: what else holds it, by backend and user.
    """

    name: str
    line: str
    command: Callable[[list[str]], list[str]] | None = None
    order: Callable[[Order], Any] | None = None
    texts: Mapping[str, tuple[tuple[str, str], ...]] | None = None
    inherited: bool = False
    left_alive: bool = False
    same_session: bool = False
    only: tuple[str, ...] = EVERYWHERE
    held_by: Mapping[str, str] | None = None
    says: str = ""

    def holds(self, where: str) -> str | None:
        """What holds the same thing there."""
        return (self.held_by or {}).get(where)


class Weakened:
    """A backend with a protection less."""

    confines = True

    def __init__(self, backend: Backend, weakening: Weakening, folder: Path) -> None:
        """`folder` takes the files that were changed."""
        self._backend, self._weakening, self._folder = backend, weakening, folder
        self.name = backend.name

    def unavailable(self) -> str | None:
        return self._backend.unavailable()

    def start(
        self,
        script: str,
        config: Mapping[str, Any],
        mounts: Sequence[Mount],
        limits: Limits,
        threads: int = 1,
    ) -> Process:
        module = {"bubblewrap": bubblewrap, "sandlock": sandlock}[self.name]
        mounts = [replace(m, source=self._changed(m.source)) for m in mounts]
        self.token = config["abstract"]
        with ExitStack() as stack:
            stack.enter_context(mock.patch.object(module, "popen", self._popen))
            if self._weakening.left_alive:
                stack.enter_context(mock.patch.object(module, "_end", _leave))
            if self._weakening.same_session:
                stack.enter_context(mock.patch.object(subprocess, "Popen", _in_our_session))
            return self._backend.start(script, config, mounts, limits, threads)

    def kill_what_is_left(self) -> None:
        """A weakened sandbox may leave processes behind: those that were told this run's word."""
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                another = entry.name.isdigit() and int(entry.name) != os.getpid()
                if another and self.token.encode() in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)

    def _changed(self, source: Path) -> Path:
        texts = (self._weakening.texts or {}).get(source.name)
        if texts is None:
            return source
        text = source.read_text()
        for old, new in texts:
            assert not old or text.count(old) == 1, f"{source.name} holds {text.count(old)}: {old}"
            text = text.replace(old, new) if old else f"{text}\n{new}\n"
        self._folder.mkdir(exist_ok=True)
        changed = self._folder / source.name
        changed.write_text(text)
        changed.chmod(0o644)
        return changed

    def _popen(
        self, argv: Sequence[str], env: Mapping[str, str], pass_fds: Sequence[int] = (), **rest: Any
    ) -> Any:
        argv, env, own = list(argv), dict(env), self._weakening
        if self.name == "bubblewrap" and own.command is not None:
            argv = own.command(argv)
        if self.name == "sandlock":
            argv[-2] = str(self._changed(Path(argv[-2])))
            order = json.loads(argv[-1])
            if own.order is not None:
                own.order(order)
            if own.inherited:
                order["env"] |= {"SECRET": "x"}
            argv[-1] = json.dumps(order)
        if own.inherited:
            env, pass_fds = env | {"SECRET": "x"}, [*pass_fds, os.open("/", os.O_RDONLY)]
        return popen(argv, env, pass_fds, **rest)


def _leave(*processes: Any) -> None:
    """Ends nothing."""


class _in_our_session(subprocess.Popen):
    def __init__(self, *command: Any, **options: Any) -> None:
        super().__init__(*command, **{**options, "start_new_session": False})


# how to change a command, an order, a text


def without(flag: str, values: int = 0) -> Callable[[list[str]], list[str]]:
    def change(argv: list[str]) -> list[str]:
        at = argv.index(flag)
        return argv[:at] + argv[at + 1 + values :]

    return change


def with_(*words: str) -> Callable[[list[str]], list[str]]:
    """Further mounts before those that bubblewrap makes."""

    def change(argv: list[str]) -> list[str]:
        at = argv.index("--ro-bind")
        return argv[:at] + list(words) + argv[at:]

    return change


def without_last_remount(argv: list[str]) -> list[str]:
    """That of the root, which comes last."""
    at = len(argv) - 1 - argv[::-1].index("--remount-ro")
    return argv[:at] + argv[at + 2 :]


def every(old: str, new: str) -> Callable[[list[str]], list[str]]:
    return lambda argv: [new if word == old else word for word in argv]


def all_of(*changes: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def change(thing: Any) -> Any:
        for one in changes:
            thing = one(thing)
        return thing

    return change


def without_rule(*names: str) -> dict[str, tuple[tuple[str, str], ...]]:
    kept = f"REFUSED = tuple(name for name in REFUSED if name not in {names!r})"
    return {"seccomp.py": (("", kept),)}


def in_confine(old: str, new: str) -> dict[str, tuple[tuple[str, str], ...]]:
    return {"confine.py": ((old, new),)}


BUBBLEWRAP = EVERYWHERE[:2]
SANDLOCK = EVERYWHERE[2:]
ROOT = tuple(where for where in EVERYWHERE if where.endswith("root"))
NOT_ROOT = tuple(where for where in EVERYWHERE if not where.endswith("root"))
SAME_USER = in_confine("    if user is not None:", "    if False:")
NO_FILTER = in_confine("        refuse_system_calls()\n", "        pass\n")


def line_of(attempt: Callable) -> str:
    """The name of an attempt."""
    for part in (files, processes, kernel, limits):
        for name, known in part.ATTEMPTS.items():
            if known is attempt:
                return name
    raise KeyError(attempt)


READS, WRITES = line_of(files.reads), line_of(files.writes)
IMPORTS, GUARDS = line_of(files.imports), line_of(files.changes_what_guards_files)
DEVICES, PROC, WATCHES = (
    line_of(a) for a in (files.opens_devices, files.finds_proc, files.watches)
)
SIGNALS, TRACES = line_of(processes.signals), line_of(processes.traces)
SLOWS, FASTER = line_of(processes.slows_the_grader), line_of(processes.raises_its_priority)
BECOMES_ROOT, TERMINAL = line_of(processes.becomes_root), line_of(processes.reaches_a_terminal)
INHERITS, TELLS = line_of(processes.inherits), line_of(processes.environment_tells)
CORE, SOCKETS = line_of(processes.leaves_a_core), line_of(kernel.makes_sockets)
CONNECTS, MEMORY = line_of(kernel.connects), line_of(limits.takes_memory)
HIDDEN, MEETS = line_of(kernel.takes_hidden_memory), line_of(kernel.meets_others)
NAMESPACES, NUMBERS = line_of(kernel.makes_namespaces), line_of(kernel.uses_other_numbers)
LARGE, DISK = line_of(limits.writes_a_large_file), line_of(limits.fills_the_disk)
OPENS, FORKS = line_of(limits.opens_files_without_end), line_of(limits.forks_without_end)

GROUPS = {
    "socket": SOCKETS,
    "socketpair": SOCKETS,
    "memfd_create": HIDDEN,
    "memfd_secret": HIDDEN,
    "unshare": NAMESPACES,
    **dict.fromkeys(kernel.IPC, MEETS),
    **{
        name: line
        for line, names in (
            ("reach into other processes", kernel.PROCESSES),
            ("be told what becomes of files", kernel.FILES),
            ("mount anything or look at mounts", kernel.MOUNTS),
            ("reach seldom-used parts of the kernel", kernel.CORNERS),
        )
        for name in names
    },
}
"""By system call, the line that must fail when it is not refused."""

CHECKOUT = str(course.ROOT)
ABOVE = [
    word
    for folder in reversed(course.ROOT.parents)
    if folder != Path("/")
    for word in ("--perms", "0755", "--dir", str(folder))
]
OUTSIDE = tempfile.gettempdir()
HIDDEN_PACKAGES = [n for folder in python_files().values() for n in hidden_within(folder)]


def in_launcher(*changes: tuple[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
    return {"sandlock_launcher.py": changes}


def disabled(*protections: int) -> tuple[str, str]:
    """By sandlock's own numbers."""
    return "cwd=folder,", f"cwd=folder, disable={list(protections)},"


def reading(folder: str) -> Callable[[Order], Any]:
    return lambda order: order["readable"].append(folder)


def setting(**values: Any) -> Callable[[Order], Any]:
    return lambda order: order.update(values)


def unhidden(argv: list[str]) -> list[str]:
    """Without the empty folders over what is installed beside python."""
    words = iter(argv)
    kept = []
    for word in words:
        place = next(words) if word == "--tmpfs" else ""
        if place.endswith("-packages"):
            next(words), next(words)  # and that it is read-only
        else:
            kept += [word, place] if place else [word]
    return kept


BWRAP_SETS_IT = dict.fromkeys(BUBBLEWRAP, "bwrap, which always sets it")
SANDLOCK_SETS_IT = dict.fromkeys(SANDLOCK, "sandlock, which always sets it")
NEVER_OFF = (*BWRAP_SETS_IT.values(), *SANDLOCK_SETS_IT.values())
FILTER, OWN_USER = "the filter of system calls", "a user of its own"
OWN_FILES, OWN_PROCESSES = "nothing shown but what is needed", "processes of its own"
NO_CAPABILITIES = "no capabilities"
HELD_BY_CAPABILITIES = ("pivot_root", "move_mount", "fsopen", "fsmount", "fspick", "syslog")
(BWRAP_ROOT, BWRAP_USER), (SANDLOCK_ROOT, SANDLOCK_USER) = BUBBLEWRAP, SANDLOCK

ON_BOTH = [
    Weakening("the filter of system calls", SOCKETS, texts=NO_FILTER),
    Weakening(
        "the limit of memory",
        MEMORY,
        texts=in_confine('        (resource.RLIMIT_AS, limits["memory_bytes"]),\n', ""),
    ),
    Weakening(
        "the limit of descriptors",
        OPENS,
        texts=in_confine('        (resource.RLIMIT_NOFILE, limits["open_files"]),\n', ""),
    ),
    Weakening(
        "the limit of a file's size",
        LARGE,
        texts=in_confine('        (resource.RLIMIT_FSIZE, limits["file_bytes"]),\n', ""),
    ),
    Weakening(
        "the limit of processes",
        FORKS,
        texts=in_confine('        (resource.RLIMIT_NPROC, limits["processes"]),\n', ""),
        only=(*BUBBLEWRAP, SANDLOCK_ROOT),
    ),
    Weakening("no core dumps", CORE, texts=in_confine("        (resource.RLIMIT_CORE, 0),\n", "")),
    Weakening("a user of its own", BECOMES_ROOT, texts=SAME_USER, only=ROOT),
    Weakening(
        "no capabilities to pass on",
        BECOMES_ROOT,
        texts=in_confine("        _give_up_capabilities()", "        pass"),
        only=(BWRAP_ROOT,),
    ),
    Weakening(
        "no new rights by programs",
        BECOMES_ROOT,
        texts={"seccomp.py": (("libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or ", ""),)},
        held_by=BWRAP_SETS_IT | SANDLOCK_SETS_IT,
    ),
    Weakening(
        "no descriptors of the grader's",
        INHERITS,
        inherited=True,
        held_by=dict.fromkeys(SANDLOCK, "sandlock, which closes them"),
    ),
    Weakening("a clean environment", TELLS, inherited=True),
    Weakening("the end of everything", OUTLIVES, left_alive=True),
    Weakening(
        "a session that the grader begins",
        TERMINAL,
        same_session=True,
        held_by=dict.fromkeys(BUBBLEWRAP, "a session that bwrap begins"),
    ),
]
RULES = [
    *(
        Weakening(
            f"refused: {name}",
            GROUPS[name],
            texts=without_rule(name),
            only=BUBBLEWRAP,
            held_by=dict.fromkeys(BUBBLEWRAP, NO_CAPABILITIES)
            if name in HELD_BY_CAPABILITIES
            else None,
        )
        for name in seccomp.REFUSED
    ),
    *(
        Weakening(
            f"refused: {name}, and no capabilities",
            GROUPS[name],
            command=without("--cap-drop", 1),
            texts=without_rule(name) | SAME_USER,
            only=(BWRAP_ROOT,),
            says=f"could call {name}",
        )
        for name in HELD_BY_CAPABILITIES
    ),
    Weakening(
        "answered as if done: modes, owners, times, attributes",
        GUARDS,
        texts={"seccomp.py": (("", "IGNORED = ()"),)},
        held_by=dict.fromkeys(BUBBLEWRAP, OWN_FILES),
    ),
    *(
        Weakening(
            f"of oneself only: {name}",
            SLOWS,
            texts={"seccomp.py": (("", f"del ONESELF[{name!r}]"),)},
            held_by=None
            if name == "setpriority"
            else dict.fromkeys(BUBBLEWRAP, OWN_PROCESSES) | {SANDLOCK_ROOT: OWN_USER},
        )
        for name in seccomp.ONESELF
    ),
    Weakening(
        "refused: typing into a terminal",
        TERMINAL,
        texts={"seccomp.py": (("", "CONTROLS = ()"),)},
        only=BUBBLEWRAP,
    ),
    Weakening(
        "refused: clone with new namespaces",
        NAMESPACES,
        texts={"seccomp.py": (("", "NEW_NAMESPACE = 0"),)},
        only=BUBBLEWRAP,
    ),
    Weakening(
        "refused: clone3",
        NAMESPACES,
        texts={"seccomp.py": ((' | {"clone3": errno.ENOSYS}', ""),)},
        only=BUBBLEWRAP,
    ),
    Weakening(
        "refused: the numbers of x32",
        NUMBERS,
        texts={"seccomp.py": (("    if column == 0:", "    if False:"),)},
        only=BUBBLEWRAP,
    ),
    Weakening(
        "refused: 32-bit programs",
        NUMBERS,
        texts={"seccomp.py": (("yield _step(RETURN, KILL)", "yield _step(RETURN, ALLOW)"),)},
        only=BUBBLEWRAP,
    ),
]
OF_BUBBLEWRAP = [
    Weakening("processes of its own", OUTLIVES, command=without("--unshare-pid")),
    Weakening(
        "a network of its own",
        CONNECTS,
        command=without("--unshare-net"),
        held_by=dict.fromkeys(BUBBLEWRAP, FILTER),
    ),
    Weakening(
        "a network of its own, and refused: socket",
        CONNECTS,
        command=without("--unshare-net"),
        texts=without_rule("socket"),
    ),
    Weakening(
        "System V memory and queues of its own",
        MEETS,
        command=without("--unshare-ipc"),
        held_by=dict.fromkeys(BUBBLEWRAP, FILTER),
    ),
    Weakening(
        "System V memory and queues of its own, and refused: shmat",
        MEETS,
        command=without("--unshare-ipc"),
        texts=without_rule("shmat"),
        says="could read memory that another process shares",
    ),
    Weakening(
        "a host name of its own",
        TELLS,
        command=all_of(without("--unshare-uts"), without("--hostname", 1)),
        says="machine's name",
    ),
    Weakening("dying with bwrap", OUTLIVES, command=without("--die-with-parent")),
    Weakening("a session that bwrap begins", TERMINAL, command=without("--new-session")),
    Weakening(
        "no capabilities",
        FASTER,
        command=without("--cap-drop", 1),
        held_by={BWRAP_ROOT: OWN_USER, BWRAP_USER: "bwrap, which takes them from ordinary users"},
    ),
    Weakening(
        "no capabilities, and a user of its own",
        FASTER,
        command=without("--cap-drop", 1),
        texts=SAME_USER,
        only=(BWRAP_ROOT,),
    ),
    Weakening(
        "read-only mounts",
        WRITES,
        command=every("--ro-bind", "--bind"),
        held_by={BWRAP_ROOT: OWN_USER},
    ),
    Weakening(
        "read-only mounts, and a user of its own",
        WRITES,
        command=every("--ro-bind", "--bind"),
        texts=SAME_USER,
        only=(BWRAP_ROOT,),
    ),
    Weakening(
        "a read-only root",
        WRITES,
        command=without_last_remount,
        held_by={BWRAP_ROOT: OWN_USER},
    ),
    Weakening(
        "a read-only root, and a user of its own",
        WRITES,
        command=without_last_remount,
        texts=SAME_USER,
        only=(BWRAP_ROOT,),
    ),
    Weakening("a size of the small folder", DISK, command=without("--size", 1)),
    Weakening(OWN_FILES, READS, command=with_(*ABOVE, "--ro-bind", CHECKOUT, CHECKOUT)),
    Weakening("what is installed beside python hidden", IMPORTS, command=unhidden),
    Weakening("four devices only", DEVICES, command=with_("--dev-bind", "/dev", "/dev")),
    Weakening("no /proc", PROC, command=with_("--proc", "/proc")),
]
OF_SANDLOCK = [
    Weakening(OWN_FILES, READS, order=reading("/")),
    Weakening("four devices only", DEVICES, order=reading("/dev")),
    Weakening("no /proc", PROC, order=reading("/proc")),
    Weakening(
        "one small folder to write to",
        WRITES,
        texts=in_launcher(("fs_writable=[folder,", f"fs_writable=[folder, {OUTSIDE!r},")),
    ),
    Weakening("a size of the small folder", DISK, order=setting(disk_bytes=2**34)),
    Weakening(
        "what is installed beside python hidden",
        IMPORTS,
        order=setting(hidden=[]),
        only=(SANDLOCK_ROOT,),
    ),
    Weakening(
        "the limit of processes", FORKS, order=setting(processes=None), only=(SANDLOCK_USER,)
    ),
    Weakening(
        "signals to its own only",
        SIGNALS,
        texts=in_launcher(disabled(4)),
        held_by={SANDLOCK_ROOT: OWN_USER},
    ),
    Weakening(
        "signals to its own only, and a user of its own",
        SIGNALS,
        texts=in_launcher(disabled(4)) | SAME_USER,
        only=(SANDLOCK_ROOT,),
    ),
    Weakening("no cutting of files", WRITES, texts=in_launcher(disabled(1)), says="could cut"),
    Weakening(
        "abstract sockets of its own only",
        CONNECTS,
        texts=in_launcher(disabled(5)),
        held_by=dict.fromkeys(SANDLOCK, FILTER),
    ),
    Weakening(
        "abstract sockets of its own only, and refused: socket",
        CONNECTS,
        texts=in_launcher(disabled(5)) | without_rule("socket"),
    ),
    Weakening(
        "no connections",
        CONNECTS,
        texts=in_launcher(("cwd=folder,", 'cwd=folder, net_allow=["*:*"],')),
        held_by=dict.fromkeys(SANDLOCK, FILTER),
    ),
    Weakening(
        "no connections, and refused: socket",
        CONNECTS,
        texts=in_launcher(("cwd=folder,", 'cwd=folder, net_allow=["*:*"],'))
        | without_rule("socket"),
    ),
    Weakening(
        "read-only mounts",
        WRITES,
        texts=in_launcher(("MS_BIND | MS_REMOUNT | MS_RDONLY |", "MS_BIND | MS_REMOUNT |")),
        only=(SANDLOCK_ROOT,),
        held_by={SANDLOCK_ROOT: "one small folder to write to"},
    ),
    Weakening(
        "the killing of the child's user",
        OUTLIVES,
        texts=in_launcher(('        kill_user(order["user"])\n', "        pass\n")),
        only=(SANDLOCK_ROOT,),
        held_by={SANDLOCK_ROOT: "the killing of descendants"},
    ),
    Weakening(
        "the killing of descendants",
        OUTLIVES,
        texts=in_launcher(("    kill_descendants()\n\n\ndef", "\n\ndef")),
        held_by={SANDLOCK_ROOT: "the killing of the child's user"},
    ),
    Weakening(
        "the killing of descendants, and the killing of the child's user",
        OUTLIVES,
        texts=in_launcher(
            ('        kill_user(order["user"])\n', "        pass\n"),
            ("    kill_descendants()\n\n\ndef", "\n\ndef"),
        ),
        only=(SANDLOCK_ROOT,),
    ),
]


def _of(where: tuple[str, ...], these: list[Weakening]) -> list[Weakening]:
    return [replace(w, only=tuple(one for one in w.only if one in where)) for w in these]


WEAKENINGS = (*ON_BOTH, *RULES, *_of(BUBBLEWRAP, OF_BUBBLEWRAP), *_of(SANDLOCK, OF_SANDLOCK))


@dataclass(frozen=True)
class Trial:
    """What became of a weakening under one backend.

    Attributes:
        as_said: whether the line failed, or did not where something else holds.
        failed: what failed, by line.
    """

    as_said: bool
    failed: Mapping[str, str]


def tried(backend: Backend, weakening: Weakening, folder: Path) -> Trial:
    """The self-test on a weakened backend; `folder` may be entered by anybody."""
    weakened = Weakened(backend, weakening, folder)
    with mock.patch.object(bubblewrap, "PATIENCE_S", 1.0):
        try:
            lines = selftest(weakened)
        finally:
            weakened.kill_what_is_left()
    failed = {line.name: line.detail for line in lines if not line.passed}
    noticed = weakening.line in failed and weakening.says in failed[weakening.line]
    held = weakening.holds(f"{backend.name}, {WHO}") is not None
    return Trial(noticed is not held and "runs to its end" not in failed, failed)


def of_here(backend: Backend) -> tuple[Weakening, ...]:
    """The weakenings of a backend that can be tried by this user."""
    here = f"{backend.name}, {WHO}"
    hidden = bool(HIDDEN_PACKAGES) and any(
        any((folder / name).iterdir())
        for folder in python_files().values()
        for name in hidden_within(folder)
    )
    return tuple(w for w in WEAKENINGS if here in w.only and (hidden or w.line != IMPORTS))


def as_markdown() -> str:
    """What is switched off, and the line that fails then or what holds in its place."""
    lines = [f"| switched off | {' | '.join(EVERYWHERE)} |", "|---" * 5 + "|"]
    rows: dict[tuple[str, ...], list[str]] = {}
    for name in dict.fromkeys(weakening.name for weakening in WEAKENINGS):
        cells = tuple(_cell(name, where) for where in EVERYWHERE)
        rows.setdefault(cells, []).append(name)
    for cells, names in rows.items():
        rules = [n for n in names if n.startswith("refused: ") and ", and" not in n]
        if len(rules) > 1:
            names = [n for n in names if n not in rules]
            joined = ", ".join(rule.removeprefix("refused: ") for rule in rules)
            names.append(f"refused, each by itself: {joined}")
        lines += [f"| {name} | {' | '.join(cells)} |" for name in names]
    return "\n".join(lines)


def _cell(name: str, where: str) -> str:
    for weakening in WEAKENINGS:
        if weakening.name == name and where in weakening.only:
            other = weakening.holds(where)
            return f"*held by: {other}*" if other else weakening.line
    return ""


def main() -> int:
    """Try all of them as this user and print a line of JSON for each that is not as it is said."""
    count = 0
    for backend in BACKENDS:
        for weakening in of_here(backend) if backend.unavailable() is None else ():
            count += 1
            with tempfile.TemporaryDirectory() as name:
                Path(name).chmod(0o755)
                trial = tried(backend, weakening, Path(name) / "changed")
            if not trial.as_said:
                print(json.dumps([backend.name, weakening.name, weakening.line, trial.failed]))
    print(json.dumps({"tried": count, "who": WHO}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
