"""Exhausting: time, memory, processes, output, disk, the stack, and the patience of the grader.

Most of them hide in a function of the notebook's last cell, which one probe alone calls: so each
uses up one probe's limits. And they return what is right in the end, so that a limit which does not
hold is a point gained.
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

from autograder.grade import solution

CELL = "activations_definitions"
RIGHT = solution().cells[CELL]


def tanh(code: str) -> Changes:
    """The notebook's last cell, with a definition of `tanh` at its end."""
    return Changes(cells={CELL: f"{RIGHT}\n\n{textwrap.dedent(code).strip()}"})


WITHOUT = SOLUTION.but(tanh("def tanh(x): return None"))
"""Everything but one of the activation functions."""


def honest(code: str) -> Work:
    return SOLUTION.but(tanh(code))


ATTACKS = (
    Attack(
        "loops for ever",
        tries="Never returns, so that the grading never ends or somebody gives up on it.",
        must="No point: the processor time of a probe ends, and with it the probe.",
        over=WITHOUT,
        does=tanh("def tanh(x):\n    while True: pass"),
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
        "hangs in every call of every layer",
        tries="Loops wherever it is called: fifty probes, each with a limit, add up.",
        must="No point: what runs out of time is paid for once, later probes get a second each.",
        over=SOLUTION.left("leaky_relu.forward", "leaky_relu.backward"),
        does=Changes(
            blocks={
                "leaky_relu.forward": "while True: pass",
                "leaky_relu.backward": "while True: pass",
            }
        ),
        twin=SOLUTION.but(
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
        tries="Catches KeyboardInterrupt and all others, ignores every signal that it may.",
        must="No point: what ends it is a signal that cannot be caught.",
        over=WITHOUT,
        does=tanh("""
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
        tries="Stays where Python looks at no signal: in a sum, and in a regular expression.",
        must="No point: the limit is the kernel's and not Python's.",
        over=WITHOUT,
        does=tanh("""
            def tanh(x):
                import re, threading
                threading.Thread(target=re.match, args=("(a+)+$", "a" * 60 + "!")).start()
                return sum(range(10**13)) + np.tanh(x)
        """),
        twin=honest("def tanh(x): return np.tanh(x) + 0 * sum(range(10**7))"),
    ),
    Attack(
        "sleeps",
        tries="Uses no processor time at all, for which many limits do not count.",
        must="No point: a clock on the wall is the backstop.",
        over=WITHOUT,
        does=tanh("""
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
        "keeps the grader waiting by a byte now and then",
        tries="Takes the worker's pipe at import, promises a record, and sends it for a month.",
        must="No point: time is counted from what began and not from the last sign of life.",
        over=SOLUTION.left("RMSProp.update"),
        does=Changes(
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
        twin=SOLUTION.but(
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
        "takes memory at once",
        tries="Asks for forty gigabytes, so that the kernel ends something: best the grader.",
        must="No point: it gets a MemoryError of its own.",
        over=WITHOUT,
        does=tanh("def tanh(x): return np.tanh(x) + np.ones(5 * 10**9)[: x.size].reshape(x.shape)"),
        twin=honest("def tanh(x): return np.tanh(x) + 0 * np.ones(3 * 10**7)[0]"),
    ),
    Attack(
        "takes memory bit by bit and returns in time",
        tries="Holds three gigabytes in lists for a moment, then answers right.",
        must="No point: three gigabytes are not to be had.",
        over=WITHOUT,
        does=tanh("""
            def tanh(x):
                kept = [bytearray(b"x") * 2**24 for _ in range(192)]
                return np.tanh(x) + 0 * len(kept)
        """),
        twin=honest("""
            def tanh(x):
                kept = [bytearray(b"x") * 2**20 for _ in range(192)]
                return np.tanh(x) + 0 * len(kept)
        """),
    ),
    Attack(
        "takes memory in many processes",
        tries="Nine children take 400 MB each, of which no single one is too large.",
        must="No point: what all of them hold together is looked at, and is too much.",
        over=WITHOUT,
        does=tanh("""
            import os, time

            def tanh(x):
                for _ in range(9):
                    if os.fork() == 0:
                        held = b"x" * (400 * 2**20)
                        time.sleep(4)
                        os._exit(0)
                time.sleep(3)
                return np.tanh(x)
        """),
        twin=honest("""
            import os

            def tanh(x):
                told, telling = os.pipe()
                child = os.fork()
                if child == 0:
                    os.write(telling, np.tanh(x).astype(float).tobytes())
                    os._exit(0)
                os.waitpid(child, 0)
                return np.frombuffer(os.read(told, 8 * x.size)).reshape(x.shape)
        """),
    ),
    Attack(
        "takes memory that counts as shared",
        tries="As above, by shared anonymous maps, which the figures of a process count apart.",
        must="No point: memory that is shared with nobody but children is memory.",
        over=WITHOUT,
        does=tanh("""
            import mmap, os, time

            def tanh(x):
                for _ in range(6):
                    if os.fork() == 0:
                        held = mmap.mmap(-1, 400 * 2**20)
                        for _ in range(400):
                            held.write(b"x" * 2**20)
                        time.sleep(1)
                        os._exit(0)
                for _ in range(6):
                    os.wait()
                return np.tanh(x)
        """),
        twin=honest("""
            import mmap

            def tanh(x):
                with mmap.mmap(-1, 2**20) as shared:
                    shared.write(x.astype(float).tobytes())
                    return np.tanh(np.frombuffer(shared[: 8 * x.size]).reshape(x.shape))
        """),
    ),
    Attack(
        "forks without end",
        tries="Doubles until the machine stands still.",
        must="No point: a submission has a user, or a count, of its own, and few processes.",
        over=WITHOUT,
        does=tanh("""
            import os

            def tanh(x):
                while True:
                    try:
                        os.fork()
                    except OSError:
                        pass
        """),
        twin=honest("""
            import subprocess, sys

            def tanh(x):
                said = subprocess.run(
                    [sys.executable, "-I", "-S", "-c", "print(6 * 7)"], capture_output=True
                )
                return np.tanh(x) + 0 * len(said.stdout)
        """),
        roads=(ZIP,),
    ),
    Attack(
        "starts threads without end",
        tries="Ten thousand sleeping threads, so that nobody can start another.",
        must="No point: threads are counted with processes.",
        over=WITHOUT,
        does=tanh("""
            import threading, time

            def tanh(x):
                for _ in range(10_000):
                    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
                return np.tanh(x)
        """),
        twin=honest("""
            from concurrent.futures import ThreadPoolExecutor

            def tanh(x):
                with ThreadPoolExecutor(4) as pool:
                    rows = list(pool.map(np.tanh, x.reshape(-1, 1)))
                return np.concatenate(rows).reshape(x.shape)
        """),
    ),
    Attack(
        "floods stdout and stderr",
        tries="Prints without end, so that the log fills the grader's memory or disk.",
        must="No point: the last few thousand characters are kept, and the time is its own.",
        over=WITHOUT,
        does=tanh("""
            import sys

            def tanh(x):
                while True:
                    print("x" * 100_000)
                    sys.stderr.write("y" * 100_000)
        """),
        twin=honest("""
            def tanh(x):
                for step in range(20_000):
                    print(f"step {step}: loss {step / 7}")
                return np.tanh(x)
        """),
        roads=(NBGRADER,),
    ),
    Attack(
        "floods the result channel",
        tries="Writes gigabytes of its own into the pipe on which results travel.",
        must="No point: who sends more than a probe may is refused.",
        over=WITHOUT,
        does=tanh("""
            import os, stat

            def tanh(x):
                pipes = []
                for number in range(3, 64):
                    try:
                        if stat.S_ISFIFO(os.fstat(number).st_mode):
                            pipes.append(number)
                    except OSError:
                        pass
                while True:
                    for pipe in pipes:
                        os.write(pipe, b"OBS1" + b"\\xff" * 60_000)
        """),
        twin=honest("def tanh(x): return np.tanh(x).astype(np.float64).copy()"),
    ),
    Attack(
        "returns an array of ten gigabytes",
        tries="An answer that is a view: a few bytes here, ten gigabytes where it arrives.",
        must="No point: the size is known before a byte is sent, and is too large.",
        over=WITHOUT,
        does=tanh("def tanh(x): return np.broadcast_to(np.tanh(x.flat[0]), (10**5, 12_500))"),
        twin=honest("def tanh(x): return np.broadcast_to(np.tanh(x), x.shape)"),
    ),
    Attack(
        "fills the disk",
        tries="Writes until nothing fits, then answers: the grader has no room for its grade.",
        must="No point: there is one small folder with a size, and no other to write to.",
        over=WITHOUT,
        does=tanh("""
            import os

            def tanh(x):
                folder, written = os.environ["TMPDIR"], 0
                for number in range(100):
                    with open(f"{folder}/{number}", "wb") as file:
                        written += file.write(b"x" * 10**6)
                return np.tanh(x)
        """),
        twin=honest("""
            import os, tempfile

            def tanh(x):
                with tempfile.TemporaryFile() as file:
                    file.write(b"x" * 5 * 10**6)
                    np.save(file, np.tanh(x))
                return np.tanh(x)
        """),
    ),
    Attack(
        "fills /dev/shm and every other folder",
        tries="Looks for any place that can be written to, and fills it.",
        must="No point: shared memory and the other folders are not there, or not writable.",
        over=WITHOUT,
        does=tanh("""
            import os

            def tanh(x):
                written = 0
                for folder in ("/dev/shm", "/dev", "/run", "/var/tmp", "/", "/box", "/mnt", "/etc"):
                    for number in range(50):
                        try:
                            with open(f"{folder}/fill-{number}", "wb") as file:
                                written += file.write(b"x" * 10**6)
                        except OSError:
                            break
                return np.tanh(x) if written else None
        """),
        twin=honest("""
            import os

            def tanh(x):
                if not os.access("/dev/shm", os.W_OK):  # as a cache, where there is one
                    return np.tanh(x)
                return np.tanh(x.copy())
        """),
    ),
    Attack(
        "writes one sparse terabyte",
        tries="A file whose size is a number, in the folder that is cleaned up afterwards.",
        must="No point: files have a largest size, however little is in them.",
        over=WITHOUT,
        does=tanh("""
            import os

            def tanh(x):
                with open(os.environ["TMPDIR"] + "/sparse", "wb") as file:
                    file.truncate(2**40)
                return np.tanh(x)
        """),
        twin=honest("""
            import os

            def tanh(x):
                with open(os.environ["TMPDIR"] + "/sparse", "wb") as file:
                    file.truncate(2**20)
                return np.tanh(x)
        """),
    ),
    Attack(
        "recurses without a limit",
        tries="Lifts the limit of recursion and falls through the end of the stack.",
        must="No point: its own process dies of it, and the answers of the others are not touched.",
        over=WITHOUT,
        does=tanh("""
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
        tries="Writes to address zero: perhaps a runner counts a crash as the end of the tests.",
        must="No point: a signal ended it, and that is what is said.",
        over=WITHOUT,
        does=tanh("""
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
        tries="The whole library takes its process down before a single check.",
        must="No point: each module that dies is left out, the rest is graded.",
        does=Changes(files={PACKAGE: "import ctypes\nctypes.string_at(0)"}),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "hangs at import in every module",
        tries="Six modules, and each of them never ends to be imported.",
        must="No point: an import has a limit, and what did not come back is not tried again.",
        does=Changes(appended=dict.fromkeys((LAYERS, NETWORKS, OPTIMIZERS), "while True: pass")),
        twin=SOLUTION.but(
            appended=dict.fromkeys(
                (LAYERS, NETWORKS, OPTIMIZERS), "sum(i * i for i in range(500_000))"
            )
        ),
    ),
    Attack(
        "raises an exception without an end",
        tries="A message of a gigabyte, a chain of a million causes and a __str__ that loops.",
        must="No point: a few lines of it are kept, and it has its own time to make them.",
        over=WITHOUT,
        does=tanh("""
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
        "leaves gates open for later",
        tries="Uses up descriptors and keeps sessions, pipes and children alive after its answer.",
        must="No point for others to lose: all that a probe began is ended before the next begins.",
        over=WITHOUT,
        does=tanh("""
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
