"""Finds what a change of the assignment left behind.

That is the name of a section, probe, check or misconception that no longer exists, or a number of
points that contradicts the rubric. Everything is read from the sources, so that each finding has a
file and a line, and is reported before the names are used. `texts_left` covers the texts that
students read.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.assignment import Assignment
from autograder.assignment.variant import Variant, variants_in
from autograder.judgement.suites import Check, declared
from autograder.release import texts_left
from autograder.release.finding import Finding
from autograder.release.sources import Cell, cells, left_behind, place_of, strings
from autograder.release.strip import find_blocks

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+){2,}")
"""Three words or more. Probes, checks and misconceptions have such names, and little else has."""
ROW = re.compile(r"\| (\w+_\w+) \|")
UPDATE = "run `python -m autograder.diagnosis` to update it"


def find(assignment: Assignment) -> list[Finding]:
    """Everything that was left behind."""
    names = _Names(assignment)
    parts = (
        _in_declarations,
        _in_probes,
        _in_checks,
        _in_misconceptions,
        _in_blocks,
        _in_data,
        _in_words,
        _in_benchmarks,
        _in_cost_table,
        _in_hidden_table,
    )
    findings = [finding for part in parts for finding in part(names)]
    return findings + list(texts_left.find(assignment, names.cells))


@dataclass(frozen=True)
class _Names:
    """Everything in an assignment that has a name."""

    assignment: Assignment

    @cached_property
    def cells(self) -> list[Cell]:
        return cells(self.assignment)

    @cached_property
    def library(self) -> dict[str, str]:
        files = self.assignment.library_files()
        return {path: content.decode() for path, content in files.items()}

    @cached_property
    def misconceptions(self) -> dict[str, Variant]:
        return {variant.name: variant for variant in variants_in(self.assignment.package)}

    @cached_property
    def checks(self) -> dict[str, Check]:
        return {check.name: check for check in declared(self.assignment.suites)}

    @cached_property
    def places(self) -> set[str]:
        """The blocks of the library and the cells of the notebook in which students write."""
        blocks = (find_blocks(text, path) for path, text in self.library.items())
        return {block.place for found in blocks for block in found} | self.assignment.answers

    @cached_property
    def known(self) -> set[str]:
        """Every name that belongs to a section of the rubric, and the notebook's cell ids."""
        named = (self.assignment.by_id, self.assignment.probes, self.checks, self.misconceptions)
        every = {name for names in named for name in names}
        return {name for name in every if self.assignment.section_of(name)} | {
            cell.id for cell in self.cells
        }

    @property
    def modules(self) -> list[Path]:
        """The modules of the assignment's package that hold data."""
        own = self.assignment
        return sorted([*own.folder.glob("*.py"), *own.misconceptions_folder.glob("*.py")])

    def finding(self, path: Path | None, line: int, message: str) -> Finding:
        return left_behind(self.assignment, path, line, message)


def _in_declarations(names: _Names) -> Iterator[Finding]:
    """The sections, probes and cells that the assignment's declaration refers to."""
    own, plan = names.assignment, names.assignment.training
    sections = [*own.used_by, *(name for later in own.used_by.values() for name in later)]
    probes, named_cells = list(own.special), [name for s in own.sections for name in s.answers]
    named_cells += [name for section in own.sections for name, _ in section.by_hand]
    if plan is not None:
        sections += [plan.section, *plan.also_from]
        probes += [plan.section, plan.recipe_probe, *plan.also_seen]
        named_cells.append(plan.run_cell)
    named_cells += [*own.older_work.new_cells, *own.older_work.stand_ins]
    probes += own.older_work.new_probes
    for what, used_names, known in (
        ("section", sections, set(own.by_id)),
        ("probe", probes, set(own.probes)),
        ("cell of the notebook", named_cells, {cell.id for cell in names.cells}),
    ):
        for name in dict.fromkeys(used_names):
            if name not in known:
                place = place_of(names.modules, name)
                yield names.finding(*place, f"there is no {what} called {name}")


def _in_probes(names: _Names) -> Iterator[Finding]:
    plan = names.assignment.training
    used = {name for check in names.checks.values() for name in check.probes}
    used |= names.assignment.symptoms.keys()
    if plan is not None:
        used |= {plan.section, plan.recipe_probe}
    for name, probe in names.assignment.probes.items():
        code = probe.run.__code__
        place = Path(code.co_filename), code.co_firstlineno
        if names.assignment.section_of(name) is None:
            yield names.finding(*place, f"the name of the probe {name} begins with no section's id")
        elif name not in used:
            yield names.finding(*place, f"no hidden check or symptom looks at the probe {name}")


def _in_checks(names: _Names) -> Iterator[Finding]:
    known, announced = names.assignment.probes, _announcements(names)
    for check in names.checks.values():
        wrong = []
        if check.section not in names.assignment.by_id:
            wrong.append(f"belongs to the section {check.section}, which is not in the rubric")
        elif _plain(check.announced) not in announced.get(check.section, ""):
            wrong.append(f"is not announced in the notebook with the words {check.announced!r}")
        for what, named, existing in (
            ("asks for the probe", check.probes, known),
            ("counts with the check", check.scaled_by, names.checks),
        ):
            wrong += [
                f"{what} {name}, which does not exist" for name in named if name not in existing
            ]
        for how in wrong:
            yield names.finding(check.file, check.line, f"the check {check.name} {how}")
    judged = {check.section for check in names.checks.values()}
    for section in names.assignment.sections:
        if section.auto and section.id not in judged:
            place = place_of(names.modules, section.id)
            yield names.finding(*place, f"no hidden check gives the points of {section.id}")


def _announcements(names: _Names) -> dict[str, str]:
    """The Markdown between each section's graded cell and the graded cell before it."""
    found, collected = {}, ""
    for cell in names.cells:
        if not cell.code:
            collected += cell.text + "\n"
        if cell.id in names.assignment.by_id:
            found[cell.id], collected = _plain(collected), ""
    return found


def _plain(text: str) -> str:
    """The text without Markdown's markup, on one line, in lower case."""
    return re.sub(r"\s+", " ", re.sub(r"[*`]", "", text)).lower()


def _in_misconceptions(names: _Names) -> Iterator[Finding]:
    files = sorted(names.assignment.misconceptions_folder.glob("*.py"))
    answers = {cell.id: cell.text for cell in names.cells if cell.solution}
    for name, variant in names.misconceptions.items():
        if names.assignment.section_of(name) is None:
            continue  # `_in_data` reports a name that belongs to no section
        place = place_of(files, name)
        for patch in variant.patches:
            count = (names.library | answers).get(patch.file, "").count(patch.old)
            if count != 1:
                wrong = f"{name} changes a text that {patch.file} holds {count} times, not once"
                yield names.finding(*place, f"{wrong}: {patch.old.strip().splitlines()[0]}")


def _in_blocks(names: _Names) -> Iterator[Finding]:
    """Blocks that no misconception of a section changes: a block belongs to such a section."""
    own = names.assignment
    patches = [
        patch
        for name, variant in names.misconceptions.items()
        if own.section_of(name) is not None
        for patch in variant.patches
    ]
    for path, text in names.library.items():
        changed = [(text.find(p.old), len(p.old)) for p in patches if p.file == path]
        for block in find_blocks(text, path):
            begin = text.index(block.source)
            end = begin + len(block.source)
            if not any(0 <= at < end and begin < at + length for at, length in changed):
                message = (
                    f"{block.place} belongs to no section: no section's misconception changes it"
                )
                yield names.finding(own.library / path, block.region.begin, message)


def _in_data(names: _Names) -> Iterator[Finding]:
    """Unknown names in the package's data, such as the pairs of misconceptions."""
    for path in names.modules:
        for name, line in strings(path):
            if NAME.fullmatch(name) and name not in names.known:
                yield names.finding(path, line, _unknown(name))


def _in_words(names: _Names) -> Iterator[Finding]:
    """Descriptions and symptoms of probes that do not exist."""
    own = names.assignment
    unknown = (own.words.keys() | own.symptoms.keys()) - own.probes.keys()
    for path in names.modules:
        for name, line in strings(path):
            if name in unknown:
                yield names.finding(path, line, f"there is no probe called {name}")


def _in_benchmarks(names: _Names) -> Iterator[Finding]:
    """Unknown names in lists of the benchmarks that also contain known names."""
    for path in sorted((names.assignment.root / "benchmarks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Tuple | ast.List | ast.Set):
                texts = {e.value: e.lineno for e in node.elts if isinstance(e, ast.Constant)}
                unknown = [text for text in texts if text not in names.known]
                for text in unknown if len(unknown) < len(texts) else ():
                    if NAME.fullmatch(str(text)):
                        yield names.finding(path, texts[text], _unknown(str(text)))


def _unknown(name: str) -> str:
    return f"no section has a probe, check or misconception called {name}"


def _in_cost_table(names: _Names) -> Iterator[Finding]:
    path, own = names.assignment.misconceptions_folder / "TABLE.md", names.assignment
    if not path.exists():
        return
    lines = path.read_text("utf-8").split("\n")
    rows = {row[1]: n for n, line in enumerate(lines, 1) if (row := ROW.match(line))}
    mistakes = (variant for variant in names.misconceptions.values() if not variant.correct)
    expected = {variant.name for variant in mistakes if variant.name in names.known}
    for name, number in rows.items():
        if name not in expected:
            message = f"there is no misconception called {name}; {UPDATE}"
            yield names.finding(path, number, message)
    for name in sorted(expected - rows.keys()):
        yield names.finding(path, 1, f"{name} has no row; {UPDATE}")
    points = [f"out of the {own.without_training} that need no training"]
    if own.training is not None:
        points.append(f"the {own.by_id[own.training.section].auto} of a training")
    if not any(all(text in line for text in points) for line in lines):
        at = next((n for n, line in enumerate(lines, 1) if "that need no training" in line), 1)
        yield names.finding(path, at, f"the points contradict the rubric; {UPDATE}")


def _in_hidden_table(names: _Names) -> Iterator[Finding]:
    path, own = names.assignment.misconceptions_folder / "hidden.json", names.assignment
    if not path.exists():
        return
    text = path.read_text("utf-8")
    table = json.loads(text)
    known = names.misconceptions.keys() | own.probes.keys()
    known |= {f"{section}_unwritten_{place}" for section in own.by_id for place in names.places}
    used_names = [*table["considered"], *table["hidden"]]
    used_names += [name for found in table["hidden"].values() for name in found]
    used_names += [
        name for found in table["hidden"].values() for each in found.values() for name in each
    ]
    for name in dict.fromkeys(used_names):
        if name not in known or own.section_of(name) is None:
            line = text.count("\n", 0, text.index(f'"{name}"')) + 1
            yield names.finding(path, line, f"{_unknown(name)}; {UPDATE}")
    for name, variant in names.misconceptions.items():
        shows = own.section_of(name) in own.used_by and not variant.correct
        if shows and name not in table["hidden"]:
            yield names.finding(path, 1, f"{name} is missing; {UPDATE}")
