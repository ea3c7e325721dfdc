"""Writing many submissions in one transaction has the same effect as nbgrader's own steps."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_notebook
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import text
from traitlets.config import Config

from autograder.hand_in.people import Person
from autograder.nbgrader_plugins import gradebook

DUE = "2026-11-20 23:59:00"
TIMES = {"ada": "2026-11-20 18:00:00", "bob": "2026-11-21 00:10:00", "eve": None}


@pytest.fixture
def book(tiny, tmp_path):
    gradebook.create(tiny, tmp_path / "gradebook.db")
    address = gradebook.url(tmp_path / "gradebook.db")
    gradebook.set_due(tiny, address, DUE)
    with gradebook.opened(tiny, address) as book:
        yield book


def handed_in(tiny, book, times=TIMES):
    people = [(Person(name, f"{name.title()} Jones"), when) for name, when in times.items()]
    with gradebook.one_transaction(book):
        submissions = gradebook.submit(tiny, book, people)
        for submission in submissions:
            for mark in submission.notebooks[0].grades:
                mark.auto_score = 1.0
    return submissions


def penalties(tiny, book):
    return {
        name: book.find_submission(tiny.id, name).notebooks[0].late_submission_penalty
        for name in TIMES
    }


def test_each_student_has_a_submission_with_every_cell(tiny, book):
    handed_in(tiny, book)
    handed_in(tiny, book)  # again, as for a resumed class
    assert [student.id for student in book.students] == sorted(TIMES)
    assert book.find_student("bob").last_name == "Jones"
    cells = {cell.name for cell in book.find_assignment(tiny.id).notebooks[0].grade_cells}
    for name in TIMES:
        (notebook,) = book.find_submission(tiny.id, name).notebooks
        assert {mark.name for mark in notebook.grades} >= cells


@pytest.mark.parametrize("method", ["none", "zero"])
def test_penalties_are_those_of_nbgraders_own_step(tiny, book, method):
    config = Config({"LateSubmissionPlugin": {"penalty_method": method}})
    for due in (DUE, "2026-11-22 00:00:00"):  # then the deadline is moved, and nobody is late
        gradebook.set_due(tiny, str(book.engine.url), due)
        book.db.expire_all()
        submissions = handed_in(tiny, book)
        with gradebook.one_transaction(book):
            for submission in submissions:
                gradebook.assign_late_penalty(submission, book, gradebook.late_penalties(config))
        ours = penalties(tiny, book)
        assert any(ours.values()) == (method == "zero" and due == DUE)
        book.db.rollback()
        for name in TIMES:
            names = {
                "notebook": "Tiny",
                "assignment": tiny.id,
                "student": name,
                "db_url": str(book.engine.url),
            }
            AssignLatePenalties(config=config).preprocess(new_notebook(), {"nbgrader": names})
        book.db.expire_all()
        assert penalties(tiny, book) == ours
        book.db.rollback()


def test_nothing_of_a_transaction_that_fails_is_kept(tiny, book):
    def fail():
        with gradebook.one_transaction(book):
            gradebook.submit(tiny, book, [(Person("ada", "Ada"), None)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    book.db.rollback()
    assert book.db.execute(text("select count(*) from student")).scalar() == 0
    handed_in(tiny, book)
    book.db.rollback()
    assert len(book.students) == len(TIMES)


def test_a_gradebook_is_created_without_waiting_for_the_disk_and_then_written_safely(tiny, book):
    assert book.db.execute(text("pragma synchronous")).scalar() == 2
