"""Blackboard's and Brightspace's readers take a correct file, and report each wrong one."""

from __future__ import annotations

from decimal import Decimal

import pytest
import rosters
from people import CLASS
from points import EXPECTED, POINTS, Edit, edited
from uploads import (
    Refused,
    blackboard_grades,
    brightspace_grades,
)


@pytest.mark.parametrize("utf16", [True, False])
def test_blackboard_takes_its_own_file(utf16: bool) -> None:
    before = rosters.blackboard_grades({"bo": "3"}, utf16=utf16)
    after = rosters.blackboard_grades({**POINTS, "bo": "3"}, utf16=utf16)
    taken = blackboard_grades(after, CLASS, before=before)
    assert taken.points == taken.standing == EXPECTED | {"bo": 3}
    assert taken.reported == ()


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (("|12345", "|99999"), "a new column"),
        (("Problem 1 [Total Pts: 40 Score] |12345", "Problem 1"), "a new column"),
        (('"ada"', '"\'ada"'), "no user"),
        (('"37.5"', '"37,5"'), "not a number"),
        (('"olha"', '"ada"'), "two rows"),
    ],
)
def test_blackboard_reports(edit: Edit, what: str) -> None:
    after = edited(rosters.blackboard_grades(POINTS), edit, encoding="utf-16-le")
    taken = blackboard_grades(after, CLASS)
    assert any(what in line for line in taken.reported), taken.reported


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (rosters.blackboard_grades()[2:], "UTF-16 without a BOM|not utf-8"),
        (edited(rosters.blackboard_grades(utf16=False), ("Username", "User")), "no column"),
        (b"Username,x\na\n", "varies"),
    ],
)
def test_blackboard_refuses(data: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        blackboard_grades(data, CLASS)


@pytest.mark.parametrize("hashes", [True, False])
def test_brightspace_takes_its_own_file(hashes: bool) -> None:
    before = rosters.brightspace_grades({"bo": "3"}, hashes=hashes)
    after = rosters.brightspace_grades({**POINTS, "bo": "3"}, hashes=hashes)
    taken = brightspace_grades(after, CLASS, before=before)
    assert taken.points == EXPECTED | {"bo": 3}
    assert taken.reported == ()


@pytest.mark.parametrize("column", ["OrgDefinedId,Username", "Username"])
def test_brightspace_takes_the_smallest_file(column: str) -> None:
    ids = "0012345,ada" if "," in column else "ada"
    text = f"{column},Problem 1 Points Grade,End-of-Line Indicator\n{ids},37.5,#\n"
    taken = brightspace_grades(text.encode(), CLASS)
    assert (taken.points, taken.reported) == ({"ada": Decimal("37.5")}, ())


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (("#0012345", "12345"), "no user"),  # a spreadsheet took the zeros
        (("#0012345", "#0012346"), "no user, or two"),
        ((",37.5,9.5,50,#", ",37.5,9.5,50,"), "does not end with #"),
        ((",37.5,", ',"37,5",'), "not a number"),
    ],
)
def test_brightspace_reports(edit: Edit, what: str) -> None:
    taken = brightspace_grades(edited(rosters.brightspace_grades(POINTS), edit), CLASS)
    assert any(what in line for line in taken.reported), taken.reported
    assert "ada" not in taken.points


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ((",End-of-Line Indicator", ""), "the last column is"),
        (("OrgDefinedId,Username", "Id,User"), "no column OrgDefinedId or Username"),
        (("Problem 1 Points Grade", "Problem 2 Points Grade"), "0 columns of the grade item"),
        (("Problem 1 Points Grade", "Problem 1"), "0 columns of the grade item"),
    ],
)
def test_brightspace_refuses(edit: Edit, why: str) -> None:
    with pytest.raises(Refused, match=why):
        brightspace_grades(edited(rosters.brightspace_grades(POINTS), edit), CLASS)
