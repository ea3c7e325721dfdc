"""Releasing an assignment that has nothing to do with neural networks."""

from __future__ import annotations

import shutil

import pytest

from autograder.release.build import build
from autograder.release.verify import verify


@pytest.fixture(scope="module")
def released(tmp_path_factory, tiny):
    return build(tiny, tmp_path_factory.mktemp("release") / tiny.id)


def test_the_release_is_complete_and_leaks_nothing(tiny, released):
    names = {p.relative_to(released.folder).as_posix() for p in released.folder.rglob("*.*")}
    assert names == {
        "README.md",
        "Tiny.ipynb",
        "lib/layers.py",
        "lib/optim.py",
        "tests/cell_syntax.py",
        "tests/test_notebook.py",
    }
    assert released.solutions == 3
    assert verify(tiny, released.folder) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "proof"),
    [
        ("lib/layers.py", "dx = None", "dx = self.a * dout", "leak"),
        ("Tiny.ipynb", '"points": 3,', '"points": 4,', "points"),
        ("README.md", "A layer", "Each step overshoots the minimum by more than", "answers"),
    ],
)
def test_a_faulty_release_is_reported_with_proof_and_file(
    tiny, released, tmp_path, file, old, new, proof
):
    shutil.copytree(released.folder, tmp_path / tiny.id)
    path = tmp_path / tiny.id / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    assert (proof, file) in {(f.proof, f.path) for f in verify(tiny, tmp_path / tiny.id)}
