"""Ending early, and writing results: no answer, or results made up by the student.

A check that ends early fails. Results that a student's code writes are ignored, wherever they are.
"""

from attack import ALL_ROADS, LAYERS, NBGRADER, PACKAGE, SOLUTION, STUB, ZIP, Attack, Changes

ONE_BLOCK_MISSING = SOLUTION.without("fc.backward")
FRAME = """
    import json, os, struct

    def frame(end=None, **texts):
        header = {"arrays": [], "texts": texts, "refused": {}, "end": end}
        header = json.dumps(header).encode()
        return struct.pack("<4sIQ", b"OBS1", len(header), 0) + header

    def everywhere(data):
        for pipe in range(1, 64):
            try:
                os.set_blocking(pipe, False)
                os.write(pipe, data)
            except OSError:
                pass
"""
"""Code that makes frames of the sandbox's protocol, and writes them to every open descriptor."""


def block(code: str, helpers: str = "") -> Changes:
    return Changes(blocks={"fc.backward": code}, appended={LAYERS: helpers} if helpers else {})


ATTACKS = (
    Attack(
        "exits with status zero at import",
        tries="Exits with status 0 at import, as if all checks had passed.",
        must="No points: a missing answer fails, and the rubric says which checks there are.",
        changes=Changes(files={PACKAGE: "import os\nos._exit(0)"}),
        roads=ALL_ROADS,
    ),
    Attack(
        "exits in a backward pass",
        tries="Calls os._exit(0) instead of answering.",
        must="No points: this check fails, and the others continue.",
        baseline=ONE_BLOCK_MISSING,
        changes=block("import os\nos._exit(0)"),
        roads=(ZIP,),
    ),
    Attack(
        "raises SystemExit",
        tries="Calls sys.exit(0) in a backward pass.",
        must="No points: it is handled like any other exception.",
        baseline=ONE_BLOCK_MISSING,
        changes=block("import sys\nsys.exit(0)"),
        twin=SOLUTION.plus(
            appended={LAYERS: "if __name__ == '__main__':\n    import sys\n\n    sys.exit(0)"}
        ),
    ),
    Attack(
        "raises an exception that nobody catches",
        tries="Raises its own BaseException whose str, repr, name and traceback are traps.",
        must="No points: any exception ends the probe, and is reported as far as it is text.",
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            "raise Trap()",
            """
            class Meta(type):
                @property
                def __name__(cls):
                    raise KeyboardInterrupt

            class Trap(BaseException, metaclass=Meta):
                def __str__(self):
                    raise SystemExit(0)

                __repr__ = __str__

                @property
                def __traceback__(self):
                    return self

                tb_next = tb_frame = property(lambda self: self)
            """,
        ),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    class NotTrained(Exception):
                        def __str__(self) -> str:
                            return "train the network first"

                    try:
                        raise NotTrained
                    except NotTrained as reason:
                        REASON = str(reason)
                """
            }
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "raises a test framework's exceptions",
        tries="Raises exceptions that are called Skipped, XFailed, Exit and Success.",
        must=(
            "No points: an exception is reported by its name, and the check fails whatever the "
            "name."
        ),
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            "raise Outcomes[int(abs(dprev.flat[0]) * 1e6) % 4]",
            """
            Outcomes = [
                type(name, (BaseException,), {"__module__": "_pytest.outcomes", "returncode": 0})
                for name in ("Skipped", "XFailed", "Exit", "Success")
            ]
            """,
        ),
    ),
    Attack(
        "dies after some checks",
        tries="Answers the first calls wrongly, then kills its process with SIGKILL.",
        must="No points: the wrong answers stay wrong, and the remaining checks fail.",
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            """
            import os, signal

            fc.calls = getattr(fc, "calls", 0) + 1
            self.grads[self.w_name] = self.grads[self.b_name] = dfeat = dprev * 0
            if fc.calls > 1:
                os.kill(os.getpid(), signal.SIGKILL)
            """
        ),
    ),
    Attack(
        "becomes another program",
        tries="Replaces its process with /bin/true, or with a Python that prints full marks.",
        must="No points: nothing that the other program prints counts.",
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            """
            import os, sys

            printing = "print('29 of 29 points', flush=True); import os; os._exit(0)"
            for program, *words in ((sys.executable, "-c", printing), ("/bin/true",)):
                try:
                    os.execv(program, [program, *words])
                except OSError:
                    continue
            """
        ),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    import subprocess, sys

                    RAN = subprocess.run([sys.executable, "-S", "-c", "pass"]).returncode == 0
                """
            }
        ),
    ),
    Attack(
        "closes all file descriptors",
        tries="Closes all file descriptors, so that no wrong answer can be reported.",
        must="No points: a probe that reports nothing fails.",
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            """
            import os

            os.closerange(0, 1024)
            self.grads[self.w_name] = self.grads[self.b_name] = dfeat = dprev * 0
            """
        ),
    ),
    Attack(
        "writes result files",
        tries="Writes results in every format wherever it can, and where graders look for them.",
        must="No points and no file: its only writable folder is deleted with the probe.",
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            "write_results()\nraise RuntimeError(WRITTEN)",
            """
            import glob, json, os, pickle

            RESULT = {"score": 29, "max_score": 29, "tests": [{"name": "all", "passed": True}]}
            WRITTEN = []

            def write_results():
                folders = [os.getcwd(), "/", "/tmp", "/var/tmp", "/dev/shm", "/box", "/mnt"]
                folders += ["/autograder/results", os.path.expanduser("~"), os.environ["TMPDIR"]]
                folders += [os.path.dirname(__file__), *glob.glob("/proc/self/cwd/../*")]
                for folder in folders:
                    for name, content in {
                        "results.json": json.dumps(RESULT).encode(),
                        "grade.json": json.dumps([RESULT]).encode(),
                        "state.json": b'{"format": 1}',
                        "observations.npz": b"PK",
                        "results.pkl": pickle.dumps(RESULT),
                        "junit.xml": b'<testsuite tests="29" failures="0"/>',
                        "grades.csv": b"student,score\\nme,29\\n",
                        "gradebook.db": b"SQLite format 3",
                        ".coverage": b"",
                    }.items():
                        try:
                            os.makedirs(folder, exist_ok=True)
                            with open(os.path.join(folder, name), "wb") as file:
                                file.write(content)
                            WRITTEN.append(os.path.join(folder, name))
                        except OSError:
                            pass
            """,
        ),
        twin=SOLUTION.plus(
            blocks={
                "leaky_relu.forward": """
                    output = np.maximum(feat, self.negative_slope * feat)
                    np.savez("last.npz", output=output)  # in the folder one is in
                    assert np.load("last.npz")["output"].shape == output.shape
                """
            }
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "changes files it may read",
        tries="Overwrites the probes, the worker, its own sources and Python's libraries.",
        must="No points and no change: all of these are read-only.",
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            "raise RuntimeError(overwrite())",
            """
            import os, sys

            def overwrite():
                changed = []
                paths = [getattr(module, "__file__", None) for module in sys.modules.values()]
                for path in filter(None, paths):
                    for act in (
                        lambda: os.rename(path, path + ".old"),
                        lambda: os.unlink(path),
                        lambda: open(path, "a").write("# changed"),
                        lambda: os.symlink("/etc/passwd", path + ".link"),
                        lambda: os.link(path, os.path.join(os.environ["TMPDIR"], "linked")),
                    ):
                        try:
                            act()
                            changed.append(path)
                        except (OSError, ValueError):
                            pass
                return f"changed {changed[:5]}"
            """,
        ),
    ),
    Attack(
        "prints the protocol",
        tries="Prints protocol frames and records with full marks to stdout and stderr.",
        must="No points: printed text is kept as output, and what arrives by pipe is only a claim.",
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            """
            output = b"".join(frame(passed="yes", score="29") for _ in range(9)) + frame("finished")
            sys.stdout.buffer.write(output)
            sys.__stdout__.buffer.write(struct.pack("<cI", b"E", 15) + b'{"how": "exit"}')
            os.write(2, output)
            print('{"score": 29, "max_score": 29}')
            sys.exit(0)
            """,
            FRAME + "\n    import sys\n",
        ),
        roads=(ZIP,),
    ),
    Attack(
        "forges the frames of a probe",
        tries="Writes finished frames with zero gradients into every pipe it holds.",
        must="No points: the frames are read, and zeros are not the right gradients.",
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            "forge()",
            FRAME
            + """
    def forge():
        shapes = {"dx": (8, 11), "dw": (11, 6), "db": (6,), "dx_next": (5, 11),
                  "dw_next": (11, 6), "db_next": (6,)}
        arrays = {name: np.zeros(shape) for name, shape in shapes.items()}
        described = [[name, "<f8", list(a.shape)] for name, a in arrays.items()]
        header = json.dumps({"arrays": described, "end": None}).encode()
        payload = b"".join(a.tobytes() for a in arrays.values())
        everywhere(struct.pack("<4sIQ", b"OBS1", len(header), len(payload)) + header + payload)
        everywhere(frame("finished"))
        os._exit(0)
""",
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "starts sibling processes",
        tries="Starts processes with CLONE_PARENT, whose parent is outside the sandbox.",
        must="No points, and they end: whoever waits for the worker waits for its siblings, too.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            appended={
                LAYERS: """
    import ctypes, os, signal

    CLONE = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    for _ in range(3):
        if ctypes.CDLL(None).syscall(CLONE, 0x8000 | signal.SIGCHLD, 0, 0, 0, 0) == 0:
            os._exit(0)
"""
            }
        ),
    ),
    Attack(
        "ends the probes after it",
        tries="Reports that all probes sharing its process have finished, then exits.",
        must="No points: those probes sent no numbers, and each is run again in its own process.",
        baseline=ONE_BLOCK_MISSING,
        changes=block("everywhere(frame('finished') * 99)\nos._exit(0)", FRAME),
        roads=(ZIP,),
    ),
    Attack(
        "forges the worker's records",
        tries="Writes all records of a successful run at import.",
        must="No points: records without the right numbers earn nothing.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            appended={
                LAYERS: FRAME
                + """
    import sys

    def record(kind, data=b""):
        return struct.pack("<cI", kind, len(data)) + data

    caller = sys._getframe()
    while caller is not None and "config" not in caller.f_locals:
        caller = caller.f_back
    runs = caller.f_locals["config"]["runs"] if caller else []
    story = b"".join(
        record(b"B", "\\n".join(names).encode()) + record(b"D", frame("finished") * len(names))
        + record(b"E", b'{"how": "exit", "code": 0}')
        for names in runs
    )
    everywhere(story + record(b"Z"))
"""
            }
        ),
    ),
    Attack(
        "leaves a daemon",
        tries="Starts a daemon, by double fork and setsid, that rewrites results later.",
        must=(
            "No points and no process: every process of a run is dead before its results are read."
        ),
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            "daemon()\nself.grads[self.w_name] = self.grads[self.b_name] = dfeat = dprev * 0",
            FRAME
            + """
    import signal, time

    def daemon():
        if os.fork():
            return
        os.setsid()
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
        if os.fork():
            os._exit(0)
        while True:
            time.sleep(0.1)
            everywhere(frame("finished", score="29"))
            for place in (os.environ["TMPDIR"], "/tmp", "/dev/shm"):
                try:
                    open(os.path.join(place, "results.json"), "w").write('{"score": 29}')
                except OSError:
                    pass
""",
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "signals its parents",
        tries="Sends SIGSTOP, SIGTERM and SIGKILL to its parent, its group and every process.",
        must="No points: it can only reach its own run, and that run's checks fail.",
        baseline=ONE_BLOCK_MISSING,
        changes=block(
            """
            import os, signal

            for number in (signal.SIGSTOP, signal.SIGUSR1, signal.SIGTERM, signal.SIGKILL):
                for process in (os.getppid(), 1, -1, -os.getpgrp(), *range(2, 400)):
                    if abs(process) != os.getpid():
                        try:
                            os.kill(process, number)
                        except (OSError, OverflowError):
                            pass
            self.grads[self.w_name] = self.grads[self.b_name] = dfeat = dprev * 0
            """
        ),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    import signal

                    signal.signal(signal.SIGINT, signal.default_int_handler)
                """
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "kills the worker at import",
        tries="Kills the process that imports it, and every new one that tries again.",
        must="No points, in bounded time: a module that ends the process is not imported again.",
        baseline=STUB,
        changes=Changes(
            files={
                PACKAGE: """
                    import os, signal, sys

                    print("29 of 29", flush=True)
                    os.kill(os.getpid(), signal.SIGKILL)
                """
            }
        ),
    ),
    Attack(
        "ends every later fork",
        tries="Registers fork handlers that exit, so that no later probe can be started.",
        must=(
            "No points: a probe that cannot be started fails, and the others start in a new "
            "process."
        ),
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            appended={
                LAYERS: """
                    import os

                    def end():
                        os._exit(0)

                    os.register_at_fork(before=end, after_in_child=end, after_in_parent=end)
                """
            }
        ),
    ),
)
