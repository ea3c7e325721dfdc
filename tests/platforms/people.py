"""One made-up class, with all that learning platforms know of it.

Everybody here is a trap of some kind. All ids are text. No file of any platform is read here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType


@dataclass(frozen=True)
class Person:
    """Somebody on the roster.

    Attributes:
        key: what tests call them.
        first, last: their names.
        sis: the institution's number; empty where there is none.
        login: also the student id of nbgrader, Sakai and the plain layout.
        email: as the roster has it.
        canvas: their user id in Canvas.
        moodle: their participant number in one assignment of Moodle.
        brightspace: the number in front of their files in a Brightspace download.
        anonymous: their token in an anonymous Canvas download.
        work: the key of what they handed in; empty where there is no file of theirs.
        time: when they handed it in, by the platform's clock; None where they did not.
        trap: what they are in the class for.
    """

    key: str
    first: str
    last: str
    sis: str
    login: str
    email: str
    canvas: str
    moodle: str
    brightspace: str
    anonymous: str
    work: str
    time: datetime | None
    trap: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def sortable(self) -> str:
        return f"{self.last}, {self.first}"

    @property
    def late(self) -> bool:
        return self.time is not None and self.time > DUE

    @property
    def typed_email(self) -> str:
        """As Gradescope has it: the case is whatever they typed when they registered."""
        return self.email.title() if self.key == "olha" else self.email

    @property
    def ids(self) -> Mapping[str, str]:
        """What belongs to the person, not to a hand-in. Ids that they lack are left out."""
        names = ("canvas", "sis", "login", "email", "moodle", "brightspace", "anonymous")
        return MappingProxyType(
            {name: getattr(self, name) for name in names if getattr(self, name)}
        )


DUE = datetime(2026, 11, 20, 23, 59)
TEXT, NOTHING = "text", ""


def _on(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second)


ZOE = unicodedata.normalize("NFD", "Zoë"), unicodedata.normalize("NFD", "Núñez")

# fmt: off
CLASS: tuple[Person, ...] = (
    Person("ada", "Ada", "Lindgren", "0012345", "ada", "ada@example.edu",
           "101", "1001", "13394", "aB3dE", "ada", _on(19, 10, 5), "an id with leading zeros"),
    Person("olha", "Ольга", "Іваненко", "0012346", "olha", "olha.ivanenko@example.edu",
           "102", "1002", "13395", "fG4hI", "olha", _on(19, 11, 30, 7),
           "another script; an e-mail address in another case"),
    Person("zoe", *ZOE, "0012347", "zoe.nunez", "zoe.nunez@example.edu",
           "103", "1003", "13396", "jK5lM", "zoe", _on(19, 12, 0, 59), "decomposed letters (NFD)"),
    Person("sam_a", "Sam", "Reed", "0012348", "sreed1", "sam.reed.1@example.edu",
           "104", "1004", "13397", "nP6qR", "sam_a", _on(20, 9, 15), "a namesake of sam_b"),
    Person("sam_b", "Sam", "Reed", "8812349", "sreed2", "sam.reed.2@example.edu",
           "105", "1005", "13398", "sT7uV", "sam_b", _on(20, 9, 15),
           "a namesake of sam_a, at the same minute; an id that YAML reads as a number"),
    Person("ann", "Ann", "Late", "0012350", "alate", "ann.late@example.edu",
           "106", "1006", "13399", "LATE8", "ann", _on(20, 13, 1), "Late as a name, not as a mark"),
    Person("bo", "Bo", "Marsh", "0012351", "bmarsh", "bo.marsh@example.edu",
           "1010", "10010", "133940", "wX8yZ", "bo", _on(21, 0, 30, 12),
           "late; ids that begin as other people's do"),
    Person("mia", "Mia", "Torres-Vega", "0012352", "mtorres", "mia@example.edu",
           "107", "1007", "13401", "bC9dF", "mia", _on(20, 20, 0, 1), "an earlier attempt"),
    Person("gus", "Gus", "Adler", "0012353", "gadler", "gus@example.edu",
           "108", "1008", "13402", "gH2jK", "team", _on(20, 21, 45), "hands in for the team"),
    Person("ipek", "İpek", "Weiß", "0012354", "iweiss", "ipek@example.edu",
           "109", "1009", "13403", "mN3pQ", "team", _on(20, 21, 45),
           "the team's other member; letters whose lower or upper case is two letters"),
    Person("theo", "Theo", "Blank", "0012355", "tblank", "theo@example.edu",
           "110", "1011", "13404", "rS4tU", TEXT, _on(20, 8, 0), "text only, no file"),
    Person("uma", "Uma", "Kirk", "", "ukirk", "uma@example.edu",
           "111", "1012", "13405", "12345", "uma", _on(20, 7, 7, 7),
           "no SIS id; an anonymous token of digits"),
    Person("max", "Max", "Power_2-Smith", "0012356", "max_2", "max@example.edu",
           "112", "1013", "13406", "vW5xY", "max", _on(20, 16, 20),
           "`_`, `-` and a digit in the name"),
    Person("vera", "Vera", "Absent", "0012357", "vabsent", "vera@example.edu",
           "113", "1014", "13407", "zB6cD", NOTHING, None, "on the roster, and handed in nothing"),
)
# fmt: on

PERSON: Mapping[str, Person] = MappingProxyType({person.key: person for person in CLASS})
TEAM_NAME = "Late Team_9_b"
"""Of gus and ipek: with Late in it, and with what looks like an id."""
TEAM_ID = "77"
"""The number of the team's group in Moodle."""
EARLIER, EARLIER_TIME = "mia_first", _on(18, 22, 10, 30)
"""Mia's earlier attempt."""

Work = Mapping[str, bytes]
"""What one person handed in: paths and contents."""

WORKS = (*dict.fromkeys(p.work for p in CLASS if p.work not in (TEXT, NOTHING)), EARLIER)
"""The keys of the works that a download is made of."""


def sample_works() -> dict[str, Work]:
    """Small works that require_different, each saying whose it is."""
    return {
        key: {
            "Problem_1.ipynb": f'{{"cells": [], "metadata": {{"of": "{key}"}}}}'.encode(),
            "lib/optim.py": f"OF = {key!r}\n".encode(),
            "lib/mlp/layer_utils.py": f"LAYERS_OF = {key!r}\n".encode(),
        }
        for key in WORKS
    }
