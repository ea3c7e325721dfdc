"""Fixtures that make libraries and probes, and run them in every backend."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.observation.observe import Observations, observe
from autograder.sandbox import backend as backends
from autograder.sandbox.limits import MIB, Budget, Limits
from autograder.sandbox.selftest import BACKENDS, passes

MODULES = ("lib.mlp.layer_utils", "lib.optim", "lib.mlp.train")
"""The modules of the libraries of these tests, which lie in two packages."""

QUICK = Budget(
    probe=Limits(
        cpu_s=1,
        wall_s=2.0,
        memory_bytes=512 * MIB,
        total_bytes=640 * MIB,
        processes=12,
        file_bytes=2 * MIB,
        disk_bytes=4 * MIB,
        output_bytes=8 * MIB,
    ),
    patience_s=1,
    import_cpu_s=1,
    import_wall_s=3.0,
    slack_s=1.0,
    output_bytes=64 * MIB,
)


@pytest.fixture(scope="session", params=BACKENDS, ids=lambda backend: backend.name)
def sandbox(request: pytest.FixtureRequest) -> backends.Backend:
    """Every backend that is available on this machine."""
    missing = request.param.unavailable()
    if missing is not None:
        pytest.skip(missing)
    failed = [line for line in passes(request.param) if not line.passed]
    assert not failed, failed
    return request.param


@pytest.fixture(scope="session")
def library() -> Callable[..., dict[str, bytes]]:
    """Makes a library's files from the sources of its modules: `library(layer_utils="...")`."""
    return _library


def _library(**sources: str) -> dict[str, bytes]:
    files = {"lib/__init__.py": b"", "lib/mlp/__init__.py": b""}
    for module in MODULES:
        source = sources.get(module.rpartition(".")[2], "")
        files[f"{module.replace('.', '/')}.py"] = textwrap.dedent(source).encode()
    return files


Run = Callable[..., Observations]


@pytest.fixture(scope="session")
def with_probes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a folder of probes from the source of one module."""

    def make(source: str) -> Path:
        folder = tmp_path_factory.mktemp("probes")
        folder.chmod(0o755)
        for parent in (folder.parent, folder.parent.parent):
            parent.chmod(0o755)  # pytest makes them private to root, the child is not root
        (folder / "__init__.py").touch()
        (folder / "under_test.py").write_text(
            "from autograder.assignment.probe import given, text\nimport numpy as np\n"
            + textwrap.dedent(source)
        )
        return folder

    return make


@pytest.fixture(scope="session")
def run_probes(tiny: Assignment, with_probes: Callable[[str], Path]) -> Run:
    """`observe` with the probes of a source text instead of an assignment's."""
    course = replace(tiny, modules=MODULES)

    def run(
        sandbox: backends.Backend,
        source: str,
        probes: Iterable[str],
        files: Mapping[str, bytes],
        **rest: object,
    ) -> Observations:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Assignment, "probes_folder", with_probes(source))
            rest = {"cells": {}, "seed": 7, "budget": QUICK, **rest}
            return observe(course, files, sandbox=sandbox, probes=list(probes), **rest)

    return run


@pytest.fixture
def run(sandbox: backends.Backend, run_probes: Run) -> Run:
    """`run_probes` in each backend, with a library given by the sources of its modules."""

    def run(source: str, probes: Iterable[str], **rest: object) -> Observations:
        extra = {
            k: rest.pop(k) for k in ("seed", "budget", "data", "cells", "together") if k in rest
        }
        files = rest.pop("files", None) or _library(**rest)
        return run_probes(sandbox, source, probes, files, **extra)

    return run
