"""The solution, and the solution with variants in it: libraries of our own to compare with.

The table of what each variant costs is TABLE.md beside the assignment's misconceptions, written by
`python -m autograder.diagnosis`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from itertools import combinations, product

from autograder.assignment import Assignment
from autograder.assignment.variant import Patch, Unfit, Variant, variants_in
from autograder.hand_in.submission import Submission, read
from autograder.release.strip import Block, find_blocks, strip, stub


@cache
def variants(assignment: Assignment) -> tuple[Variant, ...]:
    """Every variant, in the order of the rubric and then as the modules list them.

    Raises:
        ValueError: two have one name, or the name of one begins with no section's id.
    """
    found: dict[str, Variant] = {}
    for variant in variants_in(assignment.package):
        section = assignment.section_of(variant.name)
        if section is None:
            raise ValueError(f"the name of {variant.name} begins with no section's id")
        if variant.name in found:
            raise ValueError(f"two variants are called {variant.name}")
        found[variant.name] = replace(variant, section=section)
    order = list(assignment.by_id)
    return tuple(sorted(found.values(), key=lambda variant: order.index(variant.section)))


def named(assignment: Assignment, name: str) -> Variant:
    """The variant of that name."""
    return _by_name(assignment)[name]


@cache
def _by_name(assignment: Assignment) -> Mapping[str, Variant]:
    return {variant.name: variant for variant in variants(assignment)}


@cache
def solution(assignment: Assignment) -> Submission:
    """The reference, as if somebody had handed it in.

    Its files are ours: unlike a stranger's they may have other names on the disk, which is all that
    somebody needs to do to them whom the reader distrusts.
    """
    cells = read(assignment, assignment.source).cells
    return Submission("solution", assignment.library_files(), cells)


def released(assignment: Assignment) -> Submission:
    """What students receive, as if somebody had handed it in untouched."""
    right = solution(assignment)
    files = {path: strip(text.decode(), path).encode() for path, text in right.files.items()}
    cells = {name: strip(text, assignment.notebook, name) for name, text in right.cells.items()}
    return Submission("untouched", files, cells)


def applied(
    assignment: Assignment, those: Iterable[Variant], base: Submission | None = None
) -> Submission:
    """The solution (or `base`) with all of these variants in it.

    Raises:
        Unfit: a text to be replaced is not there exactly once, as when two variants meet; or the
            later of two replaces all that the earlier one changed, and nothing whole is left of it.
    """
    base = base or solution(assignment)
    texts = {path: content.decode() for path, content in base.files.items()} | dict(base.cells)
    those = tuple(those)
    for earlier, later in combinations(those, 2):
        for one, other in product(earlier.patches, later.patches):
            if one.file == other.file and one.old in other.old:
                raise Unfit(f"{later.name} replaces what {earlier.name} changes")
    for variant in those:
        for patch in variant.patches:
            found = texts.get(patch.file, "").count(patch.old)
            if found != 1:
                what = f"{patch.file} holds {found} times, expected once: {patch.old}"
                raise Unfit(f"{variant.name} does not fit: {what}")
            texts[patch.file] = texts[patch.file].replace(patch.old, patch.new)
    return Submission(
        "+".join(variant.name for variant in those) or base.name,
        {path: texts[path].encode() for path in base.files},
        {cell: texts[cell] for cell in base.cells},
        base.errors,
    )


@lru_cache(maxsize=4096)
def goes_together(assignment: Assignment, those: tuple[Variant, ...]) -> bool:
    """Whether there is one solution with all of these in it."""
    try:
        applied(assignment, those)
    except Unfit:
        return False
    return True


@cache
def by_section(assignment: Assignment) -> Mapping[str, tuple[Variant, ...]]:
    """The variants of each section."""
    return {
        section: tuple(v for v in variants(assignment) if v.section == section)
        for section in assignment.by_id
    }


@cache
def unwritten(assignment: Assignment) -> tuple[Variant, ...]:
    """The solution with one block, or one answer of the notebook, left as students receive it."""
    blocks = _blocks(assignment)
    return tuple(rewritten(assignment, place, stub(place), "unwritten") for place in blocks)


def rewritten(assignment: Assignment, place: str, code: str, what: str) -> Variant:
    """The solution with other code in a block, in a variant whose name ends in `what` and where.

    Its section is that of the variants which change the block.

    Args:
        assignment: whose solution.
        place: the block's, as the released library names it ("fc.forward"), or a cell's grade id.
        code: statements, without an indent.
        what: a word for them.
    """
    file, block = _blocks(assignment)[place]
    begin = _text(assignment, file).index(block.source)
    end = begin + len(block.source)
    section = next(
        variant.section
        for variant in variants(assignment)
        for patch in variant.patches
        if patch.file == file and _overlap(_text(assignment, file), patch, begin, end)
    )
    code = textwrap.indent(code, block.region.indent)
    name = f"{section}_{what}_{place}"
    return Variant(name, file, block.source, code, section=section)


def _overlap(text: str, patch: Patch, begin: int, end: int) -> bool:
    """Whether a patch changes something between two places of a text."""
    at = text.index(patch.old)
    return at < end and begin < at + len(patch.old)


@cache
def mistakes(assignment: Assignment, section: str) -> tuple[Variant, ...]:
    """What is known to go wrong in a section: its misconceptions, and what is left unwritten."""
    every = (*variants(assignment), *unwritten(assignment))
    return tuple(v for v in every if v.section == section and not v.correct)


@cache
def _blocks(assignment: Assignment) -> Mapping[str, tuple[str, Block]]:
    """The blocks of the solution and of its notebook by place, and the files they are in."""
    patched = {patch.file for variant in variants(assignment) for patch in variant.patches}
    return {
        block.place: (file, block)
        for file in sorted(patched)
        for block in find_blocks(_text(assignment, file), file, file)
    }


def _text(assignment: Assignment, file: str) -> str:
    right = solution(assignment)
    return right.files[file].decode() if file in right.files else right.cells[file]
