"""A sandbox without one of its protections fails the line of the self-test in the table."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import checkout
from autograder.sandbox.selftest import BACKENDS


def _table():
    """The module `weakenings.py` in this folder."""
    spec = importlib.util.spec_from_file_location(
        "weakenings", Path(__file__).with_name("weakenings.py")
    )
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


table = _table()
TRIED = [(backend, weakening) for backend in BACKENDS for weakening in table.of_here(backend)]


def is_a_proof(backend, weakening):
    """Whether a faster test tries it, or another protection covers it, so nothing is noticed."""
    return table.is_a_rule(weakening) or bool(weakening.holds(f"{backend.name}, {table.WHO}"))


@pytest.fixture
def place(tmp_path):
    """A folder for changed files, accessible to every user."""
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)  # pytest makes them private to root, the child is not root
    return tmp_path / "changed"


@pytest.mark.parametrize(
    ("backend", "weakening"),
    [
        pytest.param(b, w, id=f"{b.name}: {w.name}", marks=[pytest.mark.proof] * is_a_proof(b, w))
        for b, w in TRIED
    ],
)
def test_a_missing_protection_is_noticed_or_covered_by_another(backend, weakening, place):
    if backend.unavailable() is not None:
        pytest.skip(backend.unavailable())
    trial = table.tried(backend, weakening, place)
    assert trial.as_said, (weakening.line, weakening.held_by, trial.failed)


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_a_missing_rule_of_the_filter_is_noticed_or_covered_by_another(backend, place):
    """All rules in one sandbox. The proof above has a sandbox a rule, and the whole self-test."""
    if backend.unavailable() is not None:
        pytest.skip(backend.unavailable())
    rules = [weakening for b, weakening in TRIED if b is backend and table.is_a_rule(weakening)]
    trials = table.rules_tried(backend, rules, place)
    assert len(trials) >= len(table.seccomp.ONESELF)
    assert {name: trial.failed for name, trial in trials.items() if not trial.as_said} == {}


def test_protections_that_cover_each_other_are_also_switched_off_together():
    """If removing a protection has no effect, a further row must remove both."""
    pairs = [w.name.split(", and ") for w in table.WEAKENINGS if not w.held_by]
    for weakening in table.WEAKENINGS:
        for where, other in (weakening.held_by or {}).items():
            elsewhere = any(not weakening.holds(place) for place in weakening.only)
            both = any(weakening.name in pair and len(pair) > 1 for pair in pairs)
            assert elsewhere or both or other in table.NEVER_OFF, (weakening.name, where, other)


def test_every_rule_of_the_filter_is_removed_once():
    names = " ".join(weakening.name for weakening in table.WEAKENINGS)
    for name in (*table.seccomp.REFUSED, *table.seccomp.ONESELF):
        assert f": {name}" in names


@pytest.mark.proof
@pytest.mark.skipif(os.geteuid() != 0, reason="the tests above ran as an ordinary user")
def test_a_missing_protection_is_noticed_for_an_ordinary_user():
    """All rules in one sandbox, and every third weakening; `benchmarks/weakened.py` tries all."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")
    if python is None or shutil.which("setpriv") is None:
        pytest.skip(f"needs setpriv and a python{version} outside root's home")
    import numpy

    paths = [checkout.ROOT, Path(numpy.__file__).parent.parent]
    argv = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        python,
        table.__file__,
        "3",
    ]
    done = subprocess.run(
        argv,
        cwd="/",
        env={"PYTHONPATH": ":".join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if "Permission denied" in done.stderr:
        pytest.skip("this checkout is private")
    assert done.returncode == 0, done.stderr
    *wrong, summary = map(json.loads, done.stdout.splitlines())
    assert wrong == []
    assert summary["who"] == "ordinary user"
    assert summary["tried"] > 33


def test_the_table_in_results_md_is_up_to_date():
    results = (checkout.ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8")
    assert table.as_markdown() in results, "run `python benchmarks/weakened.py`"
