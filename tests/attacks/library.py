"""Files and notebooks, the library: changes outside the TODO blocks, encodings, checkpoints."""

from __future__ import annotations

import base64
import io
import pickle
import textwrap
import zipfile

import numpy as np
from attack import (
    ALL_ROADS,
    LAYERS,
    NBGRADER,
    NETWORKS,
    OPTIMIZERS,
    PACKAGE,
    SOLUTION,
    STUB,
    TRAINING,
    ZIP,
    Attack,
    Changes,
)

from autograder.diagnosis.variants import solution
from autograder.problem_1 import ASSIGNMENT as P1

ONE_BLOCK_MISSING = SOLUTION.without("RMSProp.update")
LIBRARY = {path: content.decode() for path, content in solution(P1).files.items()}
OPTIM = LIBRARY[OPTIMIZERS]


class Payload:
    """Runs code when the file is loaded."""

    def __reduce__(self):
        code = "open('/tmp/loaded-a-checkpoint', 'w').write('x'); import os; os._exit(0)"
        return exec, (code,)


def array_file(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def array_of_objects() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([Payload()], dtype=object), allow_pickle=True)
    return file.getvalue()


def checkpoint() -> bytes:
    """A torch checkpoint: a zip that contains a pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Payload()))
    return file.getvalue()


def hidden_by(encoding: str) -> bytes:
    """Source with an encoding comment, so that Python runs other code than a reader sees."""
    evil = "\nRMSProp.update = Adam.update\n"
    if encoding == "utf-7":
        body = "# coding: utf-7\n" + OPTIM.replace("+=", "+-=") + "# +AAo-RMSProp.update +AD0- None"
    else:
        body = f"# coding: {encoding}\n" + OPTIM + repr(evil)
    return body.encode()


ATTACKS = (
    Attack(
        "library: given code reports success",
        tries="Makes the given compute_acc return 1.0 and rel_error 0.0, and disables SGD.",
        must=(
            "No points: given code is judged by what it does, and the grader uses its own "
            "functions."
        ),
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            appended={
                TRAINING: "def compute_acc(*args, **kwargs):\n    return 1.0",
                "lib/grad_check.py": "def rel_error(*args):\n    return 0.0",
                OPTIMIZERS: "SGD.update = lambda self, layer: None",
            }
        ),
        twin=SOLUTION.plus(
            patches=(
                (
                    OPTIMIZERS,
                    "            param -= self.lr * layer.grads[name]\n",
                    "            param[...] = param - self.lr * layer.grads[name]\n",
                ),
            )
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "library: a network that looks the answers up",
        tries="Makes a given forward pass answer from a table of earlier inputs.",
        must="No points: inputs are drawn for each grading, so none was seen before.",
        baseline=SOLUTION.without("SmallFullyConnectedNetwork.__init__"),
        changes=Changes(
            appended={
                NETWORKS: """
                    TABLE = {}

                    def _looked_up(self, feat, is_training=True, seed=None):
                        key = np.asarray(feat).tobytes()
                        return TABLE.setdefault(key, np.zeros((len(feat), 7)))

                    SmallFullyConnectedNetwork.forward = _looked_up
                    SmallFullyConnectedNetwork.__init__ = lambda self, *a, **k: None
                """
            }
        ),
        twin=SOLUTION.plus(
            appended={
                NETWORKS: """
                    class Logged(Module):
                        def forward(self, *args, **kwargs):
                            print("forward")
                            return super().forward(*args, **kwargs)
                """
            }
        ),
    ),
    Attack(
        "library: rewrites itself at import",
        tries="Overwrites and deletes its own source files at import.",
        must="No points: its files are read-only, and a grading reads them only once.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            appended={
                PACKAGE: """
                    import os, pathlib, shutil

                    here = pathlib.Path(__file__).parent
                    for path in (*here.rglob("*"), here.parent, here.parent.parent):
                        for spoil in (
                            lambda: path.chmod(0o777),
                            lambda: path.write_text("raise SystemExit(0)"),
                            lambda: path.unlink(),
                            lambda: shutil.rmtree(path),
                        ):
                            try:
                                spoil()
                            except OSError:
                                pass
                """
            }
        ),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    import time

                    TABLE, STARTED = [np.sin(i) for i in range(50_000)], time.time()
                """
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "library: redefines a class at the end of its file",
        tries="Passes a check of the blocks' text, then replaces RMSProp in the last lines.",
        must="No points: what counts is what a name refers to in the end.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            appended={
                OPTIMIZERS: """
                    class Anything:
                        def __init__(self, *args, **kwargs): pass
                        def __getattr__(self, name): return self
                        def __call__(self, *args, **kwargs): return self

                    RMSProp = Anything
                """
            }
        ),
        twin=SOLUTION.plus(
            appended={
                OPTIMIZERS: """
                    class RMSPropPlain(RMSProp):
                        pass

                    RMSProp = RMSPropPlain
                """
            }
        ),
    ),
    Attack(
        "library: UTF-16",
        tries="Hands in a source file in UTF-16, which only some readers take for text.",
        must="No points: Python cannot read it, and the report says so.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(files={OPTIMIZERS: OPTIM.encode("utf-16")}),
        twin=SOLUTION.plus(
            files={path: b"\xef\xbb\xbf" + text.encode() for path, text in LIBRARY.items()}
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "library: an encoding that hides code",
        tries="Declares utf-7 and rot13, so that what looks like a comment is code.",
        must="No points, no harm: nothing outside the sandbox decodes, parses or compiles it.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                OPTIMIZERS: hidden_by("utf-7"),
                "lib/mlp/extra.py": hidden_by("rot13"),
                "lib/extra.py": hidden_by("unicode_escape"),
                "lib/grad_check.py": b"# coding: no such encoding\n",
            }
        ),
        twin=SOLUTION.plus(
            files={
                OPTIMIZERS: b"# coding: latin-1\n# f\xfcr K\xe4the\n" + OPTIM.encode("latin-1"),
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "library: sources that break parsers",
        tries="Uses NUL bytes, a million brackets and lines of megabytes.",
        must="No points: only the sandbox compiles it, and only the student's process dies of it.",
        baseline=STUB,
        changes=Changes(
            files={
                OPTIMIZERS: b"x = 1\0\n",
                "lib/grad_check.py": b"(" * 10**6,
                TRAINING: b"x = " + b"-" * 3 * 10**6 + b"1",
                NETWORKS: b"x = " + b"[" * 90 + b"]" * 90 + b" + 1" * 300_000,
            }
        ),
        twin=SOLUTION.plus(
            appended={OPTIMIZERS: "TABLE = [" + ", ".join(map(str, range(30_000))) + "]"}
        ),
    ),
    Attack(
        "library: line endings and tabs of every kind",
        tries="Uses old Mac line endings and tabs, so that two readers see two programs.",
        must="No points: the only reader is Python.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                OPTIMIZERS: OPTIM.replace("\n", "\r").encode()
                + b"\rclass RMSProp(Optimizer):\r\tdef update(self, layer):\r\t\tpass\r"
            }
        ),
        twin=SOLUTION.plus(
            files={path: text.replace("\n", "\r\n").encode() for path, text in LIBRARY.items()}
        ),
    ),
    Attack(
        "library: checkpoints that run code when they are loaded",
        tries=(
            "Hands in pickles, object arrays and a torch file, for a grader that loads what it "
            "finds."
        ),
        must="Nothing is loaded outside the sandbox; inside, only the student's own code loads it.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                "weights.pkl": pickle.dumps(Payload()),
                "lib/mlp/best.npy": array_of_objects(),
                "lib/weights.npz": array_file(w=np.array([Payload()], dtype=object)),
                "model.pt": checkpoint(),
                "lib/mlp/model.pth": checkpoint(),
                "observations.npz": array_file(w=np.array([Payload()], dtype=object)),
            }
        ),
        twin=SOLUTION.plus(
            files={"lib/mlp/best.npz": array_file(w=np.eye(3), b=np.zeros(3))},
            appended={
                LAYERS: """
                    import pathlib

                    with np.load(pathlib.Path(__file__).parent / "best.npz") as held:
                        BEST = {name: held[name] for name in held}
                """
            },
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "library: loads its own malicious checkpoint",
        tries="Loads a pickle that exits with status 0 in the middle of a check.",
        must="No points: a process that exits early has not answered.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={"lib/state.pkl": pickle.dumps(Payload())},
            blocks={
                "RMSProp.update": """
                    import pathlib, pickle
                    pickle.loads((pathlib.Path(__file__).parent / "state.pkl").read_bytes())
                """
            },
        ),
        twin=SOLUTION.plus(
            files={"lib/state.pkl": pickle.dumps({"decay": 0.99})},
            appended={
                OPTIMIZERS: """
                    import pathlib, pickle

                    STATE = pickle.loads((pathlib.Path(__file__).parent / "state.pkl").read_bytes())
                """
            },
        ),
    ),
    Attack(
        "library: only compiled files",
        tries="Replaces sources with a .pyc file and a shared object, which nobody can read.",
        must="No points: neither compiled files nor shared objects are used.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                OPTIMIZERS: None,
                "lib/optim.pyc": b"\xa7\r\r\n" + bytes(12) + b"\xe3",
                "lib/__pycache__/optim.cpython-311.pyc": b"\xa7\r\r\n" + bytes(12) + b"\xe3",
                "lib/optim.cpython-311-x86_64-linux-gnu.so": b"\x7fELF" + bytes(200),
            }
        ),
        twin=SOLUTION.plus(
            files={
                "lib/__pycache__/optim.cpython-311.pyc": b"\xa7\r\r\n" + bytes(12),
                "lib/optim.pyc": b"stale",
            }
        ),
    ),
    Attack(
        "library: base64-encoded code",
        tries="Executes code that is hidden in base64, so that nobody sees what it is.",
        must="No points beyond what the code does, and this code does nothing right.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            appended={
                OPTIMIZERS: f"""
                    import base64

                    exec(base64.b64decode({base64.b64encode(b"RMSProp = Adam")!r}))
                """
            }
        ),
        twin=SOLUTION.plus(
            appended={
                OPTIMIZERS: textwrap.dedent("""
                    exec("def twice(x):\\n    return 2 * x")
                """)
            }
        ),
    ),
)
