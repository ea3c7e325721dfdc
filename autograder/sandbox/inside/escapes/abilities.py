"""What a child must be able to do: a sandbox in which nothing works is useless."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def computes(config: Mapping[str, Any]) -> str | None:
    import numpy as np

    a = np.random.default_rng(0).normal(size=(64, 64))
    return None if np.allclose(a @ np.linalg.inv(a), np.eye(64)) else "numpy computes wrongly"


def keeps_a_file(config: Mapping[str, Any]) -> str | None:
    path = Path(os.environ["TMPDIR"], "kept.txt")
    path.write_text("kept")
    found = path.read_text()
    path.unlink()
    return None if found == "kept" else "a file that was written reads back differently"


def finds_its_files(config: Mapping[str, Any]) -> str | None:
    text = Path(config["box"], "student", "lib", "__init__.py").read_text()
    __import__("lib")
    __import__("probe")
    return None if text else "the submission is empty"


ABILITIES = {
    "(may) compute with numpy": computes,
    "(may) write to the writable folder": keeps_a_file,
    "(may) read its own files and the probes": finds_its_files,
}
