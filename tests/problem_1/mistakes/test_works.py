"""The corpus of wrong works fits the solution, and what is said of it has been judged."""

from works import PARTS, SILENT, VERDICTS, judged, works

from autograder.diagnosis.variants import blocks
from autograder.problem_1 import ASSIGNMENT as P1

ALL = [work for part in PARTS for work in works(part)]


def test_there_are_hundreds_of_works_and_a_hundred_that_were_not_used():
    assert len(works("seen")) >= 200
    assert len(works("unseen")) >= 100
    assert len(works("fresh")) >= 60
    assert len({work.name for work in ALL}) == len(ALL)


def test_every_work_replaces_blocks_that_exist_and_has_a_fault():
    for work in ALL:
        assert work.code.keys() <= blocks(P1).keys(), work.name
        assert work.faults, work.name
        assert {*work.faults, *work.inherits} <= P1.by_id.keys(), work.name
        work.submission()


def test_verdicts_are_about_works_and_sections_of_the_corpus():
    names = {work.name for work in ALL}
    for name, sections in judged().items():
        assert name in names
        for section, entry in sections.items():
            assert section in P1.by_id
            verdicts = VERDICTS if entry["said"] else SILENT
            assert entry["verdict"] in verdicts, (name, section)
            assert all(isinstance(text, str) and text for text in entry["said"])


def test_nothing_false_is_said_about_the_seen_half():
    names = {work.name for work in works("seen")}
    false = [
        (name, section)
        for name, sections in judged().items()
        for section, entry in sections.items()
        if name in names and entry["verdict"] == "false"
    ]
    assert false == []
