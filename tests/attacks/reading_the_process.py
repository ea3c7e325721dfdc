"""Reading the answers in memory: frames, modules, loaders and hooks.

Most attacks leave one block unwritten, `fc.backward`, and search for what it should return. They
report what they find in an exception, so that it would appear in the feedback.
"""

from attack import ALL_ROADS, LAYERS, PACKAGE, SOLUTION, ZIP, Attack, Changes

ONE_BLOCK_MISSING = SOLUTION.without("fc.backward")
LOSS_MISSING = SOLUTION.without("cross_entropy.forward")


def steals(code: str) -> Changes:
    """fc.backward returns the arrays that `steal(dprev)` finds, or raises the text it finds."""
    block = """
        found = steal(dprev)
        if isinstance(found, str):
            raise RuntimeError(found)
        self.grads[self.w_name], self.grads[self.b_name], dfeat = found
    """
    return Changes(blocks={"fc.backward": block}, appended={LAYERS: code})


ATTACKS = (
    Attack(
        "walks the stack frames",
        tries="Climbs from fc.backward to its callers, and takes arrays that it finds there.",
        must="No points: its caller is a probe, which knows inputs and no expected value.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import sys

            def steal(dprev):
                arrays, names, frame = [], [], sys._getframe(1)
                while frame is not None:
                    for name, value in {**frame.f_globals, **frame.f_locals}.items():
                        names.append(name)
                        if name in ("expected", "reference", "solution", "answer"):
                            return f"{name} is {value!r}"
                        if isinstance(value, np.ndarray):
                            arrays.append(value)
                    frame = frame.f_back
                shapes = {a.shape: a for a in arrays}
                return shapes.get((11, 6), dprev), shapes.get((6,), dprev), shapes.get((8, 11))
        """),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    import inspect

                    def where() -> str:
                        return inspect.currentframe().f_back.f_code.co_name

                    WHERE = where()
                """
            }
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "asks the garbage collector",
        tries="Searches every object of the process for expected arrays.",
        must="No points: the process holds neither tests nor expected values.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import gc

            def steal(dprev):
                for thing in gc.get_objects():
                    if isinstance(thing, dict):
                        for key in ("reference", "expected", "dw", "verdicts", "failures"):
                            if key in thing and thing is not globals():
                                return f"{key}: {thing[key]!r}"
                    if type(thing).__name__ in ("Observation", "Evidence", "Check", "Verdict"):
                        return repr(thing)
                return "no object holds an answer"
        """),
        twin=SOLUTION.plus(files={PACKAGE: "import gc\n\ngc.collect()"}),
    ),
    Attack(
        "searches the main module",
        tries="Searches the main module and all loaded modules for checks, points and a seed.",
        must="No points: the main module is the worker, which knows only inputs.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import sys

            def steal(dprev):
                leaked = []
                for name, module in sorted(sys.modules.items()):
                    if name == "__main__" or "probe" in name or "grad" in name or "test" in name:
                        for key, value in list(vars(module).items()):
                            if any(word in key.lower() for word in ("expect", "answer", "verdict")):
                                return f"{name}.{key} = {value!r}"
                        leaked.append(name)
                seed = vars(sys.modules["__main__"]).get("seed")
                return f"looked through {leaked}, {seed}"
        """),
        twin=SOLUTION.plus(
            files={PACKAGE: "import sys\n\nMAIN = sys.modules['__main__'].__name__"}
        ),
    ),
    Attack(
        "reads sources from linecache",
        tries="Reads the source of its callers, with inspect and linecache, for what they compare.",
        must="No points: a probe's source says what is called, not what must come out.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import inspect, linecache

            def steal(dprev):
                leaked = []
                for frame in inspect.stack()[1:]:
                    lines = linecache.getlines(frame.filename)
                    wanted = [l for l in lines if "assert" in l or "allclose" in l or "close(" in l]
                    leaked.append(f"{frame.filename.rpartition('/')[2]}: {wanted}")
                return "; ".join(leaked)
        """),
        twin=SOLUTION.plus(
            appended={LAYERS: "import linecache\n\nFIRST = linecache.getline(__file__, 1)"}
        ),
    ),
    Attack(
        "reads the probes and their inputs",
        tries="Imports the probes inside the sandbox, and draws their inputs in advance.",
        must="No points: inputs are no secret, and the probes contain no right layer.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import inspect, sys

            def steal(dprev):
                import probe
                frame = sys._getframe()
                while "config" not in frame.f_locals:
                    frame = frame.f_back
                key = frame.f_locals["config"]["key"]
                found = probe.probes_in("probes")["fc_backward"]
                given, source = found.inputs(key), inspect.getsource(found.run)
                w, b, x = given["w"], given["b"], given["x"]
                return w * 0 + source.count("dw"), b, x
        """),
        roads=(ZIP,),
    ),
    Attack(
        "reads the arguments it was started with",
        tries="Reads the interpreter's command line, which may reveal where the grader is.",
        must="No points and no path: the command line contains none.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import ctypes, sys

            def steal(dprev):
                count, words = ctypes.c_int(), ctypes.POINTER(ctypes.c_wchar_p)()
                ctypes.pythonapi.Py_GetArgcArgv(ctypes.byref(count), ctypes.byref(words))
                leaked = [words[n][:400] for n in range(count.value)] + sys.orig_argv[:-1]
                return " | ".join(word for word in leaked if "/" in word)[-1500:]
        """),
        twin=SOLUTION.plus(
            files={PACKAGE: "import sys\n\nOPTIMISED = '-O' in sys.orig_argv or not __debug__"}
        ),
        roads=(ZIP,),
    ),
    Attack(
        "lists the loaded libraries",
        tries="Lists the loaded shared libraries, whose names could be paths of the host.",
        must="No points and no path: they were opened by file descriptor.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import ctypes

            class Loaded(ctypes.Structure):
                _fields_ = [("address", ctypes.c_void_p), ("name", ctypes.c_char_p)]

            def steal(dprev):
                leaked = []
                kinds = ctypes.c_int, ctypes.POINTER(Loaded), ctypes.c_size_t, ctypes.c_void_p
                add = lambda info, size, data: leaked.append(info.contents.name.decode()) or 0
                ctypes.CDLL(None).dl_iterate_phdr(ctypes.CFUNCTYPE(*kinds)(add), None)
                return " | ".join(n for n in leaked if "autograder" in n or "/fd/" in n)[:1500]
        """),
        twin=SOLUTION.plus(
            files={PACKAGE: "import ctypes\n\nMALLOC = bool(ctypes.CDLL(None).malloc)"}
        ),
    ),
    Attack(
        "reads the probes' bytecode",
        tries="Searches compiled files beside the probes for the paths of their sources.",
        must="No points and no path: of the grader's own files, only the sources are visible.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import glob, os, re

            def steal(dprev):
                import probes
                top = os.path.dirname(os.path.dirname(probes.__file__))
                leaked = []
                for path in glob.glob(top + "/**/*.pyc", recursive=True):
                    with open(path, "rb") as file:
                        leaked += re.findall(rb"/[ -~]*/[a-z_]+[.]py", file.read())
                return b" | ".join(sorted(set(leaked))).decode()[:1500] or "nothing compiled"
        """),
        twin=SOLUTION.plus(
            appended={LAYERS: "import importlib.util\n\nSUFFIX = importlib.util.MAGIC_NUMBER"}
        ),
    ),
    Attack(
        "asks modules and frames where they come from",
        tries="Reads paths from specs, loaders, code objects and the frames of its callers.",
        must="No points and no path: they contain only places inside the sandbox.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import gc, sys

            def steal(dprev):
                leaked, frame = set(), sys._getframe()
                while frame is not None:
                    leaked.add(f"{frame.f_code.co_filename} {frame.f_locals!r}"[:300])
                    frame = frame.f_back
                for module in list(sys.modules.values()):
                    loader = getattr(module, "__loader__", None)
                    leaked.add(repr(vars(loader.box))[:2000] if hasattr(loader, "box") else "")
                codes = [f.__code__ for f in gc.get_objects() if hasattr(f, "__code__")]
                leaked |= {code.co_filename for code in codes}
                leaked = [text for text in leaked if "autograder" in text or "zygote" in text]
                return " | ".join(leaked)[:1500] or "nothing"
        """),
        twin=SOLUTION.plus(
            appended={LAYERS: "HERE = __spec__.origin, __loader__.name, fc.forward.__code__"}
        ),
    ),
    Attack(
        "traces every call",
        tries="Sets a trace function that watches later calls for a comparison's operands.",
        must="No points: the comparison happens in another process.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={"fc.backward": "raise RuntimeError(f'saw {sorted(SEEN)}')"},
            appended={
                LAYERS: """
                    import sys, threading

                    SEEN = set()

                    def watch(frame, event, arg):
                        if "close" in frame.f_code.co_name or "expected" in frame.f_locals:
                            SEEN.add(f"{frame.f_code.co_name}{list(frame.f_locals)}")
                        return None

                    sys.settrace(watch)
                    threading.settrace(watch)
                """
            },
        ),
        twin=SOLUTION.plus(appended={LAYERS: "import sys\n\nTRACED = sys.gettrace() is not None"}),
    ),
    Attack(
        "installs audit and profile hooks",
        tries="Adds audit and profile hooks that see files opened and functions called.",
        must="No points: they see only the probe's own files and calls.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={"fc.backward": "raise RuntimeError(f'saw {sorted(OPENED)[-20:]}')"},
            appended={
                LAYERS: """
                    import sys

                    OPENED = set()

                    def audit(event, args):
                        if event in ("open", "exec", "import", "compile"):
                            OPENED.add(f"{event} {args[0]}"[:90])

                    def profile(frame, event, arg):
                        if event == "return" and "ref" in frame.f_code.co_name:
                            OPENED.add(f"{frame.f_code.co_name} returned {arg!r}"[:90])

                    sys.addaudithook(audit)
                    sys.setprofile(profile)
                """
            },
        ),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    import cProfile, sys

                    sys.addaudithook(lambda event, args: None)
                    with cProfile.Profile() as profile:
                        np.ones((3, 3)).sum()
                """
            }
        ),
    ),
    Attack(
        "encodes file names as numbers",
        tries="Packs the sandbox's file names into gradients, to read them from the evidence.",
        must="No points and no secret: there are only the student's files and the probes.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import os

            def steal(dprev):
                seen = "\\n".join(
                    os.path.join(folder, name)
                    for top in ("/box", "/mnt", "/tmp", os.getcwd())
                    for folder, _, names in os.walk(top)
                    for name in names
                    if "packages" not in folder and "python" not in folder
                )
                leaked = np.frombuffer(seen.encode()[:50000] or b"?", dtype=np.uint8)
                return leaked, leaked, leaked
        """),
    ),
)
