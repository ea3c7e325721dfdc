"""The solution with and without variants: trusted libraries to compare students' work with.

`python -m autograder.diagnosis` writes what each variant costs to TABLE.md in the assignment's
folder of misconceptions.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from itertools import combinations, product

from autograder.assignment import Assignment
from autograder.assignment.stub import stub
from autograder.assignment.variant import Patch, PatchDoesNotApply, Variant, variants_in
from autograder.hand_in.submission import Submission, read
from autograder.release.strip import Block, find_blocks, strip


@cache
def variants(assignment: Assignment) -> tuple[Variant, ...]:
    """All variants, in rubric order and then in the order of their modules.

    Raises:
        ValueError: two variants have the same name, or a name begins with no section's id.
    """
    by_name: dict[str, Variant] = {}
    for variant in variants_in(assignment.package):
        section = assignment.section_of(variant.name)
        if section is None:
            raise ValueError(f"the name of {variant.name} begins with no section's id")
        if variant.name in by_name:
            raise ValueError(f"two variants are named {variant.name}")
        by_name[variant.name] = replace(variant, section=section)
    order = list(assignment.by_id)
    return tuple(sorted(by_name.values(), key=lambda variant: order.index(variant.section)))


def named(assignment: Assignment, name: str) -> Variant:
    """The variant with this name."""
    return _by_name(assignment)[name]


@cache
def _by_name(assignment: Assignment) -> Mapping[str, Variant]:
    return {variant.name: variant for variant in variants(assignment)}


@cache
def solution(assignment: Assignment) -> Submission:
    """The solution as a submission.

    The library is not read with `submission.read`, which rejects hard links. These files are
    trusted, so they may have several links.
    """
    cells = read(assignment, assignment.source).cells
    return Submission("solution", assignment.library_files(), cells)


def released(assignment: Assignment) -> Submission:
    """The release as a submission: what an unchanged hand-in contains."""
    solved = solution(assignment)
    files = {path: strip(text.decode(), path).encode() for path, text in solved.files.items()}
    cells = {name: strip(text, assignment.notebook, name) for name, text in solved.cells.items()}
    return Submission("untouched", files, cells)


def applied(
    assignment: Assignment, combination: Iterable[Variant], base: Submission | None = None
) -> Submission:
    """The solution (or `base`) with all of these variants applied, in this order.

    Raises:
        PatchDoesNotApply: the text to replace does not occur exactly once, for example because two
            variants overlap, or a later variant would replace everything that an earlier one
            changes.
    """
    base = base or solution(assignment)
    texts = {path: content.decode() for path, content in base.files.items()} | dict(base.cells)
    combination = tuple(combination)
    for earlier, later in combinations(combination, 2):
        for one, other in product(earlier.patches, later.patches):
            if one.file == other.file and one.old in other.old:
                raise PatchDoesNotApply(f"{later.name} replaces what {earlier.name} changes")
    for variant in combination:
        for patch in variant.patches:
            count = texts.get(patch.file, "").count(patch.old)
            if count != 1:
                reason = f"{patch.file} contains this {count} times instead of once: {patch.old}"
                raise PatchDoesNotApply(f"{variant.name} does not fit: {reason}")
            texts[patch.file] = texts[patch.file].replace(patch.old, patch.new)
    return Submission(
        "+".join(variant.name for variant in combination) or base.name,
        {path: texts[path].encode() for path in base.files},
        {cell: texts[cell] for cell in base.cells},
        base.errors,
    )


@lru_cache(maxsize=4096)
def compatible(assignment: Assignment, combination: tuple[Variant, ...]) -> bool:
    """Whether these variants are compatible, so that all can be applied to the solution."""
    try:
        applied(assignment, combination)
    except PatchDoesNotApply:
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
    """Variants in which one code block or one notebook answer is left as released, unanswered."""
    places = blocks(assignment)
    return tuple(rewritten(assignment, place, stub(place), "unwritten") for place in places)


def rewritten(assignment: Assignment, place: str, code: str, what: str) -> Variant:
    """A variant that replaces the code of one block of the solution.

    Its section is that of the variants that change the same block.

    Args:
        assignment: the assignment.
        place: the block's name in the released library ("fc.forward"), or a cell's grade id.
        code: statements without indentation.
        what: a word that describes the code; the variant's name ends in `what` and `place`.
    """
    file, block = blocks(assignment)[place]
    section = section_of_block(assignment, place)
    code = textwrap.indent(code, block.region.indent)
    name = f"{section}_{what}_{place}"
    return Variant(name, file, block.source, code, section=section)


@cache
def section_of_block(assignment: Assignment, place: str) -> str:
    """The section that asks for a block: that of the variants that change it."""
    file, block = blocks(assignment)[place]
    text = text_of(solution(assignment), file)
    begin = text.index(block.source)
    return next(
        variant.section
        for variant in variants(assignment)
        for patch in variant.patches
        if patch.file == file and _overlap(text, patch, begin, begin + len(block.source))
    )


def _overlap(text: str, patch: Patch, begin: int, end: int) -> bool:
    """Whether a patch changes text between the offsets `begin` and `end`."""
    at = text.index(patch.old)
    return at < end and begin < at + len(patch.old)


@cache
def mistakes(assignment: Assignment, section: str) -> tuple[Variant, ...]:
    """The known mistakes of a section: its misconceptions and unwritten blocks."""
    candidates = (*variants(assignment), *unwritten(assignment))
    return tuple(v for v in candidates if v.section == section and not v.correct)


@cache
def blocks(assignment: Assignment) -> Mapping[str, tuple[str, Block]]:
    """The code blocks of the solution and its notebook, with their files, by place."""
    patched = {patch.file for variant in variants(assignment) for patch in variant.patches}
    return {
        block.place: (file, block)
        for file in sorted(patched)
        for block in find_blocks(text_of(solution(assignment), file), file, file)
    }


def text_of(submission: Submission, file: str) -> str:
    """The text of a library file, or of the cell with this grade id."""
    files = submission.files
    return files[file].decode() if file in files else submission.cells[file]
