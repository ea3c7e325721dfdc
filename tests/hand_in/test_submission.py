"""A submission as a whole: where its library and notebook are found, how much of them is read, and
which missing files are reported."""

import json
import zipfile

import pytest
from handing_in import COURSE, GOOD, LIBRARY, RATE, about, folder, notebook, zipped

from autograder.hand_in import library, zips
from autograder.hand_in.submission import read


@pytest.mark.parametrize("prefix", ["", "tiny/", "Ada's work (2)/tiny/"])
def test_a_submission_is_found_under_any_folder_and_notebook_name(tmp_path, prefix):
    files = {prefix + path: content for path, content in LIBRARY.items()}
    found = read(COURSE, folder(tmp_path, files, (prefix + "copy of mine.ipynb", GOOD)))
    assert dict(found.files) == LIBRARY
    assert found.cells == {"step_rate": RATE.rstrip("\n")}


def test_a_zip_and_its_folder_are_the_same_submission(tmp_path):
    files = {"hw/" + path: content for path, content in LIBRARY.items()}
    in_folder = read(COURSE, folder(tmp_path / "a", files, ("hw/n.ipynb", GOOD)), "ada")
    members = {"hw/n.ipynb": json.dumps(GOOD).encode(), **files}
    assert read(COURSE, zipped(tmp_path / "a.zip", members), "ada") == in_folder


def test_a_single_zip_in_a_folder_is_the_submission(tmp_path):
    (tmp_path / "ada").mkdir()
    zipped(tmp_path / "ada" / "submission.zip", LIBRARY)
    assert dict(read(COURSE, tmp_path / "ada").files) == LIBRARY


def test_the_notebook_with_most_of_the_assignments_cells_is_used(tmp_path):
    empty, full = notebook(), notebook(step_rate=RATE, norm_definitions="relu = 1")
    found = read(
        COURSE,
        folder(tmp_path, LIBRARY, ("Tiny.ipynb", GOOD), ("a.ipynb", empty), ("z.ipynb", full)),
    )
    assert set(found.cells) == {"step_rate", "norm_definitions"}


def test_files_that_run_automatically_are_left_out(tmp_path):
    strange = ("sitecustomize.py", "numpy.py", "conftest.py", ".git/config", "lib/.hidden.py")
    compiled = ("lib/__pycache__/optim.cpython-311.pyc", "lib/optim.pyc", "__MACOSX/lib/optim.py")
    files = LIBRARY | dict.fromkeys([*strange, *compiled], b"evil")
    assert dict(read(COURSE, folder(tmp_path, files)).files) == LIBRARY


def test_large_files_and_many_files_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(library, "LARGEST_FILE", 1000)
    monkeypatch.setattr(library, "MOST_FILES", 5)
    files = LIBRARY | {"lib/a.py": b"#" * 1001} | {f"lib/b{i}.py": b"" for i in range(9)}
    found = read(COURSE, folder(tmp_path, files))
    assert len(found.files) == 5 - 1
    assert "lib/a.py was not read: it is larger than" in about(found)
    assert "more than 5 files" in about(found)


def test_other_files_do_not_crowd_out_the_code(tmp_path, monkeypatch):
    monkeypatch.setattr(library, "MOST_FILES", len(LIBRARY) + 1)
    found = read(COURSE, folder(tmp_path, LIBRARY | {f"lib/a{i}.png": b"" for i in range(9)}))
    assert set(found.files) == {*LIBRARY, "lib/a0.png"}


def test_the_number_of_damaged_files_read_is_limited(tmp_path, monkeypatch):
    """Each of a zip's damaged files has to be unpacked to be refused, so their number counts."""
    tried = []
    monkeypatch.setattr(library, "MOST_FILES", 3)
    path = zipped(tmp_path / "d.zip", {f"lib/b{i}.py": b"x" for i in range(9)} | LIBRARY)
    monkeypatch.setattr(zips.zipfile.ZipFile, "open", _damaged(tried))
    found = read(COURSE, path)
    assert len(tried) == 3
    assert "lib/b2.py was not read: it is damaged in the zip file" in found.errors
    assert "lib holds more than 3 files; only the first were used" in found.errors


def test_a_file_with_a_large_declared_size_is_not_unpacked(tmp_path, monkeypatch):
    path, tried = zipped(tmp_path / "l.zip", {"lib/optim.py": b"#" * 1001}), []
    monkeypatch.setattr(library, "LARGEST_FILE", 1000)
    monkeypatch.setattr(zips.zipfile.ZipFile, "open", _damaged(tried))
    assert "lib/optim.py was not read: it is larger" in about(read(COURSE, path))
    assert not tried


def _damaged(tried: list):
    def open_(self, member):
        tried.append(member)
        raise zipfile.BadZipFile

    return open_


def test_a_notebook_of_100_mb_is_not_read(tmp_path):
    path = folder(tmp_path, LIBRARY) / "Tiny.ipynb"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    found = read(COURSE, tmp_path)
    assert dict(found.files) == LIBRARY
    assert "Tiny.ipynb was not read: it is larger than 16 MiB" in found.errors


def test_missing_files_are_reported(tmp_path):
    assert "there is no folder lib" in about(
        read(COURSE, folder(tmp_path / "n", {}, ("n.ipynb", GOOD)))
    )
    assert "there is no notebook" in about(read(COURSE, folder(tmp_path / "l", LIBRARY)))
    assert "lib/layers.py is missing" in about(read(COURSE, tmp_path / "l"))
    (tmp_path / "work.rar").write_bytes(b"Rar!")
    assert "it is not a zip file" in about(read(COURSE, tmp_path / "work.rar"))


def test_reading_the_solution_reports_only_its_missing_notebook():
    assert read(COURSE, COURSE.library).errors == (
        "there is no notebook, so its answer cells count as missing",
    )
