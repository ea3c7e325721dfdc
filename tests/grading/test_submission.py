"""Reading what strangers hand in: what is taken, what is left out, and what is said of it."""

import contextlib
import errno
import io
import json
import os
import random
import stat
import zipfile
from pathlib import Path

import pytest

from autograder import checkout
from autograder.hand_in import files as reading
from autograder.hand_in import submission
from autograder.hand_in.files import Inaccessible
from autograder.hand_in.notebook import without_magics
from autograder.hand_in.submission import read

LIBRARY = {f"lib/{name}": b"x = 1\n" for name in ("optim.py", "mlp/layer_utils.py")}


def notebook(**cells: str) -> dict:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {
                "cell_type": "code",
                "metadata": {"nbgrader": {"grade_id": name}, "tags": ["skip-execution"]},
                "source": text.splitlines(keepends=True),
            }
            for name, text in cells.items()
        ],
    }


NAMES = "param_name_w = 'a'\nparam_name_b = 'b'\n"
GOOD = notebook(cascade_names=NAMES)


def folder(root: Path, files: dict[str, bytes], *notebooks: tuple[str, object]) -> Path:
    written = {name: json.dumps(content).encode() for name, content in notebooks}
    for path, content in (files | written).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def zipped(path: Path, members: dict[str, bytes], **attributes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            archive.writestr(info, content)
    return path


def about(found: submission.Submission) -> str:
    return "\n".join(found.errors)


@pytest.mark.parametrize("prefix", ["", "problem_1/", "Ada's work (2)/problem_1/"])
def test_work_is_found_under_any_folder_and_notebook_name(tmp_path, prefix):
    files = {prefix + path: content for path, content in LIBRARY.items()}
    found = read(folder(tmp_path, files, (prefix + "copy of mine.ipynb", GOOD)))
    assert dict(found.files) == LIBRARY
    assert found.cells == {"cascade_names": NAMES.rstrip("\n")}


def test_a_zip_and_its_folder_are_the_same_submission(tmp_path):
    files = {"hw/" + path: content for path, content in LIBRARY.items()}
    in_folder = read(folder(tmp_path / "a", files, ("hw/n.ipynb", GOOD)), "ada")
    members = {"hw/n.ipynb": json.dumps(GOOD).encode(), **files}
    assert read(zipped(tmp_path / "a.zip", members), "ada") == in_folder


def test_windows_zips_separate_folders_by_backslashes(tmp_path):
    members = {path.replace("/", "\\"): content for path, content in LIBRARY.items()}
    assert dict(read(zipped(tmp_path / "w.zip", members)).files) == LIBRARY


def test_a_zip_alone_in_a_folder_is_the_submission(tmp_path):
    (tmp_path / "ada").mkdir()
    zipped(tmp_path / "ada" / "submission.zip", LIBRARY)
    assert dict(read(tmp_path / "ada").files) == LIBRARY


def test_the_notebook_with_most_of_our_cells_is_taken(tmp_path):
    empty, full = notebook(), notebook(cascade_names=NAMES, activations_definitions="relu = 1")
    found = read(
        folder(tmp_path, LIBRARY, ("Problem_1.ipynb", GOOD), ("a.ipynb", empty), ("z.ipynb", full))
    )
    assert set(found.cells) == {"cascade_names", "activations_definitions"}


def test_what_runs_of_itself_is_left_out(tmp_path):
    strange = ("sitecustomize.py", "numpy.py", "conftest.py", ".git/config", "lib/.hidden.py")
    compiled = ("lib/__pycache__/optim.cpython-311.pyc", "lib/optim.pyc", "__MACOSX/lib/optim.py")
    files = LIBRARY | dict.fromkeys([*strange, *compiled], b"evil")
    assert dict(read(folder(tmp_path, files)).files) == LIBRARY


def test_links_are_not_followed(tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("answers = 42")
    root = folder(tmp_path / "ada", LIBRARY)
    (root / "lib" / "soft.py").symlink_to(secret)
    os.link(secret, root / "lib" / "hard.py")
    (root / "lib" / "folder").symlink_to(tmp_path)
    os.mkfifo(root / "lib" / "pipe.py")
    found = read(root)
    assert dict(found.files) == LIBRARY
    assert "lib/soft.py was not read: it is a link" in found.errors
    assert "lib/hard.py was not read: it is a hard link" in about(found)
    assert "lib/folder was not read: it is a link" in found.errors
    assert "lib/pipe.py was not read: it is no ordinary file" in found.errors


def test_a_zip_cannot_hold_links_or_devices(tmp_path):
    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK):
        found = read(zipped(tmp_path / "l.zip", LIBRARY, external_attr=(kind | 0o777) << 16))
        assert dict(found.files) == {}
        assert "was not read" in about(found)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../lib/optim.py", "leads out"),
        ("lib/../../optim.py", "leads out"),
        ("/lib/optim.py", "absolute"),
        ("C:/lib/optim.py", "absolute"),
        ("lib/op\ntim.py", "control characters"),
        ("lib/op\x1b[2Jtim.py", "control characters"),
        ("lib/op\u202etim.py", "control characters"),
        ("lib/" + "a" * 300 + ".py", "too long"),
        ("lib/" + "a/" * 20 + "b.py", "too long"),
    ],
)
def test_names_that_no_honest_file_has_are_left_out(tmp_path, name, why):
    found = read(zipped(tmp_path / "n.zip", {**LIBRARY, name: b"evil"}))
    assert dict(found.files) == LIBRARY
    assert why in about(found)
    assert all(error.isprintable() for error in found.errors)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "names",
    [
        ("lib/a.py", "lib/a.py"),
        ("lib/a.py", "lib/A.py"),
        ("lib/\u00e9.py", "lib/e\u0301.py"),
        ("lib/\ufb01.py", "lib/fi.py"),
    ],
)
def test_names_that_are_one_on_some_file_system_are_all_left_out(tmp_path, names):
    path = zipped(tmp_path / "d.zip", LIBRARY)
    with zipfile.ZipFile(path, "a") as archive:
        for name in names:
            archive.writestr(name, "evil")
    found = read(path)
    assert dict(found.files) == LIBRARY
    assert "several files have that name" in about(found)


def test_a_file_that_is_a_folder_too_is_left_out(tmp_path):
    found = read(zipped(tmp_path / "f.zip", {**LIBRARY, "lib/a": b"", "lib/a/b.py": b"b"}))
    assert set(found.files) == {*LIBRARY, "lib/a/b.py"}
    assert "a file and a folder at once" in about(found)


def test_a_bomb_is_not_unpacked(tmp_path):
    found = read(zipped(tmp_path / "b.zip", {**LIBRARY, "lib/zeros.py": bytes(3 * 2**20)}))
    assert dict(found.files) == LIBRARY
    assert "unpacks to more than 200 times its size" in about(found)


def test_a_size_that_lies_is_found_out(tmp_path):
    path = zipped(tmp_path / "s.zip", {**LIBRARY, "lib/zeros.py": bytes(8 * 2**20)})
    lie = path.read_bytes().replace((8 * 2**20).to_bytes(4, "little"), (90).to_bytes(4, "little"))
    path.write_bytes(lie)
    found = read(path)
    assert dict(found.files) == LIBRARY
    assert "lib/zeros.py was not read: it is damaged in the zip file" in found.errors


def test_large_files_and_many_files_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "LARGEST_FILE", 1000)
    monkeypatch.setattr(submission, "MOST_FILES", 5)
    files = LIBRARY | {"lib/a.py": b"#" * 1001} | {f"lib/b{i}.py": b"" for i in range(9)}
    found = read(folder(tmp_path, files))
    assert len(found.files) == 5 - 1
    assert "lib/a.py was not read: it is larger than" in about(found)
    assert "more than 5 files" in about(found)


def test_a_folder_without_end_is_looked_at_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_IN_A_FOLDER", 20)
    many = LIBRARY | {f"data/{i}.png": b"" for i in range(50)}
    found = read(folder(tmp_path, many))
    assert dict(found.files) == LIBRARY
    assert "data holds more than 20 files" in about(found)
    monkeypatch.setattr(reading, "MOST_ENTRIES", 10)
    assert "it holds more than 10 files" in about(read(tmp_path))


def test_what_lies_beside_the_code_does_not_crowd_it_out(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "MOST_FILES", len(LIBRARY) + 1)
    found = read(folder(tmp_path, LIBRARY | {f"lib/a{i}.png": b"" for i in range(9)}))
    assert set(found.files) == {*LIBRARY, "lib/a0.png"}


def test_damaged_files_are_not_read_without_end(tmp_path, monkeypatch):
    """Of a zip that holds thousands of them, each would be unpacked to be refused."""
    tried = []
    monkeypatch.setattr(submission, "MOST_FILES", 3)
    path = zipped(tmp_path / "d.zip", {f"lib/b{i}.py": b"x" for i in range(9)} | LIBRARY)
    monkeypatch.setattr(reading.zipfile.ZipFile, "open", _damaged(tried))
    found = read(path)
    assert len(tried) == 3
    assert "lib/b2.py was not read: it is damaged in the zip file" in found.errors
    assert "lib holds more than 3 files; only the first were used" in found.errors


def test_what_is_said_to_be_too_large_is_not_unpacked(tmp_path, monkeypatch):
    path, tried = zipped(tmp_path / "l.zip", {"lib/optim.py": b"#" * 1001}), []
    monkeypatch.setattr(submission, "LARGEST_FILE", 1000)
    monkeypatch.setattr(reading.zipfile.ZipFile, "open", _damaged(tried))
    assert "lib/optim.py was not read: it is larger" in about(read(path))
    assert not tried


def _damaged(tried: list):
    def open_(self, member):
        tried.append(member)
        raise zipfile.BadZipFile

    return open_


def test_an_encrypted_zip_is_named(tmp_path):
    path = zipped(tmp_path / "e.zip", LIBRARY)
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 1)
    path.write_bytes(bytes(content))
    assert "it is encrypted" in about(read(path))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no JSON"),
        (b"<html>Not found</html>", "no JSON"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"cells": ' * 50_000, "nested too deeply"),
        (b"[1, 2]", "no notebook"),
        (b"\xff\xfe{", "no UTF-8"),
        (json.dumps({"nbformat": 3, "worksheets": []}).encode(), "version 3, expected 4"),
        (json.dumps({"nbformat": 4, "cells": {}}).encode(), "no list of cells"),
        (json.dumps({"cells": []}).encode(), "no version"),
        (json.dumps({"nbformat": -(10**400), "cells": []}).encode(), "no version that we know, ex"),
    ],
)
def test_a_notebook_that_is_none_leaves_the_library(tmp_path, content, why):
    found = read(folder(tmp_path, {**LIBRARY, "Problem_1.ipynb": content}))
    assert dict(found.files) == LIBRARY
    assert dict(found.cells) == {}
    assert why in about(found)


def test_a_notebook_of_100_mb_is_not_read(tmp_path):
    path = folder(tmp_path, LIBRARY) / "Problem_1.ipynb"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    found = read(tmp_path)
    assert dict(found.files) == LIBRARY
    assert "Problem_1.ipynb was not read: it is larger than 16 MiB" in found.errors


def test_a_notebook_with_a_byte_order_mark_is_read(tmp_path):
    content = b"\xef\xbb\xbf" + json.dumps(GOOD).encode()
    assert read(folder(tmp_path, {"n.ipynb": content})).cells


@pytest.mark.parametrize(
    "cell",
    [
        None,
        7,
        {},
        {"metadata": None},
        {"metadata": {"nbgrader": ["cascade_names"]}, "cell_type": "code"},
        {"metadata": {"nbgrader": {"grade_id": {}}}, "cell_type": "code", "source": "x"},
        {"metadata": {"nbgrader": {"grade_id": "cascade_names"}}, "cell_type": "code"},
        {"metadata": {"nbgrader": {"grade_id": "cascade_names"}}, "cell_type": "code", "source": 1},
        {
            "metadata": {"nbgrader": {"grade_id": "cascade_names"}},
            "cell_type": "code",
            "source": [["x"]],
        },
        {
            "metadata": {"nbgrader": {"grade_id": "cascade_names"}},
            "cell_type": "markdown",
            "source": "x",
        },
    ],
)
def test_cells_of_any_other_form_are_passed_over(tmp_path, cell):
    content = {"nbformat": 4, "cells": [cell, *notebook(activations_definitions="y")["cells"]]}
    found = read(folder(tmp_path, LIBRARY, ("n.ipynb", content)))
    assert found.cells == {"activations_definitions": "y"}


def test_of_cells_with_one_id_the_last_counts_and_is_named(tmp_path):
    content = notebook(cascade_names="first = 1")
    content["cells"] += notebook(cascade_names="second = 2")["cells"]
    found = read(folder(tmp_path, LIBRARY, ("n.ipynb", content)))
    assert found.cells["cascade_names"] == "second = 2"
    assert "the notebook has several cells cascade_names; the last one counts" in found.errors


def test_what_is_missing_is_said(tmp_path):
    assert "there is no folder lib" in about(read(folder(tmp_path / "n", {}, ("n.ipynb", GOOD))))
    assert "there is no notebook" in about(read(folder(tmp_path / "l", LIBRARY)))
    assert "lib/mlp/train.py is missing" in about(read(tmp_path / "l"))
    (tmp_path / "work.rar").write_bytes(b"Rar!")
    assert "it is no zip file" in about(read(tmp_path / "work.rar"))


def test_what_is_not_there_is_nobodys_work(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name, why in (("nowhere", "there is no"), ("pipe", "is neither"), ("loop", "is a link")):
        with pytest.raises(Inaccessible, match=why):
            read(tmp_path / name)


def swapped(monkeypatch, swap):
    """Does something to the files between their listing and their reading."""
    listed = submission.listed

    @contextlib.contextmanager
    def listing(path, say, within=None):
        with listed(path, say, within) as found:
            swap()
            yield found

    monkeypatch.setattr(submission, "listed", listing)


def by_a_link(path, secret):
    path.rename(path.with_name("was"))
    path.symlink_to(secret)


def by_a_hard_link(path, secret):
    path.unlink()
    os.link(secret / "layer_utils.py" if secret.is_dir() else secret, path)


def by_a_pipe(path, secret):
    path.unlink()
    os.mkfifo(path)


@pytest.fixture
def secret(tmp_path):
    """A library like a student's, with what the student may not read."""
    place = tmp_path / "secret"
    folder(place, {path.removeprefix("lib/"): b"answers = 42\n" for path in LIBRARY})
    return place


@pytest.mark.parametrize(
    ("what", "by", "secretly", "left"),
    [
        ("lib/optim.py", by_a_link, "optim.py", "lib/optim.py was not read: it is a link"),
        ("lib/mlp", by_a_link, "mlp", "it cannot be opened: mlp is no folder"),
        ("lib", by_a_link, "", "lib/optim.py was not read: it cannot be opened: lib is no folder"),
        ("lib/optim.py", by_a_hard_link, "optim.py", "it is a hard link"),
        ("lib/optim.py", by_a_pipe, "", "lib/optim.py was not read: it is no ordinary file"),
        ("Problem_1.ipynb", by_a_link, "optim.py", "Problem_1.ipynb was not read: it is a link"),
    ],
)
def test_what_becomes_a_link_while_it_is_read_is_not_followed(
    tmp_path, secret, monkeypatch, what, by, secretly, left
):
    root = folder(tmp_path / "ada", LIBRARY, ("Problem_1.ipynb", GOOD))
    swapped(monkeypatch, lambda: by(root / what, secret / secretly))
    found = read(root)
    assert left in about(found)
    assert b"answers" not in b"".join([*found.files.values(), found.notebook])


def test_a_folder_that_becomes_another_is_read_as_it_was_opened(tmp_path, secret, monkeypatch):
    root = folder(tmp_path / "class" / "ada", LIBRARY, ("n.ipynb", GOOD))
    swapped(monkeypatch, lambda: by_a_link(root, secret))
    assert dict(read(root, "ada", tmp_path / "class").files) == LIBRARY


def test_a_zip_that_becomes_a_link_is_read_as_it_was_opened(tmp_path, monkeypatch):
    path = zipped(tmp_path / "ada.zip", LIBRARY)
    other = zipped(tmp_path / "other.zip", {"lib/optim.py": b"answers = 42\n"})
    swapped(monkeypatch, lambda: by_a_link(path, other))
    assert dict(read(path).files) == LIBRARY


def test_a_zip_in_a_folder_that_becomes_a_link_is_not_followed(tmp_path, monkeypatch):
    other = zipped(tmp_path / "other.zip", {"lib/optim.py": b"answers = 42\n"})
    (tmp_path / "ada").mkdir()
    path = zipped(tmp_path / "ada" / "mine.zip", LIBRARY)
    swapped(monkeypatch, lambda: by_a_link(path, other))
    found = read(tmp_path / "ada")
    assert (dict(found.files), found.errors) == ({}, ("it is a link",))


@pytest.mark.parametrize("linked", ["ada", "ada/problem_1"])
def test_no_link_below_a_class_is_followed_and_those_above_are_the_graders(tmp_path, linked):
    folder(tmp_path / "real" / "ada" / "problem_1", LIBRARY)
    (tmp_path / "class").symlink_to("real")
    work = tmp_path / "class" / "ada" / "problem_1"
    assert dict(read(work, "ada", tmp_path / "class").files) == LIBRARY
    by_a_link(tmp_path / "real" / linked, (tmp_path / "real" / linked).with_name("was"))
    assert dict(read(work).files) == LIBRARY
    with pytest.raises(Inaccessible):
        read(work, "ada", tmp_path / "class")


def test_what_vanishes_is_left_out(tmp_path, monkeypatch):
    root = folder(tmp_path, LIBRARY)
    swapped(monkeypatch, (root / "lib" / "optim.py").unlink)
    found = read(root)
    assert set(found.files) == {"lib/mlp/layer_utils.py"}
    assert "lib/optim.py was not read: it cannot be opened: No such file" in about(found)


@pytest.mark.parametrize("failing", ["open", "stat"])
@pytest.mark.parametrize("what", ["optim.py", "mlp", "n.ipynb"])
def test_a_fault_of_the_machine_is_not_held_against_a_student(tmp_path, monkeypatch, failing, what):
    """A disk that fails, or too many open files: nobody knows what was handed in."""
    root = folder(tmp_path, LIBRARY, ("n.ipynb", GOOD))
    real = getattr(os, failing)

    def fails(path, *words, **options):
        if path == what:
            raise OSError(errno.EIO, "Input/output error")
        return real(path, *words, **options)

    monkeypatch.setattr(os, failing, fails)
    with pytest.raises(Inaccessible, match="Input/output error"):
        read(root)


@pytest.mark.parametrize("packed", [False, True])
def test_nor_is_one_that_shows_while_a_file_is_read(tmp_path, monkeypatch, packed):
    files = LIBRARY | {"n.ipynb": json.dumps(GOOD).encode()}
    root = zipped(tmp_path / "a.zip", files) if packed else folder(tmp_path / "a", files)
    with monkeypatch.context() as patch:
        if packed:
            patch.setattr(zipfile.ZipExtFile, "read", _fails)
        else:
            patch.setattr(reading, "open", lambda *_, **__: Failing(), raising=False)
        with pytest.raises(Inaccessible, match="Input/output error"):
            read(root)


class Failing(io.BytesIO):
    def read(self, *_):
        _fails()


def _fails(*_):
    raise OSError(errno.EIO, "Input/output error")


def test_of_files_that_nobody_may_read_only_they_are_left_out(public_path, as_ordinary_user):
    root = folder(public_path / "ada", LIBRARY, ("n.ipynb", GOOD))
    (root / "lib" / "optim.py").chmod(0)
    (root / "private").mkdir(mode=0)
    (root / "listed").mkdir()
    (root / "listed" / "a.py").write_text("")
    (root / "listed").chmod(0o444)
    *errors, found = as_ordinary_user(SHOW, root).splitlines()
    assert errors[:3] == [
        "listed/a.py was not read: Permission denied",
        "private was not read: it cannot be looked into: Permission denied",
        "lib/optim.py was not read: it cannot be opened: Permission denied",
    ]
    assert found == "['lib/mlp/layer_utils.py'] ['cascade_names']"


@pytest.mark.parametrize("mode", [0o000, 0o111, 0o444])
def test_a_folder_or_zip_that_nobody_may_read_is_nobodys_work(public_path, as_ordinary_user, mode):
    for path in (folder(public_path / "ada", LIBRARY), zipped(public_path / "ada.zip", LIBRARY)):
        if path.is_file() and mode & 0o444:
            continue
        path.chmod(mode)
        assert as_ordinary_user(SHOW, path) == f"{path.name} cannot be read: Permission denied\n"
        path.chmod(0o755)


SHOW = """
import sys
from pathlib import Path
from autograder.hand_in.files import Inaccessible
from autograder.hand_in.submission import read

try:
    found = read(Path(sys.argv[1]))
    print(*found.errors, f"{sorted(found.files)} {sorted(found.cells)}", sep="\\n")
except Inaccessible as reason:
    print(reason)
"""


def test_the_solution_reads_without_a_complaint_but_that_it_has_no_notebook():
    assert read(checkout.LIBRARY).errors == (
        "there is no notebook, so the cells that are to be answered count as missing",
    )


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if x:\n    %time f()", "if x:\n    pass"),
        ("!pip install torch\nx = 1", "pass\nx = 1"),
        ("%%time\nx = 1", "pass\nx = 1"),
        ("%%bash\nrm -rf /", ""),
        ("%%writefile lib/optim.py\nx", ""),
        ("files = !ls\ny = 1", "files = None\ny = 1"),
        ("np.where?\n?np\nx = 1", "pass\npass\nx = 1"),
        ("x = (a\n     %b)", "x = (a\n     %b)"),
        ("print('%d' % 3)", "print('%d' % 3)"),
        ("x = a % b", "x = a % b"),
        ("f('(')  # (\n%time g()", "f('(')  # (\npass"),
        ('x = f("""\n(don\'t)\n""")\n%time g()', 'x = f("""\n(don\'t)\n""")\npass'),
        ("a , b =!ls", "a , b = None"),
        ("s = 'a\u2028b'  # \x0c\x85\n%time g()", "s = 'a\u2028b'  # \x0c\x85\npass"),
        ("x = 1\r\n%time g()\ry = 2", "x = 1\npass\ny = 2"),
    ],
)
def test_magics_are_removed_as_text(text, python):
    assert without_magics(text) == python


@pytest.mark.parametrize(
    ("beginning", "again", "end"),
    [("", " ", "x"), ("", "a ", "!"), ("np.mean?", " ", "x"), ("", "\\'", ""), ("", "\\'\\\"", "")],
)
def test_a_line_that_is_almost_a_magic_is_read_as_quickly_as_another(beginning, again, end):
    """By backtracking these would take hours: a test that hangs here has found a way to."""
    line = beginning + 50_000 * again + end
    assert without_magics(line) == line


@pytest.mark.parametrize("seed", range(30))
def test_damaged_zips_never_break_the_reader(tmp_path, seed):
    rng = random.Random(seed)
    path = zipped(tmp_path / "ada.zip", {"n.ipynb": json.dumps(GOOD).encode(), **LIBRARY})
    right = path.read_bytes()
    for _ in range(40):
        content = bytearray(right)
        for _ in range(rng.randint(1, 8)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        if rng.random() < 0.3:
            del content[rng.randrange(len(content)) :]
        path.write_bytes(bytes(content))
        found = read(path)
        assert all(isinstance(content, bytes) for content in found.files.values())
        assert all(error.isprintable() and len(error) < 1000 for error in found.errors)


@pytest.mark.parametrize("seed", range(30))
def test_damaged_notebooks_never_break_the_reader(tmp_path, seed):
    rng = random.Random(seed)
    right = json.dumps(notebook(cascade_names=NAMES, activations_definitions="relu = 1")).encode()
    for _ in range(40):
        content = bytearray(right)
        for _ in range(rng.randint(1, 6)):
            content[rng.randrange(len(content))] = rng.choice(b'{}[]":,0ntf\\x')
        found = read(folder(tmp_path, {**LIBRARY, "n.ipynb": bytes(content)}))
        assert dict(found.files) == LIBRARY
        assert all(isinstance(text, str) for text in found.cells.values())
