"""Several lists of one class, and whose a hand-in is."""

import pytest

from autograder.hand_in.people import Person, RosterError
from autograder.hand_in.roster import Ambiguous, Roster, find, merged, read

CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section"
GRADESCOPE = "Name,SID,Email,Submission ID,Status"
MOODLE = "Identifier,Full name,ID number,Email address,Username,Status"


@pytest.fixture
def class_of(tmp_path):
    """`class_of("header|row|row", ...)` merges lists that are called a.csv, b.csv ..."""

    def made(*texts):
        return merged(_rosters(tmp_path, texts))

    return made


def _rosters(folder, texts) -> list[Roster]:
    found = []
    for name, text in zip("abcd", texts, strict=False):
        path = folder / f"{name}.csv"
        path.write_text(text.replace("|", "\n"), "utf-8")
        found.append(read(path))
    return found


def test_a_person_in_several_lists_is_one_by_id_or_by_address(class_of):
    ada, grace, alan = class_of(
        f'{CANVAS}|"Lovelace, Ada",101,0012345,ada,S|"Hopper, Grace",102,,grace@example.edu,S',
        f"{GRADESCOPE}|Ada Lovelace,0012345,al@mail.example,2001,|G,,GRACE@example.edu,2002,"
        "|Alan Turing,,alan@example.edu,2003,",
        f"{MOODLE}|Participant 1,Ada Lovelace,,AL@mail.example,,|Participant 2,Grace,,,,",
    )[:3]
    assert (ada.id, grace.id, alan.id) == ("ada", "grace@example.edu", "alan")
    assert ada.ids == {
        "canvas": "101", "sis": "0012345", "login": "ada", "submission": "2001", "moodle": "1",
        "email": "al@mail.example",
    }  # fmt: skip
    assert (ada.name, ada.email, ada.other_emails) == ("Lovelace, Ada", "al@mail.example", ())
    assert ada.lines == ("a.csv, line 2", "b.csv, line 2", "c.csv, line 2")
    assert grace.ids["submission"] == "2002"
    assert "moodle" not in grace.ids  # of one name, which is no proof


def test_two_lists_are_joined_by_a_third(class_of):
    lists = (
        f"{CANVAS}|Ada,101,,ada,S",
        f"{GRADESCOPE}|Ada L,7,ada@example.edu,2001,",
        f"{MOODLE}|Participant 1,Ada,,ada@example.edu,ADA,",
    )
    (one,) = class_of(*lists)
    (other,) = class_of(*reversed(lists))
    assert {key: value.lower() for key, value in one.ids.items()} == {
        key: value.lower() for key, value in other.ids.items()
    }
    assert one.id == "ada"


def test_a_second_address_is_no_contradiction(class_of):
    (ada,) = class_of(f"{GRADESCOPE}|Ada,7,ada@a.example,1,", "id,email|ada,ADA@a.example",
                      f"{MOODLE}|Participant 1,Ada,7,ada@b.example,,")  # fmt: skip
    assert (ada.email, ada.other_emails) == ("ada@a.example", ("ada@b.example",))
    assert find((ada,), {"email": "Ada@B.example"}, "") is ada


@pytest.mark.parametrize(
    ("plain", "expected"),
    [("id,name|0012345,Ada", "0012345"), ("id|ada", "ada"), ("id|ADA", "ADA")],
)
def test_the_id_of_a_plain_list_may_be_login_or_number_and_wins(class_of, plain, expected):
    canvas = f"{CANVAS}|Ada,101,0012345,ada,S"
    for lists in ((plain, canvas), (canvas, plain)):
        (ada,) = class_of(*lists)
        assert ada.id == expected
        assert ada.ids["sis"] == "0012345"
        assert ada.ids["login"].lower() == "ada"


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (f"{CANVAS}|Ada,101,7,ada,S", f"{MOODLE}|P 1,Ada,7,,bob,",
         r"Ada \(a.csv, line 2\) and Ada \(b.csv, line 2\) look like one person, but have the login"
         r" ids ada and bob"),
        (f"{CANVAS}|Ada,101,0012345,ada,S", f"{MOODLE}|P 1,Ada,12345,,ada,", "the sis ids"),
        (f"{CANVAS}|Ada,1,7,ada,S|Bob,2,8,bob,S", f"{MOODLE}|P 1,Ada,7,,bob,",
         r"a.csv, line [23].*b.csv, line 2"),
        ("id,email|ada,a@x.edu", "id,email|bob,A@x.edu", r"a.csv, line 2.*b.csv, line 2"),
        (f"{GRADESCOPE}|A,7,a@x.edu,1,", f"{GRADESCOPE}|A,7,a@x.edu,2,", "the submission ids"),
        (f"{CANVAS}|Ada,1,7,ada,S", f"{MOODLE}|P 1,Bob,ada,,,", "both have the id ada"),
    ],
)  # fmt: skip
def test_lists_that_contradict_each_other_are_refused_with_both_lines(
    class_of, one, other, message
):
    with pytest.raises(RosterError, match=message):
        class_of(one, other)
    with pytest.raises(RosterError):
        class_of(other, one)


def test_an_address_that_two_have_tells_nobody_apart(class_of):
    people = class_of(f"{GRADESCOPE}|A,1,lab@x.edu,1,|B,2,lab@x.edu,2,", "id,email|c,lab@x.edu")
    assert [one.id for one in people] == ["1", "2", "c"]
    with pytest.raises(Ambiguous):
        find(people, {"email": "lab@x.edu"}, "A")
    assert find(people, {"email": "lab@x.edu", "sis": "2"}, "").id == "2"


CLASS = (
    Person("ada", "Lovelace, Ada", ids={"canvas": "101", "sis": "0012345", "login": "ada"}),
    Person("jan", "Jane-Ann O'Doe", "jan@x.edu", {"login": "jan", "email": "jan@x.edu"}),
    Person("wei1", "Wei Zhang", ids={"login": "wei1", "submission": "2001"}, lines=("a, line 4",)),
    Person("wei2", "Zhang, Wei", ids={"login": "wei2", "submission": "2001"}, lines=("a, line 5",)),
    Person("ram", "राम शर्मा", ids={"login": "ram"}),
    Person("jose", "Jos\u00e9 D\u00edaz", ids={"login": "jose"}),
    Person("cruz", "de la Cruz, Maria Inés", ids={"login": "cruz"}),
    Person("ann", "Ann Alee", ids={"login": "ann"}),
)


@pytest.mark.parametrize(
    ("ids", "name", "expected"),
    [
        ({"canvas": "101"}, "", "ada"),
        ({"sis": "0012345"}, "Somebody Else", "ada"),
        ({"sis": "12345"}, "", None),  # zeros count
        ({"login": "ADA"}, "", "ada"),
        ({"email": "Jan@X.EDU"}, "", "jan"),
        ({"canvas": "999", "login": "ada"}, "", "ada"),
        ({"attachment": "101"}, "", None),
        ({}, "Ada Lovelace", "ada"),
        ({}, "LOVELACE Ada", "ada"),
        ({}, "lovelaceada", "ada"),
        ({}, "odoejaneann", "jan"),
        ({}, "janeannodoe", "jan"),
        ({}, "Jane Ann O’Doe", "jan"),
        ({}, "शर्मा राम", "ram"),
        ({}, "Diaz, Jose\u0301", None),
        ({}, "Di\u0301az, Jose\u0301", "jose"),
        ({}, "delacruzmariainés", "cruz"),
        ({}, "Maria Inés de la Cruz", "cruz"),
        ({}, "Anna Lee", None),  # only squeezed is it the same
        ({}, "", None),
        ({}, "...", None),
        ({}, "x" * 100_000, None),
        ({"canvas": "102"}, "Ada Lovelace", None),  # a namesake
        ({"canvas": "102"}, "Ann Alee", "ann"),  # of whom Canvas's number is not known
        ({"login": "wei1"}, "Wei Zhang", "wei1"),
        ({"submission": "2001", "login": "wei2"}, "", "wei2"),
    ],
)
def test_a_student_is_found_by_ids_first_and_by_name_if_only_one_fits(ids, name, expected):
    found = find(CLASS, ids, name)
    assert (found and found.id) == expected


@pytest.mark.parametrize(
    ("ids", "name", "both"),
    [
        ({}, "Wei Zhang", r"Wei Zhang \(a, line 4\) and Zhang, Wei \(a, line 5\)"),
        ({}, "zhangwei", r"line 4.*line 5"),
        ({"submission": "2001"}, "", r"line 4.*line 5"),
        ({"canvas": "101", "login": "jan"}, "", "Lovelace, Ada and Jane-Ann"),
    ],
)
def test_of_two_that_fit_none_is_chosen(ids, name, both):
    with pytest.raises(Ambiguous, match=both):
        find(CLASS, ids, name)


def test_a_groups_submission_is_told_apart_by_name(class_of):
    people = class_of(f"{GRADESCOPE}|Ada L,1,a@x.edu,2001,|Bob M,2,b@x.edu,2001,|C,3,c@x.edu,9,")
    assert find(people, {"submission": "2001"}, "M, Bob").id == "2"
    assert find(people, {"submission": "9"}, "").id == "3"
