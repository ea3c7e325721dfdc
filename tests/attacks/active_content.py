"""Finds active content in the output: formulas for a spreadsheet, code for a browser."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from nbconvert.filters.markdown_mistune import InvalidNotebook, markdown2html_mistune

from autograder.nbgrader_plugins.markdown import SHOW, SHOW_WITH
from autograder.problem_1 import ASSIGNMENT as P1

SEPARATORS = (",", ";", "\t", "|", " ", ":", "\u00a0")
"""Separators at which a spreadsheet may be set to split lines."""


def formulas(text: str) -> list[tuple[str, str]]:
    """(separator, cell) for each cell of a table that a spreadsheet would compute."""
    return [(s, cell) for s in SEPARATORS for cell in _cells(text, s) if _computes(cell)]


def _cells(text: str, separator: str) -> Iterator[str]:
    """Every cell that a spreadsheet may see, whether or not it respects quotes."""
    for line in csv.reader(io.StringIO(text.replace("\r", "\n")), delimiter=separator):
        yield from line
    for line in text.splitlines():
        yield from line.split(separator)


def _computes(cell: str) -> bool:
    """Whether it begins like a formula, after invisible characters and quotes."""
    shown = "".join(c for c in cell if unicodedata.category(c)[0] not in "CZ").lstrip('"')
    return unicodedata.normalize("NFKC", shown).startswith(tuple("=+-@\u2212"))


HARMLESS = {
    *("p", "em", "strong", "del", "code", "pre", "div", "span", "blockquote", "br", "hr"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "input"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "a"),
}
ATTRIBUTES = {
    *(("a", "class"), ("code", "class"), ("div", "class"), ("li", "class"), ("pre", "class")),
    *(("span", "class"), ("input", "class"), ("input", "type"), ("input", "disabled")),
    *(("input", "checked"), ("ol", "start"), ("td", "style"), ("th", "style")),
}
DRAWN = re.compile("mermaid|language-(?!python|py|text)", re.IGNORECASE)
JOINER = "%E2%81%A0"
"""A word joiner, encoded as in nbconvert's ids."""
COMMAND = re.compile(r"\\([A-Za-z]+)")


class Page(HTMLParser):
    """The HTML page that formgrader makes of Markdown.

    Attributes:
        elements: names of tags, and the texts of declarations and comments.
        ids, links: values of `id` and `href`.
        attributes: all other attributes as (tag, name, value).
        text: the text in which MathJax looks for formulas, with a line break at each tag.
    """

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(markdown2html_mistune(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.text += "\n"
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.attributes += [
            (tag, name, value) for name, value in attrs if name not in ("id", "href")
        ]

    def handle_endtag(self, tag: str) -> None:
        self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_decl(self, decl: str) -> None:
        self.elements.append(decl)

    handle_comment = handle_pi = unknown_decl = handle_decl


def acts(markdown: str) -> list[str]:
    """Everything in Markdown that formgrader would not only display."""
    try:
        page = Page(markdown)
    except InvalidNotebook as failure:  # an attachment is missing
        return [f"no page: {failure}"]
    found = [f"element {name}" for name in page.elements if name not in HARMLESS]
    found += [f"link to {link}" for link in page.links if not link.startswith(f"#{JOINER}")]
    found += [f"id {name}" for name in page.ids if not name.startswith(JOINER)]
    for tag, name, value in page.attributes:
        if (tag, name) not in ATTRIBUTES or DRAWN.search(value or ""):
            found.append(f"{name} of {tag}: {value}")
    names = COMMAND.findall(page.text)
    return found + [f"\\{name}" for name in names if name not in SHOW and name not in SHOW_WITH]


@cache
def _ours() -> frozenset[str]:
    """The assignment's own texts, which every notebook contains unchanged."""
    paths = (P1.source, P1.release / P1.notebook)
    cells = [cell for path in paths for cell in json.loads(path.read_text("utf-8"))["cells"]]
    return frozenset("".join(cell["source"]) for cell in cells)


def active_content(out: Path) -> list[str]:
    """A sentence for each table under `out` with formulas and each notebook with active content."""
    found = []
    for path in sorted(out.rglob("*.csv")):
        computed = formulas(path.read_text("utf-8"))
        found += [f"{path.relative_to(out)} computes {cell!r}" for _, cell in computed[:3]]
    for path in sorted(out.rglob("autograded/**/*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        texts = {cell["source"] for cell in cells if cell["cell_type"] == "markdown"}
        for acting in filter(None, map(acts, sorted(texts - _ours()))):
            found.append(f"{path.relative_to(out)} acts: {acting[:3]}")
    return found
