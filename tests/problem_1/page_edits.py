"""Reads the edits in docs/adapting.md, and applies them to a checkout."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"<!-- edits: (.+?) -->\n```diff\n(.*?)```\n", re.DOTALL)
NEW_CELL = re.compile(r"(markdown|code) cell (\w+) after (\w+)(?:, (\d+) points)?")
ANYTHING = "-..."


@dataclass(frozen=True)
class Edit:
    """A change of one file, or of one cell of the notebook.

    Attributes:
        path: relative to the checkout.
        cell: grade id of the cell; "" for a file.
        points: whether the points of the cell change, not its text.
        hunks: lines that begin with "-", "+" or a space.
    """

    path: str
    cell: str
    points: bool
    hunks: tuple[tuple[str, ...], ...]

    def apply(self, root: Path) -> None:
        """Change the file. An AssertionError is raised if the page does not match it."""
        path = root / self.path
        text = path.read_text("utf-8")
        changed = self._in_notebook(text) if self.cell else self._changed(text)
        path.write_text(changed, "utf-8")

    def _in_notebook(self, text: str) -> str:
        notebook = json.loads(text)
        [cell] = [
            c for c in notebook["cells"] if c["metadata"]["nbgrader"]["grade_id"] == self.cell
        ]
        if self.hunks == ((ANYTHING,),):
            notebook["cells"].remove(cell)
        elif self.points:
            ((old, new),) = self.hunks
            assert cell["metadata"]["nbgrader"]["points"] == int(old[1:]), self
            cell["metadata"]["nbgrader"]["points"] = int(new[1:])
        else:
            changed = self._changed("".join(cell["source"]))
            cell["source"] = changed.splitlines(keepends=True)
        return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"

    def _changed(self, text: str) -> str:
        for hunk in self.hunks:
            old = "\n".join(
                "(?:.*\n)*?.*?" if line == ANYTHING else re.escape(line[1:])
                for line in hunk
                if line[0] in "- "
            )
            new = "\n".join(line[1:] for line in hunk if line[0] in "+ ")
            whole = re.compile(old if new else f"{old}\n?")
            found = list(whole.finditer(text))
            assert len(found) == 1, f"{self.path} {self.cell} holds {len(found)} times: {hunk}"
            text = text[: found[0].start()] + new + text[found[0].end() :]
        return text


@dataclass(frozen=True)
class New:
    """A new file, or a new cell of the notebook.

    Attributes:
        header: its path. For a cell, followed by ", " and the description of the cell.
        text: its content.
    """

    header: str
    text: str

    def apply(self, root: Path) -> None:
        """Write it."""
        path, _, cell = self.header.partition(", ")
        if not cell:
            assert not (root / path).exists(), f"{path} exists already"
            (root / path).write_text(self.text + "\n", "utf-8")
            return
        kind, name, before, points = NEW_CELL.fullmatch(cell).groups()
        notebook = json.loads((root / path).read_text("utf-8"))
        ids = [cell["metadata"]["nbgrader"]["grade_id"] for cell in notebook["cells"]]
        nbgrader = {"grade": points is not None, "grade_id": name, "locked": True}
        nbgrader |= {"schema_version": 3, "solution": False, "task": False}
        nbgrader |= {"points": int(points)} if points else {}
        new = {"cell_type": kind, "id": name, "metadata": {"nbgrader": nbgrader}}
        new |= {"source": self.text.splitlines(keepends=True)}
        new |= {"execution_count": None, "outputs": []} if kind == "code" else {}
        notebook["cells"].insert(ids.index(before) + 1, new)
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        (root / path).write_text(text, "utf-8")


def edits(page: str, adaptation: str) -> list[Edit | New]:
    """The edits of one adaptation, in the order of the page."""
    found = [
        edit for name, block in BLOCK.findall(page) if name == adaptation for edit in _in(block)
    ]
    assert found, f"the page has no edits called {adaptation}"
    return found


def _in(block: str) -> Iterator[Edit | New]:
    for part in re.split(r"^(?=--- |\+\+\+ )", block, flags=re.MULTILINE)[1:]:
        header, _, body = part.partition("\n")
        if header.startswith("+++ "):
            text = "\n".join(line[1:] for line in body.rstrip("\n").split("\n"))
            yield New(header.removeprefix("+++ "), text)
            continue
        path, _, rest = header.removeprefix("--- ").partition(", cell ")
        cell, _, points = rest.partition(", ")
        hunks = tuple(tuple(hunk.strip("\n").split("\n")) for hunk in body.split("\n@@\n"))
        yield Edit(path, cell, points == "points", hunks)
