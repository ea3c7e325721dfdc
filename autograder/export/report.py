"""What became of a class's points, in plain text: whole for `export.txt`, short for a terminal.

What a person must act on comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.cells import cell_len

from autograder.export.grades import Absent, Ambiguous, Filled, Kept, Match, SetAside, WithoutRow
from autograder.export.matching import BY_NAME
from autograder.hand_in.files import printable

WIDTH = 80
MOST_LINES = 10
"""The longest list in a terminal."""
FILE = "export.txt"
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Section:
    """A list with a title.

    Attributes:
        title: what its students or rows have in common.
        lines: one of each.
        always_short: whether a terminal shows only how many there are.
    """

    title: str
    lines: tuple[str, ...]
    always_short: bool = False


def exit_code(filled: Filled) -> int:
    """1 if points of a graded student are not in the file, though the platform would take them."""
    return 0 if filled.complete else 1


def whole(filled: Filled) -> str:
    """Every list in full, a line each."""
    lines = [_summary(filled), *filled.notes]
    for section in _sections(filled):
        lines += ["", f"{section.title}: {len(section.lines)}"]
        lines += [f"  {line}" for line in section.lines]
    return "\n".join(lines) + "\n"


def for_terminal(filled: Filled, file: str = FILE) -> str:
    """The same for 80 columns, with the first few of each list.

    Args:
        filled: what is reported.
        file: the name of the file with the full lists.
    """
    lines = list(_wrapped([_summary(filled), *filled.notes]))
    for section in _sections(filled):
        shown = () if section.always_short else section.lines[:MOST_LINES]
        lines += _wrapped([f"{section.title}: {len(section.lines)}"])
        lines += _wrapped(shown, "  ")
        if more := len(section.lines) - len(shown):
            rest = f"... {more} more in" if shown else "see"
            lines += _wrapped([f"{rest} {printable(file)}"], "  ")
    return "\n".join(lines) + "\n"


def _summary(filled: Filled) -> str:
    count = len(filled.matched)
    students = "1 student has" if count == 1 else f"{count} students have"
    return f"{filled.platform}: {students} points in the column {printable(filled.column)!r}."


def _sections(filled: Filled) -> Iterator[Section]:
    """Those that are not empty."""
    every = (
        Section("GRADED, BUT WITHOUT A ROW", _each(filled.without_row, _without_row)),
        Section("NOT CLEAR WHOSE ROW IT IS, not filled", _each(filled.ambiguous, _ambiguous)),
        Section("POINTS THAT THE PLATFORM WOULD REFUSE, not filled", _each(filled.refused, _kept)),
        Section("Matched by name alone", _each(_by_name(filled.matched), _match)),
        Section("Set aside, so without points", _each(filled.set_aside, _set_aside)),
        Section("Left as they were", _each(filled.kept, _kept)),
        Section("Rows of nobody known here", _each(filled.unmatched, _absent)),
        Section("Not handed in", _each(filled.not_handed_in, _absent)),
        Section("Filled", _each(filled.matched, _match), always_short=True),
    )
    return (section for section in every if section.lines)


def _each(things: Iterable[Thing], described: Callable[[Thing], str]) -> tuple[str, ...]:
    """A line each, whatever characters strangers wrote."""
    lines = (described(thing) for thing in things)
    return tuple("".join(c if c.isprintable() else "?" for c in line) for line in lines)


def _by_name(matches: Sequence[Match]) -> list[Match]:
    return [match for match in matches if match.by == BY_NAME]


def _match(match: Match) -> str:
    return f"{_who(match.student, match.name)}: {match.value} in row {match.row}, by {match.by}"


def _without_row(one: WithoutRow) -> str:
    ids = f" ({one.ids})" if one.ids else ""
    return f"{_who(one.student, one.name)}{ids}: {_points(one.value)}; {one.reason}"


def _ambiguous(one: Ambiguous) -> str:
    students = ", ".join(printable(student) for student in one.students)
    rows = ", ".join(map(str, one.rows))
    return f"{students}; row{'s' if len(one.rows) > 1 else ''} {rows}: {one.reason}"


def _kept(one: Kept) -> str:
    has = f"has {one.found!r}" if one.found else "is blank"
    return f"{_who(one.student, one.name)}: row {one.row} {has}, not {one.value}: {one.reason}"


def _set_aside(one: SetAside) -> str:
    place = f"row {one.row}" if one.row else "no row"
    return f"{_who(one.student, one.name)}: {place}"


def _absent(one: Absent) -> str:
    ids = f" ({one.ids})" if one.ids else ""
    written = f", got {one.value}" if one.value else ""
    return f"{_who(one.student, one.name)}{ids}: row {one.row}{written}"


def _who(student: str, name: str) -> str:
    student, name = printable(student), printable(name)
    return f"{student}, {name}" if student and name else student or name or "no name"


def _points(value: str) -> str:
    return f"{value} point" if value == "1" else f"{value} points"


def _wrapped(lines: Iterable[str], indent: str = "") -> Iterator[str]:
    """Lines of at most 80 columns; what goes on is indented further."""
    for line in lines:
        begin, now = indent, ""
        for word in _short_words(line):
            if now and cell_len(begin) + cell_len(now) + 1 + cell_len(word) > WIDTH:
                yield begin + now
                begin, now = indent + "    ", ""
            now = f"{now} {word}" if now else word
        yield begin + now


def _short_words(line: str) -> Iterator[str]:
    """Words short enough for a line; a wide character takes two columns."""
    most = (WIDTH - 10) // 2
    for word in line.split(" "):
        if cell_len(word) <= 2 * most:
            yield word
        else:
            yield from (word[at : at + most] for at in range(0, len(word), most))
