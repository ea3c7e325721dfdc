"""Builds a submission from blocks of code, as students write them."""

from __future__ import annotations

import re
import textwrap

from autograder.diagnosis.variants import solution
from autograder.hand_in.submission import Submission
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.release.strip import strip

from .alternative import Alternative

BLOCK = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION\n", re.DOTALL | re.MULTILINE)
PLACE = re.compile(r'raise NotImplementedError\("(.+?): write your solution here"\)')


def written(alternative: Alternative) -> Submission:
    """The submission of an alternative.

    Blocks have the names of the released library ("fc.forward"). Their code replaces the solution
    and its markers.
    """
    right = solution(P1)
    files, left = dict(right.files), dict(alternative.blocks)
    for path, content in right.files.items():
        text = content.decode()
        places = iter(PLACE.findall(strip(text, path)))

        def block(found: re.Match, places=places) -> str:
            code = left.pop(next(places), None)
            if code is None:
                return found[0]
            return textwrap.indent(textwrap.dedent(code).strip("\n"), found[1]) + "\n"

        files[path] = BLOCK.sub(block, text).encode()
    assert not left, f"there are no such blocks: {list(left)}"
    for path, old, new in alternative.patches:
        text = files[path].decode()
        assert text.count(old) == 1, f"{path} holds {text.count(old)} times: {old}"
        files[path] = text.replace(old, new).encode()
    cells = {name: textwrap.dedent(text) for name, text in alternative.cells.items()}
    assert set(cells) <= set(right.cells), f"no such cell in {P1.notebook}"
    return Submission(alternative.name, files, dict(right.cells) | cells)
