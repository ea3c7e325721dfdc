"""IPython's own syntax in a cell -> Python. Students receive a copy for their checks.

Works on the text alone, because compiling untrusted code can crash the interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LINE_END = re.compile(r"\r\n|\r|\n")
"""Python's line ends; `splitlines` also splits at others, such as U+2028 and form feeds."""

# possessive quantifiers (`*+`, `++`) prevent backtracking, which could take hours on a long line of
# blanks
MAGIC = re.compile(r"(?P<indent>\s*+)(?:%%?[A-Za-z_]|!|\?)")
HELP = re.compile(r"(?P<indent>\s*+)[\w.]++\s*+\?{1,2}+\s*+;?+\s*+")
ASSIGNED = re.compile(r"(?P<indent>\s*+)(?P<name>[\w,][\w, ]*+)\s*+=\s*+(?:!|%[A-Za-z_])")
OTHER_LANGUAGE = re.compile(
    r"\s*+%%(?:!|bash|cmd|file|html|javascript|js|latex|markdown|perl|pypy|python2|ruby|script|sh|svg"
    r"|system|sx|writefile)\b"
)
# a backslash also escapes outside of quotes, so that a line has at most one unclosed quote
QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\"|\\.|#[^\n]*")


def without_magics(text: str) -> str:
    """The cell as Python: lines of IPython syntax become `pass`, so that line numbers stay."""
    if OTHER_LANGUAGE.match(text):
        return ""
    lines = _unindented(LINE_END.split(text.removesuffix("\n")))
    return "\n".join(_without_magics(lines))


def _unindented(lines: list[str]) -> list[str]:
    """The lines without the indentation of the first one, which IPython removes, too."""
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    return [line.removeprefix(indent) for line in lines] if indent else lines


def _without_magics(lines: list[str]) -> Iterator[str]:
    depth = 0  # bracket depth: inside brackets, % is an operator and not a magic
    for line in lines:
        if depth <= 0:
            line = _as_python(line)
        depth += _bracket_depth(line)
        yield line


def _as_python(line: str) -> str:
    if assigned := ASSIGNED.match(line):
        return f"{assigned['indent']}{assigned['name'].rstrip()} = None"
    ipython = MAGIC.match(line) or HELP.fullmatch(line)
    return f"{ipython['indent']}pass" if ipython else line


def _bracket_depth(line: str) -> int:
    code = QUOTED.sub("", line)
    return sum(code.count(c) for c in "([{") - sum(code.count(c) for c in ")]}")
