"""Times as tools, platforms and people write them -> UTC.

A time that cannot be read is refused: it is unknown, and nobody may take it for on time. The
machine's own time zone decides nothing.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.hand_in.files import Unreadable, content, printable

TIMESTAMP = "timestamp.txt"
LONGEST_TIMESTAMP = 200
"""Bytes of that file: twice as many in UTF-16 as characters."""

BLANKS = re.compile("[ \xa0\u2009\u202f]+")
"""Java writes a narrow one before AM and PM."""
CLOCK = r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
HALF = r"(?: ?(?P<half>[AaPp])(?:[Mm]|\.[Mm]\.)(?![A-Za-z]))?"
ZONE = r" *(?P<zone>[A-Za-z+\-−][A-Za-z0-9/_:+\-−]*(?: [+\-−][0-9:]+)?)?"
GENERAL = re.compile(
    rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)(?:[Tt]|,? +){CLOCK}{HALF}{ZONE}", re.ASCII
)
DAY_AND_YEAR = r"(?P<day>\d\d?)\.?,? (?P<name>[A-Za-z]{3,9})\.?,? (?P<year>\d{4})"
YEAR_LAST = r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d\d?),? (?P<year>\d{4})"
DATES = DAY_AND_YEAR, YEAR_LAST
BLACKBOARD_NAME = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"-(?P<hour>\d\d)-(?P<minute>\d\d)-(?P<second>\d\d)",
    re.ASCII,
)
BLACKBOARD = tuple(
    re.compile(rf"(?:[^\W\d]+,? )?{date},? (?:at )?{CLOCK}{HALF}(?: o['’]clock)?{ZONE}")
    for date in DATES
)
BRIGHTSPACE = tuple(
    re.compile(rf"{date},? (?P<hour>\d\d?):?(?P<minute>\d\d){HALF}", re.ASCII) for date in DATES
)
SAKAI = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
    r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?:\d{3})?",
    re.ASCII,
)
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)

OFFSET = re.compile(r"(?:UTC|GMT|UT)? ?(?P<sign>[+\-−])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d))?")
BARE_OFFSET = re.compile(r"[+\-−]\d(?::?\d\d)?")
"""An hour of one digit is too little to be sure of, unless UTC or GMT stands before it."""
UTC_NAMES = {"UTC", "GMT", "UT", "Z", "ZULU"}
ABBREVIATIONS: Mapping[str, int] = {
    **{"HST": -10, "AKST": -9, "AKDT": -8, "PST": -8, "PDT": -7, "MST": -7, "MDT": -6},
    **{"CST": -6, "CDT": -5, "EST": -5, "EDT": -4},
    **{"WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3},
}
"""Hours from UTC; fixed, also in summer, so that the two 02:30 of the night in which clocks go back
can be told apart. If the caller's zone uses the abbreviation itself, that meaning wins (CST in
China)."""
SUMMER_ONLY: Mapping[str, str] = {"BST": "Europe/London", "IST": "Europe/Dublin"}
"""BST and IST are read as London's and Dublin's, not as those of Dhaka, Delhi or Jerusalem, as the
table above is Europe's and North America's. In winter neither city uses them: they are refused."""
MACHINES_OWN = re.compile(r"(?:localtime|posixrules|Factory|posix/.*|right/.*)", re.IGNORECASE)
"""Names that are files in the zone database but not zones."""


@dataclass(frozen=True)
class Moment:
    """A time that was read.

    Attributes:
        utc: as the gradebook keeps it: "2026-11-23 16:26:01", in UTC.
        zone_assumed: whether it named no zone, so that the caller's was taken.
        twice: whether the clock showed it twice, because it was set back; `utc` is the first time
            unless the later was asked for.
    """

    utc: str
    zone_assumed: bool = False
    twice: bool = False


def timestamp(work: Path, within: Path, zone: tzinfo = UTC) -> str | None:
    """What nbgrader's collect wrote beside the notebook, as `utc` gives it; None for no time.

    Raises:
        Inaccessible: the machine fails to read it.
    """
    try:
        data = content(work / TIMESTAMP, LONGEST_TIMESTAMP, within)
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return utc(data.decode("utf-16" if wide else "utf-8"), zone)
    except (Unreadable, ValueError):
        return None


def utc(text: str, zone: tzinfo = UTC, *, later: bool = False) -> str:
    """A time as the gradebook keeps it: in UTC; see `read`.

    Raises:
        ValueError: see `read`.
    """
    return read(text, zone, later=later).utc


def read(text: str, zone: tzinfo = UTC, *, later: bool = False) -> Moment:
    """A date with a time, such as nbgrader, ISO 8601 and instructors write them.

    It may end with an offset (`+0100`, `UTC+2`: east of Greenwich is plus), with an abbreviation
    (`CET`) or with a zone's name (`Europe/Berlin`). nbgrader's own reader takes +0100 for a hundred
    seconds.

    Args:
        text: may have blanks and a byte order mark around it.
        zone: for a time that names none. Abbreviations that its clocks use mean this zone.
        later: of a time that the clock showed twice, take the second: for a deadline, of which
            students get the benefit of the doubt.

    Raises:
        ValueError: it is no date with a time, there is no such time, or its zone is not known.
    """
    return _moment(_match(text, GENERAL), zone, later)


def blackboard_name(text: str, zone: tzinfo = UTC) -> Moment:
    """`2018-11-27-15-38-53`, in file names: the server's local time. Raises ValueError."""
    return _moment(_match(text, BLACKBOARD_NAME), zone)


def blackboard(text: str, zone: tzinfo = UTC) -> Moment:
    """`Tuesday, 27 November 2018 15:38:53 o'clock CET`, in the .txt. Raises ValueError.

    The month and the day may change places, as in `November 27, 2018 3:38:53 PM EST`.
    """
    return _moment(_match(text, *BLACKBOARD), zone)


def brightspace(text: str, zone: tzinfo = UTC) -> Moment:
    """`Feb 9, 2017 614 PM` is 18:14, for a file name has no colon. Raises ValueError."""
    return _moment(_match(text, *BRIGHTSPACE), zone)


def sakai(text: str, zone: tzinfo = UTC) -> Moment:
    """`20180301143000`, perhaps with milliseconds: the server's local time. Raises ValueError."""
    return _moment(_match(text, SAKAI), zone)


def gradescope(value: object, zone: tzinfo = UTC) -> Moment:
    """`2023-12-02 02:52:07.938335000 Z`, or what a YAML loader makes of it. Raises ValueError."""
    if isinstance(value, datetime):
        value = value.isoformat(sep=" ")
    if not isinstance(value, str):
        raise ValueError(f"{printable(repr(value))} is not a date with a time")
    return read(value, zone)


def _match(text: str, *forms: re.Pattern[str]) -> Mapping[str, str | None]:
    if len(text) > LONGEST_TIMESTAMP:
        raise ValueError(f"{printable(text)!r} is too long for a time")
    bare = BLANKS.sub(" ", text.strip("\ufeff \t\r\n\v\f\xa0"))
    for form in forms:
        if found := form.fullmatch(bare):
            return found.groupdict()
    raise ValueError(f"{printable(text)!r} is not a date with a time")


def _moment(parts: Mapping[str, str | None], zone: tzinfo, later: bool = False) -> Moment:
    """The parts of a time -> UTC."""
    local, name = _local(parts), parts.get("zone")
    try:
        own = None if name is None else _by_own_clock(local, name, zone)
        if own is not None:
            return _in_words(own)
        where = zone if name is None else _zone(name, local)
        first, second = (_instant(local, where, fold) for fold in (0, 1))
        if _shown(first, where) != local:
            raise ValueError(f"{local} does not exist there: clocks were set forward past it")
        return _in_words(second if later else first, name is None, first != second)
    except OverflowError:
        raise ValueError(f"{local} is out of range") from None


def _local(parts: Mapping[str, str | None]) -> datetime:
    """What the clock showed."""
    hour, half = int(parts["hour"] or 0), parts.get("half")
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(f"there is no hour {hour} on a clock with AM and PM")
        hour = hour % 12 + (12 if half in "Pp" else 0)
    named = parts.get("name")
    month = _month(named) if named else int(parts["month"] or 0)
    year, day = int(parts["year"] or 0), int(parts["day"] or 0)
    minute, second = int(parts["minute"] or 0), int(parts.get("second") or 0)
    return datetime(year, month, day, hour, minute, second)


def _month(name: str) -> int:
    """The number of an English month, written in full or by its first letters."""
    for number, month in enumerate(MONTHS, 1):
        if month.startswith(name.lower()):
            return number
    raise ValueError(f"{name} is not the name of a month in English")


def _instant(local: datetime, zone: tzinfo, fold: int) -> datetime:
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _shown(instant: datetime, zone: tzinfo) -> datetime:
    """What clocks in a zone show."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def _by_own_clock(local: datetime, name: str, zone: tzinfo) -> datetime | None:
    """The instant at which clocks in `zone` call their time so: IST in Asia/Kolkata is India's."""
    for fold in (0, 1):
        instant = _instant(local, zone, fold)
        own = instant.astimezone(zone)
        if own.tzname() == name.upper() and _shown(instant, zone) == local:
            return instant
    return None


def _in_words(instant: datetime, zone_assumed: bool = False, twice: bool = False) -> Moment:
    if instant.year < 1000:  # the gradebook's text has four digits for the year
        raise ValueError(f"the year {instant.year} is out of range")
    return Moment(f"{instant:%Y-%m-%d %H:%M:%S}", zone_assumed, twice)


def zone_of(name: str) -> tzinfo:
    """A time zone by its name or offset. Raises ValueError."""
    return _zone(name, datetime(2000, 1, 1))


def _zone(name: str, local: datetime) -> tzinfo:
    upper = name.upper()
    if upper in UTC_NAMES:
        return UTC
    if (found := OFFSET.fullmatch(upper)) and not BARE_OFFSET.fullmatch(upper):
        return _offset(**found.groupdict())
    if upper in ABBREVIATIONS:
        return timezone(timedelta(hours=ABBREVIATIONS[upper]), upper)
    if upper in SUMMER_ONLY:
        summer = ZoneInfo(SUMMER_ONLY[upper])
        if all(local.replace(tzinfo=summer, fold=fold).tzname() != upper for fold in (0, 1)):
            raise ValueError(f"{upper} is not used in Europe in winter; write the offset")
        return timezone(timedelta(hours=1), upper)
    try:
        if MACHINES_OWN.fullmatch(name):
            raise ZoneInfoNotFoundError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError(
            f"{printable(name)} is no known time zone; write an offset such as +0100"
        ) from None


def _offset(sign: str, hours: str, minutes: str | None) -> tzinfo:
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if int(hours) > 23 or int(minutes or 0) > 59:
        raise ValueError(f"no zone is {sign}{hours}:{minutes or '00'} from UTC")
    return timezone(size if sign == "+" else -size)
