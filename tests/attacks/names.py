"""Files and notebooks, the names of students: ids that are paths, formulas, markup, or others'.

An id comes from a folder or a zip, which students often name. Where it is none, the hand-in is set
aside with a reason, and everybody else is graded.
"""

from __future__ import annotations

from attack import DIRECTORY, NBGRADER, SOLUTION, STUB, ZIP, Attack, Changes, Work

NOTHING = Changes()
"""The attack is the name alone."""


def called(
    name: str, student: str, tries: str, must: str, *roads: str, over: Work = STUB
) -> Attack:
    return Attack(name, tries, must, NOTHING, over, SOLUTION, roads, student=student)


ATTACKS = (
    called(
        "id: a formula",
        "=cmd|' %c calc'!A0",
        "A program that a spreadsheet runs when the instructor opens the grades.",
        "No cell of a table begins with a formula, and | and ! are in no id.",
        ZIP,
    ),
    called(
        "id: a formula that is an id",
        "=1+cmd('x')",
        "The same with nothing but what an id may hold.",
        "In tables it is text, by an apostrophe.",
        ZIP,
        NBGRADER,
    ),
    called(
        "id: a formula behind a semicolon",
        "mallory;=cmd|' %c calc'!A0",
        "Half of Europe's spreadsheets split lines at semicolons, whatever is in quotes.",
        "No text of a table holds one.",
        ZIP,
    ),
    called(
        "id: a formula in wide characters",
        "＝cmd('x')",
        "Some spreadsheets compute what begins with a sign in its wide form.",
        "An apostrophe stands before it, or it is set aside.",
        ZIP,
        NBGRADER,
    ),
    called(
        "id: a formula behind what cannot be seen",
        "\ufeff\u200b=1+1",
        "A byte-order mark and a character without width, which are cut off on opening.",
        "Before the sign itself stands an apostrophe.",
        ZIP,
    ),
    called(
        "id: a formula behind a blank",
        "mallory =1+1",
        "For whoever splits lines at blanks.",
        "What could begin a cell, whatever the separator, is text.",
        ZIP,
        NBGRADER,
    ),
    called(
        "id: columns",
        "mallory,,,,40,0,40,40",
        "Commas that move forty points into the column of the score.",
        "A comma is quoted, in our tables and in nbgrader's.",
        ZIP,
        NBGRADER,
    ),
    called(
        "id: a way up",
        "mallory..",
        "Dots, for whatever joins paths, to write somebody else's feedback.",
        "An id does not end with a dot: it is set aside, and nothing is written.",
        ZIP,
    ),
    called(
        "id: markup",
        "<img src=x onerror=alert(1)>",
        "Runs in the browser of who reads the report.",
        "It is escaped, or set aside as no id.",
        ZIP,
    ),
    called(
        "id: control characters",
        "mallory\x1b[2J\x07\u202e",
        "Clears the terminal of who grades, or turns its text around.",
        "It is set aside, and told in plain characters.",
        ZIP,
    ),
    called(
        "id: markup of the terminal",
        "[bold green]29 of 29",
        "Shows full marks in the table on the terminal.",
        "It is set aside, or shown letter by letter.",
        ZIP,
    ),
    called(
        "id: an option",
        "--seed=1",
        "Is taken for an option of a command that gets it as an argument.",
        "It is a name like others.",
        ZIP,
    ),
    called(
        "id: a pattern",
        "@(a+)+[a-z]~.'",
        "Is taken for a glob or a regular expression, and matches everybody.",
        "It is set aside, or a name like others.",
        ZIP,
    ),
    called(
        "id: too long",
        "m" * 240,
        "Leaves no room for what is added to it: a file that cannot be written, a run that ends.",
        "It is set aside as no id, and the others are graded.",
        ZIP,
    ),
    called(
        "id: a device of Windows",
        "CON",
        "A file of that name cannot be opened where an instructor unpacks the feedback.",
        "It is graded like others, and earns what it earns.",
        ZIP,
        NBGRADER,
    ),
    called(
        "id: another Unicode form of its neighbour's",
        "ｎｅｉｇｈｂｏｕｒ",
        "Looks like a neighbour's, and is one file with it on some systems.",
        "No point: nobody can say whose is whose, so a person has to.",
        DIRECTORY,
    ),
    called(
        "id: a file of ours",
        "index",
        "Has the name of what a run writes itself, so that one overwrites the other.",
        "Students' files are in folders of their own.",
        ZIP,
        NBGRADER,
        over=SOLUTION.left("Adam.update"),
    ),
)
