"""The package's folders are the stages that a submission passes. Imports run in one direction
between them, and the engine, which is everything except the assignment, names no assignment."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from tiny_assignment import ASSIGNMENT as TINY

from autograder import checkout
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1.training import PLAN
from autograder.sandbox.backend import PROBE

PACKAGE = checkout.PACKAGE
MOST_LOOSE_MODULES = 8
NAMES_THE_ASSIGNMENT = "checkout.py"
FIGURES = {
    *(P1.auto_total, P1.without_training),
    *(PLAN.modes["full"].training, PLAN.modes["full"].validation),
    3072,  # features of an image
    68_000,  # training images of the published run
}
"""Numbers of the assignment, which the engine must not contain except in EQUAL_BY_CHANCE."""
EQUAL_BY_CHANCE = {
    "sandbox/inside/system_calls.py": {29},  # number of a system call
    "sandbox/limits.py": {3072},  # MiB
}


def modules() -> list[Path]:
    """The modules of the package, without the files for students."""
    found = PACKAGE.rglob("*.py")
    return sorted(path for path in found if not path.is_relative_to(P1.handout))


def engine() -> list[Path]:
    return [path for path in modules() if not path.is_relative_to(P1.folder)]


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    """The subpackage that contains a module, or the module's own name outside of one."""
    return name_of(path).partition("/")[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """(name, line) of everything that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno


def arrows() -> Mapping[str, Mapping[str, str]]:
    """For each subpackage, the subpackages that it imports, with the place of the first import."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in modules():
        for name, line in imported(path):
            package, _, rest = name.partition(".")
            other = rest.partition(".")[0]
            if package == PACKAGE.name and other and other != room_of(path):
                found[room_of(path)].setdefault(other, f"{name_of(path)}, line {line}")
    return found


def a_cycle(graph: Mapping[str, Mapping[str, str]]) -> list[str]:
    """A cycle of imports, or an empty list if there is none."""
    done: set[str] = set()

    def search(room: str, way: list[str]) -> list[str]:
        if room in way:
            return [*way[way.index(room) :], room]
        if room not in done:
            for other in graph.get(room, {}):
                if found := search(other, [*way, room]):
                    return found
            done.add(room)
        return []

    return next((found for room in graph if (found := search(room, []))), [])


def test_imports_run_one_way():
    graph = arrows()
    way = a_cycle(graph)
    steps = [f"{a} imports {b} ({graph[a][b]})" for a, b in pairwise(way)]
    assert steps == []


def test_a_cycle_of_imports_is_reported():
    graph = {"grading": {"judgement": "a"}, "judgement": {"observation": "b"}, "report": {}}
    assert a_cycle(graph) == []
    graph["observation"] = {"grading": "c"}
    assert a_cycle(graph) == ["grading", "judgement", "observation", "grading"]


def test_few_modules_are_outside_a_subpackage():
    loose = [path.name for path in PACKAGE.glob("*.py") if path.name != "__init__.py"]
    assert len(loose) <= MOST_LOOSE_MODULES, loose


@pytest.mark.parametrize("path", engine(), ids=name_of)
def test_the_engine_imports_no_assignment(path):
    assert [name for name, _ in imported(path) if name.startswith(P1.package)] == []


@pytest.mark.parametrize("assignment", [P1, TINY], ids=lambda assignment: assignment.id)
def test_probes_import_only_the_probe_module_of_the_engine(assignment):
    for path in (PROBE, *sorted(assignment.probes_folder.glob("*.py"))):
        ours = {n for n, _ in imported(path) if n.startswith("autograder")}
        assert {n.rpartition(".")[0] for n in ours} <= {"autograder.assignment.probe"}, path


def own_words() -> re.Pattern[str]:
    """A pattern of names and figures that only the assignment may contain."""
    probes = {name for name in P1.probes if "_" in name}
    sections = {name for name in P1.by_id if "_" in name} | {"rmsprop", "adam", "cascade"}
    files = {*P1.answered_in, *P1.modules, "lib/mlp", "lib.mlp"}
    names = {P1.id, P1.title, P1.course, P1.notebook, Path(P1.notebook).stem}
    figures = {f"{number}" for number in FIGURES} | {f"{number:,}" for number in FIGURES}
    every = probes | sections | files | names | P1.answers | figures
    every = sorted(every, key=len, reverse=True)
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, every))})(?!\w)")


def docstrings(tree: ast.Module) -> set[ast.expr]:
    """Docstrings, which may contain examples."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def spelt_out(name: str, source: str) -> Iterator[str]:
    """A message for each name or figure of the assignment in a module's source."""
    tree, words = ast.parse(source), own_words()
    skipped = docstrings(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or node in skipped:
            continue
        if isinstance(node.value, str) and (found := words.search(node.value)):
            yield f"{name}, line {node.lineno}: {found[0]}"
        elif type(node.value) is int and node.value in FIGURES - EQUAL_BY_CHANCE.get(name, set()):
            yield f"{name}, line {node.lineno}: {node.value}"


@pytest.mark.parametrize("path", engine(), ids=name_of)
def test_the_engine_contains_no_names_or_figures_of_the_assignment(path):
    found = list(spelt_out(name_of(path), path.read_text("utf-8")))
    if path.name == NAMES_THE_ASSIGNMENT:
        assert len(found) == 1, "only this module names the assignment, and only once"
    else:
        assert found == []


def test_a_name_or_figure_of_the_assignment_is_reported_with_its_line():
    source = '"""As in train_tiny_net."""\nPROBE = "train_tiny_net"\nMOST, OF = 37, "29 points"\n'
    assert list(spelt_out("training/new.py", source)) == [
        "training/new.py, line 2: train_tiny_net",
        "training/new.py, line 3: 37",
        "training/new.py, line 3: 29",
    ]


@pytest.mark.parametrize("page", sorted(PACKAGE.rglob("*.html")), ids=name_of)
def test_page_templates_contain_no_names_or_figures_of_the_assignment(page):
    assert own_words().findall(page.read_text("utf-8")) == []


NEED_PROBLEM_1 = {
    "attacks": "the whole list of attacks is done to the published assignment",
    "gradescope/test_in_container.py": "an archive carries the checkout's code and assignment",
    "install": "a wheel carries the checkout's code and assignment",
    "similar": "copies and their disguises need blocks of more than a line",
    "structure/test_rooms.py": "it holds the border between the engine and the assignment",
}
"""The tests outside of `tests/problem_1` that import Problem 1, each with its reason."""
IMPORTS_PROBLEM_1 = re.compile(rf"^\s*(from|import) {re.escape(P1.package)}\b", re.MULTILINE)
"""Also in the code that tests run in other processes."""


def test_the_engines_tests_use_the_tiny_assignment():
    """So that another assignment leaves them as they are."""
    folder = checkout.ROOT / "tests"
    skipped = [folder / "problem_1", *(folder / name for name in NEED_PROBLEM_1)]
    importing = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*.py"))
        if IMPORTS_PROBLEM_1.search(path.read_text("utf-8"))
        and not any(path.is_relative_to(one) for one in skipped)
    ]
    assert importing == []


@pytest.mark.parametrize("name", NEED_PROBLEM_1)
def test_a_test_that_is_said_to_need_problem_1_imports_it(name):
    path = checkout.ROOT / "tests" / name
    files = [path] if path.is_file() else path.rglob("*.py")
    assert any(IMPORTS_PROBLEM_1.search(file.read_text("utf-8")) for file in files)
