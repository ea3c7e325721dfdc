"""The parts of a submission -> fingerprints by block: numbers that stand for what is in it.

Libraries for fingerprints of code, such as copydetect, winnow a stream of tokens. What they compare
is text in the same order, and a disguise changes exactly that: in made classes of 200, it ranks
hardly any disguised copy among the first twelve pairs (`benchmarks/similar.py` has both in one
table). Its hashes are Python's own, which differ between processes. So the fingerprints are taken
from the values that the code computes (see `values`), and only code that does not parse is compared
by its tokens. What works have in common is counted by scipy's sparse matrices (see `rarity`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.assignment import Assignment
from autograder.hand_in.submission import Submission
from autograder.similar.expressions import BUILTINS, Exhausted, Function, Lines
from autograder.similar.parts import ELSEWHERE, Part, answers_of, parts_of
from autograder.similar.released import WORD, Released, comments_in, release_of
from autograder.similar.statements import Followed, functions_in
from autograder.similar.values import hashed

COMMENTS = "comments"
"""The place of all comments of a submission."""
TOKEN = re.compile(r"[^\W\d]\w*|\d[\w.]*|\"[^\"\n]*\"|'[^'\n]*'|#[^\n]*|[^\w\s]")
TOKENS_TOGETHER, WORDS_TOGETHER = 5, 4
MOST = 20_000
"""Fingerprints of one block."""


@dataclass(frozen=True)
class Prints:
    """The fingerprints of a submission.

    Attributes:
        by_place: for each block that was written, its distinct fingerprints, sorted.
    """

    by_place: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Traced:
    """A submission's texts, and where in them each fingerprint is from.

    Attributes:
        texts: (source, text), such as ("lib/optim.py", "v = ...").
        lines: by place, see `expressions.Lines`.
    """

    texts: Sequence[tuple[str, str]]
    lines: Mapping[str, Lines]


def prints_of(assignment: Assignment, submission: Submission) -> Prints:
    """The fingerprints of what the student wrote."""
    traced = traced_in(assignment, submission)
    return Prints(
        {
            place: np.array(sorted(lines)[:MOST], dtype=np.uint64)
            for place, lines in traced.lines.items()
            if lines
        }
    )


def traced_in(assignment: Assignment, submission: Submission) -> Traced:
    """The fingerprints with their lines, for showing them."""
    release = release_of(assignment)
    parts = parts_of(submission, release)
    found: dict[str, Lines] = defaultdict(lambda: defaultdict(set))
    texts = [(part.source, part.text) for part in parts]
    _follow(parts, release, found)
    for number, part in enumerate(parts):
        for comment, line in comments_in(part.text):
            if comment not in release.comments:
                found[COMMENTS][hashed("comment", comment)].add((number, line))
    for question, answer in answers_of(submission, release):
        texts.append((question, answer))
        for shingle, line in _shingles(answer):
            found[question][shingle].add((len(texts) - 1, line))
    plain = {place: {each: set(at) for each, at in lines.items()} for place, lines in found.items()}
    return Traced(texts, plain)


def _follow(parts: Sequence[Part], release: Released, found: dict[str, Lines]) -> None:
    functions: dict[str, Function] = {}
    for number, part in enumerate(parts):
        if part.place == ELSEWHERE:
            functions |= dict(functions_in(part.body or (), number))
    by_place: dict[str, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        by_place[part.place].append(number)
    called: set[str] = set()
    results = {place.name: place.results for place in release.places}
    for place, numbers in by_place.items():
        following = Followed(release.words | BUILTINS, functions, results.get(place, frozenset()))
        for number in numbers:
            body = parts[number].body
            if body is not None and place == ELSEWHERE:
                body = [node for node in body if getattr(node, "name", None) not in called]
            try:
                if body is None:
                    raise Exhausted  # compared by its tokens
                following.follow(body, number)
            except (Exhausted, RecursionError):
                for token, line in _tokens(parts[number].text, release):
                    following.found[token].add((number, line))
        following.finished()
        called |= following.called
        found[place] = following.found


def _tokens(text: str, release: Released) -> Iterator[tuple[int, int]]:
    """Sequences of tokens, with own names replaced, and the lines where they begin."""
    known = release.words | BUILTINS
    tokens = []
    for line, content in enumerate(text.split("\n"), 1):
        for token in TOKEN.findall(content):
            if not token.startswith("#"):
                is_own = token.isidentifier() and token not in known
                tokens.append(("some variable" if is_own else token, line))
    for at in range(len(tokens) - TOKENS_TOGETHER + 1):
        together = tokens[at : at + TOKENS_TOGETHER]
        yield hashed("tokens", *(token for token, _ in together)), together[0][1]


def _shingles(answer: str) -> Iterator[tuple[int, int]]:
    """Sequences of words, and the lines where they begin."""
    words = [
        (word, line)
        for line, content in enumerate(answer.split("\n"), 1)
        for word in WORD.findall(content.lower())
    ]
    for at in range(len(words) - WORDS_TOGETHER + 1):
        together = words[at : at + WORDS_TOGETHER]
        yield hashed("words", *(word for word, _ in together)), together[0][1]
