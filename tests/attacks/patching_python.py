"""Patching the judge: replacing functions that compare, draw or measure time.

Student code can replace any function of its own process. So everything from that process counts
only as a claim, and it cannot reach anything that judges.
"""

from attack import (
    ALL_ROADS,
    LAYERS,
    NBGRADER,
    NETWORKS,
    PACKAGE,
    SOLUTION,
    STUB,
    ZIP,
    Attack,
    Changes,
)

ONE_BLOCK_MISSING = SOLUTION.without("fc.backward")
WRONG = {
    "fc.backward": """
        self.grads[self.w_name] = np.zeros_like(self.params[self.w_name])
        self.grads[self.b_name] = np.zeros_like(self.params[self.b_name])
        dfeat = np.zeros_like(feat)
    """
}
ALL_WRONG = SOLUTION.plus(blocks=WRONG)
"""Zero gradients: right shapes, wrong values."""


def at_import(code: str) -> Changes:
    return Changes(files={PACKAGE: code})


ATTACKS = (
    Attack(
        "replaces builtins",
        tries="Makes abs, max, min, all, any, isinstance and AssertionError always agree.",
        must="No points: answers are compared in another process, with its own builtins.",
        baseline=ALL_WRONG,
        changes=at_import("""
            import builtins

            builtins.abs = lambda x: 0
            builtins.max = lambda *args, **kwargs: 0
            builtins.min = lambda *args, **kwargs: 0
            builtins.all = builtins.any = lambda *args: True
            builtins.isinstance = lambda thing, kind: True
            builtins.AssertionError = type("Fine", (Warning,), {})
            builtins.print = lambda *args, **kwargs: None
        """),
        twin=SOLUTION.plus(
            appended={LAYERS: "def abs(x):\n    return x if x > 0 else -x\n\nONE = abs(-1)"}
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "replaces numpy's comparisons",
        tries="Makes numpy's allclose, isclose, array_equal, isfinite and max always agree.",
        must="No points: answers are compared in another process, with its own numpy.",
        baseline=ALL_WRONG,
        changes=at_import("""
            import numpy as np

            for name in ("allclose", "array_equal", "array_equiv", "all", "any"):
                setattr(np, name, lambda *args, **kwargs: True)
            for name in ("isclose", "isfinite"):
                setattr(np, name, lambda x, *args, **kwargs: np.ones(np.shape(x), bool))
            for name in ("abs", "max", "amax", "subtract"):
                setattr(np, name, lambda x, *args, **kwargs: np.float64(0))
            np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
            np.linalg.norm = lambda *args, **kwargs: 0.0
        """),
        twin=SOLUTION.plus(
            files={PACKAGE: "import numpy as np\n\nnp.set_printoptions(precision=3)\n"}
        ),
        roads=(ZIP,),
    ),
    Attack(
        "replaces the random generators",
        tries="Makes numpy.random draw zeros, so that inputs are easy and answers are 0.",
        must="No points: expected values follow from inputs that are drawn outside the sandbox.",
        baseline=ALL_WRONG,
        changes=at_import("""
            import numpy as np

            class Zeros:
                def __init__(self, *args):
                    pass

                def __getattr__(self, name):
                    return lambda *args, size=None, **kwargs: np.zeros(size or ())

                def choice(self, options, size=None, **kwargs):
                    return np.zeros(size or ()) + np.ravel(options)[0]

            np.random.default_rng = np.random.Generator = np.random.RandomState = Zeros
            np.random.SeedSequence = lambda *args: np.random.bit_generator.SeedSequence(0)
            np.random.randn = lambda *shape: np.zeros(shape)
            np.random.seed = lambda *args: None
        """),
        twin=SOLUTION.plus(
            files={PACKAGE: "import numpy as np\n\nnp.random.seed(7)\nnp.random.default_rng(7)\n"}
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "replaces numpy's array functions",
        tries="Makes array, asarray, ascontiguousarray and frombuffer return zeros.",
        must="No points: this changes its own claims, and no array outside the sandbox.",
        baseline=ALL_WRONG,
        changes=at_import("""
            import numpy as np

            plain = np.array

            def array(*args, **kwargs):
                return plain(*args, **kwargs) * 0

            np.array = np.asarray = np.ascontiguousarray = array
            np.frombuffer = lambda *args, **kwargs: plain([0.0])
        """),
    ),
    Attack(
        "stops the clock",
        tries="Makes time stand still, so that no limit is ever reached.",
        must="No points, and limits hold: the kernel and the grader have clocks of their own.",
        baseline=STUB,
        changes=at_import("""
            import resource, time

            for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
                setattr(time, name, lambda: 0.0)
            time.sleep = lambda seconds: None
            resource.setrlimit = lambda *args: None
            resource.getrlimit = lambda *args: (-1, -1)
        """),
        twin=SOLUTION.plus(
            appended={LAYERS: "import time\n\nBEGAN = time.perf_counter()\ntime.sleep(0.001)"}
        ),
    ),
    Attack(
        "replaces the probes",
        tries="Replaces registered probes inside its own process.",
        must="No points: whatever a probe yields is a claim, whoever wrote the probe.",
        baseline=ALL_WRONG,
        changes=Changes(
            appended={
                LAYERS: """
                    import sys

                    def fake(lib, **inputs):
                        yield dict(passed=True, score=100.0)
                        yield {name: np.zeros((8, 11)) for name in ("dx", "dw", "db", "out")}
                        yield {f"{name}_after": value for name, value in inputs.items()}

                    probes = sys.modules.get("probes")
                    for name, probe in getattr(probes, "_registry", {}).items():
                        if name.startswith("fc_backward"):
                            object.__setattr__(probe, "run", fake)
                            object.__setattr__(probe, "draw", lambda rng: {"x": np.zeros(1)})
                """
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "replaces the writer",
        tries="Replaces the functions that convert values and write them to the pipe.",
        must="No points: what arrives is a claim, and is compared with the right numbers.",
        baseline=ALL_WRONG,
        changes=Changes(
            appended={
                LAYERS: """
                    import sys

                    writer = sys.modules.get("writer")
                    if writer is not None:
                        def as_plain_array(value, room):
                            return np.asarray(value, float) * 0 + 1e-300

                        def raised(self, failure, importing):
                            self.finished()

                        writer.as_plain_array = as_plain_array
                        writer.Writer.raised = raised
                        writer.json.dumps = lambda *a, **k: '{"arrays": [], "end": "finished"}'
                """
            }
        ),
    ),
    Attack(
        "replaces what the judge imports",
        tries="Puts modules called pytest, _pytest and autograder.judgement.checks in sys.modules.",
        must="No points: only the student's own process sees these modules.",
        baseline=ALL_WRONG,
        changes=at_import("""
            import sys, types, unittest

            ours = ["autograder", "autograder.judgement", "autograder.judgement.checks"]
            for name in ["pytest", "_pytest", "nbgrader", *ours]:
                module = types.ModuleType(name)
                module.close = module.require = module.main = lambda *args, **kwargs: 0
                module.__getattr__ = lambda name: (lambda *args, **kwargs: 0)
                module.__path__ = []
                sys.modules[name] = module
            for name in dir(unittest.TestCase):
                if name.startswith("assert"):
                    setattr(unittest.TestCase, name, lambda *args, **kwargs: None)
        """),
    ),
    Attack(
        "installs an import finder",
        tries="Puts a finder first in sys.meta_path, and folders first in sys.path.",
        must="No points: the finder serves its own process only.",
        baseline=ALL_WRONG,
        changes=at_import("""
            import importlib.abc, importlib.machinery, os, sys

            class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
                def find_spec(self, name, path, target=None):
                    if name.startswith(("probes.", "test", "autograder", "pytest")):
                        return importlib.machinery.ModuleSpec(name, self)

                def exec_module(self, module):
                    module.ATTACKED = True

            sys.meta_path.insert(0, Finder())
            sys.path[:0] = [os.path.dirname(__file__), "/tmp"]
            os.environ["PYTHONPATH"] = os.path.dirname(__file__)
        """),
    ),
    Attack(
        "keeps threads running",
        tries=(
            "Starts threads at import that wait for later checks and change the arrays they find."
        ),
        must="No points: each probe is a process of its own, in which no such thread runs.",
        baseline=ALL_WRONG,
        changes=Changes(
            appended={
                LAYERS: """
                    import gc, threading, time

                    def meddle():
                        while True:
                            for thing in gc.get_objects():
                                if isinstance(thing, dict) and "dx" in thing:
                                    thing["dx"] = np.zeros(1)
                            time.sleep(0.05)

                    for _ in range(4):
                        threading.Thread(target=meddle, daemon=True).start()
                """
            }
        ),
        twin=SOLUTION.plus(
            blocks={
                "fc.forward": """
                    from concurrent.futures import ThreadPoolExecutor

                    with ThreadPoolExecutor(2) as pool:
                        product = pool.submit(np.matmul, feat, self.params[self.w_name])
                        output = product.result() + self.params[self.b_name]
                """
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "acts at exit",
        tries=(
            "Registers atexit functions, finalizers and __del__ that exit, print and write results."
        ),
        must=(
            "No points: a probe's process ends without running them, and what they write is "
            "ignored."
        ),
        baseline=ALL_WRONG,
        changes=at_import("""
            import atexit, os, signal, weakref

            class Last:
                def __del__(self):
                    os.write(1, b'{"score": 29}')

            LAST = Last()
            atexit.register(os._exit, 0)
            weakref.finalize(LAST, os._exit, 0)
            os.register_at_fork(after_in_child=lambda: os.write(2, b"29 points"))
            signal.signal(signal.SIGTERM, lambda *args: os._exit(0))
        """),
        twin=SOLUTION.plus(files={PACKAGE: "import atexit\n\natexit.register(print, 'good bye')"}),
    ),
    Attack(
        "forks into later checks",
        tries="Forks children, at import and in forward passes, that answer for later checks.",
        must="No points: processes that a probe leaves are killed, and probes share no pipes.",
        baseline=ALL_WRONG,
        changes=Changes(
            blocks={
                "flatten.forward": """
                    output = feat.reshape(len(feat), -1)
                    haunt()
                """
            },
            appended={
                LAYERS: """
                    import os, struct, time

                    def haunt():
                        if os.fork() == 0:
                            os.setsid()
                            end = b'{"arrays": [], "texts": {}, "refused": {}, "end": "finished"}'
                            for _ in range(100):
                                time.sleep(0.02)
                                for pipe in range(3, 40):
                                    try:
                                        os.write(pipe, struct.pack("<4sIQ", b"OBS1", len(end), 0))
                                        os.write(pipe, end)
                                    except OSError:
                                        pass
                            os._exit(0)

                    haunt()
                """
            },
        ),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    import os

                    if (child := os.fork()) == 0:
                        os._exit(0)
                    os.waitpid(child, 0)
                """
            }
        ),
    ),
    Attack(
        "lets a library do the work",
        tries="Imports or installs torch, jax, sklearn or autograd to compute the gradients.",
        must="No points: students may import listed packages only, and there is no network.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    import importlib, subprocess, sys

                    subprocess.run([sys.executable, "-m", "pip", "install", "torch", "autograd"])
                    for name in ("torch", "jax", "sklearn", "tensorflow", "autograd", "theano"):
                        try:
                            framework = importlib.import_module(name)
                            break
                        except ImportError:
                            continue
                    x = framework.tensor(feat, requires_grad=True)
                    w = framework.tensor(self.params[self.w_name], requires_grad=True)
                    b = framework.tensor(self.params[self.b_name], requires_grad=True)
                    (x @ w + b).backward(framework.tensor(dprev))
                    self.grads[self.w_name] = w.grad.numpy()
                    self.grads[self.b_name] = b.grad.numpy()
                    dfeat = x.grad.numpy()
                """
            }
        ),
        twin=SOLUTION.plus(
            blocks={
                "softmax": """
                    from scipy.special import softmax as of_scipy

                    scores = of_scipy(feat, axis=-1)
                """
            }
        ),
    ),
    Attack(
        "replaces the given network code",
        tries="Makes the given Module.backward and sequential answer for unwritten layers.",
        must="No points: the layer itself is tested, and its answer is wrong.",
        baseline=ALL_WRONG,
        changes=Changes(
            appended={
                NETWORKS: """
                    class Perfect:
                        def __getattr__(self, name):
                            return lambda *args, **kwargs: 0.0

                    Module.backward = lambda self, dprev: np.zeros((1,))
                    sequential.gather_grads = sequential.gather_params = lambda self: None
                    sequential.grads = property(lambda self: Perfect())
                """
            }
        ),
    ),
)
