"""What the page says about a pair: the lines that share what is rare, and the points lost."""

from __future__ import annotations

import random

from fingerprinted import prints, work
from made_class import Written

from autograder.grading.result import Grade, Hint, SectionGrade, Test
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.similar.comparison import compared
from autograder.similar.evidence import blocks_of, lost_by_both
from autograder.similar.fingerprints import traced_in
from autograder.similar.parts import ELSEWHERE

RARE = (
    "odd = np.hypot(layer.lr_of_mine, 1729)\nfor n in layer.params:\n    layer.params[n] -= odd\n"
)


def test_the_lines_that_share_what_is_rare_are_marked(strangers, of_strangers):
    place = "SGDM.update"
    code = [{**strangers[n].code, place: f"{RARE}print({n})"} for n in (1, 2)]
    two = [Written(name, each).submission() for name, each in zip("ab", code, strict=True)]
    comparison = compared({**of_strangers, **prints(*two)})
    (pair,) = [p for p in comparison.pairs if {p.a.name, p.b.name} == {"a", "b"}]
    texts = {each.name: traced_in(P1, each) for each in two}
    blocks = {block.place: block for block in blocks_of(comparison, pair, texts)}
    (left,) = blocks[place].left
    marks = {line.text: line.mark for line in left.lines}
    assert marks["odd = np.hypot(layer.lr_of_mine, 1729)"] == "rare"
    assert marks["    layer.params[n] -= odd"] == "rare"
    assert marks["print(1)"] == ""
    assert blocks[place].one_in > 50


def test_what_two_share_outside_of_the_blocks_counts(strangers, of_strangers):
    own = {"lib/own.py": RARE + "class Mine:\n    def more(self):\n        return self.x // 77\n"}
    two = [Written(n, strangers[at].code, own).submission() for n, at in (("a", 1), ("b", 2))]
    comparison = compared({**of_strangers, **prints(*two)})
    (pair,) = [p for p in comparison.pairs if {p.a.name, p.b.name} == {"a", "b"}]
    texts = {each.name: traced_in(P1, each) for each in two}
    blocks = {block.place: block for block in blocks_of(comparison, pair, texts)}
    assert {excerpt.source for excerpt in blocks[ELSEWHERE].left} == {"lib/own.py"}
    assert not pair.stands_out, "one block of many is no sign"


def test_a_work_that_cannot_be_read_again_has_no_blocks(strangers, of_strangers):
    comparison = compared(of_strangers)
    assert blocks_of(comparison, comparison.pairs[0], {}) is None


def test_works_that_were_not_compared_stay_out(of_strangers):
    references = {work(f"old/{w.name}", True): p for w, p in list(of_strangers.items())[:5]}
    comparison = compared({**of_strangers, **references})
    assert comparison.students == len(of_strangers)
    assert not any(pair.a.is_reference for pair in comparison.pairs)
    assert {pair.b.name for pair in comparison.pairs[:5]} == {w.name for w in references}


def test_a_small_class_is_compared_by_its_pairs_with_references(of_strangers):
    every = list(of_strangers.items())
    students, others = dict(every[:3]), every[3:]
    assert compared(students).tail is None
    assert all(pair.unlikely == 1 for pair in compared(students).pairs)
    references = {work(f"old/{w.name}", True): prints for w, prints in others}
    copied = {work("old/copied", True): every[0][1]}
    comparison = compared({**students, **references, **copied})
    first = comparison.pairs[0]
    assert (first.a, first.b.name) == (every[0][0], "old/copied")
    assert first.stands_out


def test_the_order_of_the_works_changes_nothing(of_strangers):
    shuffled = list(of_strangers.items())
    random.Random(1).shuffle(shuffled)
    assert compared(dict(shuffled)).pairs == compared(of_strangers).pairs


def grade(score: float, failed: str, hint: str) -> Grade:
    tests = tuple(Test(f"one_{name}", name != failed, "") for name in ("values", "shape"))
    sections = (
        SectionGrade("one", "The first", score, 2, tests, (Hint(hint, f"about {hint}"),)),
        SectionGrade("two", "The second", 1, 1, ()),
    )
    return Grade(1, "s", "a", score, 3, 0, "", "off", None, {}, "", 0, sections, ())


def test_what_both_lost_points_for_is_told():
    one, other = grade(1, "values", "sign"), grade(0, "values", "sign")
    (lost,) = lost_by_both(one, other)
    assert (lost.title, lost.checks, lost.hints) == ("The first", ("values",), ("about sign",))
    (different,) = lost_by_both(one, grade(1, "shape", "size"))
    assert (different.checks, different.hints) == ((), ())
    assert lost_by_both(one, grade(2, "", "")) == ()
    assert lost_by_both(one, None) == ()
