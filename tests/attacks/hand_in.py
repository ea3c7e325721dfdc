"""Writes a work as a student would hand it in: as a folder or a zip."""

from __future__ import annotations

import json
import re
import textwrap
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attack import Changes, Work

from autograder.diagnosis.variants import solution
from autograder.hand_in.notebook import grade_id_of
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.release.strip import find_blocks, strip

STUB = re.compile(
    r'^(?P<indent> *)raise NotImplementedError\("(?P<place>.+?): write your solution here"\)$',
    re.MULTILINE,
)


def write(work: Work, folder: Path) -> None:
    """Writes a work as a folder with the library, the notebook and all its other files."""
    for path, content in _files(work).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (folder / P1.notebook).write_bytes(_notebook(work))
    for change in work.changes:
        if change.folder is not None:
            change.folder(folder)


def pack(work: Work, folder: Path, archive: Path) -> None:
    """Zips a work's written folder, in the work's own way or as students do."""
    makers = [change.archive for change in work.changes if change.archive is not None]
    if makers:
        makers[-1](folder, archive)
        return
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                packed.write(path, Path(P1.id, path.relative_to(folder)))


def _files(work: Work) -> dict[str, bytes]:
    blocks = _blocks(work)
    files = {}
    for path, text in _released_library().items():
        files[path] = STUB.sub(lambda found: _filled(found, blocks), text).encode()
    assert not blocks, f"there are no such blocks: {', '.join(blocks)}"
    for change in work.changes:
        _change(files, change)
    return files


def _blocks(work: Work) -> dict[str, str | None]:
    """The final code of every block that is not left as released."""
    done = dict(_solved()) if work.base == "solution" else {}
    for change in work.changes:
        done |= {name: code for name, code in change.blocks.items() if name not in P1.answers}
    return done


@cache
def _released_library() -> Mapping[str, str]:
    """The library's files as students receive them. Kept, because stripping takes a second."""
    return {path: strip(text.decode(), path) for path, text in solution(P1).files.items()}


@cache
def _solved() -> Mapping[str, str]:
    """The solution's blocks by place."""
    return {
        block.place: block.source
        for path, content in solution(P1).files.items()
        for block in find_blocks(content.decode(), path)
    }


def _filled(stub: re.Match, blocks: dict[str, str | None]) -> str:
    code = blocks.pop(stub["place"], None)
    return stub[0] if code is None else textwrap.indent(_plain(code), stub["indent"])


def _change(files: dict[str, bytes], change: Changes) -> None:
    for path, old, new in change.patches:
        count = files[path].count(old.encode())
        assert count == 1, f"{path} holds {count} times, expected once: {old}"
        files[path] = files[path].replace(old.encode(), new.encode())
    for path, code in change.appended.items():
        files[path] += f"\n\n{_plain(code)}\n".encode()
    for path, content in change.files.items():
        if content is None:
            del files[path]
        else:
            files[path] = (
                content if isinstance(content, bytes) else _plain(content).encode() + b"\n"
            )


def _notebook(work: Work) -> bytes:
    path = P1.source if work.base == "solution" else P1.release / P1.notebook
    notebook: Any = json.loads(path.read_text("utf-8"))
    for change in work.changes:
        assert isinstance(notebook, dict), "a change of the notebook's bytes comes last"
        left = {name: _released(name) for name, code in change.blocks.items() if name in P1.answers}
        for grade_id, text in (left | dict(change.cells)).items():
            (cell,) = (c for c in notebook["cells"] if grade_id_of(c) == grade_id)
            cell["source"] = _plain(text)
        if change.notebook is not None:
            notebook = change.notebook(notebook)
    return notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()


def _released(grade_id: str) -> str:
    """A cell as students receive it."""
    notebook = json.loads((P1.release / P1.notebook).read_text("utf-8"))
    (cell,) = (c for c in notebook["cells"] if grade_id_of(c) == grade_id)
    return "".join(cell["source"])


def _plain(code: str) -> str:
    return textwrap.dedent(code).strip("\n")
