"""Files and notebooks, what formgrader displays: HTML, SVG, scripts, TeX, heading ids, diagrams and
images that would act in a grader's browser or crash it."""

from __future__ import annotations

import base64

from attack import NBGRADER, Attack, Changes
from notebook_changes import (
    EXPLOIT,
    ONE_BLOCK_MISSING,
    Notebook,
    cell_of,
    code,
    honest,
    markdown,
    more,
    png,
    shows,
    with_plots,
)


def active(notebook: Notebook) -> Notebook:
    """Code that a browser would run, in answers, Markdown, outputs and TeX."""
    cell_of(notebook, "compare_optimizers_question")["source"] = (
        f"{EXPLOIT}\n\n[x](javascript:alert(5)) ![x](http://tracker.example/x.png)\n\n"
        "[y][z]\n\n[z]: javascript:alert(6)\n\n$\\href{javascript:alert(7)}{x}$ <javascript:a()>"
    )
    outputs = [
        shows(**{"text/html": EXPLOIT, "text/plain": "1"}),
        shows(**{"image/svg+xml": EXPLOIT}),
        shows(**{"application/javascript": "alert(8)", "text/latex": "$\\require{html}$"}),
        shows(**{"image/png": base64.b64encode(b"\x89PNG\r\n\x1a\n" + EXPLOIT.encode()).decode()}),
        shows(**{"image/png": '"><script>alert(9)</script>'}),
        shows(**{"application/vnd.jupyter.widget-view+json": {"model_id": "a"}}),
        {"output_type": "error", "ename": EXPLOIT, "evalue": EXPLOIT, "traceback": [EXPLOIT]},
        {"output_type": EXPLOIT},
    ]
    notebook["cells"] += [code(EXPLOIT, outputs=outputs), {"cell_type": "raw", "source": EXPLOIT}]
    return notebook


def answering(text: str) -> Changes:
    """Puts this text into an answer, and into a new first cell."""

    def make(notebook: Notebook) -> Notebook:
        cell_of(notebook, "compare_sgd_momentum_question")["source"] = text
        return {**notebook, "cells": [markdown(text), *notebook["cells"]]}

    return Changes(notebook=make)


def pictures(notebook: Notebook) -> Notebook:
    """Images of a few kilobytes that a browser unpacks to gigabytes."""
    large = shows(**{"image/png": png(60_000, 60_000)})
    many = shows(**{"image/png": png(2000, 2000)})
    cell_of(notebook, "compare_optimizers_plot")["outputs"] = [large] * 5 + [many] * 300
    return notebook


ATTACKS = (
    Attack(
        "notebook: HTML, SVG and scripts",
        tries="Adds code for the browser of whoever grades the questions, signed in as a grader.",
        must="Nothing runs: outputs are text and PNG, and Markdown keeps no HTML and no links.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(notebook=active),
        twin=honest(more(markdown("Since $a < b$ and `x<y>` we have **a < b**, see [1] above."))),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: TeX with attributes",
        tries=(
            "Uses commands whose arguments are links, styles and images: mmlToken, bbox, enclose."
        ),
        must="Nothing acts: only TeX commands from a list of harmless ones are kept.",
        baseline=ONE_BLOCK_MISSING,
        changes=answering(
            "$\\mmlToken{mi}[href='javascript:alert(1)']{x} \\bbox[background:url(//x.example)]{y}"
            "\\enclose{box}[href=x]{z} \\cancel[mathbackground=url(x)]{a}$"
        ),
        twin=honest(answering("$\\cancel{x} + \\boxed{y} = \\color{red}{z}$")),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: TeX that defines commands",
        tries="Gives forbidden commands new names, or writes them as codes and entities.",
        must="Nothing acts: commands that define are not listed; codes and entities are broken up.",
        baseline=ONE_BLOCK_MISSING,
        changes=answering(
            "$\\def\\x{\\href}\\x{javascript:alert(1)}{x} \\csname href\\endcsname{y}{z} ^^5chref"
            " \\newcommand{\\y}{\\require{html}}\\y$ &#92;href{x}{y} $\\begin{CD} A\\end{CD}$"
        ),
        twin=honest(answering("$\\operatorname{softmax}(x)_i = \\frac{e^{x_i}}{\\sum_j e^{x_j}}$")),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: headings with the ids of scores",
        tries="Uses headings with the ids that formgrader's script looks up for scores.",
        must="No points: a heading never gets an id that a script looks for.",
        baseline=ONE_BLOCK_MISSING,
        changes=answering(
            "# compare_optimizers_plot\n\n> ## compare_optimizers_question\n\n"
            "compare_optimizers_question-comment\n---"
        ),
        twin=honest(answering("# My answer\n\n## In short\n\nIt smooths.\n\n---\n\nAs above.")),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: diagrams and addresses",
        tries="Adds a block that becomes a diagram with links, and addresses that become links.",
        must="Nothing acts: no diagram is drawn, and an address stays text.",
        baseline=ONE_BLOCK_MISSING,
        changes=answering(
            '```mermaid\ngraph TD; A-->B; click A href "javascript:alert(1)"\n```\n\n'
            "see https://formgrader.example/login and ![plot](attachment:none.svg) [^1]\n\n"
            "[^1]: <img src=http://tracker.example>"
        ),
        twin=honest(
            answering("```python\nv = mu * v - lr * g\n```\n\nA -> B, at 50% (see above).")
        ),
        roads=(NBGRADER,),
    ),
    Attack(
        "notebook: images that unpack to gigabytes",
        tries="Adds PNGs of up to 60,000 by 60,000 pixels, so that the browser tab crashes.",
        must="They are left out: pixels are counted before a browser sees them.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(notebook=pictures),
        twin=honest(Changes(notebook=with_plots)),
    ),
)
