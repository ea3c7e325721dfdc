"""A student's Markdown is harmless where a person opens it, in formgrader and similar pages."""

from __future__ import annotations

import json
import sys
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from autograder import checkout
from autograder.nbgrader_plugins.graded_notebook import LONGEST_MARKDOWN, plain_notebook
from autograder.nbgrader_plugins.markdown import tame

sys.path.append(str(checkout.ROOT / "tests" / "attacks"))  # for active_content.py
from active_content import Page, acts

HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "a handler": "<img src=x onerror=alert(1)>",
    "an upper case tag": "<SCRIPT SRC=//evil></SCRIPT>",
    "a comment": "<!-- x --><script>",
    "a tag in pieces": "<\\script>x<*b*script> <\nscript>",
    "a link": "[x](javascript:alert(1))",
    "a link of entities": "[x](javascript&#58;alert(1))",
    "a link with a backslash": "[x](javascript\\:alert(1))",
    "a reference": "[x][y]\n\n[y]: javascript:alert(1)",
    "a short reference": "[y]\n\n[y]: javascript:alert(1)",
    "an image": "![x](http://tracker/x.png)",
    "an image by reference": "![x][y]\n\n[y]: http://tracker/x.png",
    "an image that is attached": "![x](attachment:x.svg)",
    "an autolink": "<javascript:alert(1)>",
    "an autolink of an address": "<http://evil.example> <a@evil.example>",
    "a bare address": "see https://evil.example/formgrader and HTTP://evil.example",
    "a nested link": "[[x](javascript:a)](javascript:b)",
    "a footnote": "x[^1]\n\n[^1]: <img src=http://tracker>",
    "an abbreviation": "*[x]: <img src=http://tracker>\n\nx",
    "in a list": "- <iframe src=javascript:alert(1)>",
    "in a table": "|a|\n|-|\n|<svg onload=alert(1)>|",
    "a drawing": "```mermaid\ngraph TD; A-->B; click A href \"javascript:alert(1)\"\n```",
    "a drawing in a quote": "> ~~~  mermaid\n> graph TD\n> ~~~",
    "a drawing in a list": "1. ```mermaid\n   graph TD\n   ```",
    "a drawing by an entity": "```&#109;ermaid\ngraph TD\n```",
    "a language with a lexer of its own": "```perl\n" + "m" * 30 + "\n```",
    "the id of a score": "# compare_optimizers_plot",
    "the id of a score without a blank": "#compare_optimizers_plot",
    "the id of a score in a quote": "> - ### compare_optimizers_plot ###",
    "the id of a score by a line": "compare_optimizers_plot\n---",
    "the id of a score by another line": "compare_optimizers_plot\n  ==",
    "the id of a score by both lines": "compare_optimizers_plot\n-=-",
    "the id of a score in a list": "1. x\n\n   compare_optimizers_plot\n   ------",
    "the id of a score by emphasis": "# *compare_optimizers_plot*",
}  # fmt: skip
TEX = {
    "a link": r"\href{javascript:alert(1)}{x}",
    "an attribute": r"\mmlToken{mi}[href='javascript:alert(1)']{x}",
    "a box with a picture": r"\bbox[background:url(http://tracker/x.png)]{x}",
    "a style": r"\style{background:url(http://tracker/x.png)}{x}",
    "a class and an id": r"\class{score}{\cssId{compare_optimizers_plot}{x}}",
    "an extension": r"\require{html}\htmlData{x=y}{z}",
    "a font": r"\unicode[url(http://tracker/x.woff)]{x41}",
    "a definition": r"\def\x{\href{javascript:alert(1)}{x}}\x",
    "a new command": r"\newcommand{\x}{\href}\x{javascript:alert(1)}{x}",
    "a new name": r"\let\x\href\x{javascript:alert(1)}{x}",
    "a name in letters": r"\csname href\endcsname{javascript:alert(1)}{x}",
    "an operator of its own": r"\DeclareMathOperator{\x}{\href{javascript:alert(1)}{x}}",
    "an environment": r"\begin{CD} A @>>> B \end{CD}\newenvironment{x}{\href}{}",
    "an environment in pieces": "\\begin\n{ CD }A\\end{CD}\\begin%\n{CD}",
    "a colour": r"\color{red;background:url(http://tracker)}{x}\textcolor[HTML]{FF0000}{x}",
    "attributes": r"\cancel[href=javascript:alert(1)]{x}\enclose{box}[href=x]{y}",
    "a code": r"^^5chref{javascript:alert(1)}{x}",
    "an entity": r"&#92;href{javascript:alert(1)}{x}\&#104;ref{javascript:alert(1)}{x}&bsol;href",
    "two backslashes": r"\\href{javascript:alert(1)}{x}",
    "three backslashes": r"\\\href{javascript:alert(1)}{x}",
    "in text": r"\text{\href{javascript:alert(1)}{x} $\href{x}{y}$}",
    "in an argument": r"\frac{\href{javascript:alert(1)}{x}}{2}",
    "over the page": r"\raise 20em{\llap{29 of 29}}\kern-50em\rule{99em}{99em}\hspace{-9em}",
    "a row over the page": "\\begin{matrix}a\\\\[-50em]b\\\\* [ -3,5 em ]c\\end{matrix}",
    "an action": r"\toggle{x}{y}\endtoggle\mathtip{x}{y}\texttip{x}{y}",
    "a picture": r"\includegraphics{http://tracker/x.png}",
}  # fmt: skip
DELIMITERS = ["${}$", "$${}$$", "\\\\({}\\\\)", "\\\\[{}\\\\]", "{}", "- ${}$", "`{}`"]


@pytest.mark.parametrize("trick", HOSTILE)
def test_tamed_markdown_contains_nothing_active(trick):
    assert acts(tame(HOSTILE[trick])) == []


@pytest.mark.parametrize("trick", TEX)
@pytest.mark.parametrize("delimiters", DELIMITERS)
def test_tamed_tex_contains_only_harmless_commands(trick, delimiters):
    tamed = tame(delimiters.replace("{}", TEX[trick]))
    page = Page(tamed)
    assert acts(tamed) == []
    for left in ("^^", "\\[-", "[ -3", "\\begin{CD", "\\begin\n{ CD", "\\begin%", "\\color{red;"):
        assert left not in page.text
    for left in ("\\textcolor[", "\\cancel[", "\\hspace{-"):
        assert left not in page.text


def test_untamed_markdown_is_found_to_be_active():
    failing = [trick for trick, text in HOSTILE.items() if acts(text)]
    failing += [trick for trick, text in TEX.items() if acts(f"${text}$")]
    assert len(failing) > 0.8 * len([*HOSTILE, *TEX])


PIECES = st.sampled_from(
    [
        *HOSTILE.values(),
        *TEX.values(),
        *DELIMITERS,
        *"\\<>[]()&#;:$`~*_-=+|!^{} \n\tab1\u2060\ufeff",
        *("\\\\", "//", "```", "~~~", "---", "===", "\n\n", "    ", "&amp", "www.", "http"),
        *("href", "script", "mermaid", "begin", "\\alpha", "\\color", "{red}"),
        *("\\begin{align}", "\\end{align}"),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
@example("````\n```mermaid")
@example("# \u2060# a")
@example("-\n=\n-")
@example("\\\\\\ href")
def test_any_combination_of_pieces_is_tamed_and_taming_is_idempotent(markdown):
    tamed = tame(markdown)
    assert tame(tamed) == tamed
    assert acts(tamed) == []


HONEST = [
    "Momentum *smooths* the steps: $v_t = \\mu v_{t-1} - \\eta g$, so $a < b$ and f[x].\n\n- 1",
    "$$\\begin{aligned} m_t &= \\beta_1 m_{t-1} + (1 - \\beta_1) g_t \\\\[4pt] "
    "\\hat{m}_t &= \\frac{m_t}{1 - \\beta_1^t} \\end{aligned}$$",
    "$\\mathbb{E}\\left[\\lVert \\nabla_{\\theta} L \\rVert_2^2\\right] \\leq \\varepsilon$",
    "$\\underset{\\theta}{\\operatorname{argmin}} \\sum_{i=1}^N \\ell(f_\\theta(x_i), y_i)$",
    "$\\begin{bmatrix} 1 & 0 \\\\ 0 & 1 \\end{bmatrix} \\in \\mathbb{R}^{2 \\times 2}$",
    "$f(x) = \\begin{cases} x & \\text{if } x > 0 \\\\ \\alpha x & \\text{otherwise} \\end{cases}$",
    "\\\\( \\color{red}{\\cancel{x}} \\hspace{1em} \\textbf{note} \\\\)",
    "1. first\n2. second\n\n> quoted\n\n***\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    "```python\nx = [1, 2]\nprint(x[0] * 2)\n```",
    "**Answer:** it is ~~slower~~ faster by 50%, `lr=1e-3`; C++, 3 - 2 = 1 & so on.",
]


@pytest.mark.parametrize("answer", HONEST)
def test_ordinary_answers_are_unchanged(answer):
    assert tame(answer) == answer


def test_a_heading_still_looks_the_same():
    tamed = tame("## My answer ##\n\nis this\n\n#also\n\n---")
    assert tamed.replace("\u2060", "") == "## My answer ##\n\nis this\n\n#also\n\n***"
    assert Page(tamed).elements == ["h2", "a", "p", "h1", "a", "hr"]


@pytest.mark.parametrize(
    "piece",
    [
        *("\\begin{align}", "\\\\(", "\\\\[", "\\\\[-1", "$", "$$", "\\", "^"),
        *("[", "![", "`", "```x\n", "~~~", ">", "&", "<", "|a", "_a", "*a **a "),
        *("- ", "# ", "=\n", "-\n"),
    ],
)
def test_an_answer_is_tamed_and_rendered_in_bounded_time(piece):
    content = {"nbformat": 4, "cells": [{"cell_type": "markdown", "source": piece * 200_000}]}
    began = time.process_time()
    (cell,) = plain_notebook(json.dumps(content).encode())["cells"]
    assert len(cell["source"]) <= 3 * LONGEST_MARKDOWN
    assert time.process_time() - began < 2
    markdown2html_mistune(cell["source"])
    assert time.process_time() - began < 15
