"""Finished work is found however people name, copy, wrap and save it, on the tiny assignment.

Each kind of mishap has several cases. What was chosen among several is always said.
"""

from __future__ import annotations

import copy
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.assignment.stub import stubs_in
from autograder.diagnosis.variants import applied, released
from autograder.hand_in.submission import Submission, read, write

sys.path.append(str(Path(__file__).parents[1]))

from tiny_assignment import ASSIGNMENT as TINY

RIGHT = applied(TINY, ())
STUB = released(TINY)
NOTEBOOK = TINY.notebook


def solved(folder: Path) -> Path:
    write(TINY, RIGHT, folder)
    return folder


def untouched(folder: Path) -> Path:
    write(TINY, STUB, folder)
    return folder


def zipped(folder: Path, path: Path, prefix: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + file.relative_to(folder).as_posix())
    return path


def renamed(name: str) -> Callable[[Path], Path]:
    def make(place: Path) -> Path:
        work = solved(place / "work")
        (work / NOTEBOOK).rename(work / name)
        return work

    return make


def with_untouched_copy(name: str) -> Callable[[Path], Path]:
    """The finished notebook, and beside it one as it was released."""

    def make(place: Path) -> Path:
        work, other = solved(place / "work"), untouched(place / "other")
        shutil.copy(other / NOTEBOOK, work / name)
        return work

    return make


def finished_copy(name: str) -> Callable[[Path], Path]:
    """The work went on in a copy; the notebook of the assignment's name is as released."""

    def make(place: Path) -> Path:
        work, other = solved(place / "work"), untouched(place / "other")
        (work / NOTEBOOK).rename(work / name)
        shutil.copy(other / NOTEBOOK, work / NOTEBOOK)
        return work

    return make


def two_folders(finished: str, other: str) -> Callable[[Path], Path]:
    def make(place: Path) -> Path:
        solved(place / "work" / finished)
        untouched(place / "work" / other)
        return place / "work"

    return make


def wrapped(*folders: str) -> Callable[[Path], Path]:
    def make(place: Path) -> Path:
        work = solved(place / "work")
        return zipped(work, place / "ada.zip", "/".join((*folders, "")))

    return make


def in_zips(*names: str) -> Callable[[Path], Path]:
    """A zip, in a folder or zip for every further name."""

    def make(place: Path) -> Path:
        path = zipped(solved(place / "work"), place / "0" / names[0])
        for number, name in enumerate(names[1:], start=1):
            path = zipped(path.parent, place / str(number) / name)
        return path

    return make


def library_zipped_apart(place: Path) -> Path:
    work = solved(place / "work")
    zipped(work / "lib", work / "lib.zip", "lib/")
    shutil.rmtree(work / "lib")
    return work


def changed(change: Callable[[dict], None]) -> Callable[[Path], Path]:
    """The finished work with something done to its notebook."""

    def make(place: Path) -> Path:
        work = solved(place / "work")
        content = json.loads((work / NOTEBOOK).read_text("utf-8"))
        change(content)
        (work / NOTEBOOK).write_text(json.dumps(content), "utf-8")
        return work

    return make


def cell(content: dict, grade_id: str = "step_rate") -> dict:
    return next(
        c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def source(content: dict) -> str:
    return "".join(cell(content)["source"])


def split(content: dict) -> None:
    first = cell(content)
    second = copy.deepcopy(first)
    lines = source(content).splitlines(keepends=True)
    first["source"], second["source"] = "".join(lines[:-1]), lines[-1]
    content["cells"].insert(content["cells"].index(first) + 1, second)


def copied_before_it_was_written(content: dict) -> None:
    first = copy.deepcopy(cell(content))
    first["source"] = STUB.cells["step_rate"]
    content["cells"].insert(0, first)


def copied_after_it_was_written(content: dict) -> None:
    last = copy.deepcopy(cell(content))
    last["source"] = STUB.cells["step_rate"]
    content["cells"].append(last)


def turned_into(kind: str) -> Callable[[dict], None]:
    def change(content: dict) -> None:
        cell(content)["cell_type"] = kind

    return change


def prefixed(text: str, indent: str = "") -> Callable[[dict], None]:
    def change(content: dict) -> None:
        lines = (text + source(content)).splitlines(keepends=True)
        cell(content)["source"] = "".join(indent + line for line in lines)

    return change


def with_output(size: int) -> Callable[[dict], None]:
    def change(content: dict) -> None:
        text = "0.1234 0.5678 0.9012\n" * (size // 21)
        output = {"output_type": "stream", "name": "stdout", "text": text}
        cell(content)["outputs"] = [output]

    return change


def with_many_outputs(content: dict) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "epoch\n"}
    cell(content)["outputs"] = [output] * 50_000


def with_a_large_figure(content: dict) -> None:
    shown = {"output_type": "display_data", "metadata": {}}
    cell(content)["outputs"] = [{**shown, "data": {"image/png": "iVBORw0KGgo" * 1_000_000}}]


def as_bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    """The finished work with all text files saved in another way."""

    def make(place: Path) -> Path:
        work = solved(place / "work")
        for path in (*work.rglob("*.py"), work / NOTEBOOK):
            path.write_bytes(change(path.read_bytes()))
        return work

    return make


ONE_OF_TWO = "there are 2 notebooks"
CASES: dict[str, tuple[Callable[[Path], Path], str | None]] = {
    # an untouched copy beside the work
    "copy by Jupyter": (with_untouched_copy("Tiny-Copy1.ipynb"), ONE_OF_TWO),
    "copy by a browser": (with_untouched_copy("Tiny (1).ipynb"), ONE_OF_TWO),
    "copy by Drive": (with_untouched_copy("Copy of Tiny.ipynb"), ONE_OF_TWO),
    "copy by the Finder": (with_untouched_copy("Tiny copy.ipynb"), ONE_OF_TWO),
    # the work is in the copy
    "work in a copy by Jupyter": (finished_copy("Tiny-Copy1.ipynb"), ONE_OF_TWO),
    "work in a copy that sorts first": (finished_copy("A.ipynb"), ONE_OF_TWO),
    "work in a folder below": (finished_copy("Zz.ipynb"), ONE_OF_TWO),
    # two folders
    "untouched folder beside the work": (two_folders("tiny", "tiny copy"), "there are 2 libraries"),
    "untouched folder that sorts first": (two_folders("work", "a"), "there are 2 libraries"),
    "untouched folder above the work": (two_folders("a/b", "c"), "there are 2 libraries"),
    # names
    "renamed": (renamed("my work.ipynb"), None),
    "renamed in capitals": (renamed("TINY.IPYNB"), None),
    "saved as text by a browser": (renamed("Tiny.ipynb.txt"), None),
    "saved as JSON": (renamed("Tiny.ipynb.json"), None),
    # folders around it
    "a folder": (wrapped("tiny"), None),
    "a code host's download": (wrapped("course-main", "homework", "tiny"), None),
    "four folders": (wrapped("a", "b", "c", "d"), None),
    # zips in zips
    "a zip in a zip": (in_zips("ada_tiny.zip", "ada.zip"), None),
    "a zip in a zip in a zip": (in_zips("a.zip", "b.zip", "c.zip"), None),
    "the library zipped apart": (library_zipped_apart, None),
    # cells
    "split": (changed(split), "2 cells step_rate"),
    "copied before it was written": (changed(copied_before_it_was_written), "2 cells step_rate"),
    "copied after it was written": (changed(copied_after_it_was_written), "2 cells step_rate"),
    "turned into Markdown": (changed(turned_into("markdown")), "it was read as code"),
    "turned into raw text": (changed(turned_into("raw")), "it was read as code"),
    "timed": (changed(prefixed("%%time\n")), None),
    "with a line magic": (changed(prefixed("%matplotlib inline\n")), None),
    "with a shell command": (changed(prefixed("!pip install numpy\n")), None),
    "indented": (changed(prefixed("", "    ")), None),
    "indented by a tab": (changed(prefixed("", "\t")), None),
    # large outputs
    "13 MB of output": (changed(with_output(13_000_000)), None),
    "50,000 outputs": (changed(with_many_outputs), None),
    "a figure of 11 MB": (changed(with_a_large_figure), None),
    # how it was saved
    "Windows line ends": (as_bytes(lambda text: text.replace(b"\n", b"\r\n")), None),
    "a byte order mark": (as_bytes(lambda text: b"\xef\xbb\xbf" + text), None),
}


def rate(found: Submission) -> float:
    space: dict[str, float] = {}
    exec(found.cells["step_rate"], space)
    return space["rate"]


def is_all_there(found: Submission) -> bool:
    texts = {path: content.decode("utf-8-sig") for path, content in found.files.items()}
    right = {path: content.decode() for path, content in RIGHT.files.items()}
    same = {path: text.replace("\r\n", "\n") for path, text in texts.items()} == right
    return same and rate(found) == rate(RIGHT)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_finished_work_is_found_and_what_was_chosen_is_said(tmp_path, name, packed):
    make, says = CASES[name]
    path = make(tmp_path)
    if packed and path.is_dir():
        path = zipped(path, tmp_path / "packed" / "ada_tiny.zip")
    found = read(TINY, path)
    assert is_all_there(found), found.errors
    if says is None:
        assert found.errors == ()
    else:
        assert sum(says in error for error in found.errors) == 1, found.errors


@pytest.mark.parametrize(
    ("name", "kind"),
    [("work.7z", "7z"), ("work.rar", "RAR"), ("work.tar.gz", "gzip"), ("work.tgz", "tar")],
)
def test_another_archive_is_named_with_what_to_do(tmp_path, name, kind):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / name).write_bytes(b"archive")
    found = read(TINY, tmp_path / "work")
    assert f"{name} is a {kind} archive, which is not read: make a zip" in found.errors


def test_of_two_unfinished_notebooks_the_one_with_more_answers_counts(tmp_path):
    work = untouched(tmp_path / "work")
    answered = json.loads((work / NOTEBOOK).read_text("utf-8"))
    cell(answered)["source"] = "rate = 0.25"
    (work / "Zz.ipynb").write_text(json.dumps(answered), "utf-8")
    assert read(TINY, work).cells["step_rate"] == "rate = 0.25"


def emptied(one: dict) -> None:
    one["metadata"] = {}


def as_colab_saves(one: dict) -> None:
    one["metadata"] = {"id": "aB3dE", "colab": {"base_uri": "https://localhost:8080/"}}


def without_the_key(one: dict) -> None:
    del one["metadata"]


@pytest.mark.parametrize("spoil", [emptied, as_colab_saves, without_the_key])
def test_a_notebook_that_lost_its_metadata_says_why_nothing_is_found(tmp_path, spoil):
    def strip(content: dict) -> None:
        for each in content["cells"]:
            spoil(each)

    found = read(TINY, changed(strip)(tmp_path))
    assert found.cells == {}
    assert any("drops cell metadata" in error for error in found.errors)


def test_an_untouched_submission_is_still_untouched(tmp_path):
    found = read(TINY, untouched(tmp_path / "work"))
    assert found.errors == ()
    assert stubs_in(found.cells["step_rate"]) == 1


def test_zips_in_zips_end_after_two(tmp_path):
    found = read(TINY, in_zips("a.zip", "b.zip", "c.zip", "d.zip")(tmp_path))
    assert found.files == {}


def test_a_zip_in_a_zip_is_read_up_to_its_limit(tmp_path, monkeypatch):
    from autograder.hand_in import entries

    monkeypatch.setattr(entries, "LARGEST_INNER_ZIP", 100)
    path = in_zips("a.zip", "b.zip")(tmp_path)
    assert any("a.zip was not read: it is larger" in error for error in read(TINY, path).errors)
    assert zipfile.ZipFile(io.BytesIO(path.read_bytes())).namelist() == ["a.zip"]
