"""After a change of an assignment, stale references are reported by file and line."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace

import pytest

from autograder.assignment.rubric import Section
from autograder.release import left_behind
from autograder.release.finding import Finding

QUESTION = (("step_question", 1),)


@pytest.fixture
def copied(tiny, tmp_path):
    """A copy of the tiny assignment's files to edit; its loaded modules stay the original ones."""
    shutil.copytree(tiny.root, tmp_path / "tiny", ignore=shutil.ignore_patterns("__pycache__"))
    assignment = replace(tiny, root=tmp_path / "tiny")
    vars(assignment)["folder"] = assignment.root  # so that files are read from the copy
    return assignment


def where(finding: Finding) -> tuple[str, int]:
    return finding.path, finding.line


def test_an_unchanged_assignment_has_no_stale_references(tiny):
    assert left_behind.find(tiny) == []


def test_every_stale_reference_to_a_removed_section_is_listed(tiny):
    found = left_behind.find(replace(tiny, sections=tiny.sections[:1]))
    assert {finding.proof for finding in found} == {"left behind"}
    assert Counter(finding.path for finding in found) == {
        "__init__.py": 1,  # used_by
        "probes/step.py": 2,
        "tests/hidden/test_step.py": 2,
        "lib_solution/lib/optim.py": 1,  # its block
        "misconceptions/step.py": 3,
        "misconceptions/TABLE.md": 3 + 1,  # its rows, and the points of all
        "misconceptions/hidden.json": 5,
        "source/tiny/Tiny.ipynb": 3 + 1,  # its cells, and the points of all
    }
    lines = {
        path: (tiny.root / path).read_text("utf-8").split("\n") for path, _ in map(where, found)
    }
    for finding in found:
        line = lines[finding.path][finding.line - 1]
        assert any(word in line for word in ("step", "oints", "BEGIN SOLUTION", "@given")), finding


# Name: (file, old text, new text, part of the message). If the message is about another line: a
# fifth element (file, part of the line).
CHANGES = {
    "a heading without a section": (
        "source/tiny/Tiny.ipynb",
        "## A layer that scales",
        '## Batch norm [2pt]\\n",\n"## A layer that scales [3pt]',
        "no section has its check under this heading",
    ),
    "points in a heading": (
        "source/tiny/Tiny.ipynb",
        "## A step downhill",
        "## A step downhill [4pt]",
        "4 points; the rubric says 3 of step",
    ),
    "points of a question": ("source/tiny/Tiny.ipynb", "[1pt]", "[2pt]", "the rubric says 1"),
    "points of a section's checks": (
        "source/tiny/Tiny.ipynb",
        "Complete `lib/optim.py`.",
        "**Graded** (5 points): `lib/optim.py`.",
        "5 points; the rubric says 2 of step",
    ),
    "the total": ("source/tiny/Tiny.ipynb", "6 points", "7 points", "the rubric comes to 6"),
    "words that announce a check": (
        "source/tiny/Tiny.ipynb",
        "a learning rate between 0 and 1",
        "a learning rate",
        "step_rate is not announced",
        ("tests/hidden/test_step.py", "between 0 and 1"),
    ),
    "a section to run, in the handout": (
        "handout/README.md",
        "`python -m pytest` runs",
        "`pytest -k norm` runs one, `python -m pytest` runs",
        "`pytest -k norm` runs no section",
    ),
    "a section to run, in a docstring": (
        "lib_solution/lib/optim.py",
        "Gradient descent.",
        "Gradient descent: pytest -k norm",
        "`pytest -k norm` runs no section",
    ),
    "the total in the handout": (
        "handout/README.md",
        "Complete",
        "For 9 points, complete",
        "9 points; the rubric comes to 6",
    ),
    "a solution that misconceptions no longer fit": (
        "lib_solution/lib/optim.py",
        "self.rate * self.layer.da",
        "self.layer.da * self.rate",
        "step_goes_uphill changes a text that lib/optim.py holds 0 times",
        ("misconceptions/step.py", "step_goes_uphill"),
    ),
    "a check of an unknown section": (
        "tests/hidden/test_step.py",
        '@check("step", weight=1',
        '@check("steps", weight=1',
        "belongs to the section steps",
    ),
    "a check of an unknown probe": (
        "tests/hidden/test_step.py",
        "def test_step_rate(step_rate)",
        "def test_step_rate(step_size)",
        "asks for the probe step_size",
        ("tests/hidden/test_step.py", "between 0 and 1"),
    ),
    "a check that counts with an unknown one": (
        "tests/hidden/test_step.py",
        "weight=3,",
        'weight=3, scaled_by=("step_length",),',
        "counts with the check step_length",
    ),
    "a name in the package's data": (
        "__init__.py",
        'modules=("lib.layers"',
        'pairs=("scale_adds", "scale_goes_nowhere"), modules=("lib.layers"',
        "called scale_goes_nowhere",
    ),
    "a row of the table of costs": (
        "misconceptions/TABLE.md",
        "| scale_adds |",
        "| scale_multiplies |",
        "no misconception called scale_multiplies",
    ),
    "an entry of the table of hidden mistakes": (
        "misconceptions/hidden.json",
        '"scale_adds": {}',
        '"scale_adds": {"scale_backward": ["scale_goes_nowhere"]}',
        "called scale_goes_nowhere",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_stale_reference_is_reported_with_file_and_line(copied, change):
    file, old, new, words, *elsewhere = CHANGES[change]
    path = copied.root / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    path, part = elsewhere[0] if elsewhere else (file, new.split("\\n")[0])
    found = next(f for f in left_behind.find(copied) if words in f.message)
    assert found.path == path
    assert part in (copied.root / path).read_text("utf-8").split("\n")[found.line - 1]


def test_a_probe_that_no_check_uses_is_reported(copied):
    path = copied.suites / "test_step.py"
    path.write_text(path.read_text("utf-8").replace("test_step_rate", "tried_step_rate"), "utf-8")
    [finding] = [
        f for f in left_behind.find(copied) if "no hidden check or symptom looks at" in f.message
    ]
    assert finding.message.endswith("the probe step_rate")


def test_an_unknown_name_in_a_benchmark_is_found_beside_known_ones(copied):
    (copied.root / "benchmarks").mkdir()
    script = copied.root / "benchmarks" / "steps.py"
    script.write_text(
        'A = ("scale_adds", "scale_goes_nowhere")\nB = ("cells_per_block", "x_y_z")\n'
    )
    [finding] = left_behind.find(copied)
    assert where(finding) == ("benchmarks/steps.py", 1)


def test_a_section_without_checks_and_a_missing_cell_are_reported(tiny):
    new = Section("norm", "Batch norm", 2, answers=("norm_names",))
    messages = [f.message for f in left_behind.find(replace(tiny, sections=(*tiny.sections, new)))]
    assert "no hidden check gives the points of norm" in messages
    assert "there is no cell of the notebook called norm_names" in messages


def test_words_for_a_probe_that_does_not_exist_are_named(edition):
    copied = edition(("misconceptions/words.py", "", 'WORDS = {"scale_gone": None}\n'))
    found = [f for f in left_behind.find(copied) if "scale_gone" in f.message]
    assert [(f.path.rpartition("/")[2], f.line) for f in found] == [("words.py", 1)]
