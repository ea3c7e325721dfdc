"""The synthetic downloads are what FORMATS.md says, and hold every trap."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import rosters
import yaml
from downloading.brightspace import minute
from downloads import LAYOUTS, TITLES, Download, by_a_mac, download, made, write_folder, write_zip
from hostile_names import EITHER, KEPT, STRANGERS, VICTIM, WHO, Trick, tricks
from people import CLASS, DUE, EARLIER, PERSON, TEXT, WORKS, Work, sample_works

TIME = r"\d{4}(-\d\d){5}"
PATTERNS = {
    "gradescope": r"assignment_\d+_export/submission_\d+/.+",
    "canvas": r"[^/]+?(_LATE)?_\d+_(\d+_.+|text\.html)",
    "canvas_old": r"[^/]+?(_LATE)?_\d+_(\d+_.+|text\.html)",
    "canvas_anonymous": r"(LATE_)?anon_\w{5}_(\d+_.+|text\.html)",
    "moodle": r"[^_]+_\d+_assignsubmission_(file|onlinetext)/[^/]+",
    "moodle_before_4_1": r"[^_]+_\d+_assignsubmission_(file|onlinetext)_/[^/]+",
    "moodle_flat": r"[^_/]+_\d+_assignsubmission_(file|onlinetext)_[^/]+",
    "moodle_blind": r"Participant_\d+_assignsubmission_(file|onlinetext)/[^/]+",
    "moodle_teams": r"([^_]+_\d+|Default group)_assignsubmission_file/[^/]+",
    "blackboard": rf"[^/]+?_[\w.]+?_attempt_{TIME}(_[^/]+|\.txt)",
    "brightspace": r"\d+-\d+ - [^/]+? - [A-Z][a-z]{2} \d+, \d{4} \d{3,4} [AP]M - [^/]+",
    "brightspace_folders": r"\d+-\d+ - [^/]+? - [A-Z][a-z]{2} \d+, \d{4} \d{3,4} [AP]M/[^/]+",
    "sakai": r"[^/]+/[^/]+, [^/]+\([\w.]+\)/"
    r"(Submission attachment\(s\)/[^/]+|[^/]+_submissionText\.html)",
    "nbgrader_inbound": r"[\w.]+\+\w+\+\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} UTC(\+\w+)?/.+",
    "plain": r"[\w.]+/problem_1/.+",
    "plain_zips": r"[\w.]+_problem_1\.zip",
}
"""What FORMATS.md says of the names of entries."""

METADATA = "assignment_4711_export/submission_metadata.yml"
ALL_TRICKS = [trick for layout in LAYOUTS for trick in tricks(layout)]


def pattern(layout: str) -> str:
    return PATTERNS[layout if layout in PATTERNS else layout.replace("_loose", "")]


def files_of(found: Download, entries: tuple[str, ...]) -> Work:
    """What these entries hold, zips unpacked; by base name, as loose uploads lose their paths."""
    files: dict[str, bytes] = {}
    for entry in entries:
        content = found.entries[entry]
        if entry.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                files |= {Path(name).name: archive.read(name) for name in archive.namelist()}
        elif Path(entry).name != "timestamp.txt" and not re.fullmatch(rf".*_{TIME}\.txt", entry):
            files[re.split("[/_] *| - ", entry)[-1]] = content
    return files


def by_base_name(work: Work) -> Work:
    return {re.split("[/_]", path)[-1]: content for path, content in work.items()}


@pytest.fixture(scope="module")
def works() -> dict[str, Work]:
    return sample_works()


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_entry_of_a_hand_in_is_named_as_the_platform_names_it(
    layout: str, title: str, works: dict[str, Work]
) -> None:
    found = made(layout, works, assignment=title)
    for hand_in in found.hand_ins:
        for entry in hand_in.entries + hand_in.passed_over:
            assert re.fullmatch(pattern(layout), entry), entry


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_entry_is_accounted_for_once(layout: str, works: dict[str, Work]) -> None:
    found = made(layout, works)
    listed = [entry for h in found.hand_ins for entry in h.entries + h.passed_over]
    assert Counter([*listed, *found.nobodys, *found.extras]) == Counter(list(found.entries))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_person_has_the_hand_in_of_their_work(layout: str, works: dict[str, Work]) -> None:
    found = made(layout, works)
    shared = layout == "moodle_teams"
    with_texts = layout.startswith(("canvas", "moodle", "blackboard", "sakai"))
    for person in CLASS:
        if not shared and (person.work == "" or (person.work == TEXT and not with_texts)):
            assert all(person.key not in hand_in.people for hand_in in found.hand_ins)
        else:
            expected = "ada" if shared and person.work != "team" else person.work
            assert found.of(person.key).work == expected


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_entries_of_a_hand_in_hold_its_work(layout: str, works: dict[str, Work]) -> None:
    found = made(layout, works)
    for hand_in in found.hand_ins:
        if hand_in.work != TEXT:
            expected = by_base_name(works[hand_in.work])
            held = by_base_name(files_of(found, hand_in.entries))
            again = {name.replace("-1.", "."): content for name, content in held.items()}
            assert again == expected, (hand_in, held)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ids_are_the_persons_own(layout: str, works: dict[str, Work]) -> None:
    for hand_in in made(layout, works).hand_ins:
        allowed = {"attachment", "submission"}
        for name, value in hand_in.ids.items():
            own = {PERSON[key].ids.get(name, "").casefold() for key in hand_in.told}
            assert name in allowed or value.casefold() in own


@pytest.mark.parametrize(
    ("layout", "told"),
    [
        ("gradescope", {"time", "ids"}),
        ("canvas", {"late", "ids"}),
        ("canvas_old", {"late", "ids"}),
        ("canvas_anonymous", {"late", "ids"}),
        ("moodle", {"ids"}),
        ("moodle_teams", set()),
        ("blackboard", {"time", "ids"}),
        ("brightspace", {"time", "ids"}),
        ("sakai", {"time", "ids"}),
        ("nbgrader_inbound", {"time", "ids"}),
        ("plain", {"time", "ids"}),
        ("plain_zips", {"ids"}),
    ],
)
def test_a_download_tells_no_more_than_its_platform(
    layout: str, told: set[str], works: dict[str, Work]
) -> None:
    for hand_in in made(layout, works).hand_ins:
        assert (hand_in.late is not None) == ("late" in told)
        assert (hand_in.time is not None) == ("time" in told)
        assert bool(hand_in.ids) == ("ids" in told)


@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_zip_and_a_folder_hold_the_same(
    layout: str, as_zip: bool, works: dict[str, Work], tmp_path: Path
) -> None:
    path = download(layout, works, tmp_path, as_zip=as_zip)
    if as_zip:
        with zipfile.ZipFile(path) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
    else:
        files = (file for file in path.rglob("*") if file.is_file())
        found = {file.relative_to(path).as_posix(): file.read_bytes() for file in files}
    assert found == made(layout, works).entries


def test_a_zip_is_the_same_bytes_each_time(works: dict[str, Work], tmp_path: Path) -> None:
    paths = [download("canvas", works, tmp_path / name, as_zip=True) for name in "ab"]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_names_without_the_utf8_flag_are_read_as_cp437(
    works: dict[str, Work], tmp_path: Path
) -> None:
    path = download("moodle", works, tmp_path, as_zip=True, flagged=False)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert not any(info.flag_bits & 0x800 for info in archive.infolist())
        names = [name.encode("cp437").decode() for name in archive.namelist()]
        assert any("_1002_" in name and "Ольга" not in name for name in archive.namelist())
    assert names == list(made("moodle", works).entries)


def test_a_zip_may_list_its_folders(works: dict[str, Work], tmp_path: Path) -> None:
    path = download("sakai", works, tmp_path, as_zip=True, directories=True)
    with zipfile.ZipFile(path) as archive:
        folders = [info.filename for info in archive.infolist() if info.is_dir()]
        assert len(archive.namelist()) == len(set(archive.namelist()))
    assert folders[:2] == ["Problem 1/", "Problem 1/Lindgren, Ada(ada)/"]


def test_a_zip_made_by_a_mac_has_decomposed_names_and_junk(works: dict[str, Work]) -> None:
    found = by_a_mac(made("moodle", works))
    assert all(unicodedata.is_normalized("NFD", name) for name in found.entries)
    assert {".DS_Store", "Thumbs.db"} < set(found.extras)
    assert any(re.fullmatch(r"__MACOSX/.+/\._[^/]+", name) for name in found.extras)
    assert set(found.entries) == {
        *found.extras,
        *(entry for h in found.hand_ins for entry in h.entries + h.passed_over),
    }


TRAPS = {
    "another script": ("canvas", "іваненкоольга_102_9002_olha_problem_1.zip"),
    "namesakes": ("canvas", "reedsam_105_9005_sreed2_problem_1.zip"),
    "Late as a name": ("canvas", "lateann_106_9006_alate_problem_1.zip"),
    "LATE as a mark": ("canvas", "marshbo_LATE_1010_9007_bmarsh_problem_1.zip"),
    "resubmitted": ("canvas", "torresvegamia_107_9008_mtorres_problem_1-1.zip"),
    "a group": ("canvas", "lateteam9b_108_9009_gadler_problem_1.zip"),
    "digits between `_`": ("canvas", "power_2smithmax_112_9011_max_2_problem_1.zip"),
    "`-` for what is left out today": ("canvas_old", "power_2-smith--max_112_9011_max_2_"),
    "text only": ("canvas", "blanktheo_110_text.html"),
    "late and anonymous": ("canvas_anonymous", "LATE_anon_wX8yZ_9007_problem_1.zip"),
    "a token of digits": ("canvas_anonymous", "anon_12345_9010_problem_1.zip"),
    "a token like the mark": ("canvas_anonymous", "anon_LATE8_9006_problem_1.zip"),
    "no `_` in names": (
        "moodle",
        "Max Power 2-Smith_1013_assignsubmission_file/max_2_problem_1.zip",
    ),
    "text beside a file": (
        "moodle",
        "Ann Late_1006_assignsubmission_onlinetext/onlinetext.html",
    ),
    "an earlier attempt": (
        "blackboard",
        "Problem 1_mtorres_attempt_2026-11-18-22-10-30_mtorres_problem_1.zip",
    ),
    "`_` in a user name": ("blackboard", "Problem 1_max_2_attempt_2026-11-20-16-20-00.txt"),
    "an attempt by its minute": (
        "brightspace",
        "13401-80551 - Mia Torres-Vega - Nov 20, 2026 800 PM - mtorres_problem_1.zip",
    ),
    "parentheses": ("sakai", "Problem 1/Late, Ann(alate)/Submission attachment(s)/"),
    "random": ("nbgrader_inbound", "mtorres+problem_1+2026-11-18 22:10:30.000000 UTC+Rk9PQkFS/"),
}


@pytest.mark.parametrize(("layout", "beginning"), TRAPS.values(), ids=TRAPS)
def test_a_trap_is_in_the_download(layout: str, beginning: str, works: dict[str, Work]) -> None:
    assert any(name.startswith(beginning) for name in made(layout, works).entries)


def test_the_class_covers_the_traps_of_people() -> None:
    assert not unicodedata.is_normalized("NFC", PERSON["zoe"].name)
    assert PERSON["sam_a"].sortable == PERSON["sam_b"].sortable
    assert PERSON["ada"].sis == "0012345"
    assert "sis" not in PERSON["uma"].ids
    assert PERSON["olha"].typed_email != PERSON["olha"].email
    assert PERSON["bo"].canvas.startswith(PERSON["ada"].canvas)
    assert [person.key for person in CLASS if person.late] == ["bo"]
    assert PERSON["bo"].time is not None
    assert PERSON["bo"].time > DUE
    assert len(PERSON["ipek"].name.casefold()) > len(PERSON["ipek"].name)
    for name in ("key", "login", "email", "canvas", "moodle", "brightspace", "anonymous"):
        assert len({getattr(person, name) for person in CLASS}) == len(CLASS)


def test_earlier_attempts_are_passed_over_where_the_platform_hands_them_out(
    works: dict[str, Work],
) -> None:
    for layout in ("blackboard", "brightspace", "brightspace_folders", "nbgrader_inbound"):
        found = made(layout, works)
        earlier = files_of(found, found.of("mia").passed_over)
        assert by_base_name(earlier) == by_base_name(works[EARLIER]), layout


@pytest.mark.parametrize("names", ["honest", *(t for t in tricks("gradescope") if t.changes)])
def test_gradescopes_metadata_is_yaml_that_tells_who(
    names: str | Trick, works: dict[str, Work]
) -> None:
    found = names.made(works) if isinstance(names, Trick) else made("gradescope", works)
    records = yaml.safe_load(found.entries[METADATA])
    for hand_in in found.hand_ins:
        record = records[f"submission_{hand_in.ids['submission']}"]
        told = [(who[":email"], str(who.get(":sid", ""))) for who in record[":submitters"]]
        people = [PERSON[key] for key in hand_in.told]
        assert told == [(person.typed_email, person.sis) for person in people]
        assert record[":created_at"].replace(tzinfo=None) == hand_in.time
    assert records["submission_216970999"][":submitters"] == []
    assert len(records) == len(found.hand_ins) + 1


def test_the_active_submission_of_gradescope_may_be_older_than_another(
    works: dict[str, Work],
) -> None:
    found = made("gradescope", works)
    records = yaml.safe_load(found.entries[METADATA])
    record = records[f"submission_{found.of('ann').ids['submission']}"]
    assert max(old[":created_at"] for old in record[":history"]) > record[":created_at"]


def test_blackboards_receipt_names_its_files(works: dict[str, Work]) -> None:
    found = made("blackboard_loose", works, assignment="hw_2_attempt_1")
    receipt, *files = found.of("max").entries
    text = found.entries[receipt].decode()
    assert "Name: Max Power_2-Smith (max_2)\r\n" in text
    assert "Date Submitted: Friday, 20 November 2026 16:20:00 o'clock CET\r\n" in text
    assert re.findall(r"\tFilename: (.+)\r", text) == files


def test_loose_files_of_one_name_cannot_be_uploaded(works: dict[str, Work]) -> None:
    twice = works | {"ada": {"lib/__init__.py": b"", "lib/mlp/__init__.py": b""}}
    with pytest.raises(ValueError, match="two files of the work 'ada' have one name"):
        made("canvas_loose", twice)


def test_a_missing_work_is_named() -> None:
    with pytest.raises(ValueError, match="no work for ada, olha"):
        made("canvas", {})
    assert {"ada", "team", EARLIER} < set(WORKS)
    assert TEXT not in WORKS


# hostile names


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_trick_changes_nothing_of_anybody_elses(
    layout: str, works: dict[str, Work], tmp_path: Path
) -> None:
    honest = made(layout, works)
    for trick in tricks(layout):
        found = trick.made(works)
        for hand_in in honest.hand_ins:
            if WHO.key not in hand_in.people:
                assert hand_in in found.hand_ins, trick
                assert all(honest.entries[e] == found.entries[e] for e in hand_in.entries), trick
        write_zip(found.entries, tmp_path / "class.zip")


FRONTS: dict[str, Callable[[str], bool]] = {
    "canvas": lambda name: f"_{WHO.canvas}_" in f"_{name}",
    "canvas_anonymous": lambda name: name.startswith(f"anon_{WHO.anonymous}_"),
    "moodle": lambda name: name.partition("_")[2].startswith(f"{WHO.moodle}_"),
    "blackboard": lambda name: name.startswith("Problem 1_"),
    "brightspace": lambda name: name.startswith(f"{WHO.brightspace}-"),
    "sakai": lambda name: name.split("/")[1].endswith(")"),
    "gradescope": lambda name: "/submission_216975011/" in name,
}


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"moodle_teams"}))
def test_a_trick_stays_behind_what_the_platform_writes_in_front(
    layout: str, works: dict[str, Work]
) -> None:
    front = FRONTS.get(layout) or FRONTS.get(layout.partition("_")[0])
    for trick in tricks(layout):
        found = trick.made(works)
        entries = found.of(WHO.key).entries
        assert front is None or all(front(name) for name in entries), trick
        assert not set(entries) & set(found.of(VICTIM.key).entries), trick


def test_there_are_tricks_of_both_outcomes_for_every_layout() -> None:
    for layout in set(LAYOUTS) - {"moodle_teams", "plain_zips"}:
        assert {trick.outcome for trick in tricks(layout)} == {KEPT, EITHER}, layout
    assert len({str(trick) for trick in ALL_TRICKS}) == len(ALL_TRICKS)


def test_strangers_are_nobodys_and_never_written_outside(
    works: dict[str, Work], tmp_path: Path
) -> None:
    (trick,) = (trick for trick in tricks("canvas") if trick.added)
    assert trick.made(works).nobodys == STRANGERS
    with pytest.raises(ValueError, match="would be written outside"):
        write_folder(trick.made(works).entries, tmp_path)


# rosters


def rows_of(data: bytes, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), ""), delimiter=separator))


def test_canvass_gradebook_has_the_rows_that_are_no_students() -> None:
    rows = rows_of(rosters.canvas_gradebook({"ada": "37.5"}))
    assert list(rows[0])[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert rows[0]["Problem 1 (9876)"] == "Manual Posting"
    assert (rows[1]["Student"], rows[1]["Problem 1 (9876)"]) == ("    Points Possible", "40")
    assert rows[1]["Final Score"] == "(read only)"
    by_id = {row["ID"]: row for row in rows}
    assert by_id["101"]["SIS User ID"] == "0012345"
    assert by_id["101"]["Problem 1 (9876)"] == "37.5"
    assert by_id["111"]["SIS User ID"] == ""
    assert by_id["110"]["Problem 1 (9876)"] == "N/A"
    assert by_id["113"]["Problem 1 (9876)"] == "EX"


@pytest.mark.parametrize(
    ("language", "first", "grade", "cell"),
    [
        ("en", "Identifier", "Grade", "Participant 1001"),
        ("es", "Identificador", "Calificación", "Participante 1001"),
        ("es_joined", "Identificador", "Calificación", "Participante1001"),
        ("de", "ID", "Bewertung", "Teilnehmer/in1001"),
    ],
)
def test_a_worksheet_is_in_the_users_language(
    language: str, first: str, grade: str, cell: str
) -> None:
    data = rosters.moodle_worksheet(
        {"ada": "37.5"}, language=language, separator=";", decimal_comma=True, bom=True, ends="\r\n"
    )
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == len(CLASS) + 1
    row = rows_of(data, ";")[0]
    assert (row[first], row[grade]) == (cell, "37,5")
    assert rosters.REMARK in row.values()


def test_a_blind_worksheet_tells_no_name() -> None:
    row = rows_of(rosters.moodle_worksheet(blind=True))[0]
    assert row["Identifier"] == "Participant 1001"
    assert not {"Full name", "ID number", "Email address"} & set(row)


def test_the_other_tables_have_their_platforms_headers(works: dict[str, Work]) -> None:
    found = made("gradescope", works)
    ids = {key: h.ids["submission"] for h in found.hand_ins for key in h.people}
    grades = {row["Email"]: row for row in rows_of(rosters.gradescope_grades(ids))}
    assert grades["gus@example.edu"]["Submission ID"] == grades["ipek@example.edu"]["Submission ID"]
    assert grades["bo.marsh@example.edu"]["Lateness (H:M:S)"] == "00:31:12"
    assert "Name" in rows_of(rosters.gradescope_grades(ids, one_name=True))[0]
    assert rosters.blackboard_grades().startswith(b"\xff\xfe")
    assert '"Username"\t' in rosters.blackboard_grades().decode("utf-16")
    brightspace = rows_of(rosters.brightspace_grades())
    assert brightspace[0]["OrgDefinedId"] == "#0012345"
    assert {row["End-of-Line Indicator"] for row in brightspace} == {"#"}
    assert rows_of(rosters.plain_roster())[0] == {
        "id": "ada",
        "name": "Ada Lindgren",
        "email": "ada@example.edu",
    }
    assert {row["group_name"] for row in rows_of(rosters.canvas_groups())} == {"", "Late Team_9_b"}


def test_brightspaces_minutes_are_on_a_clock_of_twelve_hours() -> None:
    assert minute(datetime(2017, 2, 9, 18, 14)) == "Feb 9, 2017 614 PM"
    assert minute(datetime(2018, 5, 25, 11, 18)) == "May 25, 2018 1118 AM"
    assert minute(datetime(2018, 3, 29, 12, 5)) == "Mar 29, 2018 1205 PM"
    assert minute(datetime(2018, 3, 29, 0, 5)) == "Mar 29, 2018 1205 AM"
