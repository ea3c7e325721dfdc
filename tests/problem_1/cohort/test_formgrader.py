"""nbgrader's formgrader in a browser, on a class's folder: a person grades a manual cell."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from autograder.nbgrader_plugins import gradebook
from autograder.problem_1 import ASSIGNMENT as P1

CELL = "compare_optimizers_plot"


@pytest.fixture
def graded(undisturbed, tmp_path):
    out = shutil.copytree(undisturbed[0], tmp_path / "class")
    settings = out / "nbgrader_config.py"
    settings.write_text(settings.read_text().replace(str(undisturbed[0]), str(out)))
    return out


@pytest.fixture
def server(graded, tmp_path):
    """The address of a Jupyter server with formgrader, in the class's folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root",
        f"--port={port}", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=",
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
    ]  # fmt: skip
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        command,
        cwd=graded,
        stdout=log,
        stderr=log,
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()
    log.close()


@pytest.mark.proof
def test_what_a_person_marks_comes_first_with_the_model_answer_folded(graded, server, browser):
    browser.until(lambda: _answers(f"{server}/api"))
    with gradebook.opened(P1, gradebook.url(graded / "gradebook.db")) as book:
        notebook = book.find_submission_notebook("Problem_1", "problem_1", "linus").id
    browser.open(f"{server}/formgrader/submissions/{notebook}")
    questions = [name for section in P1.sections for name, _ in section.by_hand]
    assert browser.run(FIRST_SCORES) == questions
    assert not browser.run(IS_UNFOLDED)
    browser.run("document.querySelector('.mark-scheme summary').click()")
    browser.until(lambda: browser.run(IS_UNFOLDED))


@pytest.mark.proof
def test_a_manual_cell_is_graded_by_a_click_and_exported(graded, server, browser):
    browser.until(lambda: _answers(f"{server}/api"))
    browser.open(f"{server}/formgrader/gradebook/problem_1/Problem_1")
    browser.until(lambda: "Submission #6" in browser.run(TEXT))
    with gradebook.opened(P1, gradebook.url(graded / "gradebook.db")) as book:
        notebook = book.find_submission_notebook("Problem_1", "problem_1", "linus").id
    browser.open(f"{server}/formgrader/submissions/{notebook}")
    browser.until(lambda: "SGD + Momentum: 0 of 2 points" in browser.run(TEXT))
    browser.until(lambda: browser.run(CLICK) and _given(graded) == 1)
    exporter = Path(sys.executable).with_name("nbgrader")
    subprocess.run([exporter, "export"], cwd=graded, check=True, capture_output=True)
    with (graded / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert rows["linus"] == rows["grace"] + 1  # the same work


TEXT = "document.body.innerText"
FIRST_SCORES = "[...document.querySelectorAll('.score')].slice(0, 3).map(field => field.id)"
IS_UNFOLDED = "document.querySelector('.mark-scheme details').open"
CLICK = f"""(() => {{
    const score = document.getElementById("{CELL}");
    score?.closest(".pull-right").querySelector(".full-credit").click();
    return score !== null;
}})()"""


def _answers(address):
    try:
        return urllib.request.urlopen(address, timeout=5).status == 200
    except OSError:
        return False


def _given(graded):
    with gradebook.opened(P1, gradebook.url(graded / "gradebook.db")) as book:
        return book.find_grade(CELL, "Problem_1", "problem_1", "linus").manual_score
