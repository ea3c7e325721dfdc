"""Times as tools, platforms and people write them. What cannot be read is unknown."""

import time
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.hand_in import times
from autograder.hand_in.students import handed_in
from autograder.hand_in.times import Moment, read, utc

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "class" / "ada" / "problem_1"
    folder.mkdir(parents=True)
    return folder


def found_in(work):
    (one,) = handed_in(work.parent.parent, "problem_1")
    return one.timestamp


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"2026-11-21 00:10:00 UTC\n", "2026-11-21 00:10:00"),
        (b"2026-11-21 01:10:00 +0100", "2026-11-21 00:10:00"),
        (b"2026-11-21 01:10:00.123456 CET", "2026-11-21 00:10:00"),
        (b"2026-07-21T00:10 America/New_York", "2026-07-21 04:10:00"),
        (b"2026-11-20 19:10:00 EST\n", "2026-11-21 00:10:00"),
        (b"2026-11-21 00:10:00", "2026-11-21 00:10:00"),
        (b"\xef\xbb\xbf2026-11-21 00:10:00 UTC\r\n", "2026-11-21 00:10:00"),
        ("\ufeff2026-11-21 00:10:00 UTC\r\n".encode("utf-16-le"), "2026-11-21 00:10:00"),
        (b"  \t2026-11-21 00:10:00 UTC \n\n", "2026-11-21 00:10:00"),
        (b"2026-11-21 00:10:00 Nowhere", None),
        (b"2026-11-21 00:10:00 /etc/passwd", None),
        (b"2026-11-21", None),
        (b"23:59", None),
        (b"0001-01-01 00:00 +2359", None),
        (b"9" * 29 + b"m", None),
        (b"", None),
        (b"yesterday", None),
        (b"\xff\xfe\x00", None),
        (b"9" * 100_000, None),
    ],
)
def test_the_time_beside_a_notebook_is_read_as_nbgrader_writes_it(work, content, expected):
    (work / "timestamp.txt").write_bytes(content)
    assert found_in(work) == expected


def test_a_time_behind_a_link_is_not_read(work, tmp_path):
    (tmp_path / "real.txt").write_text("2026-11-21 00:10:00 UTC")
    (work / "timestamp.txt").symlink_to(tmp_path / "real.txt")
    assert found_in(work) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # ISO 8601
        ("2026-11-21T00:10:00Z", "2026-11-21 00:10:00"),
        ("2026-11-21t00:10:00z", "2026-11-21 00:10:00"),
        ("2026-11-21T00:10:00.5Z", "2026-11-21 00:10:00"),
        ("2026-11-21T00:10:00,123456789+01:00", "2026-11-20 23:10:00"),
        ("2026-11-21T00:10-08", "2026-11-21 08:10:00"),
        ("2026-11-21T00:10:00\u221208:00", "2026-11-21 08:10:00"),
        # offsets: east of Greenwich is plus
        ("2026-11-21 00:10:00 UTC+2", "2026-11-20 22:10:00"),
        ("2026-11-21 00:10:00 UTC +2", "2026-11-20 22:10:00"),
        ("2026-11-21 00:10:00 GMT-05:00", "2026-11-21 05:10:00"),
        ("2026-11-21 00:10:00 UTC+0530", "2026-11-20 18:40:00"),
        ("2026-11-21 00:10:00 Etc/GMT+5", "2026-11-21 05:10:00"),  # in this name, west is plus
        # 12 hours
        ("2026-11-20 11:59 PM", "2026-11-20 23:59:00"),
        ("2026-11-20 11:59pm EST", "2026-11-21 04:59:00"),
        ("2026-11-20 12:00:30 a.m. UTC", "2026-11-20 00:00:30"),
        ("2026-11-20 12:00\u202fPM UTC", "2026-11-20 12:00:00"),
        ("2026-11-20, 9:05 AM", "2026-11-20 09:05:00"),
        # zones by name
        ("2026-07-21 12:00 America/Argentina/Buenos_Aires", "2026-07-21 15:00:00"),
        ("2026-07-21 12:00 America/Port-au-Prince", "2026-07-21 16:00:00"),
        ("2026-07-21 12:00 EST5EDT", "2026-07-21 16:00:00"),
        ("2026-07-21 12:00 Asia/Kathmandu", "2026-07-21 06:15:00"),
    ],
)
def test_a_time_is_read_in_every_usual_notation(text, expected):
    assert utc(text) == expected


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("EST", -5), ("EDT", -4), ("CST", -6), ("CDT", -5), ("MST", -7), ("MDT", -6), ("PST", -8),
        ("PDT", -7), ("AKST", -9), ("AKDT", -8), ("HST", -10), ("GMT", 0), ("WET", 0), ("WEST", 1),
        ("CET", 1), ("CEST", 2), ("EET", 2), ("EEST", 3), ("MSK", 3), ("BST", 1), ("IST", 1),
        ("cet", 1),
    ],
)  # fmt: skip
def test_an_abbreviation_is_the_offset_that_it_stands_for(name, hours):
    noon = datetime(2026, 7, 1, 12)
    assert utc(f"{noon} {name}") == f"{noon - timedelta(hours=hours)}"


@pytest.mark.parametrize("text", ["2026-01-15 12:00 IST", "2026-12-01 12:00 BST"])
def test_an_abbreviation_that_no_european_clock_shows_in_winter_is_refused(text):
    with pytest.raises(ValueError, match="not used in Europe in winter"):
        utc(text)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-01-15 12:00 IST", "Asia/Kolkata", "2026-01-15 06:30:00"),
        ("2026-07-15 12:00 IST", "Asia/Kolkata", "2026-07-15 06:30:00"),
        ("2026-07-15 12:00 CST", "Asia/Shanghai", "2026-07-15 04:00:00"),
        ("2026-07-15 12:00 AEST", "Australia/Sydney", "2026-07-15 02:00:00"),
        ("2026-07-15 12:00 CET", "Asia/Kolkata", "2026-07-15 11:00:00"),
        ("2026-07-15 12:00", "Asia/Kolkata", "2026-07-15 06:30:00"),
    ],
)
def test_an_abbreviation_of_the_courses_own_zone_means_that_zone(text, zone, expected):
    assert utc(text, ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    "text",
    ["2026-11-20 13:05 PM", "2026-11-20 0:05 AM", "2026-11-20 25:00", "2026-11-20 23:60",
     "2026-02-30 12:00", "2026-11-20 12:00 UTC+24", "2026-11-20 12:00 +01:60",
     "2026-11-20 12:00 +2", "2026-11-20 12:00 AST", "2026-11-20 12:00 CET+1",
     "2026-11-20 12:00 localtime",
     "2026-11-20 12:00 right/Europe/Berlin", "2026-11-20 12:00 America", "2026-11-20 12:00 UTC UTC",
     "9999-12-31 23:59 -12:00", "20/11/2026 12:00", "11/20/2026 12:00", "0999-11-20 12:00"],
)  # fmt: skip
def test_what_is_no_time_or_could_be_several_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        utc(text)


def test_a_time_without_a_zone_is_taken_in_the_callers_and_marked():
    assert read("2026-07-01 12:00") == Moment("2026-07-01 12:00:00", zone_assumed=True)
    assert read("2026-07-01 12:00", BERLIN) == Moment("2026-07-01 10:00:00", zone_assumed=True)
    assert read("2026-07-01 12:00 EDT", BERLIN) == Moment("2026-07-01 16:00:00")


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-10-25 02:30", BERLIN, Moment("2026-10-25 00:30:00", True, True)),
        ("2026-10-25 02:30 Europe/Berlin", UTC, Moment("2026-10-25 00:30:00", False, True)),
        ("2026-10-25 02:30 CEST", BERLIN, Moment("2026-10-25 00:30:00")),
        ("2026-10-25 02:30 CET", BERLIN, Moment("2026-10-25 01:30:00")),
        ("2026-10-25 02:30 CET", UTC, Moment("2026-10-25 01:30:00")),
        ("2026-11-01 01:30", NEW_YORK, Moment("2026-11-01 05:30:00", True, True)),
        ("2026-11-01 02:00", NEW_YORK, Moment("2026-11-01 07:00:00", True, False)),
    ],
)
def test_of_a_time_that_the_clock_showed_twice_the_first_is_taken(text, zone, expected):
    assert read(text, zone) == expected


def test_a_deadline_that_the_clock_shows_twice_is_the_second():
    assert utc("2026-10-25 02:30 Europe/Berlin", later=True) == "2026-10-25 01:30:00"
    assert utc("2026-10-25 02:30 CEST", later=True) == "2026-10-25 00:30:00"
    assert utc("2026-10-26 02:30 Europe/Berlin", later=True) == "2026-10-26 01:30:00"


@pytest.mark.parametrize(
    ("text", "zone"),
    [("2026-03-29 02:30", BERLIN), ("2026-03-08 02:00 America/New_York", UTC)],
)
def test_a_time_that_no_clock_showed_is_refused(text, zone):
    with pytest.raises(ValueError, match="does not exist there"):
        read(text, zone)


@pytest.mark.parametrize("machine", ["CET-1CEST,M3.5.0,M10.5.0/3", "IST-5:30", "XYZ8"])
def test_the_machines_own_zone_decides_nothing(monkeypatch, machine):
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        assert utc("2026-07-01 12:00:00") == "2026-07-01 12:00:00"
        assert utc("2026-07-01 12:00:00 CEST") == "2026-07-01 10:00:00"
        assert utc("2026-12-01 12:00:00 CET") == "2026-12-01 11:00:00"
        for unknown in ("2026-12-01 12:00 IST", "2026-12-01 12:00 XYZ"):
            with pytest.raises(ValueError, match=r".+"):
                utc(unknown)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("reader", "text", "expected"),
    [
        (times.blackboard_name, "2018-11-27-15-38-53", "2018-11-27 15:38:53"),
        (times.blackboard, "Tuesday, 27 November 2018 15:38:53 o'clock CET", "2018-11-27 14:38:53"),
        (times.blackboard, "Tuesday, November 27, 2018 3:38:53 PM EST", "2018-11-27 20:38:53"),
        (times.blackboard, "Friday, 1 June 2018 15:38:53 o’clock BST", "2018-06-01 14:38:53"),
        (times.brightspace, "Feb 9, 2017 614 PM", "2017-02-09 18:14:00"),
        (times.brightspace, "May 25, 2018 1118 AM", "2018-05-25 11:18:00"),
        (times.brightspace, "Mar 29, 2018 1205 PM", "2018-03-29 12:05:00"),
        (times.brightspace, "Mar 29, 2018 1205 AM", "2018-03-29 00:05:00"),
        (times.brightspace, "Mar 29, 2018 1805", "2018-03-29 18:05:00"),
        (times.brightspace, "29 March, 2018 905", "2018-03-29 09:05:00"),
        (times.brightspace, "Sept 9, 2017 6:14 PM", "2017-09-09 18:14:00"),
        (times.sakai, "20180301143000", "2018-03-01 14:30:00"),
        (times.sakai, "20180301143000123", "2018-03-01 14:30:00"),
        (times.read, "2015-02-02 09:41:03 UTC", "2015-02-02 09:41:03"),
        (times.gradescope, "2023-12-02 02:52:07.938335000 Z", "2023-12-02 02:52:07"),
        (times.gradescope, "2018-07-01T14:22:32.365935-07:00", "2018-07-01 21:22:32"),
        (times.gradescope, datetime(2023, 12, 2, 2, 52, 7, 9, UTC), "2023-12-02 02:52:07"),
        (
            times.gradescope,
            datetime(2023, 12, 2, 2, 52, tzinfo=timezone(timedelta(hours=-8))),
            "2023-12-02 10:52:00",
        ),
    ],
)
def test_a_platforms_own_notation_is_read(reader, text, expected):
    assert reader(text).utc == expected


@pytest.mark.parametrize("reader", [times.blackboard_name, times.brightspace, times.sakai])
def test_names_of_files_have_local_times(reader):
    texts = {
        times.blackboard_name: "2018-07-01-12-00-00",
        times.brightspace: "Jul 1, 2018 1200 PM",
        times.sakai: "20180701120000",
    }
    assert reader(texts[reader], NEW_YORK) == Moment("2018-07-01 16:00:00", zone_assumed=True)


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (times.blackboard_name, "2018-11-27-15-38"),
        (times.blackboard_name, "2018-13-27-15-38-53"),
        (times.blackboard, "mardi 27 novembre 2018 15 h 38 CET"),
        (times.blackboard, "Tuesday, 27 Nonsense 2018 15:38:53 o'clock CET"),
        (times.brightspace, "Feb 9, 2017 14 PM"),
        (times.brightspace, "Feb 9, 2017 1414 PM"),
        (times.brightspace, "Feb 9, 2017 2460"),
        (times.brightspace, "févr. 9, 2017 614 PM"),
        (times.sakai, "2018030114300"),
        (times.sakai, "20180230143000"),
        (times.gradescope, None),
        (times.gradescope, 20231202),
        (times.gradescope, date(2023, 12, 2)),
        (times.gradescope, datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
    ],
)
def test_what_a_platform_does_not_write_is_refused(reader, text):
    with pytest.raises(ValueError, match=r".+"):
        reader(text)


READERS = [
    utc, times.blackboard_name, times.blackboard, times.brightspace, times.sakai, times.gradescope
]  # fmt: skip
DATES = st.from_regex(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{1,2}:[0-9]{2}[0-9:. +-]{0,9}[A-Za-z/+:_-]*"
)
NAMED = st.from_regex(r"[A-Za-z]{3,9} [0-9]{1,2}, [0-9]{4} [0-9:]{3,8} ?[APMm]{0,2} ?[A-Z+0-9]*")
NUMBERS = st.from_regex(r"[0-9-]{14,19}")


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@given(text=st.text() | DATES | NAMED | NUMBERS)
@example(text="9" * 29 + "m")
@example(text="2026-11-21 00:10 " + "A/" * 3000)
@example(text="2026-11-21 00:10 America/" + "x" * 300)
@example(text="2026-11-21 00:10 " + "/" * 20)
@example(text="٢٠٢٦-١١-٢١ ٠٠:١٠")
def test_whatever_is_given_as_a_time_is_one_or_refused(reader, text):
    try:
        found = reader(text)
    except ValueError:
        return
    assert time.strptime(getattr(found, "utc", found), "%Y-%m-%d %H:%M:%S")
