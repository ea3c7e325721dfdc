"""The autograder that looks results up: each container finds its own result and no other."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from downloads import made
from people import PERSON, TEXT
from rich.console import Console
from test_a_class import TINY, class_of, expected, works  # noqa: F401  (fixtures)
from uploads import gradescope_autograder, gradescope_results

from autograder.commands import export
from autograder.gradescope.container import sealed
from autograder.hand_in.download import LEFTOVERS
from autograder.hand_in.layouts.gradescope import submission_of
from autograder.nbgrader_plugins import gradebook


@pytest.fixture(scope="module")
def a_class(class_of, tmp_path_factory):  # noqa: F811
    """A class of Gradescope's, graded, and its zip: the folder, the zip and what was said."""
    out = class_of("gradescope")
    console = Console(file=io.StringIO(), width=80)
    zip_ = tmp_path_factory.mktemp("gradescope") / "lookup.zip"
    status = export.run(TINY, "gradescope", None, out, zip_, console=console)
    assert status == 0
    return out, zip_, console.file.getvalue()


@pytest.fixture(scope="module")
def hand_ins(works):  # noqa: F811
    """By submission id: who handed in, the work, and the files."""
    course = made("gradescope", works, folder=TINY.id)
    return {
        submission_of(one.entries[0]): (
            one.told,
            one.work,
            {name.partition("submission_")[2].partition("/")[2]: course.entries[name]
             for name in one.entries},
        )
        for one in course.hand_ins
        if one.work != TEXT
    }  # fmt: skip


def container(folder: Path, zip_: Path, files: dict[str, bytes], metadata: object):
    """What Gradescope makes: the source, one submission, and results by its run_autograder."""
    with zipfile.ZipFile(zip_) as archive:
        archive.extractall(folder / "source")
    for name, content in files.items():
        (folder / "submission" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "submission" / name).write_bytes(content)
    if metadata is not None:
        (folder / "submission_metadata.json").write_text(json.dumps(metadata))
    ran = subprocess.run(
        ["bash", folder / "source" / "run_autograder"],
        cwd=folder,
        env={**os.environ, "AUTOGRADER_ROOT": str(folder), "AUTOGRADER_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    content = (folder / "results" / "results.json").read_bytes()
    return gradescope_results(content), json.loads(content), ran.stdout


def test_every_container_finds_the_result_of_its_submission(a_class, hand_ins, tmp_path):
    _, zip_, _ = a_class
    assert len(hand_ins) >= 9
    for number, (_, work, files) in hand_ins.items():
        results, _, _ = container(tmp_path / number, zip_, files, {"id": int(number)})
        assert results.score == expected(work), number
        assert results.shown
        assert results.reported == ()


def test_the_zip_is_one_that_gradescope_takes(a_class):
    _, zip_, said = a_class
    names = gradescope_autograder(zip_.read_bytes())
    assert {"setup.sh", "run_autograder"} < set(names)
    with zipfile.ZipFile(zip_) as archive:
        assert archive.getinfo("run_autograder").external_attr >> 16 & 0o111
    assert "Regrade All Submissions" in said
    assert all(len(line) <= 80 for line in said.splitlines())


def test_the_zip_tells_neither_names_nor_points_nor_how_much_went_wrong(a_class):
    _, zip_, _ = a_class
    with zipfile.ZipFile(zip_) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    results = {name: data for name, data in entries.items() if name.startswith("results/")}
    assert len({len(data) for data in results.values()}) == 1
    everything = b"\n".join([*entries, *entries.values()] if False else entries.values())
    for person in PERSON.values():
        for word in filter(None, (person.email, person.sis, person.login, person.name)):
            if len(word) > 4:
                assert word.encode() not in everything, word
    for section in TINY.sections:
        assert section.title.encode() not in b"".join(results.values())


def test_no_container_can_open_the_result_of_another(a_class, hand_ins, tmp_path):
    """Neither with its own files under another's id, nor with its own id."""
    _, zip_, _ = a_class
    (own, (_, _, files)), (other, _) = list(hand_ins.items())[:2]
    results, content, printed = container(tmp_path, zip_, files, {"id": int(other)})
    assert results.score == 0
    assert not results.shown
    assert content["output"].startswith("Not graded yet")
    assert "for other files" in printed
    with zipfile.ZipFile(zip_) as archive:
        record = archive.read(f"results/{other}")
    digests = list(sealed.digests_of(tmp_path / "submission"))
    assert sealed.unseal(record, own, digests) is None


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"id": 999}, "There is no"),
        ({"id": "../../etc/passwd"}, "the id of the submission is"),
        ({}, "KeyError"),
        ([], "TypeError"),
        (None, "There is no"),
    ],
)
def test_a_later_submission_is_told_that_it_is_not_graded_yet(a_class, tmp_path, metadata, says):
    _, zip_, _ = a_class
    results, content, printed = container(tmp_path, zip_, {"lib/optim.py": b""}, metadata)
    assert (results.score, results.shown, results.reported) == (0, False, ())
    assert content["output"].startswith("Not graded yet. Your files were received.")
    assert says in printed


def test_a_changed_result_is_not_shown(a_class, hand_ins, tmp_path):
    _, zip_, _ = a_class
    number, (_, _, files) = next(iter(hand_ins.items()))
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(zip_) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = bytearray(old.read(name))
            if name.startswith("results/"):
                data[-40] ^= 1
            new.writestr(name, bytes(data))
    results, _, printed = container(tmp_path / "c", changed, files, {"id": int(number)})
    assert (results.score, results.shown) == (0, False)
    assert "cannot be opened" in printed


def test_if_the_look_up_itself_fails_there_are_results_all_the_same(a_class, tmp_path):
    _, zip_, _ = a_class
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(zip_) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            if not name.endswith("sealed.py"):
                new.writestr(name, old.read(name))
    results, content, _ = container(tmp_path / "c", broken, {"a.py": b""}, {"id": 1})
    assert (results.score, results.shown) == (0, False)
    assert "could not be looked up" in content["output"]


def test_nothing_of_a_submission_is_run_or_imported(a_class, hand_ins, tmp_path):
    """Not even files named like the modules that the look-up imports."""
    _, zip_, _ = a_class
    attack = b"import pathlib, sys\npathlib.Path(sys.argv[0] + '.ran').touch()\nsys.exit(1)\n"
    names = ("json.py", "sitecustomize.py", "cryptography/__init__.py", "autograder/__init__.py")
    results, _, _ = container(tmp_path, zip_, dict.fromkeys(names, attack), {"id": 1})
    assert (results.score, results.shown) == (0, False)
    assert not list(tmp_path.rglob("*.ran"))


def test_points_given_by_hand_are_given_back(class_of, works, tmp_path):  # noqa: F811
    out = shutil.copytree(class_of("gradescope"), tmp_path / "out")
    told = made("gradescope", works, folder=TINY.id).hand_ins
    with gradebook.opened(TINY, gradebook.url(out / "gradebook.db")) as book:
        for who in ("ada", "gadler"):
            grade = book.find_grade("step_question", "Tiny", TINY.id, who)
            grade.manual_score = 0.75
        book.db.commit()
    console = Console(file=io.StringIO(), width=200)
    status = export.run(TINY, "gradescope", None, out, tmp_path / "export", console=console)
    said = console.file.getvalue()
    assert status == 1, "of a group, only one has the point by hand"
    assert "the members of the group have different points" in said
    assert "(Ada" not in said
    hand_in = next(one for one in told if one.told == ("ada",))
    files = {
        name.partition("submission_")[2].partition("/")[2]: made(
            "gradescope", works, folder=TINY.id
        ).entries[name]
        for name in hand_in.entries
    }
    number = submission_of(hand_in.entries[0])
    zip_ = tmp_path / "export" / "gradescope-lookup.zip"
    results, _, _ = container(tmp_path / "c", zip_, files, {"id": int(number)})
    assert results.score == expected("ada") + 0.75


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"column": "Points"}, "takes back no file"),
        ({"with_feedback": True}, "takes back no file"),
        ({"missing": "zero"}, "takes back no file"),
    ],
)
def test_options_of_other_platforms_are_refused(a_class, tmp_path, options, says):
    with pytest.raises(export.ExportError, match=says):
        export.run(TINY, "gradescope", None, a_class[0], tmp_path, **options)


def test_visibility_is_refused_for_other_platforms(tmp_path):
    with pytest.raises(export.ExportError, match="--visibility is for gradescope"):
        export.run(TINY, "canvas", None, tmp_path, tmp_path, visibility="visible")


def test_a_class_of_another_platform_is_refused(class_of, tmp_path):  # noqa: F811
    with pytest.raises(export.ExportError, match="this one was read as sakai"):
        export.run(TINY, "gradescope", None, class_of("sakai"), tmp_path / "export")


def test_the_same_files_count_in_the_export_and_in_the_container():
    assert sealed.LEFTOVERS == LEFTOVERS
    assert not sealed.counts("x/._optim.py")
    assert not sealed.counts("x/__init__.py")
    assert sealed.counts("lib/mlp/train.py")


def test_the_first_folder_says_whose_file_it_is():
    assert submission_of("a_export/submission_12/submission_9/x.py") == "12"
    with pytest.raises(ValueError, match="not in the folder"):
        submission_of("a_export/submission_12")


def test_what_runs_in_the_container_is_python_3_10():
    import ast

    from autograder.gradescope import lookup

    for name in lookup.SHIPPED:
        source = Path(__file__).parents[2] / name
        ast.parse(source.read_text("utf-8"), feature_version=(3, 10))
