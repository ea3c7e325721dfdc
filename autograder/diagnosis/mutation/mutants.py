"""All small changes of the code blocks that a section asks for."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise, product

from autograder.assignment import Assignment
from autograder.diagnosis.mutation.operators import OPERATORS
from autograder.diagnosis.mutation.source import Edit, Mutant, Source
from autograder.diagnosis.variants import blocks, by_section, section_of_block

NUMBERS = (0.9, 0.99, 0.999, 0.5, 0.1, 1e-2, 1e-3, 1e-4)
"""Numbers that students write in place of a hyperparameter, besides its default."""


@cache
def mutants(assignment: Assignment, section: str) -> tuple[Mutant, ...]:
    """All mutants of the code blocks that a section asks for."""
    sources = [
        Source(assignment, file, block)
        for place, (file, block) in blocks(assignment).items()
        if section_of_block(assignment, place) == section
    ]
    found: dict[tuple[Edit, ...], Mutant] = {}
    for source in sources:
        where = f" in {source.block.place}" if len(sources) > 1 and source.gives_names else ""
        nothing = _nothing(source)
        found[nothing.edits] = nothing
        for mutant in (*_of_block(source), *_of_other_forms(assignment, section, source)):
            found.setdefault(mutant.edits, replace(mutant, text=mutant.text + where))
    return tuple(found.values())


def _nothing(source: Source) -> Mutant:
    first, last = source.block.body[0], source.block.body[-1]
    edit = Edit(source.file, source.at(first)[0], source.at(last)[1], "pass")
    return Mutant(f"with nothing done in {source.block.place}", (edit,), as_part=False)


def _of_block(source: Source) -> Iterator[Mutant]:
    for node, where in _nodes(source, source.block.body):
        for operator in OPERATORS:
            for text, edit in operator(source, node):
                yield Mutant(text + where, (edit,))
    yield from _attributes(source)
    yield from _statements(source, source.block.body)


def _of_other_forms(assignment: Assignment, section: str, right: Source) -> Iterator[Mutant]:
    """Changes of other correct forms of a block, as far as they lie in what differs."""
    for form in by_section(assignment)[section]:
        if not form.correct or {patch.file for patch in form.patches} != {right.file}:
            continue
        source = right.changed(form)
        begin = source.text.index(form.new)
        for mutant in _of_block(source) if source.block.source != right.block.source else ():
            if all(begin <= e.begin and e.end <= begin + len(form.new) for e in mutant.edits):
                yield replace(mutant, edits=(right.whole(source.edited(mutant.edits)),))


def _nodes(source: Source, body: Sequence[ast.stmt]) -> Iterator[tuple[ast.AST, str]]:
    """Every node of some statements, with a phrase for the statement around it."""
    for statement in body:
        what = source.stores(statement)
        where = f", where {what} is set" if what else ""
        inner: set[ast.AST] = set()
        for branch in ("body", "orelse"):
            nested = getattr(statement, branch, [])
            yield from _nodes(source, nested)
            inner |= {node for each in nested for node in ast.walk(each)}
        yield from ((node, where) for node in ast.walk(statement) if node not in inner)


def _attributes(source: Source) -> Iterator[Mutant]:
    """A hyperparameter is replaced, in one place or everywhere."""
    places: dict[str, list[ast.Attribute]] = {}
    for statement in source.block.body:
        for node in source.hyperparameters(statement):
            places.setdefault(node.attr, []).append(node)
    for name, nodes in places.items():
        yield from _in_one_place(source, name, nodes, places)
        for number in dict.fromkeys((source.numbers[name], *NUMBERS)):
            if number is not None:
                edits = tuple(source.replace(node, repr(number)) for node in nodes)
                yield Mutant(f"with the number {number:g} in place of {name}", edits)
        for other in (other for other in places if other > name):
            edits = tuple(
                source.replace(node, f"self.{new}")
                for old, new in ((name, other), (other, name))
                for node in places[old]
            )
            yield Mutant(f"with {name} and {other} exchanged", edits)
            for one, two in product(nodes, places[other]):
                edits = source.replace(one, f"self.{other}"), source.replace(two, f"self.{name}")
                yield Mutant(f"with {name} and {other} exchanged in one place of each", edits)


def _in_one_place(
    source: Source, name: str, nodes: Sequence[ast.Attribute], others: Iterable[str]
) -> Iterator[Mutant]:
    """One use of a hyperparameter is replaced by another one, or by 1 minus either."""
    for node in nodes:
        text = f"with 1 - {name} in one place of {name}"
        yield Mutant(text, (source.replace(node, f"(1 - self.{name})"),))
        for other in others:
            if other != name:
                for text, code in (
                    (other, f"self.{other}"),
                    (f"1 - {other}", f"(1 - self.{other})"),
                ):
                    yield Mutant(
                        f"with {text} in one place of {name}", (source.replace(node, code),)
                    )


def _statements(source: Source, body: Sequence[ast.stmt]) -> Iterator[Mutant]:
    """A statement is left out, or two that follow each other are exchanged."""
    for statement in body:
        if (what := source.stores(statement)) and len(body) > 1:
            yield Mutant(f"without the line that sets {what}", (source.replace(statement, "pass"),))
        if isinstance(statement, ast.For):
            yield _nested(source, statement)
        for inner in ("body", "orelse"):
            yield from _statements(source, getattr(statement, inner, []))
    for one, two in pairwise(body):
        first, second = source.stores(one), source.stores(two)
        if first and second and first != second:
            edits = (
                source.replace(one, _moved(source, two, one)),
                source.replace(two, _moved(source, one, two)),
            )
            yield Mutant(f"with {first} set after {second}", edits)


def _nested(source: Source, loop: ast.For) -> Mutant:
    """The body of a loop runs once for each item, for each item."""
    begin, end = source.at(loop.body[0])[0], source.at(loop.body[-1])[1]
    body = source.text[begin:end].replace("\n", "\n    ")
    indent = " " * (loop.body[0].col_offset + 4)
    new = f"for _ in {source.source(loop.iter)}:\n{indent}{body}"
    what = source.words(loop.iter) or "the loop"
    text = f"with everything done again for each item of {what}, for every one of them"
    return Mutant(text, (Edit(source.file, begin, end, new),))


def _moved(source: Source, statement: ast.stmt, to: ast.stmt) -> str:
    """A statement's text with the indentation of another place."""
    shift = " " * to.col_offset
    own = " " * statement.col_offset
    first, *rest = source.source(statement).split("\n")
    return "\n".join([first, *(shift + line.removeprefix(own) for line in rest)])
