"""The command on files: what it reads, writes and refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from made_class import made_class
from rich.console import Console

from autograder.cohort import results
from autograder.commands import similar
from autograder.hand_in import origin
from autograder.hand_in.submission import Submission
from autograder.hand_in.whole_class import ReadAs, read_class
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.report.graded_class import Row
from autograder.similar.works import SimilarError, references_in, works_in

STUDENTS, COPIES = 12, 1


def put(submission: Submission, folder: Path) -> None:
    """Writes a submission as a student hands it in."""
    for path, content in submission.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (folder / P1.notebook).write_bytes(submission.notebook)


@pytest.fixture(scope="module")
def made():
    return made_class(77, STUDENTS, COPIES)


@pytest.fixture
def a_class(made, tmp_path):
    for each in made[0]:
        put(each.submission(), tmp_path / "class" / each.name / P1.id)
    return tmp_path / "class"


@pytest.fixture
def run(a_class, tmp_path, monkeypatch):
    """`run()`: the pairs and the page, by one worker, which starts sooner than several."""
    monkeypatch.setattr(similar, "processors", lambda: 1)

    def of(folder=a_class, against=(), **options):
        file = tmp_path / "pairs.json"
        similar.run(P1, folder, against, tmp_path / "out", json=file, **options)
        page = (tmp_path / "out" / similar.REPORT).read_text("utf-8")
        return json.loads(file.read_text("utf-8")), page

    return of


def test_the_json_lists_the_pairs_with_the_most_alike_first(made, run):
    pairs, page = run()
    assert all(set(pair) == {"a", "b", "likeness", "unlikely"} for pair in pairs)
    likeness = [pair["likeness"] for pair in pairs]
    assert likeness == sorted(likeness, reverse=True)
    assert all(0 <= pair["likeness"] <= 1 and 0 <= pair["unlikely"] <= 1 for pair in pairs)
    (copied,) = made[1]
    assert {pairs[0]["a"], pairs[0]["b"]} == copied
    assert all(name in page for name in copied)
    assert "accuses nobody" in page


def test_blind_hides_every_name(made, run):
    pairs, page = run(blind=True)
    assert {pairs[0]["a"], pairs[0]["b"]} == {"student 1", "student 2"}
    assert not re.search(r"\bs00\d\d\b", page + json.dumps(pairs))


def test_the_solution_is_a_reference_and_no_student(made, run):
    _, before = run()
    pairs, page = run(against=[P1.library])
    assert all(pair["a"] != "lib_solution/" for pair in pairs)
    assert "<strong>12</strong> works of the class" in before
    assert "<strong>12</strong> works of the class" in page
    assert "<strong>1</strong> references" in page


def test_a_copy_of_an_earlier_year_is_found_and_marked_as_a_reference(made, run, tmp_path):
    students, _ = made
    earlier = made_class(78, 3, prefix="t")[0]
    for each in earlier:
        put(each.submission(), tmp_path / "2025" / each.name / P1.id)
    put(students[3].submission(), tmp_path / "2025" / "olga" / P1.id)
    pairs, page = run(against=[tmp_path / "2025"])
    first = [(pair["a"], pair["b"]) for pair in pairs[: 1 + COPIES]]
    assert (students[3].name, "2025/olga") in first
    assert not any("/" in pair["a"] for pair in pairs)
    assert "2025/olga</td>" not in page  # it is followed by what it is
    assert re.search(r"2025/olga <span class=\"quiet\">\(reference\)</span>", page)


def test_references_are_one_work_a_class_or_repositories_of_any_name(made, tmp_path):
    submission = made[0][0].submission()
    put(submission, tmp_path / "one")
    put(submission, tmp_path / "class" / "ada" / P1.id)
    put(submission, tmp_path / "public" / "deep-learning-main" / "hw1")
    names = {
        folder: [work.name for work in references_in(P1, tmp_path / folder)]
        for folder in ("one", "class", "public")
    }
    assert names == {
        "one": ["one/"],
        "class": ["class/ada"],
        "public": ["public/deep-learning-main"],
    }


def test_what_cohort_wrote_is_read_again_where_the_hand_ins_are(a_class, tmp_path):
    (tmp_path / "graded").mkdir()
    origin.write(read_class(P1, a_class), a_class, tmp_path / "graded" / origin.NAME)
    names, expected = (
        [work.name for work in works_in(P1, folder).works]
        for folder in (tmp_path / "graded", a_class)
    )
    assert names == expected
    a_class.rename(tmp_path / "elsewhere")
    with pytest.raises(SimilarError, match="its hand-ins are not where they were"):
        works_in(P1, tmp_path / "graded")


def test_a_roster_gives_the_works_the_ids_of_the_class(made, a_class, run, tmp_path):
    names = [each.name for each in made[0]]
    rows = [f"id{name},{name}@example.org" for name in names[:-1]]
    (tmp_path / "roster.csv").write_text("\n".join(["id,email", *rows]), "utf-8")
    for name in names:
        (a_class / name).rename(a_class / f"{name}@example.org")
    pairs, page = run(rosters=[tmp_path / "roster.csv"])
    assert {pair["a"] for pair in pairs} <= {f"id{name}" for name in names[:-1]}
    assert f"{names[-1]}@example.org is on no roster" in page


def test_a_layout_that_does_not_fit_is_refused_as_in_cohort(a_class):
    with pytest.raises(SimilarError, match="is named as in a Moodle"):
        works_in(P1, a_class, ReadAs(layout="moodle"))
    with pytest.raises(SimilarError, match="write it as Europe/Berlin"):
        works_in(P1, a_class, ReadAs(zone="Mars"))


def test_how_cohort_read_a_class_is_not_asked_again(a_class, tmp_path):
    (tmp_path / "graded").mkdir()
    origin.write(read_class(P1, a_class), a_class, tmp_path / "graded" / origin.NAME)
    with pytest.raises(SimilarError, match="leave out --layout"):
        works_in(P1, tmp_path / "graded", ReadAs(layout="plain"))


def test_hostile_texts_are_read_and_shown_as_text(made, run, a_class, tmp_path):
    """Markup, code that acts on import, deep nesting, a chain, nonsense: two students have it."""
    evil = (
        f"# <script>alert(1)</script> from the two of us\n"
        f"open({str(tmp_path / 'ran')!r}, 'w')\n"
        f"deep = {'(' * 5000}{')' * 5000}\n"
    )
    chain = "chain = x" + ".T" * 50_000 + "\n"
    for name in ("eve", "mallory"):
        folder = a_class / name / P1.id
        put(made[0][0].submission(), folder)
        text = (folder / "lib" / "optim.py").read_text("utf-8")
        marked = text.replace("self.velocity[name]", "self.velocity['<b>name']")
        (folder / "lib" / "optim.py").write_text(marked, "utf-8")
        (folder / "lib" / "evil.py").write_text(evil, "utf-8")
        (folder / "lib" / "chain.py").write_text(chain, "utf-8")
        (folder / "lib" / "noise.py").write_bytes(bytes(range(256)) * 400)
    pairs, page = run()
    assert "eve" in {name for pair in pairs[:3] for name in (pair["a"], pair["b"])}
    assert "<script" not in page
    assert "<b>" not in page
    assert not (tmp_path / "ran").exists()


def test_what_cannot_be_read_is_named(a_class, run):
    (a_class / "zoe.zip").write_text("no zip")
    (a_class / "yan").mkdir()
    _, page = run()
    assert "zoe: " in page
    assert f"yan: it has no folder {P1.id}" in page


def test_in_a_class_of_three_nothing_is_said_about_chance(a_class, run, tmp_path):
    (tmp_path / "three").mkdir()
    for folder in sorted(a_class.iterdir())[:3]:
        folder.rename(tmp_path / "three" / folder.name)
    pairs, page = run(tmp_path / "three")
    assert all(pair["unlikely"] == 1 for pair in pairs)
    assert "too few pairs" in page
    assert "to be expected" not in page


def test_fewer_than_two_works_are_refused(a_class, tmp_path):
    (tmp_path / "few").mkdir()
    next(iter(a_class.iterdir())).rename(tmp_path / "few" / "ada")
    with pytest.raises(SimilarError, match="fewer than two works"):
        similar.run(P1, tmp_path / "few", (), tmp_path / "out")


def test_the_command_prints_json_alone_on_stdout(a_class, tmp_path):
    argv = [sys.executable, "-m", "autograder", "similar", str(a_class), "--json", "-"]
    done = subprocess.run([*argv, "--out", str(tmp_path / "out")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert "is no proof of anything" in done.stderr


def test_cohort_offers_the_command_at_its_end():
    row = Row("ada", 1.0, 2.0, {}, {}, {}, None, 0.0, 0.0, "off", ())
    console = Console(record=True, width=80)
    for rows in ((row, replace(row, student="grace")), (row,)):
        console.print(results.table(P1, results.Summary(rows, ()), Path("class")))
    assert console.export_text().count("autograder similar class") == 1
