"""Which code has the same fingerprints, and what counts at all."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

import pytest
from made_class import Written

from autograder.diagnosis.variants import blocks, released, solution
from autograder.hand_in.submission import Submission
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.similar import fingerprints
from autograder.similar.fingerprints import COMMENTS, prints_of
from autograder.similar.parts import ELSEWHERE, parts_of
from autograder.similar.released import release_of
from autograder.similar.statements import Followed

GIVEN = frozenset({"feat", "dprev", "output", "self", "np", "label", "layer"})
SAME = {
    "names": ("s = feat - 3\noutput = s * s", "total = feat - 3\noutput = total * total"),
    "split": ("output = (feat + 3) * dprev", "a = feat + 3\noutput = a * dprev"),
    "order of operands": ("output = 3 + feat * dprev", "output = dprev * feat + 3"),
    "order of statements": (
        "a = feat + 3\nb = dprev * 4\noutput = a / b",
        "b = dprev * 4\na = feat + 3\noutput = a / b",
    ),
    "operators": ("output = np.dot(feat, dprev)", "output = feat @ dprev"),
    "methods": ("output = np.sum(feat, axis=0)", "output = feat.sum(axis=0)"),
    "comparison": ("output = feat > 3", "output = 3 < feat"),
    "a choice": (
        "output = np.where(feat < 0, 3 * feat, feat)",
        "output = np.where(feat >= 0, feat, feat * 3)",
    ),
    "a branch": (
        "if label:\n    output = feat + 3\nelse:\n    output = feat",
        "output = feat + 3 if label else feat",
    ),
    "in place": ("output = feat + 3\noutput *= 4", "output = (feat + 3) * 4"),
    "a function that returns two": (
        "both = feat + 3\noutput, label = both * 4, both / 5",
        "def f(a):\n    b = a + 3\n    return b * 4, b / 5\noutput, label = f(feat)",
    ),
    "a function that assigns in one branch": (
        "if label:\n    output = feat + 3",
        "def f(label, output):\n    if label:\n        output = feat + 3\n    return output\n"
        "output = f(label, output)",
    ),
    "a result that is assigned in steps": (
        "a = feat + 3\noutput = a * 4",
        "output = feat + 3\noutput = output * 4",
    ),
    "rows in an array": ("output = feat @ dprev", "output = np.array([r @ dprev for r in feat])"),
    "rows in a stack": ("output = feat * 3", "output = np.vstack([r * 3 for r in feat])"),
    "keywords": ("output = layer(15, scale=3)", "output = layer(15, 3)"),
}
"""Pairs of texts. All fingerprints of the shorter are among those of the longer."""
DIFFERENT = {
    "a constant": ("output = feat * 3", "output = feat * 4"),
    "an operator": ("output = feat * dprev", "output = feat + dprev"),
    "an order that matters": ("output = feat @ dprev", "output = dprev @ feat"),
    "a sign": ("output = feat - dprev", "output = dprev - feat"),
    "a name that was given": ("output = feat * 3", "output = dprev * 3"),
    "a boundary": ("output = feat > 3", "output = feat >= 3"),
}  # fmt: skip


def followed(code: str) -> set[int]:
    following = Followed(GIVEN, {}, GIVEN)
    following.follow(ast.parse(textwrap.dedent(code)).body, 0)
    following.finished()
    return set(following.found)


@pytest.mark.parametrize("name", SAME)
def test_what_means_the_same_has_the_same_fingerprints(name):
    one, other = sorted(map(followed, SAME[name]), key=len)
    assert one
    assert one <= other


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_means_something_else_has_other_fingerprints(name):
    one, other = map(followed, DIFFERENT[name])
    assert one - other
    assert other - one


def test_a_name_that_only_other_functions_have_leaves_no_trace():
    """`w` is a word of the release, but in `fc.forward` it is the student's own."""
    assert "w" in release_of(P1).words
    code = "{0} = self.params[self.w_name]\noutput = feat @ {0}"
    written = [Written(n, {"fc.forward": code.format(n)}) for n in ("w", "my_weights")]
    one, other = (prints_of(P1, each.submission()).by_place["fc.forward"] for each in written)
    assert one.tolist() == other.tolist()


def test_a_loop_over_rows_shares_the_formula_of_the_whole():
    whole = followed("output = feat * dprev + 3")
    loop = followed(
        "output = np.zeros(len(feat))\nfor i in range(len(feat)):\n"
        "    output[i] = dprev[i] * feat[i] + 3"
    )
    assert whole <= loop


def test_dead_code_only_adds_fingerprints():
    code = "output = feat * dprev + 3"
    assert followed(code) <= followed(f"unused = [7]\n{code}\nif False:\n    print(1)")


def test_a_function_is_followed_into_where_it_is_called():
    inline = followed("output = feat * dprev + 3")
    called = followed("def f(x, y):\n    return y * x + 3\noutput = f(dprev, feat)")
    assert inline <= called


def test_fingerprints_are_the_same_in_every_process():
    """Workers find them, so they must not depend on Python's hash of a text."""
    assert 11845104108645340616 in followed("output = feat * 3")


def test_the_release_itself_has_no_parts():
    assert parts_of(released(P1), release_of(P1)) == []
    assert prints_of(P1, released(P1)).by_place == {}


def test_every_block_of_the_solution_is_found_and_nothing_else():
    found = parts_of(solution(P1), release_of(P1))
    assert {part.place for part in found} == set(blocks(P1))
    assert all(part.body is not None for part in found)


def test_a_changed_line_of_given_code_counts_for_its_function():
    files = dict(released(P1).files)
    old = b"        self.rng = np.random.RandomState(seed)\n        self.kept"
    path = "lib/mlp/layer_utils.py"
    assert files[path].count(old) == 1
    files[path] = files[path].replace(old, old.replace(b"(seed)", b"(seed or 4711)"))
    found = parts_of(Submission("s", files, {}), release_of(P1))
    assert [part.text for part in found] == ["self.rng = np.random.RandomState(seed or 4711)"]
    assert prints_of(P1, Submission("s", files, {})).by_place[ELSEWHERE].size


def test_layout_and_line_ends_do_not_count():
    one = solution(P1)
    windows = {path: text.replace(b"\n", b"\r\n") for path, text in one.files.items()}
    black = {path: text.replace(b" = ", b"  =  ") for path, text in one.files.items()}
    expected = prints_of(P1, one).by_place
    for files in (windows, black):
        found = prints_of(P1, replace(one, files=files)).by_place
        assert found.keys() == expected.keys()
        assert all((found[place] == expected[place]).all() for place in expected)


def test_comments_count_in_a_place_of_their_own():
    one = solution(P1)
    text = one.files["lib/optim.py"]
    commented = text.replace(b"### BEGIN SOLUTION", b"### BEGIN SOLUTION\n# as in Ada's book", 1)
    found = prints_of(P1, replace(one, files={**one.files, "lib/optim.py": commented})).by_place
    expected = prints_of(P1, one).by_place
    assert len(found[COMMENTS]) == len(expected[COMMENTS]) + 1
    assert all((found[place] == expected[place]).all() for place in expected if place != COMMENTS)


def test_the_fingerprints_of_one_block_are_bounded(monkeypatch):
    monkeypatch.setattr(fingerprints, "MOST", 50)
    one = solution(P1)
    assert max(map(len, prints_of(P1, one).by_place.values())) == 50
