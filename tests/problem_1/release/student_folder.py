"""A student's folder: running Python in it, and changing its files."""

import importlib.util
import json
import os
import subprocess
import sys

from autograder.problem_1 import ASSIGNMENT as P1


def run(folder, *arguments, **environment):
    """Runs Python in a student's folder, without settings of the process that runs the tests."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "SVHN"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=inherited | {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"} | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def pytest_in(folder, *arguments, **environment):
    """Runs the visible checks, without the plugins of this environment, which students lack."""
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | environment
    return run(folder, "-m", "pytest", "-p", "no:cacheprovider", *arguments, **environment)


def load(name, path):
    """A module of the students' files, by its path."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def cells_of(folder, grade_id):
    cells = json.loads((folder / P1.notebook).read_text("utf-8"))["cells"]
    return [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id]


def change(path, grade_id, **fields):
    """Sets fields of a cell of the notebook."""
    content = json.loads(path.read_text("utf-8"))
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            cell |= fields
    path.write_text(json.dumps(content), "utf-8")
