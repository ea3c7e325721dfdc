"""Writes submissions as folders or zips, and joins the messages about them."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

from tiny_assignment import ASSIGNMENT

from autograder.assignment.rubric import Section
from autograder.hand_in import submission

NORM = Section("norm", "A norm", 1, answers=("norm_definitions",))
COURSE = replace(ASSIGNMENT, sections=(*ASSIGNMENT.sections, NORM))
"""The tiny assignment with a second cell in which students write code."""

LIBRARY = {f"lib/{name}": b"x = 1\n" for name in ("optim.py", "layers/scale.py")}


def notebook(**cells: str) -> dict:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {
                "cell_type": "code",
                "metadata": {"nbgrader": {"grade_id": name}, "tags": ["skip-execution"]},
                "source": text.splitlines(keepends=True),
            }
            for name, text in cells.items()
        ],
    }


RATE = "rate = 0.5\nsteps = 3\n"
GOOD = notebook(step_rate=RATE)


def folder(root: Path, files: dict[str, bytes], *notebooks: tuple[str, object]) -> Path:
    written = {name: json.dumps(content).encode() for name, content in notebooks}
    for path, content in (files | written).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def zipped(path: Path, members: dict[str, bytes], **attributes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            archive.writestr(info, content)
    return path


def about(found: submission.Submission) -> str:
    return "\n".join(found.errors)
