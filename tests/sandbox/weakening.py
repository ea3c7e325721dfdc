"""Switches off single protections of a sandbox, to see whether the self-test notices.

The sandbox has no hooks for this. A weakening changes what a backend passes on: the command and
the environment of a process, the order for sandlock's launcher, or the text of a file that runs
inside. The weakenings themselves are in `weakenings.py`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from autograder.sandbox import bubblewrap, sandlock, zygotes
from autograder.sandbox.backend import Backend, Mount, Process, family, popen
from autograder.sandbox.limits import Limits
from autograder.sandbox.packages import interpreter
from autograder.sandbox.selftest import BACKENDS, selftest
from autograder.sandbox.slots import Slot

WHO = "root" if os.geteuid() == 0 else "ordinary user"
EVERYWHERE = tuple(f"{b.name}, {who}" for b in BACKENDS for who in ("root", "ordinary user"))

Order = dict[str, Any]


@dataclass(frozen=True)
class Weakening:
    """One or several protections to switch off.

    Attributes:
        name: the protection.
        line: the line of the self-test that must fail.
        command: changes the command line of bwrap.
        order: changes the order for sandlock's launcher.
        texts: (old, new) texts by the name of a file that runs inside or starts the child. An
            empty old text appends the new one.
        inherited: whether the child inherits a descriptor and a variable of the grader.
        left_alive: whether processes are not ended.
        same_session: whether the child stays in the grader's session.
        says: a text that the failing line must contain, where it could fail for another reason.
        only: the backends and users that have this protection.
        held_by: another protection that covers this one, by backend and user.
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
        """Another protection that covers this one for a backend and user."""
        return (self.held_by or {}).get(where)


class Weakened:
    """A backend without one of its protections."""

    confines = True

    def __init__(self, backend: Backend, weakening: Weakening, folder: Path) -> None:
        """`folder` is for the changed files."""
        self._backend, self._weakening, self._folder = backend, weakening, folder
        self._left: Callable[[], None] = lambda: None
        self._made: zygotes.Zygote | None = None
        self._kept = ExitStack()
        self.name = backend.name

    def unavailable(self) -> str | None:
        return self._backend.unavailable()

    def start(
        self,
        script: str,
        config: Mapping[str, Any],
        mounts: Sequence[Mount],
        limits: Limits,
    ) -> Process:
        module = {"bubblewrap": bubblewrap, "sandlock": sandlock}[self.name]
        mounts = [replace(m, source=self._changed(m.source)) for m in mounts]
        self.token = config["abstract"]
        with ExitStack() as stack:
            stack.enter_context(mock.patch.object(module, "popen", self._popen))
            stack.enter_context(mock.patch.object(zygotes, "popen", self._popen))
            changed = self._changed(zygotes.SCRIPT)
            stack.enter_context(mock.patch.object(zygotes, "SCRIPT", changed))
            stack.enter_context(mock.patch.object(bubblewrap, "zygote", self._zygote))
            if WHO == "root":  # keeps the slot, whose next owner would kill processes left alive
                slot = self._kept.enter_context(Slot.take())
                kept = SimpleNamespace(take=lambda: nullcontext(slot))
                stack.enter_context(mock.patch.object(module, "Slot", kept))
            if self._weakening.same_session:
                stack.enter_context(mock.patch.object(subprocess, "Popen", _in_our_session))
            process = self._backend.start(script, config, mounts, limits)
        if self._weakening.left_alive:
            self._left, process._end = process._end, lambda: None
        return process

    def kill_what_is_left(self) -> None:
        """Kills processes that a weakened sandbox left; this run's token identifies them."""
        self._left()
        of_zygote = family(self._made.process.pid) if self._made else ()
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                another = entry.name.isdigit() and int(entry.name) != os.getpid()
                mentions_token = another and self.token.encode() in (entry / "cmdline").read_bytes()
                if mentions_token or (another and int(entry.name) in of_zygote):
                    os.kill(int(entry.name), signal.SIGKILL)
        if self._made:
            self._made.process.wait()
        self._kept.close()

    def _zygote(self, box: str, folder: str, trusted: Sequence[Mount]) -> Any:
        """A changed zygote for this sandbox only."""
        self._made = zygotes.made(box, folder, tuple(trusted))
        return self._made

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
        if argv[0].endswith("bwrap"):
            return popen(own.command(argv) if own.command else argv, env, pass_fds, **rest)
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


class _in_our_session(subprocess.Popen):
    def __init__(self, *command: Any, **options: Any) -> None:
        super().__init__(*command, **{**options, "start_new_session": False})


# changes of a command, an order or a text


def without(flag: str, values: int = 0) -> Callable[[list[str]], list[str]]:
    def change(argv: list[str]) -> list[str]:
        at = argv.index(flag)
        return argv[:at] + argv[at + 1 + values :]

    return change


def with_(*words: str) -> Callable[[list[str]], list[str]]:
    """Adds mounts before those that bubblewrap makes."""

    def change(argv: list[str]) -> list[str]:
        at = argv.index("--ro-bind")
        return argv[:at] + list(words) + argv[at:]

    return change


def without_last_remount(argv: list[str]) -> list[str]:
    """Leaves out the read-only remount of the root, which comes last."""
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


def in_zygote(*changes: tuple[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
    return {"zygote.py": changes}


def in_launcher(*changes: tuple[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
    return {"sandlock_launcher.py": changes}


def disabled(*protections: int) -> tuple[str, str]:
    """Disables protections by sandlock's numbers for them."""
    return "cwd=folder,", f"cwd=folder, disable={list(protections)},"


def reading(folder: str) -> Callable[[Order], Any]:
    return lambda order: order["readable"].append(folder)


def setting(**values: Any) -> Callable[[Order], Any]:
    return lambda order: order.update(values)


def with_another_first(argv: list[str]) -> list[str]:
    """Adds a first process that does not end when its input ends."""
    code = "import os, time; os.write(1, b'x'); time.sleep(60)"
    return [*argv[: argv.index("--") + 1], str(interpreter()), "-S", "-c", code]


def unhidden(argv: list[str]) -> list[str]:
    """Leaves out the empty folders that hide packages installed beside Python."""
    words = iter(argv)
    kept = []
    for word in words:
        place = next(words) if word == "--tmpfs" else ""
        if place.endswith("-packages"):
            next(words), next(words)  # its remount as read-only
        else:
            kept += [word, place] if place else [word]
    return kept


@dataclass(frozen=True)
class Trial:
    """The result of a weakening under one backend.

    Attributes:
        as_said: whether the line failed, or passed where another protection covers this one.
        failed: details by the name of each failed line.
    """

    as_said: bool
    failed: Mapping[str, str]


def tried(backend: Backend, weakening: Weakening, folder: Path) -> Trial:
    """Runs the self-test on a weakened backend; `folder` must be accessible to every user."""
    weakened = Weakened(backend, weakening, folder)
    with mock.patch.object(bubblewrap, "PATIENCE_S", 1.0):
        try:
            lines = selftest(weakened)
        finally:
            weakened.kill_what_is_left()
    failed = {line.name: line.detail for line in lines if not line.passed}
    noticed = weakening.line in failed and weakening.says in failed[weakening.line]
    held = weakening.holds(f"{backend.name}, {WHO}") is not None
    return Trial(noticed is not held and "finishes the self-test" not in failed, failed)


# rules of the filter of system calls, all in one sandbox

RULE_BY_RULE = """
def refuse_system_calls(whole=refuse_system_calls):
    import json, sys
    from escapes import files, kernel, limits, processes
    from escapes.__main__ import _outcome, _report

    attempts = {}
    for part in (files, processes, kernel, limits):
        attempts |= part.ATTEMPTS
    config = json.loads(sys.argv[1])
    for name, line, change in RULES:
        child = os.fork()
        if child == 0:
            exec(change, globals())
            whole()
            _report(name, *_outcome(attempts[line], config, error_passes=True))
            os._exit(0)
        os.waitpid(child, 0)
    whole()
"""
"""Appended to seccomp.py: before the filter is installed, a child process a rule tries it without
that rule, and reports under the rule's name."""


def is_a_rule(weakening: Weakening) -> bool:
    """Whether it changes the filter's lists and nothing else, so that a process can try it."""
    changes = (weakening.texts or {}).get("seccomp.py", ())
    only_texts = replace(weakening, texts=None) == Weakening(
        weakening.name,
        weakening.line,
        only=weakening.only,
        held_by=weakening.held_by,
        says=weakening.says,
    )
    appends = len(changes) == 1 and not changes[0][0]
    return only_texts and appends and list(weakening.texts or ()) == ["seccomp.py"]


def rules_tried(backend: Backend, rules: Sequence[Weakening], folder: Path) -> dict[str, Trial]:
    """Tries rules of the filter in one sandbox, each by the attempt that must notice it.

    `tried` runs the whole self-test in a sandbox of its own instead.
    """
    asked = [(rule.name, rule.line, (rule.texts or {})["seccomp.py"][0][1]) for rule in rules]
    text = f"RULES = {asked!r}\n{RULE_BY_RULE}"
    weakened = Weakened(
        backend, Weakening("every rule", "", texts={"seccomp.py": (("", text),)}), folder
    )
    try:
        lines = {line.name: line for line in selftest(weakened)}
    finally:
        weakened.kill_what_is_left()
    trials = {}
    for rule in rules:
        line = lines.get(rule.name)
        noticed = line is not None and not line.passed and rule.says in line.detail
        held = rule.holds(f"{backend.name}, {WHO}") is not None
        failed = {} if line is None or line.passed else {rule.line: line.detail}
        trials[rule.name] = Trial(line is not None and noticed is not held, failed)
    return trials
