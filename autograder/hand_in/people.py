"""The people of a class: by what each is known, and under which id each is graded.

Lists of several platforms become one by the ids and e-mail addresses that they share.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import count

from autograder.hand_in.files import printable
from autograder.hand_in.garbage import not_collected
from autograder.hand_in.roster_columns import folded
from autograder.hand_in.students import is_id

IDENTITIES = "canvas", "moodle", "brightspace", "sis", "login"
"""Ids that are unique to one person. Submission ids (groups) and e-mail addresses are not."""
CASE_INSENSITIVE = {"login", "email"}
OWN_PREFIX = "canvas", "moodle", "brightspace", "submission"
"""Platform ids used as a student's id if there is nothing better, after the platform's name."""


class RosterError(Exception):
    """A list cannot be used; the message says which line is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Person:
    """A student.

    Attributes:
        id: under which we grade and report.
        name: as the platform writes it, "Lovelace, Ada" or "Ada Lovelace".
        email: the first that is known.
        ids: platform ids by `canvas`, `sis`, `login`, `email`, `moodle`, `submission`, as text.
        given: the id in a plain list, which takes precedence; it may be a login or a number.
        other_emails: further addresses, from other lists.
        group: the name of the group with which the student works; empty for none.
        lines: where the student stands: "gradebook.csv, line 3".
    """

    id: str
    name: str = ""
    email: str = ""
    ids: Mapping[str, str] = field(default_factory=dict, hash=False)
    given: str = ""
    other_emails: tuple[str, ...] = ()
    group: str = ""
    lines: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        shown = printable(self.name or self.id)
        return f"{shown} ({' and '.join(self.lines)})" if self.lines else shown


def named(people: Sequence[Person]) -> tuple[Person, ...]:
    """The people of a class with the ids under which they are graded.

    Raises:
        RosterError: two of them have one id, or one has none that can be used.
    """
    before_at = [_before_at(one) for one in people]
    times_used = Counter(before_at)
    found: dict[tuple[str, str], Person] = {}
    done = []
    for person, login in zip(people, before_at, strict=True):
        for key in IDENTITIES:
            if value := person.ids.get(key):
                other = found.setdefault((key, comparable(key, value)), person)
                if other is not person:
                    raise _both(other, person, f"the {key} id {value}")
        unique = login if times_used[login] == 1 else ""
        called = next((name for name in _names(person, unique) if is_id(name)), None)
        if called is None:
            raise RosterError(f"{person} has no id that can name a folder; correct the line")
        other = found.setdefault(("", folded(called)), person)
        if other is not person:
            raise _both(other, person, f"the id {called}")
        done.append(person if person.id == called else replace(person, id=called))
    return tuple(done)


def _names(person: Person, before_at: str) -> Iterator[str]:
    """What a person may be called, the best first."""
    yield from (person.given, person.ids.get("login", ""), person.ids.get("sis", ""), before_at)
    yield from (f"{key}-{person.ids[key]}" for key in OWN_PREFIX if key in person.ids)


def _before_at(person: Person) -> str:
    return folded(person.email.partition("@")[0])


def _both(one: Person, other: Person, what: str) -> RosterError:
    return RosterError(f"{one} and {other} both have {printable(what)}; correct one of them")


@lru_cache(2**16)
def comparable(key: str, value: str) -> str:
    """An id, normalised for comparison: of logins and e-mails letter case does not count.

    Leading zeros count. There is no further folding: `ß` and `ss` could be two people's.
    """
    if key not in CASE_INSENSITIVE:
        return unicodedata.normalize("NFC", value).strip()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).strip().lower())


def tokens(person: Person) -> Iterator[tuple[str, str]]:
    """Everything except names by which another list may know this person."""
    for key in IDENTITIES:
        if key in person.ids:
            yield key, comparable(key, person.ids[key])
    if person.given:
        yield "sis", person.given
    for email in filter(None, (person.email, *person.other_emails)):
        yield "email", comparable("email", email)
    if "@" in (login := person.ids.get("login", "")):
        yield "email", comparable("email", login)


@not_collected()
def merged(lists: Iterable[Iterable[Person]]) -> tuple[Person, ...]:
    """The people of several lists, each once: by a shared id, or by e-mail, never by name.

    An address that two people of one list share is ignored. Two addresses of one person are no
    contradiction; two ids of one kind are.

    Raises:
        RosterError: lists contradict each other; both lines are named.
    """
    with_tokens = [[(person, set(tokens(person))) for person in people] for people in lists]
    shared = {token for people in with_tokens for token in _shared(people)}
    found: dict[int, tuple[Person, frozenset[int]]] = {}
    known: dict[tuple[str, str], int] = {}
    places = count()
    for number, people in enumerate(with_tokens):
        for one, all_tokens in people:
            listed = frozenset([number])
            own = all_tokens - shared
            same = sorted({known[token] for token in own if token in known})
            for place in same:
                other, elsewhere = found.pop(place)
                if listed & elsewhere:
                    raise RosterError(f"{other} and {one} look like one person; correct the lists")
                one, listed = _combined(other, one), listed | elsewhere
                own = set(tokens(one)) - shared
            place = same[0] if same else next(places)
            found[place] = one, listed
            known.update((token, place) for token in own)
    return named([found[place][0] for place in sorted(found)])


Token = tuple[str, str]


def _shared(people: Sequence[tuple[Person, set[Token]]]) -> Iterator[Token]:
    """By what several people of one list are known."""
    times_used = Counter(token for _, all_tokens in people for token in all_tokens)
    return (token for token, times in times_used.items() if times > 1)


def _combined(a: Person, b: Person) -> Person:
    """One person out of two lists.

    Raises:
        RosterError: they cannot be the same.
    """
    pair = f"{a} and {b} look like one person, but have"
    ids, further = _ids_beside(a, b), _ids_beside(b, a)
    for key in (*IDENTITIES, "submission"):
        one, two = ids.get(key, ""), further.get(key, "")
        if one and two and comparable(key, one) != comparable(key, two):
            raise RosterError(
                f"{pair} the {key} ids {printable(one)} and {printable(two)}; correct one of them"
            )
    if a.given and b.given and folded(a.given) != folded(b.given):
        raise RosterError(
            f"{pair} the ids {printable(a.given)} and {printable(b.given)}; correct one of them"
        )
    if a.group and b.group and a.group != b.group:
        raise RosterError(
            f"{pair} the groups {printable(a.group)} and {printable(b.group)}; correct one of them"
        )
    emails: dict[str, str] = {}
    for email in filter(None, (a.email, b.email, *a.other_emails, *b.other_emails)):
        emails.setdefault(folded(email), email)
    first, *others = emails.values() or [""]
    return Person(
        id="",
        name=a.name or b.name,
        email=first,
        ids={**further, **ids},
        given=a.given or b.given,
        other_emails=tuple(others),
        group=a.group or b.group,
        lines=(*a.lines, *b.lines),
    )


def _ids_beside(person: Person, other: Person) -> dict[str, str]:
    """The ids. A plain list's id is no login if it is the other's institutional number."""
    ids = dict(person.ids)
    if person.given and ids.get("login") == other.ids.get("sis") and "login" in other.ids:
        ids.pop("login", None)
    return ids
