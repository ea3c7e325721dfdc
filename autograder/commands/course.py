"""The option `--course`: a checkout is graded with its own code instead of the installed code.

A checkout is more than its notebook: its points, probes and known mistakes are code. So its whole
package replaces the installed one, in this process and in all that it starts.

A working directory that is a checkout is never used by itself. It could be an unpacked submission
that looks like a checkout, and its code would run outside the sandbox.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from autograder import checkout


class CourseError(Exception):
    """The folder is no checkout of this project."""


def switch_to(course: Path) -> None:
    """Start the command again with the code of a checkout; return if that is running already.

    Raises:
        CourseError: the folder is no checkout.
    """
    course = course.resolve()
    if not _is_checkout(course):
        raise CourseError(f"{course} is no course: it has no autograder/checkout.py")
    if checkout.PACKAGE.parent == course:
        return
    first, *rest = sys.argv[1:]  # the option is the only one before the command
    arguments = rest if "=" in first else rest[1:]
    paths = [str(course), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    # -P: not from the working directory, which may be a submission
    os.execv(sys.executable, [sys.executable, "-P", "-m", "autograder", *arguments])


def ignored() -> str | None:
    """Says that the working directory is a course that is not used; None if it is none."""
    here = Path.cwd()
    if not checkout.INSTALLED or not _is_checkout(here):
        return None
    return "This folder is a course, and the installed one is used. For this one: --course ."


def _is_checkout(folder: Path) -> bool:
    return (folder / "autograder" / "checkout.py").is_file()
