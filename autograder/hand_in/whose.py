"""Whose a hand-in is: by the platform's ids, or else by a name that only one student has."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from autograder.hand_in.people import IDENTITIES, Person, comparable, tokens

BY = (*IDENTITIES, "email")
"""Ids, in the order in which they are tried."""
LONGEST_NAME, MOST_PARTS = 200, 12
APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʻ`´"))


class Ambiguous(Exception):  # noqa: N818 - a fact about a class, not a fault of ours
    """Several students fit; the message names two of them."""

    def __init__(self, one: Person, other: Person) -> None:
        super().__init__(f"both {one} and {other} fit")


def find(people: tuple[Person, ...], ids: Mapping[str, str], name: str) -> Person | None:
    """The student of these ids; else the only one of this name.

    A name is the same in either order ("Lovelace, Ada", "Ada Lovelace"), in any case and as Canvas
    squeezes it ("lovelaceada"). A name does not match someone with a different id: that would be a
    namesake who is not listed.

    Args:
        people: of the class.
        ids: by the platforms' keys; those of other keys are ignored.
        name: empty where there is none.

    Raises:
        Ambiguous: the ids lead to different students, or two have the name.
    """
    class_ = _class(_Same(people))
    found = class_.by_ids(ids)
    if not found and ids.get("submission"):
        found = class_.submission(ids["submission"])
        if len(found) > 1:  # a group's
            found = [one for one in class_.by_name(name) if one in found] or found
    if not found:
        found = [one for one in class_.by_name(name) if not _contradicts(one, ids)]
    if len(found) > 1:
        raise Ambiguous(found[0], found[1])
    return found[0] if found else None


def in_group(people: tuple[Person, ...], ids: Mapping[str, str], name: str) -> list[Person]:
    """The members of the group with this name; empty where it is no group's, but a person's.

    Canvas gives the user id of one member beside the name. Moodle gives a number of the group,
    which may also be somebody's number as a participant, and so it is ignored.

    Args:
        people: of the class.
        ids: by the platforms' keys.
        name: as the platform writes it, perhaps squeezed.

    Raises:
        Ambiguous: two groups fit, or the student of the user id is in another one.
    """
    if not ids.keys() <= {"canvas", "moodle"}:
        return []
    wanted = _one_word(name)
    members = _class(_Same(people)).group(wanted)
    one = find(people, ids, "") if members and ids else None
    if not members or (one is not None and wanted in set(_squeezed(_parts(one.name)))):
        return []
    groups = {member.group for member in members}
    if "canvas" in ids and one is not None:
        if one not in members:
            raise Ambiguous(one, members[0])
        groups = {one.group}
    if len(groups) > 1:
        raise Ambiguous(members[0], next(m for m in members if m.group != members[0].group))
    return [member for member in members if member.group in groups]


def _one_word(name: str) -> str:
    return "".join(_parts(name))


class _Same:
    """Compares a tuple by identity, so that the index of a class is cached."""

    def __init__(self, people: tuple[Person, ...]) -> None:
        self.people = people

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.people is other.people

    def __hash__(self) -> int:
        return id(self.people)


class _Class:
    """The people of a class by all that one may ask for."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._by_token: dict[tuple[str, str], list[Person]] = defaultdict(list)
        self._by_submission: dict[str, list[Person]] = defaultdict(list)
        self._by_name: dict[tuple[str, ...], list[Person]] = defaultdict(list)
        self._squeezed: dict[str, list[Person]] = defaultdict(list)
        self._by_group: dict[str, list[Person]] = defaultdict(list)
        for person in people:
            for token in set(tokens(person)):
                self._by_token[token].append(person)
            if submission := person.ids.get("submission"):
                self._by_submission[submission].append(person)
            if word := _one_word(person.group):
                self._by_group[word].append(person)
            if parts := _parts(person.name):
                self._by_name[tuple(sorted(parts))].append(person)
                for squeezed in set(_squeezed(parts)):
                    self._squeezed[squeezed].append(person)

    def by_ids(self, ids: Mapping[str, str]) -> list[Person]:
        """The people the ids point to.

        An id shared by several (an e-mail address) counts only if no other id points to one person.
        """
        every = [self._by_token.get((key, comparable(key, ids[key])), []) for key in _asked(ids)]
        sure = [found[0] for found in every if len(found) == 1]
        return _distinct(sure) or _distinct([one for found in every for one in found])

    def submission(self, name: str) -> list[Person]:
        return self._by_submission.get(name, [])

    def group(self, word: str) -> list[Person]:
        return self._by_group.get(word, [])

    def by_name(self, name: str) -> list[Person]:
        parts = _parts(name)
        found = self._by_name.get(tuple(sorted(parts)), []) if parts else []
        if len(parts) == 1:
            found = _distinct([*found, *self._squeezed.get(parts[0], [])])
        return found


@lru_cache(maxsize=2)
def _class(same: _Same) -> _Class:
    return _Class(same.people)


def _asked(ids: Mapping[str, str]) -> Iterator[str]:
    return (key for key in BY if ids.get(key))


def _distinct(people: Sequence[Person]) -> list[Person]:
    return list({id(one): one for one in people}.values())


def _contradicts(person: Person, ids: Mapping[str, str]) -> bool:
    """Whether the person is known by another id of a kind that is asked for."""
    own = set(tokens(person))
    kinds = {key for key, _ in own}
    return any(key in kinds and (key, comparable(key, ids[key])) not in own for key in _asked(ids))


@lru_cache(2**15)
def _parts(name: str) -> tuple[str, ...]:
    """The words of a name, folded; a vowel sign or accent is part of its word."""
    if len(name) > LONGEST_NAME:
        return ()
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    text = text.translate(APOSTROPHES)
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in text)
    return tuple("".join(kept).split())


def _squeezed(parts: Sequence[str]) -> Iterator[str]:
    """Canvas joins a name's words; any of them may come first, so every rotation is tried."""
    for first in range(len(parts) if len(parts) <= MOST_PARTS else 1):
        yield "".join((*parts[first:], *parts[:first]))
