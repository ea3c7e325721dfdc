"""A copy is found however it is disguised, and two who wrote the obvious are no pair."""

from __future__ import annotations

import ast
import random
from dataclasses import replace

import pytest
from disguises import DISGUISES, commented, moved, parsed
from made_class import Written, copy_of, given, known, ways

from autograder.diagnosis.variants import blocks
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.similar.calibration import LEAST_PAIRS

SURE = 0.01
"""The tail of a class of forty is known from few pairs, so it is wide."""


def code_of(text: str) -> str:
    tree = parsed(text)
    return text if tree is None else ast.unparse(tree)


def first_pair(comparison):
    pair = comparison.pairs[0]
    return {pair.a.name, pair.b.name}, pair.unlikely


def disguised(original, way):
    """The code in a disguise, and how many blocks it changes."""
    rng = random.Random(way)
    plain = {place: code_of(text) for place, text in original.code.items()}
    code = {place: DISGUISES[way](text, given(place), rng) for place, text in plain.items()}
    return code, sum(code[place] != plain[place] for place in code)


@pytest.mark.parametrize("way", DISGUISES)
def test_a_copy_is_the_most_alike_in_each_disguise(way, strangers, among_strangers):
    original = max(strangers[:12], key=lambda each: disguised(each, way)[1])
    code, changed = disguised(original, way)
    assert changed >= 5, "the disguise changes too little to show anything"
    pair, unlikely = first_pair(among_strangers(Written("copy", code).submission()))
    assert pair == {original.name, "copy"}
    assert unlikely < SURE


def test_a_copy_with_translated_comments_is_the_most_alike(strangers, among_strangers):
    original = strangers[8]
    english, german = (
        {p: commented(code_of(t), language, random.Random(p)) for p, t in original.code.items()}
        for language in ("English", "German")
    )
    assert english != german
    two = Written("english", english), Written("german", german)
    submissions = [each.submission() for each in two]
    pair, unlikely = first_pair(among_strangers(*submissions, without=original.name))
    assert pair == {"english", "german"}
    assert unlikely < SURE


def test_code_moved_to_another_file_or_cell_is_found(strangers, among_strangers):
    original = strangers[9]
    code, functions, cells = dict(original.code), ["import numpy as np\n"], []
    for number, (place, text) in enumerate(original.code.items()):
        found = moved(code_of(text), given(place), known(place), f"part_{number}")
        if found is None:
            continue
        call, function = found
        if place in P1.answers:
            cells.append(function)
            code[place] = call
        else:
            functions.append(function)
            code[place] = f"from lib.more import part_{number}\n{call}"
    assert len(functions) > 12
    assert cells
    copy = Written("copy", code, {"lib/more.py": "\n".join(functions)}, cells)
    pair, unlikely = first_pair(among_strangers(copy.submission()))
    assert pair == {original.name, "copy"}
    assert unlikely < SURE


def test_a_copy_without_any_banner_is_found(strangers, among_strangers):
    original = strangers[10].submission()
    files = {
        path: b"\n".join(line for line in text.split(b"\n") if not line.strip().startswith(b"#"))
        for path, text in original.files.items()
    }
    copy = replace(original, name="copy", files=files)
    pair, unlikely = first_pair(among_strangers(copy))
    assert pair == {original.name, "copy"}
    assert unlikely < SURE


def test_a_copy_with_a_syntax_error_in_every_file_is_found(strangers, among_strangers):
    original = strangers[11].submission()
    files = {path: text + b"\nif (:\n" for path, text in original.files.items()}
    pair, unlikely = first_pair(among_strangers(replace(original, name="copy", files=files)))
    assert pair == {original.name, "copy"}
    assert unlikely < SURE


def test_a_copied_block_that_does_not_parse_is_found_by_its_tokens(strangers, among_strangers):
    broken = {p: f"{code_of(t)}\nif (:" for p, t in strangers[12].code.items()}
    one, other = Written("one", broken), Written("other", broken)
    pair, unlikely = first_pair(among_strangers(one.submission(), other.submission()))
    assert pair == {"one", "other"}
    assert unlikely < SURE


def test_two_who_wrote_the_obvious_line_everywhere_are_no_pair(strangers, among_strangers):
    """The solution's text is what most write: it is the first of the ways."""
    obvious = {place: each[0] for place, each in ways().items()}
    two = [Written(name, obvious).submission() for name in ("one", "other")]
    comparison = among_strangers(*two)
    assert comparison.compared > LEAST_PAIRS
    for pair in comparison.pairs:
        if {pair.a.name, pair.b.name} == {"one", "other"}:
            assert not pair.stands_out
            assert pair.likeness < 0.5


def test_two_who_share_one_rare_block_do_not_stand_out(strangers, among_strangers):
    shared = strangers[13].code["Adam.update"]
    copy = Written("copy", {**strangers[14].code, "Adam.update": shared})
    pairs = among_strangers(copy.submission()).pairs
    found = [p for p in pairs if {p.a.name, p.b.name} == {strangers[13].name, "copy"}]
    assert not any(pair.stands_out for pair in found)


def test_every_disguised_block_parses_if_the_original_does(strangers):
    rng = random.Random(3)
    for original in strangers[:5]:
        copy = copy_of(original, "copy", rng)
        for place, text in original.code.items():
            assert parsed(text) is None or parsed(copy.code[place]) is not None, place


def test_the_disguises_change_most_blocks_of_a_copy(strangers):
    copy = copy_of(strangers[0], "copy", random.Random(4))
    same = [p for p, t in strangers[0].code.items() if code_of(t) == code_of(copy.code[p])]
    assert len(same) < len(blocks(P1)) / 2
