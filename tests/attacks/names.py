"""Files and notebooks, student ids: ids that are paths, formulas, markup, or another student's.

An id is the name of a folder or a zip, which students often choose. If it is invalid, the
submission is set aside with a reason, and the others are graded.
"""

from __future__ import annotations

from attack import DIRECTORY, NBGRADER, SOLUTION, STUB, ZIP, Attack, Changes, Work

NOTHING = Changes()
"""The id is the whole attack."""


def id_attack(
    name: str, student: str, tries: str, must: str, *roads: str, baseline: Work = STUB
) -> Attack:
    return Attack(name, tries, must, NOTHING, baseline, SOLUTION, roads, student=student)


ATTACKS = (
    id_attack(
        "id: a formula",
        "=cmd|' %c calc'!A0",
        "Makes a spreadsheet start a program when the instructor opens the grades.",
        "No cell of a table begins with a formula, and an id contains neither | nor !.",
        ZIP,
    ),
    id_attack(
        "id: a formula that is an id",
        "=1+cmd('x')",
        "The same with only those characters that an id may contain.",
        "Tables mark it as text with an apostrophe.",
        ZIP,
        NBGRADER,
    ),
    id_attack(
        "id: a formula behind a semicolon",
        "mallory;=cmd|' %c calc'!A0",
        "Many European spreadsheets split lines at semicolons, even inside quotes.",
        "No text of a table contains a semicolon.",
        ZIP,
    ),
    id_attack(
        "id: a formula in wide characters",
        "＝cmd('x')",
        "Some spreadsheets compute text that begins with a full-width sign.",
        "An apostrophe precedes it, or the submission is set aside.",
        ZIP,
        NBGRADER,
    ),
    id_attack(
        "id: a formula behind invisible characters",
        "\ufeff\u200b=1+1",
        "Begins with a byte-order mark and a zero-width space, which are dropped on opening.",
        "The apostrophe stands directly before the sign.",
        ZIP,
    ),
    id_attack(
        "id: a formula behind a space",
        "mallory =1+1",
        "Becomes a cell of its own where lines are split at spaces.",
        "Whatever could begin a cell, with any separator, is marked as text.",
        ZIP,
        NBGRADER,
    ),
    id_attack(
        "id: commas",
        "mallory,,,,40,0,40,40",
        "Uses commas to move forty points into the score column.",
        "Commas are quoted, in our tables and in nbgrader's.",
        ZIP,
        NBGRADER,
    ),
    id_attack(
        "id: a parent folder",
        "mallory..",
        "Ends with dots, so that a joined path leads to somebody else's feedback.",
        "An id must not end with a dot: it is set aside, and nothing is written.",
        ZIP,
    ),
    id_attack(
        "id: markup",
        "<img src=x onerror=alert(1)>",
        "Runs a script in the browser of whoever reads the report.",
        "It is escaped, or set aside as an invalid id.",
        ZIP,
    ),
    id_attack(
        "id: control characters",
        "mallory\x1b[2J\x07\u202e",
        "Clears the grader's terminal, or reverses its text.",
        "It is set aside, and reported in plain characters.",
        ZIP,
    ),
    id_attack(
        "id: terminal markup",
        "[bold green]29 of 29",
        "Shows full marks in the terminal's table.",
        "It is set aside, or shown literally.",
        ZIP,
    ),
    id_attack(
        "id: an option",
        "--seed=1",
        "Is mistaken for an option by a command that gets it as an argument.",
        "It is treated like any other name.",
        ZIP,
    ),
    id_attack(
        "id: a pattern",
        "@(a+)+[a-z]~.'",
        "Is taken for a glob or a regular expression that matches everybody.",
        "It is set aside, or treated like any other name.",
        ZIP,
    ),
    id_attack(
        "id: too long",
        "m" * 240,
        "Leaves no room for a suffix, so that a file cannot be written and the run ends.",
        "It is set aside as an invalid id, and the others are graded.",
        ZIP,
    ),
    id_attack(
        "id: a Windows device",
        "CON",
        "Names a file that cannot be opened on Windows, where the feedback is unpacked.",
        "It is graded like any other.",
        ZIP,
        NBGRADER,
    ),
    id_attack(
        "id: another Unicode form of a neighbour's id",
        "ｎｅｉｇｈｂｏｕｒ",
        "Looks like a neighbour's id, and names the same file on some systems.",
        "No points: the two cannot be told apart, so a person has to decide.",
        DIRECTORY,
    ),
    id_attack(
        "id: a file of the run",
        "index",
        "Has the name of a file that the run writes, so that one overwrites the other.",
        "Students' files are in separate folders.",
        ZIP,
        NBGRADER,
        baseline=SOLUTION.without("Adam.update"),
    ),
)
