"""Plants: functions that put one fault into a release."""

import json

from autograder.problem_1 import ASSIGNMENT as P1


def library(change):
    """A plant that edits the text of lib/mlp/layer_utils.py."""
    return text("lib/mlp/layer_utils.py", change)


def text(name, change):
    def plant(release):
        path = release / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = change(before)
        assert after != before
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(after, encoding="utf-8")

    return plant


def data(name, content):
    """A plant that writes a file of bytes."""

    def plant(release):
        path = release / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content() if callable(content) else content)

    return plant


def notebook(change):
    """A plant that edits the notebook: `change` gets its JSON and its cells by grade id."""

    def plant(release):
        path = release / P1.notebook
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content, {c["metadata"]["nbgrader"]["grade_id"]: c for c in content["cells"]})
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")

    return plant
