"""The search for leaks is tested with planted leaks of every kind."""

import base64
import gzip
import py_compile
import zipfile

import pytest
from planting import data, library, notebook, text

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.release import leaks
from autograder.release.leaks import read_secrets
from autograder.release.verify import inspect

SECRET = "dfeat = np.where(feat >= 0, dprev, self.negative_slope * dprev)"
"""The solution of leaky_relu.backward."""
MODEL_ANSWER = "The velocity adds up past gradients with geometric weights"
MARK_SCHEME = "Half a point where an optimizer is missing or the run was cut short"


def zipped(member, content):
    def plant(release):
        with zipfile.ZipFile(release / "extra.zip", "w") as archive:
            archive.writestr(member, content)

    return plant


def compiled(release):
    (release / "lib" / "__pycache__").mkdir()
    py_compile.compile(
        str(P1.library / "lib/optim.py"),
        str(release / "lib/__pycache__/optim.cpython-311.pyc"),
    )


def code_output(source):
    return {"output_type": "stream", "name": "stdout", "text": [source]}


STUB = 'raise NotImplementedError("leaky_relu.backward: write your solution here")'

# Name of the leak: (plant, proof that must fail, file that must be named).
LEAKS = {
    # The library
    "a solution left in": (
        library(lambda s: s.replace(STUB, SECRET)),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "a statement more than the stub": (
        library(lambda s: s.replace(STUB, f"{STUB}\n        {SECRET}")),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "other spacing and brackets": (
        library(
            lambda s: s.replace(
                STUB,
                "dfeat=(np.where((feat>=0),\n            dprev,\n"
                "            (self.negative_slope)*dprev,))",
            )
        ),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "other quotes and numbers": (
        text(
            "lib/mlp/fully_conn.py",
            lambda s: s.replace(
                'raise NotImplementedError("TinyNet.__init__: write your solution here")',
                "self.net = sequential(flatten(name='flatten'), fc(3072, 512, 0.025, "
                "name='fullo_1'), leaky_relu(name='lrelu'), fc(512, 10, 25e-3, name='fullo_2'))",
            ),
        ),
        "leak",
        "lib/mlp/fully_conn.py",
    ),
    "an augmented assignment written out": (
        library(lambda s: s + "\n\ndef f(dfeat, label):\n    dfeat = dfeat / len(label)\n"),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "other variables": (
        library(
            lambda s: (
                s + "\n\ndef f(self, x, g):\n"
                "    return np.where(x >= 0, g, self.negative_slope * g)"
            )
        ),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "in a comment": (
        library(lambda s: s + f"\n# {SECRET}\n"),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "in a comment, over two lines": (
        library(
            lambda s: s + "\n# dfeat = np.where(feat >= 0, dprev,\n#   self.negative_slope * dprev)"
        ),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "in a comment, with other variables": (
        library(lambda s: s + "\n#   d = np.where(x >= 0, g, self.negative_slope * g)\n"),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "in a docstring": (
        library(lambda s: s.replace('"""dprev -> the same shape"""', f'"""{SECRET}"""', 1)),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "in a string with escapes": (
        library(lambda s: s + f'\nHELP = "so:\\n\\t{SECRET}\\n"\n'),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "in a string with brackets": (
        library(lambda s: s + '\nHELP = "m_hat = (self.mt[name]) / (1 - (self.beta1**self.t))"\n'),
        "leak",
        "lib/mlp/layer_utils.py",
    ),
    "a condition alone": (
        text(
            "lib/mlp/train.py",
            lambda s: (
                s + "\n\ndef f(val_acc, opt_val_acc):\n    if val_acc > opt_val_acc:\n        pass"
            ),
        ),
        "leak",
        "lib/mlp/train.py",
    ),
    # The notebook
    "in a code cell": (
        notebook(lambda nb, cells: cells["imports"]["source"].append(f"\nif 0:\n    {SECRET}")),
        "leak",
        P1.notebook,
    ),
    "the answer of a cell": (
        notebook(
            lambda nb, cells: cells["cascade_names"]["source"].append("\nparam_name_w = 'fullo_w'")
        ),
        "leak",
        P1.notebook,
    ),
    "a hyperparameter": (
        notebook(lambda nb, cells: cells["train_tiny_net_sizes"]["source"].append("\nepochs = 20")),
        "leak",
        P1.notebook,
    ),
    "in Markdown": (
        notebook(lambda nb, cells: cells["layers"]["source"].append(f"\nFor instance `{SECRET}`.")),
        "leak",
        P1.notebook,
    ),
    "in Markdown, with other variables": (
        notebook(
            lambda nb, cells: cells["layers"]["source"].append(
                "\nUse `np.where(x >= 0, g, self.negative_slope * g)`, say."
            )
        ),
        "leak",
        P1.notebook,
    ),
    "in an output": (
        notebook(lambda nb, cells: cells["imports"]["outputs"].append(code_output(SECRET + "\n"))),
        "leak",
        P1.notebook,
    ),
    "in a cell's metadata": (
        notebook(lambda nb, cells: cells["imports"]["metadata"].update(note=SECRET)),
        "leak",
        P1.notebook,
    ),
    "in the notebook's metadata": (
        notebook(lambda nb, cells: nb["metadata"].update(history=[{"was": SECRET}])),
        "leak",
        P1.notebook,
    ),
    "in an attachment": (
        notebook(
            lambda nb, cells: cells["layers"].update(
                attachments={
                    "a.txt": {"text/plain": base64.b64encode(f"so: {SECRET}".encode()).decode()}
                }
            )
        ),
        "leak",
        P1.notebook,
    ),
    "a model answer": (
        notebook(lambda nb, cells: cells["optimizers"]["source"].append(f"\n{MODEL_ANSWER}.")),
        "answers",
        P1.notebook,
    ),
    "a model answer in other case and punctuation": (
        text("README.md", lambda s: s + "\n* " + MODEL_ANSWER.upper().replace(" ", ",\n")),
        "answers",
        "README.md",
    ),
    "a mark scheme": (
        notebook(lambda nb, cells: cells["compare_optimizers_plot"]["source"].append(MARK_SCHEME)),
        "answers",
        P1.notebook,
    ),
    # Other files
    "in the README": (
        text("README.md", lambda s: s + f"\n    {SECRET}\n"),
        "leak",
        "README.md",
    ),
    "in the public tests": (
        text(
            "tests/visible_checks.py", lambda s: s + "\nself.grads[self.w_name] = feat.T @ dprev\n"
        ),
        "leak",
        "tests/visible_checks.py",
    ),
    "in a file of its own": (
        text("notes.txt", lambda s: f"remember: {SECRET}"),
        "leak",
        "notes.txt",
    ),
    "in a zip": (zipped("lib/layer_utils.py", SECRET), "leak", "extra.zip"),
    "in a zip in a zip": (
        data("extra.zip", lambda: zip_bytes("in.zip", zip_bytes("a.py", SECRET.encode()))),
        "leak",
        "extra.zip",
    ),
    "in a packed file": (data("old.gz", gzip.compress(SECRET.encode())), "leak", "old.gz"),
    "in base64 in a comment": (
        text("get_datasets.py", lambda s: s + f"# {base64.b64encode(SECRET.encode()).decode()}\n"),
        "leak",
        "get_datasets.py",
    ),
    "in a hidden file": (data(".solution.py", SECRET.encode()), "files", ".solution.py"),
    "in a checkpoint": (
        data(".ipynb_checkpoints/Problem_1-checkpoint.ipynb", SECRET.encode()),
        "files",
        ".ipynb_checkpoints",
    ),
    "compiled": (compiled, "files", "lib/__pycache__/optim.cpython-311.pyc"),
    "an unreadable image": (data("a.png", b"\x89PNG\r\n\x1a\n\xff"), "files", "a.png"),
    "a link to the solution": (
        lambda release: (release / "solution").symlink_to(P1.library),
        "files",
        "solution",
    ),
    "a gradebook": (data("gradebook.db", b"SQLite format 3\0"), "files", "gradebook.db"),
    "a gradebook of another name": (data("notes", b"SQLite format 3\0\xff"), "files", "notes"),
    "a hidden suite": (
        data("tests/test_fc.py", lambda: (P1.suites / "test_fc.py").read_bytes()),
        "hidden",
        "tests/test_fc.py",
    ),
    # The notebook's form
    "an output": (
        notebook(lambda nb, cells: cells["imports"]["outputs"].append(code_output("done"))),
        "notebook",
        P1.notebook,
    ),
    "an execution count": (
        notebook(lambda nb, cells: cells["imports"].update(execution_count=7)),
        "notebook",
        P1.notebook,
    ),
    "an invalid notebook": (
        notebook(lambda nb, cells: nb["cells"][1].pop("outputs")),
        "notebook",
        P1.notebook,
    ),
    "other points": (
        notebook(lambda nb, cells: cells["adam"]["metadata"]["nbgrader"].update(points=3)),
        "points",
        P1.notebook,
    ),
    "an unlocked check": (
        notebook(lambda nb, cells: cells["adam"]["metadata"]["nbgrader"].update(locked=False)),
        "points",
        P1.notebook,
    ),
    "a missing check": (
        notebook(lambda nb, cells: nb["cells"].remove(cells["adam"])),
        "points",
        P1.notebook,
    ),
    "two cells of one name": (
        notebook(lambda nb, cells: nb["cells"].append({**cells["adam"], "id": "other"})),
        "points",
        P1.notebook,
    ),
}


def zip_bytes(member, content):
    import io

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member, content)
    return packed.getvalue()


@pytest.fixture(scope="module")
def secrets():
    return read_secrets(P1)


@pytest.fixture(scope="module", autouse=True)
def unchanged_texts():
    """Texts that a leak leaves unchanged are searched once, not anew for every leak."""
    search, searched = leaks._in_text, {}

    def once(text, secrets):
        key = id(secrets), text.content
        if key not in searched:
            searched[key] = secrets, list(search(text, secrets))  # kept, so no other has its id
        return searched[key][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leaks, "_in_text", once)
        yield


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_caught(release, secrets, leak):
    plant, proof, path = LEAKS[leak]
    plant(release)
    found = inspect(P1, release, secrets)
    assert (proof, path) in {(finding.proof, finding.path) for finding in found}, found


def test_a_leak_is_reported_with_its_line(release, secrets):
    path = release / "lib/optim.py"
    lines = path.read_text().split("\n")
    lines.insert(41, f"# {SECRET}")
    path.write_text("\n".join(lines))
    assert {finding.line for finding in inspect(P1, release, secrets)} == {42}

    notebook(lambda nb, cells: cells["layers"]["source"].append(f"\n{SECRET}"))(release)
    raw = (release / P1.notebook).read_text().split("\n")
    expected = next(n for n, line in enumerate(raw, 1) if SECRET in line)
    found = inspect(P1, release, secrets)
    assert str(expected) in {str(f.line) for f in found if f.path == P1.notebook}


@pytest.mark.parametrize(
    "harmless",
    [
        "output = feat",
        "return dfeat",
        "for name, param in layer.params.items():",
        "x += 1",
        "Sum over the batch; the gradient of the weights has the shape of the weights.",
        "scores = softmax(logits)",
    ],
)
def test_given_code_and_common_code_are_not_leaks(release, secrets, harmless):
    text("README.md", lambda s: f"{s}\n    {harmless}\n")(release)
    assert inspect(P1, release, secrets) == []
