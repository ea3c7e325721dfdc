"""Versions of an assignment: what students read about them, and which one a submission claims."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.assignment.changelog import ChangelogError
from autograder.cohort.work import try_on_solution
from autograder.commands.grade import run
from autograder.grading.grade import grade, regrade
from autograder.hand_in.submission import read
from autograder.hand_in.version import claimed, remark
from autograder.judgement.suites import suite_hash
from autograder.observation.observe import Observations
from autograder.release.build import BuildError, build
from autograder.release.verify import verify
from autograder.report.as_json import from_json, to_json
from autograder.report.class_report import csv_of, page_of
from autograder.report.feedback import feedback
from autograder.report.graded_class import Class, Row

SEED = 5
FIRST = "## 1.0 (2026-11-14)\n\nThe first version.\n"
CHANGES = "A rate of exactly 1 is right, too."
SECOND = f"# What has changed\n\n## 1.1 (2026-11-21)\n\n{CHANGES}\n\n{FIRST}"
THIRD = SECOND.replace("## 1.1", "## 1.2 (2026-11-22)\n\nThe README names the rate.\n\n## 1.1")
SAID = f"made from version 1.0; the assignment is at 1.1: {CHANGES}"


@pytest.fixture
def versioned(edition) -> Callable[[str], Assignment]:
    """`versioned(text)`: a copy of the tiny assignment with this changelog."""
    return lambda changelog: edition(("handout/CHANGELOG.md", "", changelog))


def notebook_of(version: object) -> bytes:
    metadata = {} if version is None else {"autograder": {"version": version}}
    return json.dumps({"nbformat": 4, "cells": [], "metadata": metadata}).encode()


def test_the_newest_heading_is_the_version(versioned):
    newest, first = versioned(SECOND).versions
    assert (newest.number, str(newest.date), newest.changes) == ("1.1", "2026-11-21", CHANGES)
    assert (first.number, first.changes) == ("1.0", "The first version.")


def test_an_assignment_without_a_changelog_has_no_version(tiny):
    assert tiny.versions == ()
    assert remark(tiny, "1.0") is None


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "no version; write ## 1.0 (2026-11-14)"),
        ("# What has changed\n\nNothing.\n", 1, "no version"),
        ("## 1.0\n\nThe first version.\n", 1, "expected a heading such as ## 1.0 (2026-11-14)"),
        ("\n## v1.0 (2026-11-14)\n\nThe first.\n", 2, "such as ## 1.0 (2026-11-14)"),
        ("##1.0 (2026-11-14)\n\nThe first.\n", 1, "is not a version heading"),
        ("## 1.0 (2026-11-31)\n\nThe first.\n", 1, "2026-11-31 is not a date"),
        ("## 1.1 (2026-11-21)\n\n## 1.0 (2026-11-14)\n\nThe first.\n", 1, "no text under 1.1"),
        (f"{FIRST}\n### More\n", 5, "is not a version heading"),
        (f"{FIRST}\n## 1.1 (2026-11-21)\n\nNew.\n", 5, "expected the newest version first"),
        (f"{FIRST}\n{FIRST}", 5, "expected the newest version first"),
        (f"## 1.1 (2026-11-13)\n\nNew.\n\n{FIRST}", 5, "expected the newest version first"),
    ],
)
def test_a_malformed_changelog_names_file_and_line(versioned, tmp_path, text, line, said):
    assignment = versioned(text)
    with pytest.raises(ChangelogError) as raised:
        build(assignment, tmp_path / "release" / assignment.id)
    assert str(raised.value).startswith(f"handout/CHANGELOG.md:{line}: ")
    assert said in str(raised.value)


def test_a_malformed_changelog_stops_grading(versioned, tmp_path):
    assignment = versioned("## 1.0\n")
    with pytest.raises(ChangelogError):
        try_on_solution(assignment, SEED, "no sandbox is asked for")
    asked = dict(json=None, training="off", seed=SEED, sandbox=None, keep=None)
    with pytest.raises(ChangelogError):
        run(assignment, [tmp_path], **asked)


def test_ten_comes_after_nine(versioned):
    text = f"## 1.10 (2026-11-21)\n\nNew.\n\n## 1.9 (2026-11-21)\n\nNew.\n\n{FIRST}"
    assert [version.number for version in versioned(text).versions] == ["1.10", "1.9", "1.0"]


def test_the_release_and_submissions_made_from_it_carry_the_version(versioned, tmp_path):
    assignment = versioned(SECOND)
    source = json.loads(assignment.source.read_text("utf-8"))
    source["metadata"]["autograder"] = {"version": "0.1", "answer": "left by somebody"}
    assignment.source.write_text(json.dumps(source), "utf-8")
    folder = build(assignment, tmp_path / "release" / assignment.id).folder
    notebook = json.loads((folder / assignment.notebook).read_text("utf-8"))
    assert notebook["metadata"]["autograder"] == {"version": "1.1"}
    assert (folder / "CHANGELOG.md").read_text("utf-8") == SECOND
    assert verify(assignment, folder) == []
    found = read(assignment, folder)
    assert (found.version, found.errors) == ("1.1", ())


def test_a_malformed_changelog_stops_nbgraders_release(versioned, tmp_path, monkeypatch):
    assignment = versioned("## 1.0\n")
    monkeypatch.setattr("autograder.release.contents.files", lambda _: {})
    with pytest.raises(BuildError, match=r"CHANGELOG\.md:1: "):
        build(assignment, tmp_path / "release" / assignment.id)
    assert not (tmp_path / "release" / assignment.id).exists()


@pytest.mark.parametrize("version", ["1.0", "9.9", "1.0.0.1"])
def test_a_valid_version_is_read_from_the_notebook(version):
    assert claimed(notebook_of(version)) == version


@pytest.mark.parametrize(
    "version",
    [1.0, True, [], {"1.0": "1.0"}, "", "1.0\n", "1.", "<b>1.0</b>", "1" * 99, "१.०", "1.0.0.0.1"],
)
def test_an_invalid_version_is_not_repeated_in_a_message(versioned, version):
    assert claimed(notebook_of(version)) == ""
    said = remark(versioned(SECOND), claimed(notebook_of(version)))
    assert said.startswith("made from an unknown version; the assignment is at 1.1: ")


@pytest.mark.parametrize(
    "content",
    [
        notebook_of(None),
        b"",
        b"[]",
        b"no notebook",
        b'{"nbformat": 4}',
        b'{"nbformat": 4, "metadata": []}',
        b'{"nbformat": 4, "metadata": {"autograder": "1.0"}}',
        b'{"nbformat": 4, "metadata": {"autograder": {}}}',
    ],
)
def test_a_notebook_without_a_version_gets_no_remark(versioned, content):
    assert claimed(content) is None
    assert remark(versioned(SECOND), None) is None


def test_the_remark_lists_the_changes_of_every_later_version(versioned):
    assignment = versioned(THIRD)
    assert remark(assignment, "1.2") is None
    since = "The README names the rate."
    assert remark(assignment, "1.1") == f"made from version 1.1; the assignment is at 1.2: {since}"
    assert remark(assignment, "1.0") == (
        f"made from version 1.0; the assignment is at 1.2: 1.2: {since} 1.1: {CHANGES}"
    )
    assert remark(assignment, "9.9").startswith(
        "made from version 9.9, which is unknown here; the assignment is at 1.2: compare"
    )


def claiming(folder: Path, assignment: Assignment, version: str) -> Path:
    """A submission, changed to claim a version."""
    path = folder / assignment.notebook
    notebook = json.loads(path.read_text("utf-8"))
    notebook["metadata"]["autograder"] = {"version": version}
    path.write_text(json.dumps(notebook), "utf-8")
    return folder


def test_grade_pages_and_table_mention_an_older_version(
    versioned, work, hand_in, sandbox, tmp_path
):
    assignment = versioned(SECOND)
    folder = claiming(hand_in(tmp_path / "ada", work()), assignment, "1.0")
    kept = []
    found = grade(assignment, read(assignment, folder), SEED, sandbox, keep=kept.append)
    assert (found.errors, found.score) == ((SAID,), 5)
    assert from_json(to_json([found])) == [found]
    assert SAID in feedback(assignment, found)
    class_ = Class((Row.of("ada", found, (), 0.0),), ())
    assert SAID in page_of(assignment, class_)
    assert SAID.replace(";", ",") in csv_of(class_)
    kept[0].save(tmp_path / "kept.npz")
    again = regrade(assignment, "ada", Observations.load(tmp_path / "kept.npz"), sandbox)
    assert replace(again, elapsed_s=0) == replace(found, elapsed_s=0)


def test_the_claimed_version_changes_only_the_remark(versioned, work, hand_in, sandbox, tmp_path):
    assignment = versioned(SECOND)
    folder = hand_in(tmp_path / "ada", work("step_goes_uphill"))
    plain = grade(assignment, read(assignment, folder), SEED, sandbox)
    for version in ("1.0", "1.1", "9.9", "<script>"):
        submission = read(assignment, claiming(folder, assignment, version))
        found = grade(assignment, submission, SEED, sandbox)
        assert "<script>" not in "".join(found.errors)
        assert replace(found, elapsed_s=0, errors=()) == replace(plain, elapsed_s=0)


def test_regrading_kept_evidence_mentions_later_versions(
    versioned, work, hand_in, sandbox, tmp_path
):
    """The claimed version is kept and not the remark, because a new version may follow."""
    before, after = versioned(FIRST), versioned(SECOND)
    folder = claiming(hand_in(tmp_path / "ada", work()), before, "1.0")
    kept = []
    first = grade(before, read(before, folder), SEED, sandbox, keep=kept.append)
    assert first.errors == ()
    assert regrade(after, "ada", kept[0], sandbox).errors == (SAID,)
    assert suite_hash(before) != suite_hash(after)
