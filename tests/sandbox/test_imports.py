"""A module that cannot be imported fails the probes that need it, with the reason."""

from __future__ import annotations

import pytest

from autograder.sandbox.limits import SUBMISSION

SOURCE = """
@given()
def uses_layers(lib):
    yield dict(before=1.0)
    yield dict(x=lib.layer_utils.value())

@given()
def uses_optim(lib):
    yield dict(x=lib.optim.value())

@given()
def uses_train(lib):
    yield dict(x=lib.train.value())
"""
FINE = "def value(): return 1.0"
NEEDS_LAYERS = "from lib.mlp.layer_utils import *\n" + FINE

BROKEN = {
    "a syntax error": ("def value(:\n    pass", "raised", "SyntaxError", 1),
    "python 2": ("x = 1\nprint 'hello'", "raised", "SyntaxError", 2),
    "latin-1": ("x = 'caf\xe9'\n" + FINE, "raised", "SyntaxError", None),
    "a package that is not there": ("import torch", "raised", "torch", 1),
    "a division": ("x = 1\ny = x / 0\n", "raised", "ZeroDivisionError", 2),
    "sys.exit": ("import sys\nsys.exit('bye')", "raised", "SystemExit", 2),
    "os._exit": ("import os\nos._exit(0)", "raised", "ended early", None),
    "a crash": ("import ctypes\nctypes.string_at(0)", "raised", "ended early", None),
    "an endless loop": ("while True: pass", "raised", "did not import", None),
    "a long sleep": ("import time\ntime.sleep(1000)", "raised", "did not finish within", None),
    "all of the memory": ("x = bytearray(2**32)", "raised", "MemoryError", 1),
}


@pytest.mark.parametrize(("source", "how", "says", "line"), BROKEN.values(), ids=BROKEN)
def test_a_broken_module_fails_only_the_probes_that_need_it(run, library, source, how, says, line):
    files = library(optim=FINE, train=NEEDS_LAYERS)
    files["lib/mlp/layer_utils.py"] = source.encode("latin-1")
    seen = run(SOURCE, ["uses_layers", "uses_optim", "uses_train"], files=files)

    broken = seen["uses_layers"].ending
    assert broken.how == how
    assert broken.raised.importing == "lib.mlp.layer_utils"
    assert says in f"{broken.raised.type} {broken.raised.message}"
    assert seen["uses_layers"]["before"] == 1.0
    if line is not None:
        last = broken.raised.trace[-1]
        assert (last.file, last.line) == ("lib/mlp/layer_utils.py", line)
        assert last.source in source

    assert seen["uses_optim"].ending.how == "finished"
    dependent = seen["uses_train"].ending
    assert (dependent.how, dependent.raised.importing) == ("raised", "lib.mlp.train")


def test_a_missing_library_raises_where_it_is_used(run):
    seen = run(SOURCE, ["uses_layers", "uses_optim"], files={"README": b"nothing here"})
    for probe in seen:
        assert seen[probe].ending.raised.type == "ModuleNotFoundError"


def test_submitted_files_shadow_neither_the_standard_library_nor_numpy(run, library):
    files = library(layer_utils=FINE, optim="import numpy as np\ndef value(): return np.ones(2)")
    for name in ("numpy", "json", "random", "sitecustomize", "usercustomize", "probes", "writer"):
        files[f"{name}.py"] = b"raise SystemExit('shadowed')"
        files[f"lib/{name}.py"] = b"raise SystemExit('shadowed')"
        files[f"lib/mlp/{name}.py"] = b"raise SystemExit('shadowed')"
    seen = run(SOURCE, ["uses_layers", "uses_optim"], files=files)
    assert [seen[p].ending.how for p in seen] == ["finished", "finished"]


def test_student_code_can_import_the_listed_packages_only(run, library):
    allowed = "import numpy, scipy.special, matplotlib.pyplot, tqdm, PIL.Image, six, scipy.io"
    files = library(layer_utils=f"{allowed}\n{FINE}")
    seen = run(SOURCE, ["uses_layers"], files=files, budget=SUBMISSION)  # imports take seconds
    assert seen["uses_layers"].ending.how == "finished", seen["uses_layers"].ending
    for module in ("autograder", "nbgrader", "pytest", "sklearn", "IPython", "_pytest", "pip"):
        seen = run(SOURCE, ["uses_layers"], files=library(layer_utils=f"import {module}\n{FINE}"))
        assert seen["uses_layers"].ending.raised.type == "ModuleNotFoundError", module


BARS = """
from tqdm.notebook import tqdm, trange
from tqdm import tqdm_notebook, tnrange

def value():
    with tqdm(total=3, desc="training", leave=False, display=False, colour="green") as bar:
        bar.update(2)
        bar.set_postfix(loss=1.0)
        bar.set_description("more")
        seen = bar.n
    bar.reset(total=4)
    bar.display()
    seen += sum(tqdm([1, 2], unit="batch")) + sum(trange(1, 4, 2)) + sum(tqdm_notebook([5]))
    return float(seen + sum(tnrange(3)))
"""


def test_progress_bars_for_notebooks_work_without_their_package(run, library):
    seen = run(SOURCE, ["uses_layers"], files=library(layer_utils=BARS), budget=SUBMISSION)
    assert seen["uses_layers"].ending.how == "finished", seen["uses_layers"].ending
    assert seen["uses_layers"]["x"] == 2 + 3 + 4 + 5 + 3
