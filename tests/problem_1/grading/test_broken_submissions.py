"""Submissions with ordinary faults: each loses points for what is broken, with a message."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.hand_in.submission import read
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.rubric import SECTIONS

OPTIMIZERS = {"sgd_momentum": 2, "rmsprop": 2, "adam": 2}
NETWORKS = {"cascade": 2, "small_network": 2, "dropout_network": 2}


def file(path: str, content: bytes | str | None = None, old: str = "", new: str = "") -> Callable:
    """A function that replaces a file or a part of it, or leaves the file out."""

    def break_it(files: dict[str, bytes]) -> None:
        if old:
            assert files[path].count(old.encode()) == 1
            files[path] = files[path].replace(old.encode(), new.encode())
        elif content is None:
            del files[path]
        else:
            files[path] = content if isinstance(content, bytes) else content.encode()

    return break_it


def windows_line_ends(files: dict[str, bytes]) -> None:
    for path in files:
        files[path] = files[path].replace(b"\n", b"\r\n")


def library_only(files: dict[str, bytes]) -> None:
    del files[P1.notebook]


def notebook_only(files: dict[str, bytes]) -> None:
    for path in [path for path in files if path.startswith("lib/")]:
        del files[path]


def nested(files: dict[str, bytes]) -> None:
    for path in list(files):
        files["my homework (final)/" + path] = files.pop(path)


@dataclass(frozen=True)
class Broken:
    """A fault in the right submission, the points it costs, and a part of some message."""

    name: str
    how: Callable
    loses: dict[str, float]
    says: str = ""


LAYERS, OPTIM = "lib/mlp/layer_utils.py", "lib/optim.py"
FC_GRADIENT = "self.grads[self.w_name] = feat.T @ dprev"
SUBMISSIONS = (
    Broken(
        "syntax_error",
        file(OPTIM, old="class SGDM(Optimizer):", new="class SGDM(Optimizer)"),
        OPTIMIZERS,
        "lib.optim could not be imported: SyntaxError: expected ':'",
    ),
    Broken("missing_file", file("lib/mlp/fully_conn.py"), NETWORKS, "fully_conn.py is missing"),
    Broken(
        "wrong_shapes",
        file(LAYERS, old=FC_GRADIENT, new="self.grads[self.w_name] = dprev.T @ feat"),
        {"fc_backward": 1},  # recognised, so that the networks do not pay for it again
        "has shape (6, 11); expected (11, 6); is it transposed?",
    ),
    Broken(
        "pass_left_in",
        file(
            "lib/mlp/layer_utils.py",
            old="output = np.maximum(feat, self.negative_slope * feat)",
            new="pass",
        ),
        {"leaky_relu_forward": 2, **NETWORKS, "cascade": 1.2},
        "returned None; expected a numeric array",
    ),
    Broken(
        "endless_loop_in_one_backward",
        file(
            LAYERS,
            old="dfeat = dprev.reshape(feat.shape)",
            new="while True: pass",
        ),
        {"fc_backward": 0.2, "cascade": 0.8, "dropout_network": 1.43},
        "timed out: it did not finish within",
    ),
    Broken(
        "prints_megabytes",
        file(
            OPTIM,
            old="class SGDM(Optimizer):",
            new="print('x' * 5_000_000)\nclass SGDM(Optimizer):",
        ),
        {},
    ),
    Broken(
        "exits_in_forward",
        file(LAYERS, old="output = feat.reshape(len(feat), -1)", new="import sys; sys.exit(0)"),
        {"fc_forward": 0.4, "fc_backward": 0.2, "cascade": 2, "dropout_network": 2},
        "raised SystemExit: 0 (lib/mlp/layer_utils.py, line",
    ),
    Broken(
        "imports_what_is_not_there",
        file(OPTIM, old="import numpy as np", new="import numpy as np\nimport torch"),
        OPTIMIZERS,
        "No module named 'torch'",
    ),
    Broken(
        "python_2",
        file(OPTIM, old="import numpy as np", new="import numpy as np\nprint 'hello'"),
        OPTIMIZERS,
        "Missing parentheses in call to 'print'",
    ),
    Broken("windows_line_ends", windows_line_ends, {}),
    Broken("nested_folder", nested, {}),
    Broken(
        "notebook_only",
        notebook_only,
        {s.id: s.auto for s in SECTIONS if not s.training and s.id != "activations"},
        "there is no folder lib",
    ),
    Broken(
        "library_only",
        library_only,
        {"cascade": 0.4, "small_network": 0.33, "activations": 3},
        "there is no notebook",
    ),
)


pytestmark = pytest.mark.usefixtures("hurried")  # for the endless loop


@pytest.fixture(scope="module")
def right_files(right) -> dict[str, bytes]:
    return {**right.files, P1.notebook: P1.source.read_bytes()}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def said(grade) -> str:
    """All messages for the student."""
    tests = [test.message for section in grade.sections for test in section.tests]
    return "\n".join([*grade.errors, *tests])


@pytest.mark.parametrize("broken", SUBMISSIONS, ids=lambda broken: broken.name)
def test_a_broken_submission_loses_what_is_broken(broken, right_files, tmp_path, graded, lost):
    files = dict(right_files)
    broken.how(files)
    found = graded(read(P1, write(tmp_path / "ada", files)))
    assert found.submission == "ada"
    assert lost(found) == broken.loses
    assert broken.says in said(found)


def test_an_empty_zip_is_graded_with_0_points_and_a_sentence(tmp_path, graded):
    zipfile.ZipFile(tmp_path / "empty.zip", "w").close()
    found = graded(read(P1, tmp_path / "empty.zip"))
    assert found.score == 0
    assert found.errors == ("the zip file is empty",)


def test_a_zip_is_graded_like_the_folder_in_it(right_files, tmp_path, graded):
    with zipfile.ZipFile(tmp_path / "ada.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in right_files.items():
            archive.writestr("problem_1/" + path, content)
    found = graded(read(P1, tmp_path / "ada.zip"))
    assert (found.score, found.errors) == (29, ())


def test_latin_1_without_a_coding_line_is_named(right_files, tmp_path, graded, lost):
    files = dict(right_files)
    files[OPTIM] = b'"""Gr\xfc\xdfe"""\n' + files[OPTIM]
    found = graded(read(P1, write(tmp_path, files)))
    assert lost(found) == OPTIMIZERS
    assert f"{OPTIM} is not in UTF-8" in said(found)


def test_latin_1_with_a_coding_line_is_right(right_files, tmp_path, graded, lost):
    files = dict(right_files)
    files[OPTIM] = b"# coding: latin-1\n# Gr\xfc\xdfe\n" + files[OPTIM]
    found = graded(read(P1, write(tmp_path, files)))
    assert (found.score, found.errors) == (29, ())
