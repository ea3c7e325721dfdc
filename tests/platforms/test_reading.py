"""Every platform's download is read as what it is: who handed in what, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rosters
from downloads import (
    LAYOUTS,
    TITLES,
    Download,
    HandIn,
    by_a_mac,
    download,
    made,
    write_folder,
    write_zip,
)
from hostile_names import KEPT, VICTIM, WHO, Trick, tricks
from people import CLASS, PERSON, TEXT, sample_works
from tiny_assignment import ASSIGNMENT

from autograder.hand_in import roster
from autograder.hand_in.files import Unreadable
from autograder.hand_in.layouts import LayoutError
from autograder.hand_in.platforms import Received
from autograder.hand_in.submission import read
from autograder.hand_in.whole_class import WholeClass, read_class

COURSE = replace(ASSIGNMENT, id="problem_1")
"""The tiny assignment under the id that the downloads have in their names."""
WORKS = sample_works()
NAMES = {"nbgrader_inbound": "exchange", "plain": "plain", "plain_zips": "plain"}
"""Names of layouts that are not what stands before the fixture's first `_`."""
CASES = [
    pytest.param(layout, as_zip, id=f"{layout}-{'zip' if as_zip else 'folder'}")
    for layout in LAYOUTS
    for as_zip in (False, True)
    if not (as_zip and layout.startswith("plain"))
]
HOURS_FROM_UTC = {"": timedelta(0), "UTC": timedelta(0), "CET": timedelta(hours=1)}
ROSTERS = {
    "canvas": rosters.canvas_gradebook(),
    "moodle": rosters.moodle_worksheet(language="de", separator=";"),
    "blackboard": rosters.blackboard_grades(),
    "brightspace": rosters.brightspace_grades(),
    "plain": rosters.plain_roster(),
}


def name_of(layout: str) -> str:
    return NAMES.get(layout, layout.partition("_")[0])


def people_of(place: Path, *contents: bytes) -> tuple[roster.Person, ...]:
    """The people of rosters."""
    place.mkdir(parents=True, exist_ok=True)
    lists = []
    for number, content in enumerate(contents):
        path = place / f"roster_{number}.csv"
        path.write_bytes(content)
        lists.append(roster.read(path))
    return roster.merged(lists)


def owner(one: Received) -> str | None:
    """Whose work was read, by what stands in the files; None where no file is to be read."""
    if one.hand_in.reason is not None:
        return None
    hand_in = one.hand_in
    files = read(COURSE, hand_in.path, hand_in.student, hand_in.folder, hand_in.files).files
    (line,) = files["lib/optim.py"].decode().splitlines()
    return line.removeprefix("OF = ").strip("'")


def is_of(one: Received, expected: HandIn) -> bool:
    told = [(kind, value) for m in one.upload.members for kind, value in m.ids.items()]
    if expected.ids:
        return any(pair in told for pair in expected.ids.items())
    return expected.name in {member.name for member in one.upload.members}


def of(found: WholeClass, expected: HandIn) -> Received:
    (one,) = [one for one in found.received if is_of(one, expected)]
    return one


def check(found: WholeClass, expected: Download) -> None:
    """Everything that must be read from a download is read."""
    assert found.layout == name_of(expected.layout)
    assert set(found.others) <= set(expected.nobodys)
    nobodys = [
        one
        for one in found.received
        if one.hand_in.reason
        and any(old.endswith(expected.nobodys) for old, _ in one.hand_in.files)
    ]
    assert len(found.received) - len(nobodys) == len(expected.hand_ins)
    for hand_in in expected.hand_ins:
        one = of(found, hand_in)
        assert one.upload.late == hand_in.late
        if hand_in.work == TEXT:
            assert one.upload.text_only
            assert one.hand_in.reason == "a text or a link was handed in, and no file"
        else:
            assert one.hand_in.reason is None
            assert owner(one) == hand_in.work
        if hand_in.time is None or found.layout == "plain":
            continue
        assert one.upload.time is not None
        precision = timedelta(minutes=1 if found.layout == "brightspace" else 0, seconds=1)
        handed_in = hand_in.time - HOURS_FROM_UTC[hand_in.zone]
        told = datetime.fromisoformat(one.hand_in.timestamp)
        assert timedelta(0) <= handed_in - told < precision


@pytest.mark.parametrize(("layout", "as_zip"), CASES)
def test_a_download_is_recognised_and_every_submission_read(layout, as_zip, tmp_path):
    path = download(layout, WORKS, tmp_path, as_zip=as_zip)
    check(read_class(COURSE, path), made(layout, WORKS))


@pytest.mark.parametrize("title", TITLES[1:])
@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if "plain" not in layout])
def test_the_assignments_title_may_look_like_any_part_of_a_name(layout, title, tmp_path):
    path = download(layout, WORKS, tmp_path, as_zip=True, assignment=title)
    check(read_class(COURSE, path), made(layout, WORKS, assignment=title))


@pytest.mark.parametrize("how", [{"mac": True}, {"flagged": False}, {"directories": True}], ids=str)
@pytest.mark.parametrize("layout", ["gradescope", "canvas", "moodle", "sakai"])
def test_the_zip_may_be_packed_by_any_program(layout, how, tmp_path):
    path = download(layout, WORKS, tmp_path, as_zip=True, **how)
    found = read_class(COURSE, path)
    expected = made(layout, WORKS)
    owners = sorted(filter(None, map(owner, found.received)))
    assert owners == sorted(h.work for h in expected.hand_ins if h.work != TEXT)


@pytest.mark.parametrize("layout", ["canvas", "moodle", "blackboard", "gradescope", "plain"])
def test_a_folder_around_the_class_makes_no_difference(layout, tmp_path):
    expected = made(layout, WORKS)
    path = write_folder({f"hw/{name}": c for name, c in expected.entries.items()}, tmp_path / "d")
    if layout == "plain":
        path = path / "hw"
    check(read_class(COURSE, path), expected)


def students(found: WholeClass) -> dict[str, str]:
    """By student id: whose work was read, or why none was."""
    return {
        person.id: owner(one) or one.hand_in.reason
        for one in found.received
        for person in one.people
    }


@pytest.mark.parametrize(
    ("layout", "lists"),
    [
        ("canvas", ["canvas"]),
        ("canvas_loose", ["canvas"]),
        ("moodle", ["moodle"]),
        ("moodle_flat", ["moodle", "plain"]),
        ("blackboard", ["blackboard"]),
        ("brightspace", ["brightspace"]),
        ("sakai", ["plain"]),
        ("nbgrader_inbound", ["canvas"]),
        ("plain", ["canvas", "moodle"]),
        ("plain_zips", ["plain"]),
    ],
)
def test_a_roster_gives_students_their_own_ids_and_names_who_is_absent(layout, lists, tmp_path):
    people = people_of(tmp_path / "lists", *(ROSTERS[name] for name in lists))
    path = download(layout, WORKS, tmp_path, as_zip=False)
    found = read_class(COURSE, path, people=people)
    got = students(found)
    unclear = {"sam_a", "sam_b"} if layout.startswith("brightspace") else set()
    for person in CLASS:
        own = person.login
        if lists == ["moodle"]:  # a worksheet has no logins
            own = person.sis or person.email.partition("@")[0]
        if person.key in unclear:
            continue
        if person.work in WORKS:
            told = {key for hand_in in made(layout, WORKS).hand_ins for key in hand_in.told}
            if person.key in told:
                assert got.get(own) == person.work, person
        elif person.work == "":
            assert own in {one.id for one in found.absent}


def test_two_of_one_name_are_told_apart_by_nothing_but_an_id(tmp_path):
    """Brightspace's number is in no list, so both Sam Reeds are set aside and nobody is guessed."""
    people = people_of(tmp_path / "lists", ROSTERS["brightspace"])
    path = download("brightspace", WORKS, tmp_path, as_zip=True)
    found = read_class(COURSE, path, people=people)
    sams = [one for one in found.received if one.upload.members[0].name == "Sam Reed"]
    assert len(sams) == 2
    assert all("Sam" in one.hand_in.reason for one in sams)
    assert sum(one.hand_in.reason is None for one in found.received) == len(found.received) - 2


def test_somebody_on_no_roster_is_set_aside(tmp_path):
    people = people_of(tmp_path / "lists", rosters.plain_roster(without="ada"))
    found = read_class(COURSE, download("sakai", WORKS, tmp_path, as_zip=True), people=people)
    assert students(found)["ada"] == "Lindgren, Ada is on no roster"


def test_a_group_of_gradescope_is_one_submission_of_all_its_members(tmp_path):
    found = read_class(COURSE, download("gradescope", WORKS, tmp_path, as_zip=True))
    (team,) = [one for one in found.received if len(one.people) > 1]
    assert {person.name for person in team.people} == {PERSON["gus"].name, PERSON["ipek"].name}
    assert team.hand_in.students == tuple(person.id for person in team.people)
    assert "1 group" in str(found)


def test_an_anonymous_submission_among_named_ones_is_read_too(tmp_path):
    names = ("lindgrenada_101_9001_work.zip", "anon_aB3dE_9002_work.zip")
    found = read_class(COURSE, write_zip(dict.fromkeys(names, b""), tmp_path / "class.zip"))
    ids = [dict(one.upload.members[0].ids) for one in found.received]
    assert sorted(ids, key=str) == [{"anonymous": "aB3dE"}, {"canvas": "101"}]


def test_a_login_that_is_no_student_id_is_set_aside_and_names_no_folder(tmp_path):
    entry = "a?a+problem_1+2026-11-20 15:38:53 UTC/x.py"
    path = write_zip({entry: b"", entry.replace("a?a", "ada"): b""}, tmp_path / "inbound.zip")
    reasons = {
        one.upload.members[0].ids["login"]: one.hand_in.reason
        for one in read_class(COURSE, path, people=()).received
    }
    assert reasons == {"a?a": "its name is not a valid student id; give a --roster", "ada": None}


TEAM = {"gus", "ipek"}


def members(found: WholeClass) -> list[set[str]]:
    """The logins of every group."""
    return [{p.ids["login"] for p in one.people} for one in found.received if len(one.people) > 1]


@pytest.mark.parametrize("lists", [["canvas_groups"], ["canvas", "canvas_groups"]], ids=len)
@pytest.mark.parametrize("layout", ["canvas", "canvas_loose", "canvas_old"])
def test_the_members_of_a_canvas_group_are_those_of_the_list(layout, lists, tmp_path):
    contents = [getattr(rosters, {"canvas": "canvas_gradebook"}.get(n, n))() for n in lists]
    people = people_of(tmp_path / "lists", *contents)
    found = read_class(COURSE, download(layout, WORKS, tmp_path, as_zip=True), people=people)
    assert members(found) == [{PERSON[key].login for key in TEAM}]
    (team,) = [one for one in found.received if len(one.people) > 1]
    assert owner(team) == "team"
    assert "1 group" in str(found)
    assert not {PERSON[key].login for key in TEAM} & {person.id for person in found.absent}


def test_the_members_of_moodles_groups_are_those_of_the_worksheet(tmp_path):
    lists = rosters.moodle_worksheet(default_group="Default group"), rosters.plain_roster()
    people = people_of(tmp_path / "lists", *lists)
    found = read_class(
        COURSE, download("moodle_teams", WORKS, tmp_path, as_zip=True), people=people
    )
    team = {PERSON[key].login for key in TEAM}
    everybody = {person.login for person in CLASS}
    assert sorted(members(found), key=len) == [team, everybody - team]
    assert students(found)[PERSON["gus"].login] == "team"
    assert students(found)[PERSON["ada"].login] == "ada"
    assert found.absent == ()


def test_a_group_whose_number_is_a_participants_is_still_the_groups(tmp_path):
    """Moodle numbers groups and participants apart."""
    content = rosters.moodle_worksheet(default_group="Default group")
    people = people_of(tmp_path / "lists", content.replace(b"Participant 1001", b"Participant 77"))
    found = read_class(
        COURSE, download("moodle_teams", WORKS, tmp_path, as_zip=True), people=people
    )
    (team,) = [one for one in found.received if owner(one) == "team"]
    assert {person.name for person in team.people} == {PERSON[key].name for key in TEAM}


def test_groups_of_another_assignment_share_nothing(tmp_path):
    """Everybody handed in alone, and one group is called as one of its members."""
    list_ = rosters.canvas_groups().decode().replace("Late Team_9_b", "Gus Adler")
    people = people_of(tmp_path / "lists", list_.encode())
    gus = PERSON["gus"]
    name = f"adlergus_{gus.canvas}_9001_work.zip"
    path = write_zip(
        {name: b"", f"weissipek_{PERSON['ipek'].canvas}_9002_work.zip": b""}, tmp_path / "c.zip"
    )
    found = read_class(COURSE, path, people=people)
    assert [[person.id for person in one.people] for one in found.received] == [
        ["gadler"],
        ["iweiss"],
    ]


def test_a_group_of_which_the_sender_is_no_member_is_set_aside(tmp_path):
    people = people_of(tmp_path / "lists", rosters.canvas_groups())
    name = f"lateteam9b_{PERSON['ada'].canvas}_9001_work.zip"
    other = f"reedsam_{PERSON['sam_a'].canvas}_9002_work.zip"
    found = read_class(
        COURSE, write_zip({name: b"", other: b""}, tmp_path / "c.zip"), people=people
    )
    reasons = {one.upload.members[0].name: one.hand_in.reason for one in found.received}
    assert "both" in reasons["lateteam9b"]
    assert reasons["reedsam"] is None


def test_two_groups_that_look_alike_are_told_apart_by_the_sender_or_set_aside(tmp_path):
    content = rosters.plain_roster().decode().splitlines()
    rows = [content[0] + ",group"]
    groups = {"ada": "Team 1", "olha": "Team-1"}
    rows += [f"{row},{groups.get(row.split(',')[0], '')}" for row in content[1:]]
    people = people_of(tmp_path / "lists", "\n".join(rows).encode())
    entry = "Team 1_5_assignsubmission_file/work.zip"
    found = read_class(COURSE, write_zip({entry: b""}, tmp_path / "m.zip"), people=people)
    assert "both" in found.received[0].hand_in.reason


def test_the_latest_attempt_counts_and_the_one_passed_over_is_named(tmp_path):
    for layout in ("blackboard", "brightspace", "nbgrader_inbound"):
        found = read_class(COURSE, download(layout, WORKS, tmp_path / layout, as_zip=True))
        (mia,) = [one for one in found.received if one.passed_over]
        assert owner(mia) == "mia"
        assert mia.passed_over[0] < mia.hand_in.timestamp
        assert "1 earlier attempt passed over" in str(found)


def test_what_a_canvas_download_is_stands_in_one_line(tmp_path):
    found = read_class(COURSE, download("canvas", WORKS, tmp_path, as_zip=True))
    assert str(found) == "Canvas download: 12 submissions of 12 students, 1 late, 1 text only"


TRICKS = [trick for layout in LAYOUTS for trick in tricks(layout)]


@pytest.mark.parametrize("layout", sorted({trick.layout for trick in TRICKS}))
def test_no_name_that_a_student_chooses_moves_work_to_somebody_else(layout, tmp_path):
    for number, trick in enumerate(tricks(layout)):
        try_trick(trick, tmp_path / str(number))


def try_trick(trick: Trick, place: Path) -> None:
    whole = trick.made(WORKS)
    place.mkdir()
    if trick.layout.startswith("plain"):
        try:
            path = write_folder(whole.entries, place / "class")
        except (OSError, ValueError):  # no file system takes such a name
            return
    else:
        path = write_zip(whole.entries, place / "class.zip")
    before = sorted(place.iterdir())
    try:
        found = read_class(COURSE, path)
    except LayoutError:
        assert trick.added, trick
        return
    for one in found.received:
        belongs_to_its_people(one, trick)
    assert sorted(place.iterdir()) == before
    for hand_in in whole.hand_ins:
        mine = [one for one in found.received if is_of(one, hand_in)]
        suffers = WHO.key in hand_in.people or set(hand_in.people) & set(trick.may_suffer)
        if hand_in.work != TEXT and (not suffers or trick.outcome == KEPT):
            if set(hand_in.people) & set(trick.may_suffer):
                continue
            assert [owner(one) for one in mine] == [hand_in.work], (trick, hand_in)
            if trick.forged and WHO.key in hand_in.people and mine[0].hand_in.timestamp:
                assert not mine[0].hand_in.timestamp.startswith(f"{trick.forged:%Y-%m-%d}")


def belongs_to_its_people(one: Received, trick: Trick) -> None:
    """Max's file is never read as the work of the one whose entry it imitates."""
    told: dict[str, Any] = {k: v for m in one.upload.members for k, v in m.ids.items()}
    ids = VICTIM.ids
    is_the_victims = any(told.get(kind) == ids[kind] for kind in ids)
    if one.hand_in.reason is None and is_the_victims and VICTIM.key not in trick.may_suffer:
        assert owner(one) == VICTIM.work, trick


def test_a_folder_with_something_else_in_it_says_what_fits_and_what_does_not(tmp_path):
    path = write_folder(made("canvas", WORKS).entries, tmp_path / "class")
    (path / "notes.docx").write_bytes(b"")
    with pytest.raises(LayoutError, match=r"names are as in a Canvas download.*notes\.docx"):
        read_class(COURSE, path)
    found = read_class(COURSE, path, "canvas")
    assert found.others == ("notes.docx",)
    check(found, Download("canvas", "", {}, made("canvas", WORKS).hand_ins, ("notes.docx",)))


def test_a_layout_that_nothing_fits_is_refused(tmp_path):
    path = download("moodle", WORKS, tmp_path, as_zip=True)
    with pytest.raises(LayoutError, match=r"nothing in .* is named as in a Blackboard download"):
        read_class(COURSE, path, "blackboard")


def test_a_zip_of_no_platform_is_refused_with_what_to_do(tmp_path):
    path = write_zip({"ada/problem_1/lib/optim.py": b"", "bob.zip": b""}, tmp_path / "class.zip")
    with pytest.raises(LayoutError, match="Unpack it"):
        read_class(COURSE, path)


@pytest.mark.parametrize("written", [write_folder, write_zip])
@pytest.mark.parametrize(
    ("list_of_the_platform", "why"),
    [(None, "there is no|No such file"), (b"\xff", "it is not a text in UTF-8")],
)
def test_a_platforms_list_that_cannot_be_read_is_named_without_the_names_around_it(
    list_of_the_platform, why, written, tmp_path
):
    """A terminal would obey the control characters in the name of the folder."""
    entries = {"a\x1b[2Jb/submission_1/optim.py": b""}
    if list_of_the_platform is not None:
        entries["a\x1b[2Jb/submission_metadata.yml"] = list_of_the_platform
    path = written(entries, tmp_path / "class")
    says = rf"submission_metadata\.yml was not read: .*({why})"
    with pytest.raises(Unreadable, match=says) as told:
        read_class(COURSE, path)
    assert str(told.value).isprintable()


def test_names_without_the_utf_8_mark_of_a_mac_are_read(tmp_path):
    path = write_zip(by_a_mac(made("moodle", WORKS)).entries, tmp_path / "class.zip", flagged=False)
    assert len(read_class(COURSE, path).received) == len(made("moodle", WORKS).hand_ins)
