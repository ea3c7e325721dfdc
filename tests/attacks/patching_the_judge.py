"""Patching the judge: whatever compares, draws, times or shows is replaced where it can be reached.

A function that the student's process calls may be the student's own by then. What it says is taken
for a claim, and nothing that judges is within its reach.
"""

import marshal
import struct
import sys
from importlib.util import MAGIC_NUMBER

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

from autograder.cells import grade_id_of

LEFT = SOLUTION.left("fc.backward")
BYTECODE = f"lib/mlp/__pycache__/layer_utils.{sys.implementation.cache_tag}.pyc"
CELL = "activations_definitions"
CELL_LEFT = SOLUTION.left(CELL)
WRONG = {
    "fc.backward": """
        self.grads[self.w_name] = np.zeros_like(self.params[self.w_name])
        self.grads[self.b_name] = np.zeros_like(self.params[self.b_name])
        dfeat = np.zeros_like(feat)
    """
}
ALL_WRONG = SOLUTION.but(blocks=WRONG)
"""Zeros for gradients: what is returned is of the right shapes, and worth nothing."""


def at_import(code: str) -> Changes:
    return Changes(files={PACKAGE: code})


def stale_bytecode() -> bytes:
    """A .pyc of `layer_utils` that is newer than any source, and does something else."""
    code = compile("fc = flatten = leaky_relu = dropout = object", "layer_utils.py", "exec")
    unchecked_hash = struct.pack("<I8s", 0b01, bytes(8))
    return MAGIC_NUMBER + unchecked_hash + marshal.dumps(code)


def judged_by_itself(notebook: dict) -> dict:
    """Every graded cell asserts nothing, prints its points, and says that it passed."""
    for cell in notebook["cells"]:
        if grade_id_of(cell):
            if cell["cell_type"] == "code":
                cell["source"] = "from IPython.display import display\nprint('2 points')\n2"
                cell["outputs"] = [
                    {"output_type": "stream", "name": "stdout", "text": "2 points\n"},
                ]
            cell["metadata"]["nbgrader"]["points"] = 100
    return notebook


def with_first_lines(notebook: dict, grade_id: str, lines: str) -> dict:
    """The cell begins with these lines."""
    for cell in notebook["cells"]:
        if grade_id_of(cell) == grade_id:
            cell["source"] = lines + "".join(cell["source"])
    return notebook


ATTACKS = (
    Attack(
        "replaces builtins",
        tries="Makes abs, max, all, len, isinstance and AssertionError of builtins say yes.",
        must="No point: what compares has builtins of its own.",
        over=ALL_WRONG,
        does=at_import("""
            import builtins

            builtins.abs = lambda x: 0
            builtins.max = lambda *args, **kwargs: 0
            builtins.min = lambda *args, **kwargs: 0
            builtins.all = builtins.any = lambda *args: True
            builtins.isinstance = lambda thing, kind: True
            builtins.AssertionError = type("Fine", (Warning,), {})
            builtins.print = lambda *args, **kwargs: None
        """),
        twin=SOLUTION.but(
            appended={LAYERS: "def abs(x):\n    return x if x > 0 else -x\n\nONE = abs(-1)"}
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "replaces comparisons of numpy",
        tries="Makes allclose, isclose, array_equal, isfinite and max of numpy say yes.",
        must="No point: numpy is another one where answers are compared.",
        over=ALL_WRONG,
        does=at_import("""
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
        twin=SOLUTION.but(
            files={PACKAGE: "import numpy as np\n\nnp.set_printoptions(precision=3)\n"}
        ),
        roads=(ZIP,),
    ),
    Attack(
        "replaces the random generators",
        tries="Makes numpy.random draw zeros, so that the questions are easy and the answers 0.",
        must="No point: what is expected follows from inputs that are drawn outside.",
        over=ALL_WRONG,
        does=at_import("""
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
        twin=SOLUTION.but(
            files={PACKAGE: "import numpy as np\n\nnp.random.seed(7)\nnp.random.default_rng(7)\n"}
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "replaces arrays' own functions",
        tries="Makes asarray, array, zeros_like and frombuffer return what suits it.",
        must="No point: these make its claims, and no array outside.",
        over=ALL_WRONG,
        does=at_import("""
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
        must="No point, and the limits hold: the kernel and the grader have clocks of their own.",
        over=STUB,
        does=at_import("""
            import resource, time

            for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
                setattr(time, name, lambda: 0.0)
            time.sleep = lambda seconds: None
            resource.setrlimit = lambda *args: None
            resource.getrlimit = lambda *args: (-1, -1)
        """),
        twin=SOLUTION.but(
            appended={LAYERS: "import time\n\nBEGAN = time.perf_counter()\ntime.sleep(0.001)"}
        ),
    ),
    Attack(
        "brings its own conftest",
        tries="Hands in conftest.py, pytest.ini, pyproject.toml and tox.ini that skip every test.",
        must="No point: the suites run with an ini of their own, away from what is handed in.",
        over=LEFT,
        does=Changes(
            files={
                f"{folder}{name}": content
                for folder in ("", "lib/", "lib/mlp/", "tests/")
                for name, content in {
                    "conftest.py": """
                        import pytest

                        def pytest_collection_modifyitems(items):
                            items.clear()

                        @pytest.hookimpl(hookwrapper=True)
                        def pytest_runtest_makereport(item, call):
                            result = yield
                            result.get_result().outcome = "passed"

                        def pytest_sessionfinish(session):
                            session.exitstatus = 0
                    """,
                    "pytest.ini": "[pytest]\naddopts = --collect-only -p conftest\n",
                    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--co'\n",
                    "tox.ini": "[pytest]\naddopts = --co\n",
                }.items()
            }
        ),
        twin=SOLUTION.but(files={"conftest.py": "import pytest", "pytest.ini": "[pytest]"}),
        roads=ALL_ROADS,
    ),
    Attack(
        "brings its own tests",
        tries="Hands in tests of the hidden suites' names that always pass.",
        must="No point: what ran must be what the grader's own suites declare.",
        over=LEFT,
        does=Changes(
            files={
                f"{folder}{name}": "def test_fc_backward_values(): pass\n"
                for folder in ("", "lib/", "tests/", "tests/hidden/")
                for name in ("test_fc.py", "test_hidden.py")
            }
        ),
        twin=SOLUTION.but(files={"tests/test_mine.py": "def test_nothing():\n    assert True"}),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "brings site customizations",
        tries="Hands in sitecustomize.py, usercustomize.py and .pth files.",
        must="No point: python starts without them, and what is handed in comes last.",
        over=LEFT,
        does=Changes(
            files={
                f"{folder}{name}": "import os\nos._exit(0)\n"
                for folder in ("", "lib/")
                for name in ("sitecustomize.py", "usercustomize.py", "distutils-precedence.pth")
            }
        ),
        twin=SOLUTION.but(files={"setup.cfg": "[metadata]\nname = homework"}),
        roads=(ZIP,),
    ),
    Attack(
        "shadows modules",
        tries="Hands in numpy.py, json.py, struct.py, probes.py, writer.py and autograder/.",
        must="No point: every module of the grader's is found before the student's folder.",
        over=LEFT,
        does=Changes(
            files={
                f"{folder}{name}.py": "raise SystemExit(0)\n"
                for folder in ("", "lib/", "lib/mlp/")
                for name in ("numpy", "json", "struct", "probes", "writer", "confine", "random")
            }
            | {
                "autograder/__init__.py": "",
                "autograder/checks.py": "close = unchanged = lambda *a, **k: None",
                "lib/autograder/rubric.py": "SECTIONS = ()",
            }
        ),
        twin=SOLUTION.but(files={"lib/plots.py": "def curve(values):\n    return list(values)"}),
        roads=ALL_ROADS,
    ),
    Attack(
        "brings stale bytecode",
        tries="Hands in .pyc files beside the sources, which Python would run in their place.",
        must="No point: bytecode is not taken, and the sources are what runs.",
        over=STUB,
        does=Changes(
            files={
                BYTECODE: stale_bytecode(),
                "lib/mlp/layer_utils.pyc": stale_bytecode(),
                "lib/numpy.pyc": stale_bytecode(),
            }
        ),
        twin=SOLUTION.but(files={BYTECODE: stale_bytecode()}),
        roads=(ZIP,),
    ),
    Attack(
        "brings configurations",
        tries="Hands in nbgrader_config.py, profiles of Jupyter and a .env.",
        must="No point: of what is handed in, the library and the notebook's cells are read.",
        over=LEFT,
        does=Changes(
            files={
                "nbgrader_config.py": "get_config().Autograde.autograde_preprocessors = []\n",
                "jupyter_config.py": "import os\nos._exit(0)\n",
                ".ipython/profile_default/startup/00.py": "import os\nos._exit(0)\n",
                ".env": "PYTEST_ADDOPTS=--co\nPYTHONSTARTUP=lib/evil.py\n",
                "Makefile": "all:\n\ttouch owned\n",
                "grades.csv": "student,score\nme,29\n",
            }
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "replaces the probes",
        tries="Replaces every registered probe and the worker's writer inside its own process.",
        must="No point: what a probe yields is a claim, whoever wrote the probe.",
        over=ALL_WRONG,
        does=Changes(
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
        tries="Replaces the functions that make values plain and put them on the pipe.",
        must="No point: what arrives is read as a claim and compared with the right numbers.",
        over=ALL_WRONG,
        does=Changes(
            appended={
                LAYERS: """
                    import sys

                    writer = sys.modules.get("writer")
                    if writer is not None:
                        def plain(value, room):
                            return np.asarray(value, float) * 0 + 1e-300

                        def raised(self, failure, importing):
                            self.finished()

                        writer.plain = plain
                        writer.Writer.raised = raised
                        writer.json.dumps = lambda *a, **k: '{"arrays": [], "end": "finished"}'
                """
            }
        ),
    ),
    Attack(
        "replaces what the judge imports",
        tries="Puts modules called pytest, autograder.checks and _pytest into sys.modules.",
        must="No point: modules of the student's process are nobody else's.",
        over=ALL_WRONG,
        does=at_import("""
            import sys, types, unittest

            for name in ("pytest", "_pytest", "autograder", "autograder.checks", "nbgrader"):
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
        "finds modules for everybody",
        tries="Puts a finder first in sys.meta_path and folders first in sys.path.",
        must="No point: it finds modules for its own process only.",
        over=ALL_WRONG,
        does=at_import("""
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
        "patches IPython's shell",
        tries="Replaces showtraceback and run_cell of the shell, so that no cell ever fails.",
        must="No point: no shell runs, and the cell is Python text in a probe.",
        over=CELL_LEFT,
        does=Changes(
            cells={
                CELL: """
                    try:
                        shell = get_ipython()
                        shell.showtraceback = shell.run_cell = lambda *args, **kwargs: None
                        type(shell).run_cell = type(shell).showsyntaxerror = shell.showtraceback
                    except NameError:
                        import IPython.core.interactiveshell as ipython

                        ipython.InteractiveShell.showtraceback = lambda *args, **kwargs: None
                    raise SystemExit(0)
                """
            }
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "transforms the tests' syntax",
        tries="Adds an AST transformer that takes assertions out of every cell that runs later.",
        must="No point: the checks are no cells, and nothing of a cell lives on.",
        over=CELL_LEFT,
        does=Changes(
            cells={
                CELL: """
                    import ast, builtins

                    class NoAssertions(ast.NodeTransformer):
                        def visit_Assert(self, node):
                            return ast.Pass()

                    whole = builtins.compile
                    builtins.compile = lambda source, *rest, **more: whole(
                        NoAssertions().visit(ast.parse(source)), *rest, **more
                    )
                    sigmoid = leaky_relu = relu = elu = selu = tanh = lambda x: 0 * x
                    get_ipython().ast_transformers.append(NoAssertions())
                """
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "displays its own points",
        tries="Fills sources, outputs and metadata of graded cells with a grader's scores.",
        must="No point: no output is read for a score, and points are the rubric's.",
        over=CELL_LEFT,
        does=Changes(notebook=judged_by_itself),
        roads=ALL_ROADS,
    ),
    Attack(
        "formats what is displayed",
        tries="Returns floats that show themselves as 3 of 3 points, in every format of Jupyter.",
        must="No point: nothing is displayed, and a float is its number.",
        over=CELL_LEFT,
        does=Changes(
            cells={
                CELL: """
                    class Score(float):
                        def _repr_mimebundle_(self, include=None, exclude=None):
                            return {"application/vnd.nbgrader+json": {"score": 100}}

                        def _repr_html_(self):
                            return "<b>3 / 3</b><script>alert(1)</script>"

                        __repr__ = __str__ = __format__ = lambda self, *args: "passed"

                    for name in ("sigmoid", "leaky_relu", "relu", "elu", "selu", "tanh"):
                        globals()[name] = lambda x: Score(3)
                    print('{"score": 3, "max_score": 3, "passed": true}')
                """
            }
        ),
    ),
    Attack(
        "runs shell commands in cells",
        tries="Uses !commands and %magics to copy the solution and change the gradebook.",
        must="No point and no command: magics are taken out, and the rest is Python.",
        over=CELL_LEFT,
        does=Changes(
            cells={
                CELL: """
                    !cp -r ../../../lib_solution/lib . ; sqlite3 gradebook.db "update grade"
                    %run ../solution.py
                    %load_ext autoreload
                    found = !cat $TMPDIR/solution/lib/mlp/layer_utils.py
                    import os
                    os.system("echo owned > $TMPDIR/../owned; cat $TMPDIR/../*/lib/mlp/*.py")
                    sigmoid = leaky_relu = relu = elu = selu = tanh = lambda x: 0 * x
                    raise RuntimeError(found)
                """
            }
        ),
        twin=SOLUTION.but(
            notebook=lambda notebook: with_first_lines(notebook, CELL, "%matplotlib inline\n!ls\n")
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "writes through cells of other languages",
        tries="Begins the graded cell with %%bash, %%writefile and %%javascript.",
        must="No point and no command: such a cell is no Python, and is empty.",
        over=CELL_LEFT,
        does=Changes(cells={CELL: "%%writefile lib/mlp/layer_utils.py\nfc = object"}),
    ),
    Attack(
        "works on in threads",
        tries="Starts threads at import that wait for later checks and change arrays they find.",
        must="No point: each probe is a process of its own, where no such thread lives.",
        over=ALL_WRONG,
        does=Changes(
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
        twin=SOLUTION.but(
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
        tries="Registers atexit functions, finalizers and __del__ that print and write results.",
        must="No point: a probe's process ends without them, and its writing is nobody's result.",
        over=ALL_WRONG,
        does=at_import("""
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
        twin=SOLUTION.but(files={PACKAGE: "import atexit\n\natexit.register(print, 'good bye')"}),
    ),
    Attack(
        "forks into later checks",
        tries="Forks children at import and in forward passes that answer for later checks.",
        must="No point: what a probe leaves is killed, and pipes are not shared between probes.",
        over=ALL_WRONG,
        does=Changes(
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
        twin=SOLUTION.but(
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
        tries="Imports torch, jax, sklearn or autograd for the gradients, or installs them.",
        must="No point: what students may import is a list, and there is no network.",
        over=LEFT,
        does=Changes(
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
        twin=SOLUTION.but(
            blocks={
                "softmax": """
                    from scipy.special import softmax as of_scipy

                    scores = of_scipy(feat, axis=-1)
                """
            }
        ),
    ),
    Attack(
        "makes a network that knows better",
        tries="Replaces given code: Module.backward and sequential answer for unwritten layers.",
        must="No point: the layer that is judged is asked itself, and its answer is wrong.",
        over=ALL_WRONG,
        does=Changes(
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
