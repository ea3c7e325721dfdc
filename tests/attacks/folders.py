"""Files and notebooks, the folder: special files, and files that are too many or too large."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

from attack import (
    LAYERS,
    NBGRADER,
    OPTIMIZERS,
    PACKAGE,
    SOLUTION,
    STUB,
    Attack,
    Changes,
    Work,
)

from autograder.problem_1 import ASSIGNMENT as P1

ONE_BLOCK_MISSING = SOLUTION.without("RMSProp.update")
ANSWER = (P1.library / OPTIMIZERS).read_bytes()


def made(make: Callable[[Path], object]) -> Changes:
    return Changes(folder=make)


def replaced(folder: Path, name: str, by: str | Path) -> None:
    """Replaces a file or folder with a link."""
    shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink()
    (folder / name).symlink_to(by)


def hard_links(folder: Path) -> None:
    """Links to a copy of the solution. A link to the real file would affect other submissions."""
    (folder / OPTIMIZERS).unlink()
    (folder / ".answer").write_bytes(ANSWER)
    os.link(folder / ".answer", folder / OPTIMIZERS)


def links_elsewhere(folder: Path) -> None:
    (folder / "book.db").symlink_to("../../../gradebook.db")
    (folder / "passwords").symlink_to("/etc/shadow")
    (folder / "everything").symlink_to("/")
    (folder / "round").symlink_to(folder)
    (folder / "lib" / "round").symlink_to("..")
    replaced(folder, OPTIMIZERS, "../../../../lib_solution/lib/optim.py")


def endless(folder: Path) -> None:
    """/dev/zero as a module, /dev/urandom as a notebook, and sparse files of a terabyte."""
    replaced(folder, OPTIMIZERS, "/dev/zero")
    (folder / "second.ipynb").symlink_to("/dev/urandom")
    for name in ("lib/mlp/more.py", "data.bin", "third.ipynb"):
        with (folder / name).open("wb") as file:
            file.truncate(2**40)


def waiting(folder: Path) -> None:
    """Pipes and a socket that nobody writes to, where a reader expects files."""
    (folder / OPTIMIZERS).unlink()
    for name in (OPTIMIZERS, "lib/pipe.py", "pipe.ipynb", "timestamp.txt"):
        os.mkfifo(folder / name)
    here = os.getcwd()
    os.chdir(folder)  # because a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("s.py")
    finally:
        os.chdir(here)


def crowd(folder: Path) -> None:
    """Six thousand files, a hundred nested folders, and a name of the largest possible length."""
    for number in range(3000):
        (folder / "lib" / f"a{number}.png").touch()
        (folder / f"a{number}.ipynb").touch()
    deep = folder.joinpath(*["d"] * 100)
    deep.mkdir(parents=True)
    (deep / "optim.py").write_bytes(ANSWER)
    (folder / "lib" / ("n" * 250 + ".py")).touch()


def library_that_is_a_file(folder: Path) -> None:
    shutil.rmtree(folder / "lib")
    (folder / "lib").write_bytes(ANSWER)
    (folder / "lib.zip").write_bytes(b"PK\x03\x04")


def notebook_that_is_a_folder(folder: Path) -> None:
    (folder / "more.ipynb").mkdir()
    notebook = (folder / P1.notebook).read_bytes()
    (folder / "more.ipynb" / P1.notebook).write_bytes(notebook)
    (folder / "empty.ipynb").touch()


def several_libraries(folder: Path) -> None:
    """Puts the answer into every other place where a library could be."""
    for place in ("a/lib", "solution/lib", "lib/lib", "source/problem_1/lib", "lib_solution/lib"):
        (folder / place).mkdir(parents=True)
        (folder / place / "optim.py").write_bytes(ANSWER)


def odd_bytes(folder: Path) -> None:
    """Names that are invalid as text, control the terminal, or look like command options."""
    for name in (b"lib/\xff\xfe.py", b"lib/\x1b[2J.py", b"lib/--help", b"lib/-rf", b"lib/a\nb.py"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(ANSWER)


def formulas(folder: Path) -> None:
    """Links, which are left out and listed in a table, with formulas as names."""
    names = ('=HYPERLINK("x")', "a;=1+1", 'a;"=1+1"', "a\u00a0=1+1", "＝1+1", "a|=1", "-1;;;;40")
    for name in names:
        (folder / f"{name}.py").symlink_to("/dev/null")


def hidden(folder: Path) -> None:
    """Hidden files, caches and links that honest folders contain."""
    for name in (".git/config", ".vscode/settings.json", "lib/__pycache__/optim.cpython-311.pyc"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"\x00")
    (folder / "venv").symlink_to("/usr")
    (folder / "data").symlink_to("/nowhere")


def unreadable(folder: Path) -> None:
    """File modes that stop every reader except root."""
    (folder / "private").mkdir()
    (folder / "private").chmod(0)
    (folder / "private.ipynb").touch(mode=0)


def nested(folder: Path) -> None:
    """Moves everything one folder deeper than in the release."""
    inside = folder / "Problem 1 (final)"
    inside.mkdir()
    for name in ("lib", P1.notebook):
        (folder / name).rename(inside / name)


def honest(make: Callable[[Path], object]) -> Work:
    return SOLUTION.plus(folder=make)


ATTACKS = (
    Attack(
        "folder: lib is a link to the solution",
        tries="Makes lib a link to the grader's solution, whose location is public.",
        must="No points: links are left out and never followed.",
        baseline=SOLUTION.without("RMSProp.update", "Adam.update"),
        changes=made(lambda folder: replaced(folder, "lib", P1.library / "lib")),
        twin=honest(hidden),
    ),
    Attack(
        "folder: a module is a link to the solution",
        tries="Replaces one file of the library with a link to the solution's.",
        must="No points: the file counts as missing.",
        baseline=ONE_BLOCK_MISSING,
        changes=made(lambda folder: replaced(folder, OPTIMIZERS, P1.library / OPTIMIZERS)),
        twin=honest(hidden),
        roads=(NBGRADER,),
    ),
    Attack(
        "folder: a hard link to the solution",
        tries="The same with a hard link, which does not look like a link.",
        must="No points: a file with more than one hard link is left out.",
        baseline=ONE_BLOCK_MISSING,
        changes=made(hard_links),
        twin=honest(nested),
    ),
    Attack(
        "folder: links to the gradebook, to /etc and to itself",
        tries="Makes whoever copies the folder copy private files, or copy for ever.",
        must="No link is followed or copied, not even by stock nbgrader.",
        baseline=ONE_BLOCK_MISSING,
        changes=made(links_elsewhere),
        twin=honest(hidden),
        roads=(NBGRADER,),
    ),
    Attack(
        "folder: endless files",
        tries="Uses /dev/zero as a module and a terabyte as a notebook.",
        must="No points, no memory: links are left out, and sizes are checked first.",
        baseline=ONE_BLOCK_MISSING,
        changes=made(endless),
        twin=honest(lambda folder: (folder / "train_32x32.mat").write_bytes(bytes(2 * 10**7))),
        roads=(NBGRADER,),
    ),
    Attack(
        "folder: pipes and a socket",
        tries="Hands in pipes, which block their reader until somebody writes.",
        must="Nothing blocks: only regular files are opened.",
        baseline=ONE_BLOCK_MISSING,
        changes=made(waiting),
    ),
    Attack(
        "folder: thousands of files",
        tries="Uses up the limits of a reader before it reaches the files that matter.",
        must="No points, bounded time: code is read first, the rest within limits.",
        baseline=ONE_BLOCK_MISSING,
        changes=made(crowd),
        twin=honest(
            lambda folder: [(folder / f"plot-{n}.png").write_bytes(b"\x89PNG") for n in range(300)]
        ),
    ),
    Attack(
        "folder: lib is a file",
        tries="Puts a file where the library's folder should be, so that a reader crashes.",
        must="No points: there is no library, and the report says so.",
        baseline=ONE_BLOCK_MISSING,
        changes=made(library_that_is_a_file),
    ),
    Attack(
        "folder: notebooks that are folders, or empty",
        tries="Hands in folders and empty files whose names end in .ipynb.",
        must="No points: the notebook with most of the assignment's cells is graded.",
        baseline=SOLUTION.without("activations_definitions"),
        changes=made(notebook_that_is_a_folder),
        twin=honest(lambda folder: (folder / "scratch.ipynb").write_text("{}")),
    ),
    Attack(
        "folder: several libraries",
        tries="Puts the answer into other folders that a grader might prefer.",
        must="No points: the library nearest to the top is graded.",
        baseline=ONE_BLOCK_MISSING,
        changes=made(several_libraries),
        twin=honest(lambda folder: shutil.copytree(folder / "lib", folder / "backup" / "lib")),
        roads=(NBGRADER,),
    ),
    Attack(
        "folder: names that are not text",
        tries="Uses invalid bytes, terminal codes and options as names.",
        must="No points, no error: such files are left out, and reported in plain characters.",
        baseline=ONE_BLOCK_MISSING,
        changes=made(odd_bytes),
        twin=honest(lambda folder: (folder / "Übungen – Lösung №1.txt").write_text("x")),
    ),
    Attack(
        "folder: names that are formulas",
        tries="Gives a left-out file a formula as its name, which a table then shows.",
        must="No formula is computed and no column shifts, whatever the separator.",
        baseline=STUB,
        changes=made(formulas),
        twin=honest(lambda folder: (folder / "=notes; - @home.txt").write_text("x")),
        roads=(NBGRADER,),
    ),
    Attack(
        "folder: unreadable files",
        tries="Uses file modes that make a reader give up on the whole folder.",
        must="No points: only the unreadable files are lost.",
        baseline=ONE_BLOCK_MISSING,
        changes=made(unreadable),
    ),
    Attack(
        "library: shadows numpy and the standard library",
        tries="Hands in packages called numpy, json and probes, beside the library and in it.",
        must="No points: the interpreter's own modules are found before a student's.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                **dict.fromkeys(
                    ("numpy.py", "json.py", "probes.py", "writer.py", "lib/numpy.py"),
                    "raise SystemExit('shadowed')",
                ),
                "numpy/__init__.py": "raise SystemExit('shadowed')",
                "lib/struct/__init__.py": "raise SystemExit('shadowed')",
            }
        ),
        twin=SOLUTION.plus(
            files={"lib/numpy.py": "", "lib/mlp/tools.py": "def twice(x): return 2 * x"},
            appended={LAYERS: "from lib.mlp.tools import twice"},
        ),
    ),
    Attack(
        "library: a deep tree of slow packages",
        tries="Nests packages, each of which sleeps at import and imports the next one.",
        must="No points: path length and import time are limited.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            files={
                "lib/p"
                + "/p" * depth
                + "/__init__.py": "import time; time.sleep(0.2); from . import p"
                for depth in range(8)
            },
            appended={PACKAGE: "from lib import p"},
        ),
        twin=SOLUTION.plus(
            files={"lib/a/__init__.py": "", "lib/a/b/__init__.py": "", "lib/a/b/c.py": "FOUR = 4"},
            appended={LAYERS: "from lib.a.b.c import FOUR"},
        ),
    ),
)
