"""Exhausting time, the stack, and the patience of the grader.

Most attacks are in a function of the notebook's last cell, which only one probe calls. So each uses
up the limits of one probe. They return the right answer in the end, so that they gain a point
wherever a limit does not hold.
"""

import textwrap

from attack import (
    ALL_ROADS,
    LAYERS,
    NBGRADER,
    NETWORKS,
    OPTIMIZERS,
    PACKAGE,
    SOLUTION,
    ZIP,
    Attack,
    Changes,
    Work,
)

from autograder.diagnosis.variants import solution
from autograder.problem_1 import ASSIGNMENT as P1

CELL = "activations_definitions"
RIGHT = solution(P1).cells[CELL]


def tanh(code: str) -> Changes:
    """The notebook's last cell, with a definition of `tanh` at its end."""
    return Changes(cells={CELL: f"{RIGHT}\n\n{textwrap.dedent(code).strip()}"})


TANH_MISSING = SOLUTION.plus(tanh("def tanh(x): return None"))
"""The solution without one of the activation functions."""


def honest(code: str) -> Work:
    return SOLUTION.plus(tanh(code))


ATTACKS = (
    Attack(
        "loops for ever",
        tries="Never returns, so that the grading never ends or is abandoned.",
        must="No points: the CPU time limit of the probe ends it.",
        baseline=TANH_MISSING,
        changes=tanh("def tanh(x):\n    while True: pass"),
        twin=honest("""
            def tanh(x):
                total = 0.0
                for step in range(3_000_000):  # slow, but it ends
                    total += step
                return np.tanh(x) + 0 * total
        """),
        roads=ALL_ROADS,
    ),
    Attack(
        "hangs in every call of a layer",
        tries="Loops in every call, so that the time limits of many probes add up.",
        must=(
            "No points: only the first timeout takes its full time; later probes get a second each."
        ),
        baseline=SOLUTION.without("leaky_relu.forward", "leaky_relu.backward"),
        changes=Changes(
            blocks={
                "leaky_relu.forward": "while True: pass",
                "leaky_relu.backward": "while True: pass",
            }
        ),
        twin=SOLUTION.plus(
            blocks={
                "leaky_relu.forward": """
                    output = np.empty_like(feat, dtype=np.result_type(feat, np.float32))
                    for place in np.ndindex(feat.shape):
                        value = feat[place]
                        output[place] = value if value >= 0 else self.negative_slope * value
                    self.meta = feat
                """
            }
        ),
    ),
    Attack(
        "swallows interrupts and ignores signals",
        tries=(
            "Catches KeyboardInterrupt and every other exception, and ignores all signals it can."
        ),
        must="No points: it is ended by a signal that cannot be caught.",
        baseline=TANH_MISSING,
        changes=tanh("""
            def tanh(x):
                import signal
                for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
                    try:
                        signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError):
                        pass
                while True:
                    try:
                        while True: pass
                    except BaseException:
                        pass
        """),
        twin=honest("""
            import signal

            def tanh(x):
                before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # not while I compute
                try:
                    return np.tanh(x)
                finally:
                    signal.signal(signal.SIGINT, before)
        """),
        roads=(ZIP,),
    ),
    Attack(
        "loops inside a C call",
        tries="Stays in C code, where Python handles no signals: a sum and a regular expression.",
        must="No points: the kernel enforces the limit, not Python.",
        baseline=TANH_MISSING,
        changes=tanh("""
            def tanh(x):
                import re, threading
                threading.Thread(target=re.match, args=("(a+)+$", "a" * 60 + "!")).start()
                return sum(range(10**13)) + np.tanh(x)
        """),
        twin=honest("def tanh(x): return np.tanh(x) + 0 * sum(range(10**7))"),
    ),
    Attack(
        "sleeps",
        tries="Uses no CPU time, so that CPU limits never apply.",
        must="No points: a wall-clock limit is the backstop.",
        baseline=TANH_MISSING,
        changes=tanh("""
            import time

            def tanh(x):
                time.sleep(10_000)
                return np.tanh(x)
        """),
        twin=honest("""
            import time

            def tanh(x):
                time.sleep(0.5)  # an animation of the plot
                return np.tanh(x)
        """),
        roads=(NBGRADER,),
    ),
    Attack(
        "sends a byte now and then",
        tries=(
            "Takes over the worker's pipe at import, announces a record and sends it over a month."
        ),
        must="No points: time is measured from the start, not from the last sign of life.",
        baseline=SOLUTION.without("RMSProp.update"),
        changes=Changes(
            appended={
                OPTIMIZERS: """
                    import os, stat, struct, sys, time

                    if "worker" in sys.argv[0]:
                        for pipe in range(3, 64):
                            try:
                                if stat.S_ISFIFO(os.fstat(pipe).st_mode):
                                    os.write(pipe, struct.pack("<cI", b"I", 60_000))
                                    break
                            except OSError:
                                continue
                        while True:
                            time.sleep(0.1)
                            os.write(pipe, b"x")
                """
            }
        ),
        twin=SOLUTION.plus(
            appended={
                OPTIMIZERS: """
                    import time

                    for _ in range(20):  # waits for a slow disk
                        print(".", end="", flush=True)
                        time.sleep(0.02)
                """
            }
        ),
    ),
    Attack(
        "recurses without a limit",
        tries="Lifts the recursion limit and overflows the stack.",
        must="No points: only its own process dies, and other answers are unaffected.",
        baseline=TANH_MISSING,
        changes=tanh("""
            import sys

            def tanh(x):
                sys.setrecursionlimit(10**9)
                return deeper(x)

            class Deep:
                def __repr__(self):
                    return repr(self)

            def deeper(x):
                try:
                    return repr(Deep())
                finally:
                    deeper(x)
        """),
        twin=honest("""
            def tanh(x):
                def count(n):
                    return 0 if n == 0 else 1 + count(n - 1)

                return np.tanh(x) + 0 * count(800)
        """),
    ),
    Attack(
        "crashes through ctypes",
        tries="Writes to address zero, in case a runner takes a crash for the end of the tests.",
        must="No points: the report says that a signal ended it.",
        baseline=TANH_MISSING,
        changes=tanh("""
            import ctypes

            def tanh(x):
                ctypes.memset(0, 1, 1)
        """),
        twin=honest("""
            import ctypes, ctypes.util

            libm = ctypes.CDLL(None)

            def tanh(x):
                libm.abs.restype = ctypes.c_int
                return np.tanh(x) + 0 * libm.abs(-3)
        """),
    ),
    Attack(
        "crashes at import",
        tries="Crashes the process at import, before a single check.",
        must="No points: a module that crashes is left out, and the rest is graded.",
        changes=Changes(files={PACKAGE: "import ctypes\nctypes.string_at(0)"}),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "hangs at import in every module",
        tries="Never finishes the import of any of three modules.",
        must="No points: imports have a time limit, and one that exceeded it is not tried again.",
        changes=Changes(appended=dict.fromkeys((LAYERS, NETWORKS, OPTIMIZERS), "while True: pass")),
        twin=SOLUTION.plus(
            appended=dict.fromkeys(
                (LAYERS, NETWORKS, OPTIMIZERS), "sum(i * i for i in range(500_000))"
            )
        ),
    ),
    Attack(
        "raises an endless exception",
        tries="Raises an exception with a message of 300 MB and 200,000 causes.",
        must="No points: only a few lines are kept, and formatting them uses its own time.",
        baseline=TANH_MISSING,
        changes=tanh("""
            def tanh(x):
                last = None
                for number in range(200_000):
                    error = ValueError("x" * 1000)
                    error.__cause__, last = last, error
                class Endless(Exception):
                    def __str__(self):
                        return "<b>" * 10**8
                raise Endless from last
        """),
        twin=honest("""
            def tanh(x):
                try:
                    raise ValueError("x" * 10**6)
                except ValueError:
                    return np.tanh(x)
        """),
    ),
    Attack(
        "leaves processes and descriptors behind",
        tries="Uses up file descriptors, and leaves processes running after its answer.",
        must="No points lost for others: all that a probe started ends before the next one starts.",
        baseline=TANH_MISSING,
        changes=tanh("""
            import os, signal, time

            def tanh(x):
                for _ in range(6):
                    if os.fork() == 0:
                        os.setsid()
                        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                            signal.signal(number, signal.SIG_IGN)
                        while True:
                            time.sleep(1)
                pipes = []
                try:
                    while True:
                        pipes.append(os.pipe())
                except OSError:
                    pass
                return None
        """),
        twin=honest("""
            def tanh(x):
                files = [open(__import__("os").devnull) for _ in range(20)]
                return np.tanh(x)
        """),
    ),
)
