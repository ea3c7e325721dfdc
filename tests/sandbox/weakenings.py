"""A table of every protection of every sandbox, to be switched off one at a time.

Each row says which line of the self-test must fail without the protection. If a second protection
covers the first, the line must pass, and a further row switches off both.

    python tests/sandbox/weakenings.py [N]

tries all rows as the current user. With N, it tries every Nth, and all rules of the filter of
system calls in one sandbox.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from autograder.sandbox.backend import INSIDE, Backend
from autograder.sandbox.packages import hidden_within, python_files
from autograder.sandbox.selftest import BACKENDS, OUTLASTS, OUTLIVES

sys.path += [
    str(Path(__file__).parent),
    str(INSIDE),
]  # modules inside import by plain names
import seccomp
from escapes import files, kernel, limits, processes
from weakening import (
    EVERYWHERE,
    WHO,
    Weakening,
    all_of,
    disabled,
    every,
    in_confine,
    in_launcher,
    in_zygote,
    is_a_rule,
    reading,
    rules_tried,
    setting,
    tried,
    unhidden,
    with_,
    with_another_first,
    without,
    without_last_remount,
    without_rule,
)

BUBBLEWRAP = EVERYWHERE[:2]
SANDLOCK = EVERYWHERE[2:]
ROOT = tuple(where for where in EVERYWHERE if where.endswith("root"))
NOT_ROOT = tuple(where for where in EVERYWHERE if not where.endswith("root"))
SAME_USER = in_confine("    if user is not None:", "    if False:")
CAPABLE = in_zygote(("        _give_up_capabilities()\n", ""))
NO_FILTER = in_confine("        refuse_system_calls()\n", "        pass\n")


def line_of(attempt: Callable) -> str:
    """The line of the self-test that reports an attempt."""
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
            ("inspect or manipulate other processes", kernel.PROCESSES),
            ("be notified of file changes", kernel.FILES),
            ("mount anything or inspect mounts", kernel.MOUNTS),
            ("use rarely used parts of the kernel", kernel.CORNERS),
        )
        for name in names
    },
}
"""The line that must fail when a system call is not refused, by system call."""

OUTSIDE = tempfile.gettempdir()
HIDDEN_PACKAGES = [n for folder in python_files().values() for n in hidden_within(folder)]

ZYGOTE_SETS_IT = dict.fromkeys(BUBBLEWRAP, "the zygote, which always sets it")
SANDLOCK_SETS_IT = dict.fromkeys(SANDLOCK, "sandlock, which always sets it")
NEVER_OFF = (*ZYGOTE_SETS_IT.values(), *SANDLOCK_SETS_IT.values())
FILTER, OWN_USER = "the filter of system calls", "a user of its own"
OWN_FILES, OWN_PROCESSES = "only the necessary files visible", "processes of its own"
NO_CAPABILITIES = "no capabilities"
CLOSED_BY_ZYGOTE = "the zygote closing its descriptors"
ENDS_WITH_INPUT = "a first process that ends with its input"
HELD_BY_CAPABILITIES = ("pivot_root", "move_mount", "fsopen", "fsmount", "fspick", "syslog")
(BWRAP_ROOT, BWRAP_USER), (SANDLOCK_ROOT, SANDLOCK_USER) = BUBBLEWRAP, SANDLOCK

ON_BOTH = [
    Weakening("the filter of system calls", SOCKETS, texts=NO_FILTER),
    Weakening(
        "the memory limit",
        MEMORY,
        texts=in_confine('        (resource.RLIMIT_AS, limits["memory_bytes"]),\n', ""),
    ),
    Weakening(
        "the descriptor limit",
        OPENS,
        texts=in_confine('        (resource.RLIMIT_NOFILE, limits["open_files"]),\n', ""),
    ),
    Weakening(
        "the file size limit",
        LARGE,
        texts=in_confine('        (resource.RLIMIT_FSIZE, limits["file_bytes"]),\n', ""),
    ),
    Weakening(
        "the process limit",
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
        held_by={BWRAP_ROOT: "none from the zygote"},
    ),
    Weakening(
        "no capabilities to pass on, and none from the zygote",
        BECOMES_ROOT,
        texts=in_confine("        _give_up_capabilities()", "        pass")
        | in_zygote(
            ("kept, kept, 0, 0, 0, 0", "kept, kept, kept, 0, 0, 0"),
            ("range(LAST_CAPABILITY + 1)", "()"),
        ),
        only=(BWRAP_ROOT,),
    ),
    Weakening(
        "no new privileges on exec",
        BECOMES_ROOT,
        texts={"seccomp.py": (("libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or ", ""),)},
        held_by=ZYGOTE_SETS_IT | SANDLOCK_SETS_IT,
    ),
    Weakening(
        "no descriptors of the grader's",
        INHERITS,
        inherited=True,
        held_by=dict.fromkeys(BUBBLEWRAP, CLOSED_BY_ZYGOTE)
        | dict.fromkeys(SANDLOCK, "sandlock, which closes them"),
    ),
    Weakening(
        f"no descriptors of the grader's, and {CLOSED_BY_ZYGOTE}",
        INHERITS,
        inherited=True,
        texts=in_zygote(("        os.closerange(3, MOST_DESCRIPTORS)\n", "")),
        only=BUBBLEWRAP,
    ),
    Weakening("a clean environment", TELLS, inherited=True),
    Weakening("killing all processes at the end", OUTLIVES, left_alive=True),
    Weakening(
        "being killed first when memory runs out",
        OUTLASTS,
        texts=in_zygote(("        _be_killed_first()\n", ""))
        | in_launcher(("            be_killed_first()\n", "")),
    ),
    Weakening(
        "a session started by the grader",
        TERMINAL,
        same_session=True,
        held_by=dict.fromkeys(BUBBLEWRAP, "a session started by the zygote"),
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
            texts=without_rule(name) | SAME_USER | CAPABLE,
            only=(BWRAP_ROOT,),
            says=f"could call {name}",
        )
        for name in HELD_BY_CAPABILITIES
    ),
    Weakening(
        "ignored: changes of modes, owners, times, attributes",
        GUARDS,
        texts={"seccomp.py": (("", "IGNORED = ()"),)},
        held_by=dict.fromkeys(BUBBLEWRAP, OWN_FILES),
    ),
    *(
        Weakening(
            f"only for the own process: {name}",
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
    # an ordinary user's zygote cannot join a namespace that bwrap did not make: nothing would start
    Weakening(
        OWN_PROCESSES,
        OUTLIVES,
        command=all_of(without("--unshare-pid"), without("--as-pid-1")),
        only=(BWRAP_ROOT,),
    ),
    Weakening(
        "joining the process namespace",
        OUTLIVES,
        texts=in_zygote((" | CLONE_NEWPID", "")),
        says="alive",
    ),
    Weakening(
        "joining the network namespace",
        CONNECTS,
        texts=in_zygote(("CLONE_NEWNET | ", "")),
        held_by=dict.fromkeys(BUBBLEWRAP, FILTER),
    ),
    Weakening(
        "joining the network namespace, and refused: socket",
        CONNECTS,
        texts=in_zygote(("CLONE_NEWNET | ", "")) | without_rule("socket"),
    ),
    Weakening(
        "joining the IPC namespace",
        MEETS,
        texts=in_zygote((" | CLONE_NEWIPC", "")),
        held_by=dict.fromkeys(BUBBLEWRAP, FILTER),
    ),
    Weakening(
        "joining the IPC namespace, and refused: shmat",
        MEETS,
        texts=in_zygote((" | CLONE_NEWIPC", "")) | without_rule("shmat"),
        says="could read memory that another process shares",
    ),
    Weakening(
        "joining the host name namespace",
        TELLS,
        texts=in_zygote((" | CLONE_NEWUTS", "")),
        says="machine's name",
    ),
    Weakening(
        "a network of its own",
        CONNECTS,
        command=without("--unshare-net"),
        only=(BWRAP_ROOT,),
        held_by={BWRAP_ROOT: FILTER},
    ),
    Weakening(
        "a network of its own, and refused: socket",
        CONNECTS,
        command=without("--unshare-net"),
        texts=without_rule("socket"),
        only=(BWRAP_ROOT,),
    ),
    Weakening(
        "an IPC namespace of its own",
        MEETS,
        command=without("--unshare-ipc"),
        only=(BWRAP_ROOT,),
        held_by={BWRAP_ROOT: FILTER},
    ),
    Weakening(
        "an IPC namespace of its own, and refused: shmat",
        MEETS,
        command=without("--unshare-ipc"),
        texts=without_rule("shmat"),
        only=(BWRAP_ROOT,),
        says="could read memory that another process shares",
    ),
    Weakening(
        "a host name of its own",
        TELLS,
        command=all_of(without("--unshare-uts"), without("--hostname", 1)),
        only=(BWRAP_ROOT,),
        says="machine's name",
    ),
    Weakening(
        "ending with bwrap",
        OUTLIVES,
        command=without("--die-with-parent"),
        held_by=dict.fromkeys(BUBBLEWRAP, ENDS_WITH_INPUT),
    ),
    Weakening(
        f"ending with bwrap, and {ENDS_WITH_INPUT}",
        OUTLIVES,
        command=all_of(without("--die-with-parent"), with_another_first),
    ),
    Weakening(
        "a session started by the zygote",
        TERMINAL,
        texts=in_zygote(("        os.setsid()\n", "")),
    ),
    Weakening(NO_CAPABILITIES, BECOMES_ROOT, texts=CAPABLE, held_by={BWRAP_ROOT: OWN_USER}),
    Weakening(
        f"{NO_CAPABILITIES}, and {OWN_USER}",
        FASTER,
        texts=SAME_USER | CAPABLE,
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
    Weakening("a limited size of the writable folder", DISK, command=without("--size", 1)),
    Weakening(OWN_FILES, READS, command=with_("--ro-bind", "/var", "/var")),
    Weakening("other installed packages hidden", IMPORTS, command=unhidden),
    Weakening("only four devices", DEVICES, command=with_("--dev-bind", "/dev", "/dev")),
    Weakening("no /proc", PROC, command=with_("--proc", "/proc")),
]
OF_SANDLOCK = [
    Weakening(OWN_FILES, READS, order=reading("/")),
    Weakening("only four devices", DEVICES, order=reading("/dev")),
    Weakening("no /proc", PROC, order=reading("/proc")),
    Weakening(
        "only one writable folder",
        WRITES,
        texts=in_launcher(("fs_writable=[folder,", f"fs_writable=[folder, {OUTSIDE!r},")),
    ),
    Weakening("a limited size of the writable folder", DISK, order=setting(disk_bytes=2**34)),
    Weakening(
        "other installed packages hidden",
        IMPORTS,
        order=setting(hidden=[]),
        only=(SANDLOCK_ROOT,),
    ),
    Weakening("the process limit", FORKS, order=setting(processes=None), only=(SANDLOCK_USER,)),
    Weakening(
        "signals only to its own processes",
        SIGNALS,
        texts=in_launcher(disabled(4)),
        held_by={SANDLOCK_ROOT: OWN_USER},
    ),
    Weakening(
        "signals only to its own processes, and a user of its own",
        SIGNALS,
        texts=in_launcher(disabled(4)) | SAME_USER,
        only=(SANDLOCK_ROOT,),
    ),
    Weakening(
        "no truncating of files", WRITES, texts=in_launcher(disabled(1)), says="could truncate"
    ),
    Weakening(
        "only its own abstract sockets",
        CONNECTS,
        texts=in_launcher(disabled(5)),
        held_by=dict.fromkeys(SANDLOCK, FILTER),
    ),
    Weakening(
        "only its own abstract sockets, and refused: socket",
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
        held_by={SANDLOCK_ROOT: "only one writable folder"},
    ),
    Weakening(
        "killing the child's user's processes",
        OUTLIVES,
        texts=in_launcher(('        kill_user(order["user"])\n', "        pass\n")),
        only=(SANDLOCK_ROOT,),
        held_by={SANDLOCK_ROOT: "killing descendants"},
    ),
    Weakening(
        "killing descendants",
        OUTLIVES,
        texts=in_launcher(("    kill_descendants()\n\n\ndef", "\n\ndef")),
        held_by={SANDLOCK_ROOT: "killing the child's user's processes"},
    ),
    Weakening(
        "killing descendants, and killing the child's user's processes",
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


def of_here(backend: Backend) -> tuple[Weakening, ...]:
    """The weakenings of a backend that the current user can try."""
    here = f"{backend.name}, {WHO}"
    hidden = bool(HIDDEN_PACKAGES) and any(
        any((folder / name).iterdir())
        for folder in python_files().values()
        for name in hidden_within(folder)
    )
    return tuple(w for w in WEAKENINGS if here in w.only and (hidden or w.line != IMPORTS))


def as_markdown() -> str:
    """A table of protections, with the line that fails or the protection that covers it."""
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


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """For changed files, accessible to every user."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "changed"


def main() -> int:
    """Try them as this user and print a line of JSON for each that is not as it is said."""
    count, step = 0, int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for backend in (one for one in BACKENDS if one.unavailable() is None):
        rules = [w for w in of_here(backend) if step > 1 and is_a_rule(w)]
        others = [w for w in of_here(backend) if w not in rules][::step]
        with _folder() as folder:
            trials = list(zip(rules, rules_tried(backend, rules, folder).values(), strict=True))
        for weakening in others:
            with _folder() as folder:
                trials.append((weakening, tried(backend, weakening, folder)))
        count += len(trials)
        for weakening, trial in trials:
            if not trial.as_said:
                print(json.dumps([backend.name, weakening.name, weakening.line, trial.failed]))
    print(json.dumps({"tried": count, "who": WHO}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
