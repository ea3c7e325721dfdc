"""Variants of the solution: small named patches, each something that students do.

A variant names a misconception (its hint says what was done and where to look), tests the hidden
suites (it must lose points in its own section) and lets a section be judged beside the same mistake
made elsewhere, so that it is paid for once. A module a subject, with the stem of its probes:

    Variant(
        "fc_backward_keeps_every_example_s_bias_gradient",
        file=LAYERS,
        old="dprev.sum(axis=0)",
        new="dprev",
        hint="...",
    )

The table of what each costs is TABLE.md, written by `python -m autograder.diagnosis`.
"""

from __future__ import annotations

import importlib
import pkgutil
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, product

from autograder import checkout
from autograder.hand_in.submission import Submission, read
from autograder.problem_1.rubric import BY_ID
from autograder.release.strip import Block, find_blocks, stub

LAYERS = "lib/mlp/layer_utils.py"
NETWORKS = "lib/mlp/fully_conn.py"
TRAINING = "lib/mlp/train.py"
OPTIMIZERS = "lib/optim.py"

LAYER_NETWORKS = ("cascade", "small_network", "dropout_network", "train_tiny_net")
SHOWS_IN = {
    "fc_forward": ("fc_backward", *LAYER_NETWORKS),
    "fc_backward": LAYER_NETWORKS,
    "leaky_relu_forward": ("leaky_relu_backward", *LAYER_NETWORKS),
    "leaky_relu_backward": LAYER_NETWORKS,
    "dropout_forward": ("dropout_backward", "dropout_network"),
    "dropout_backward": ("dropout_network",),
}
"""The later sections that run the code of a section, and so may show its mistakes."""


def made_of(section: str) -> tuple[str, ...]:
    """A section and the earlier ones whose code it runs."""
    return (*(earlier for earlier, later in SHOWS_IN.items() if section in later), section)


@dataclass(frozen=True)
class Patch:
    """A text in a file of the library, or in a notebook cell called by its grade id, replaced."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Variant:
    """The solution, with one thing done otherwise.

    Attributes:
        name: begins with the id of the section in which it loses points.
        file: of the library, or the grade id of a notebook cell.
        old: text that stands there exactly once ...
        new: ... and what stands there instead.
        hint: for the student: what was done and where to look, without the answer.
        further: more patches, where one place is not enough.
        correct: a right way of doing it that has other numbers. It loses nothing and has no hint,
            and lets a mistake be recognised in work that is done this way.
    """

    name: str
    file: str
    old: str
    new: str
    hint: str = ""
    further: tuple[Patch, ...] = ()
    correct: bool = False

    @property
    def section(self) -> str:
        """The id of its section: the longest that the name begins with.

        Raises:
            ValueError: there is no such section.
        """
        sections = [s for s in BY_ID if self.name.startswith(s + "_")]
        if not sections:
            raise ValueError(f"the name of {self.name} begins with no section's id")
        return max(sections, key=len)

    @property
    def patches(self) -> tuple[Patch, ...]:
        return (Patch(self.file, self.old, self.new), *self.further)


class Unfit(ValueError):  # noqa: N818 - two variants that do not go together are no error
    """A patch does not fit: its text is not there, or not once."""


@cache
def variants() -> tuple[Variant, ...]:
    """Every variant, in the order of the rubric and then as the modules list them."""
    found: dict[str, Variant] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        for variant in getattr(
            importlib.import_module(f"{__name__}.{module.name}"), "VARIANTS", ()
        ):
            if variant.name in found:
                raise ValueError(f"two variants are called {variant.name}")
            found[variant.name] = variant
    order = list(BY_ID)
    return tuple(sorted(found.values(), key=lambda variant: order.index(variant.section)))


def named(name: str) -> Variant:
    """The variant of that name."""
    return {variant.name: variant for variant in variants()}[name]


@lru_cache(maxsize=1)
def solution() -> Submission:
    """The reference, as if somebody had handed it in.

    Its files are ours: unlike a stranger's they may have other names on the disk, which is all that
    somebody needs to do to them whom the reader distrusts.
    """
    files = {
        path.relative_to(checkout.LIBRARY).as_posix(): path.read_bytes()
        for path in sorted((checkout.LIBRARY / "lib").rglob("*.py"))
    }
    return Submission("solution", files, read(checkout.SOURCE).cells)


def applied(those: Iterable[Variant], base: Submission | None = None) -> Submission:
    """The solution (or `base`) with all of these variants in it.

    Raises:
        Unfit: a text to be replaced is not there exactly once, as when two variants meet; or the
            later of two replaces all that the earlier one changed, and nothing whole is left of it.
    """
    base = base or solution()
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


@cache
def by_section() -> Mapping[str, tuple[Variant, ...]]:
    """The variants of each section."""
    return {s: tuple(v for v in variants() if v.section == s) for s in BY_ID}


@cache
def unwritten() -> tuple[Variant, ...]:
    """The solution with one block, or one answer of the notebook, left as students receive it."""
    return tuple(rewritten(place, stub(place), "unwritten") for place in _blocks())


def rewritten(place: str, code: str, what: str) -> Variant:
    """The solution with other code in a block, in a variant whose name ends in `what` and where.

    Its section is that of the variants which change the block.

    Args:
        place: the block's, as the released library names it ("fc.forward"), or a cell's grade id.
        code: statements, without an indent.
        what: a word for them.
    """
    file, block = _blocks()[place]
    section = next(v.section for v in variants() if any(_is_in(block, file, p) for p in v.patches))
    code = textwrap.indent(code, block.region.indent)
    return Variant(f"{section}_{what}_{place}", file, block.source, code)


@cache
def mistakes(section: str) -> tuple[Variant, ...]:
    """What is known to go wrong in a section: its misconceptions, and what is left unwritten."""
    every = (*variants(), *unwritten())
    return tuple(v for v in every if v.section == section and not v.correct)


@cache
def _blocks() -> Mapping[str, tuple[str, Block]]:
    """The blocks of the solution and of its notebook by place, and the files they are in."""
    patched = {patch.file for variant in variants() for patch in variant.patches}
    return {
        block.place: (file, block)
        for file in sorted(patched)
        for block in find_blocks(_text(file), file, file)
    }


def _is_in(block: Block, file: str, patch: Patch) -> bool:
    """Whether a patch changes something in a block of a file."""
    if patch.file != file:
        return False
    begin, at = _text(file).index(block.source), _text(file).index(patch.old)
    return at < begin + len(block.source) and begin < at + len(patch.old)


def _text(file: str) -> str:
    right = solution()
    return right.files[file].decode() if file in right.files else right.cells[file]
