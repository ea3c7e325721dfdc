"""Exhausting memory, processes, output and disk.

As in `exhausting_time`, most attacks are in a function that only one probe calls.
"""

from attack import (
    LAYERS,
    NBGRADER,
    ZIP,
    Attack,
    Changes,
)
from exhausting_time import TANH_MISSING, honest, tanh

ATTACKS = (
    Attack(
        "takes memory at once",
        tries="Allocates forty gigabytes, so that the kernel kills a process, at best the grader.",
        must="No points: the allocation raises MemoryError in the student's own process.",
        baseline=TANH_MISSING,
        changes=tanh(
            "def tanh(x): return np.tanh(x) + np.ones(5 * 10**9)[: x.size].reshape(x.shape)"
        ),
        twin=honest("def tanh(x): return np.tanh(x) + 0 * np.ones(3 * 10**7)[0]"),
    ),
    Attack(
        "takes memory bit by bit and returns in time",
        tries="Holds three gigabytes in lists for a moment, then returns the right answer.",
        must="No points: the memory limit is below three gigabytes.",
        baseline=TANH_MISSING,
        changes=tanh("""
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
        tries="Forks nine children that take 400 MB each, so that no single process is too large.",
        must="No points: the limit applies to the memory of all processes together.",
        baseline=TANH_MISSING,
        changes=tanh("""
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
                read_end, write_end = os.pipe()
                child = os.fork()
                if child == 0:
                    os.write(write_end, np.tanh(x).astype(float).tobytes())
                    os._exit(0)
                os.waitpid(child, 0)
                return np.frombuffer(os.read(read_end, 8 * x.size)).reshape(x.shape)
        """),
    ),
    Attack(
        "takes memory in orphaned processes",
        tries="The same at import, by orphans, after telling the worker not to adopt any.",
        must="No points: orphans are found from outside, whoever adopts them.",
        baseline=TANH_MISSING,
        changes=Changes(
            appended={
                LAYERS: """
    import ctypes, os, time

    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    for _ in range(9):
        if os.fork() == 0:
            if os.fork() == 0:
                held = b"x" * (400 * 2**20)
                time.sleep(4)
            os._exit(0)
        os.wait()
    time.sleep(3)
"""
            }
        ),
    ),
    Attack(
        "takes memory that counts as shared",
        tries="The same with shared anonymous maps, which process statistics count separately.",
        must="No points: memory that is shared only with child processes counts, too.",
        baseline=TANH_MISSING,
        changes=tanh("""
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
        "forks endlessly",
        tries="Doubles its processes until the machine stops responding.",
        must="No points: a submission has its own user or process count, with a low limit.",
        baseline=TANH_MISSING,
        changes=tanh("""
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
        "starts threads endlessly",
        tries="Starts ten thousand sleeping threads, so that nobody can start another.",
        must="No points: threads count as processes.",
        baseline=TANH_MISSING,
        changes=tanh("""
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
        tries="Prints endlessly, so that the log fills the grader's memory or disk.",
        must=(
            "No points: only the last few thousand characters are kept, and printing uses its own"
            " time."
        ),
        baseline=TANH_MISSING,
        changes=tanh("""
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
        tries="Writes gigabytes of its own into the pipe that carries results.",
        must="No points: a probe that sends more than its limit is rejected.",
        baseline=TANH_MISSING,
        changes=tanh("""
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
        tries="Returns a view that takes a few bytes in the sandbox and ten gigabytes on arrival.",
        must="No points: the size is checked before anything is sent, and is too large.",
        baseline=TANH_MISSING,
        changes=tanh("def tanh(x): return np.broadcast_to(np.tanh(x.flat[0]), (10**5, 12_500))"),
        twin=honest("def tanh(x): return np.broadcast_to(np.tanh(x), x.shape)"),
    ),
    Attack(
        "fills the disk",
        tries="Writes until the disk is full, so that the grader cannot write its grade.",
        must="No points: the only writable folder is small and has a size limit.",
        baseline=TANH_MISSING,
        changes=tanh("""
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
        tries="Looks for any writable place and fills it.",
        must="No points: shared memory and the other folders are absent or read-only.",
        baseline=TANH_MISSING,
        changes=tanh("""
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
        tries="Writes a sparse file of a terabyte to the folder that is cleaned up afterwards.",
        must="No points: file size is limited, even for sparse files.",
        baseline=TANH_MISSING,
        changes=tanh("""
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
)
