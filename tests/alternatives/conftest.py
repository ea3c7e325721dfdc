"""Work put together from blocks of code, as students write it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping

import pytest

from autograder import course
from autograder.release.strip import strip
from autograder.submission import Submission
from autograder.variants import solution

BLOCK = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION\n", re.DOTALL | re.MULTILINE)
PLACE = re.compile(r'raise NotImplementedError\("(.+?): write your solution here"\)')


@pytest.fixture(scope="session")
def rewritten() -> Callable[..., Submission]:
    return rewriter()


def rewriter() -> Callable[..., Submission]:
    """`rewritten(blocks, patches, cells)`: the solution, done in another way.

    Blocks are named as the released library names them ("fc.forward"), and their code stands
    between the markers' places. Patches are (path, old, new); cells have new texts by grade id.
    """
    right = solution()

    def make(
        blocks: Mapping[str, str],
        patches: tuple[tuple[str, str, str], ...] = (),
        cells: Mapping[str, str] | None = None,
    ) -> Submission:
        files, left = dict(right.files), dict(blocks)
        for path, content in right.files.items():
            text = content.decode()
            places = iter(PLACE.findall(strip(text, path)))

            def written(found: re.Match, places=places) -> str:
                code = left.pop(next(places), None)
                if code is None:
                    return found[0]
                return textwrap.indent(textwrap.dedent(code).strip("\n"), found[1]) + "\n"

            files[path] = BLOCK.sub(written, text).encode()
        assert not left, f"there are no such blocks: {list(left)}"
        for path, old, new in patches:
            text = files[path].decode()
            assert text.count(old) == 1, f"{path} holds {text.count(old)} times: {old}"
            files[path] = text.replace(old, new).encode()
        assert set(cells or {}) <= set(right.cells), f"no such cell in {course.NOTEBOOK}"
        return Submission("rewritten", files, dict(right.cells) | dict(cells or {}))

    return make
