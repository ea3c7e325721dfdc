"""Attacks that know nothing about neural networks, on the tiny assignment, in every sandbox.

`make test` tries each in one sandbox, in turns. Each is done to work whose backward pass is wrong,
and may not score more in any section than the same work without it. `tests/attacks` holds the whole
list, on the published assignment.
"""

from __future__ import annotations

import os
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading.grade import grade
from autograder.hand_in.submission import Submission, read

SEED = 8
LAYERS, OPTIM = "lib/layers.py", "lib/optim.py"
WRONG = "self.da, dx = 0.0, 0.0 * dout"
RIGHT = "self.da = np.sum(self.x * dout)\n        dx = self.a * dout"

IN_BACKWARD = {
    "ends its process with status 0": "import os; os._exit(0)",
    "raises SystemExit": "raise SystemExit(0)",
    "returns what equals everything": """
        class Same(float):
            __eq__ = __le__ = __ge__ = lambda *_: True
            __abs__ = __sub__ = __rsub__ = lambda *_: 0.0
        self.da, dx = Same(), Same()
    """,
    "returns an array of agreeable objects": """
        class Same:
            __eq__ = __le__ = lambda *_: True
        self.da, dx = Same(), np.array([[Same()] * 3] * 4, dtype=object)
    """,
    "returns NaN and infinity": "self.da, dx = np.inf, np.nan * dout",
    "returns an array of another shape": "self.da, dx = 0.0, np.zeros((1, 1))",
    "returns two gigabytes": "self.da, dx = 0.0, np.zeros((2**28,))",
    "returns its own input's class": """
        class Mine(np.ndarray):
            def __array_finalize__(self, _): pass
            def __array_function__(self, *_): return np.float64(0)
        dx = dout.view(Mine)
    """,
    "patches numpy": "np.sum = np.abs = np.max = np.allclose = lambda *_, **__: True",
    "patches builtins": "import builtins; builtins.abs = builtins.max = lambda *_, **__: 0",
    "searches frames for the reference": """
        import gc, sys
        frame = sys._getframe()
        while frame:
            for name, value in list(frame.f_locals.items()):
                if "reference" in name or "expected" in name:
                    return value
            frame = frame.f_back
        for found in gc.get_objects():
            if isinstance(found, dict) and "reference" in found:
                return found["reference"]
    """,
    "writes answers to every descriptor": """
        import json, os, struct
        text = json.dumps({"arrays": [["dx", "<f8", []]], "texts": {}, "refused": {},
                           "end": "finished"}).encode()
        for number in range(3, 64):
            try:
                os.write(number, struct.pack("<4sIQ", b"OBS1", len(text), 8) + text + bytes(8))
            except OSError:
                pass
    """,
    "answers from a child that outlives it": """
        import os, time
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)
        os._exit(0)
    """,
    "kills its parent": "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "recurses for ever": """
        import sys
        sys.setrecursionlimit(10**8)
        def deeper(): return deeper()
        deeper()
    """,
    "takes all memory": "self.hoard = [bytearray(2**26) for _ in range(2**10)]",
    "prints a gigabyte": "[print('x' * 2**20) for _ in range(2**10)]",
    "fills the disk": """
        import tempfile
        with tempfile.TemporaryFile() as file:
            while True:
                file.write(bytes(2**20))
    """,
    "loops for ever": "while True: pass",
    "starts threads that go on": """
        import threading
        for _ in range(64):
            threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
    """,
    "rewrites its own library": """
        import pathlib
        path = pathlib.Path(__file__)
        path.write_text(path.read_text().replace("0.0", "1.0"))
    """,
}
"""What the backward pass does before it returns something wrong."""

AT_IMPORT = {
    "pretends to be the grader": """
        import sys, types
        for name in ("autograder", "autograder.judgement", "autograder.judgement.checks", "pytest"):
            sys.modules[name] = types.ModuleType(name)
    """,
    "ends at import": "import os; os._exit(0)",
    "replaces the other modules": """
        import sys
        sys.modules["lib.optim"] = sys.modules[__name__]
    """,
    "finds the probes and changes them": """
        import gc
        for found in gc.get_objects():
            if callable(found) and getattr(found, "__name__", "").startswith("scale_"):
                found.__code__ = (lambda *_, **__: iter(())).__code__
    """,
    "traces everything": "import sys; sys.settrace(lambda *_: 1 / 0)",
    "exits at exit": "import atexit, os; atexit.register(os._exit, 0)",
    "writes results where graders look": """
        import pathlib
        for place in ("/autograder/results", "/tmp", "."):
            try:
                pathlib.Path(place, "results.json").write_text('{"score": 5}')
            except OSError:
                pass
    """,
}


def attacked(work: Submission, *, backward: str = "", top: str = "") -> Submission:
    """The solution with a wrong backward pass, and an attack in it."""
    text = work.files[LAYERS].decode()
    assert text.count(RIGHT) == 1
    code = textwrap.indent(WRONG, 8 * " ")
    if backward:
        code += "\n" + textwrap.indent(textwrap.dedent(backward).strip(), 8 * " ")
    text = text.replace(8 * " " + RIGHT, code) + "\n\n" + textwrap.dedent(top)
    return replace(work, files={**work.files, LAYERS: text.encode()})


@pytest.fixture(scope="module")
def points(tiny, sandbox, hurried):
    def found(submission: Submission) -> dict[str, float]:
        return {s.id: s.score for s in grade(tiny, submission, SEED, sandbox).sections}

    return found


@pytest.fixture(scope="module")
def baseline(points, work):
    """The same work without an attack."""
    found = points(attacked(work()))
    assert 0 < found["scale"] < 3
    return found


@pytest.mark.parametrize("name", [*IN_BACKWARD, *AT_IMPORT])
def test_an_attack_gains_nothing_and_the_next_submission_is_unaffected(
    points, baseline, work, name
):
    place = {"backward": IN_BACKWARD[name]} if name in IN_BACKWARD else {"top": AT_IMPORT[name]}
    found = points(attacked(work(), **place))
    assert all(found[section] <= baseline[section] for section in baseline), found
    assert points(work()) == {"scale": 3, "step": 2}


def climbing(path: Path, folder: Path) -> None:
    """A zip whose entries lead out of it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../lib/layers.py", "/lib/layers.py", "lib/../../lib/optim.py"):
            archive.writestr(name, (folder / LAYERS).read_bytes())


def linked(path: Path, folder: Path) -> None:
    """A zip with a link in the place of the library."""
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("lib/layers.py")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(folder / LAYERS))


def bomb(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lib/layers.py", bytes(2**26))
        archive.writestr("Tiny.ipynb", bytes(2**26))


@pytest.mark.parametrize("make", [climbing, linked, bomb])
def test_a_hostile_zip_reads_nothing_outside_and_is_worth_nothing(
    tiny, work, hand_in, points, tmp_path, make
):
    answer = hand_in(tmp_path / "answer", work())
    (tmp_path / "handed in").mkdir()
    path = tmp_path / "handed in" / "eve.zip"
    make(path, answer)
    found = read(tiny, path)
    assert found.errors
    assert set(points(found).values()) == {0}
    assert os.listdir(path.parent) == ["eve.zip"]


def test_links_and_pipes_in_a_folder_are_not_followed(tiny, work, hand_in, points, tmp_path):
    answer = hand_in(tmp_path / "answer", work())
    folder = tmp_path / "eve"
    (folder / "lib").mkdir(parents=True)
    (folder / LAYERS).symlink_to(answer / LAYERS)
    os.link(answer / OPTIM, folder / OPTIM)
    os.mkfifo(folder / "Tiny.ipynb")
    found = read(tiny, folder)
    assert not found.files
    assert set(points(found).values()) == {0}
