"""The commands. No logic here: each one calls the module that does the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="An autograded course assignment: neural networks from scratch, trained on SVHN.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help in half the time, and paragraphs are wrapped as such
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with: autograder data --synthetic, then autograder release.",
)


@app.command()
def data(
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Draw the twin instead: a minute, no network.")
    ] = False,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="For the two files. (default: data, or SVHN_DIR)"),
    ] = None,
    preview: Annotated[
        Path | None, typer.Option(help="Also draw a sheet of ten images of each digit.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The twin's: one seed, one set of images.")] = 1,
    train: Annotated[int | None, typer.Option(help="The twin's training images.")] = None,
    test: Annotated[int | None, typer.Option(help="The twin's test images.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that draw. (default: all)")] = None,
) -> None:
    """Download SVHN, or draw its synthetic twin.

    SVHN is about 250 MB, for non-commercial use. A broken download goes on where it stopped. The
    twin has the same two files and sizes, and networks reach about the same accuracy on it.
    """
    from autograder import checkout

    assignment = checkout.assignment()
    source, directory = assignment.data_module, directory or assignment.data_folder()
    if source is None:
        raise typer.BadParameter(f"{assignment.title} needs no data")
    with _told_in_a_sentence(source.DataError):
        if synthetic:
            sizes = {name: size for name, size in (("train", train), ("test", test)) if size}
            source.draw(directory, seed, workers, **sizes)
        else:
            source.download(directory)
        print(f"{directory}: {source.identify(directory).text}")
        if preview:
            source.preview(directory, preview)
            print(f"{preview}: ten images of each digit.")


@app.command()
def release(
    check: Annotated[
        bool, typer.Option("--check", help="Only verify the release that is there.")
    ] = False,
) -> None:
    """Build what students receive, and verify it.

    Solutions, model answers and mark schemes are taken out, by nbgrader and the configuration in
    nbgrader_config.py. Then the proofs: the solution passes every visible check, the stub fails
    every one for the right reason, and no statement of a solution is left in any file. Exit status
    1 when a proof fails; each failure names a file and a line.
    """
    from rich.console import Console

    from autograder import checkout
    from autograder.assignment.changelog import ChangelogError
    from autograder.judgement.suites import SuiteBroken
    from autograder.release.build import BuildError, build
    from autograder.release.markers import StripError
    from autograder.release.verify import verify

    console, assignment = Console(), checkout.assignment()
    broken = BuildError, StripError, ChangelogError, SuiteBroken
    with console.status("") as status, _told_in_a_sentence(*broken):
        if not check:
            report = build(assignment, progress=status.update)
            console.print(
                f"Built {report.folder.relative_to(assignment.root)}: {report.files} files, "
                f"{report.solutions} solutions taken out."
            )
        findings = verify(assignment, progress=status.update)
    for finding in findings:
        print(finding)
    if findings:
        raise typer.Exit(1)
    console.print("[green]Verified:[/] the release is complete and gives nothing away.")


class Training(StrEnum):
    FULL = "full"
    SHORT = "short"
    OFF = "off"


SandboxName = Annotated[
    str | None, typer.Option("--sandbox", help="bubblewrap, sandlock; none for your own files.")
]
OlderWork = Annotated[
    bool,
    typer.Option(
        "--older-work",
        help="Of other years, whose notebook had no cells for names: those checks do not count.",
    ),
]


def _all_exist(paths: list[Path]) -> list[Path]:
    """Refuses a path that does not exist before anything is graded."""
    from autograder.hand_in.files import missing

    if names := missing(paths):
        raise typer.BadParameter(f"no such file or directory: {', '.join(names)}")
    return paths


@app.command()
def grade(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Directories or zips with lib/ and the notebook.",
            callback=_all_exist,
            readable=False,  # one that is closed must not keep the others from being graded
        ),
    ],
    json: Annotated[
        Path | None, typer.Option(help="Write the Grades there as JSON; - for the terminal.")
    ] = None,
    training: Annotated[
        Training | None,
        typer.Option(help="full: on all images. short: a few. off (default): unjudged."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed for the random test inputs. (default: new each run)")
    ] = None,
    sandbox: SandboxName = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep in this folder what was observed, for an appeal.")
    ] = None,
    from_observations: Annotated[
        bool, typer.Option("--from-observations", help="PATHS are files that --keep wrote.")
    ] = False,
    older_work: OlderWork = False,
) -> None:
    """Grade submissions.

    Student code runs in a sandbox, and only plain numbers come back. Exit status 0 when every
    submission has a Grade (an unreadable one, too: 0 points, and why), 1 when grading itself could
    not work, 2 for wrong use. With --keep, --from-observations grades again without running
    any of the student's code.
    """
    from autograder import checkout
    from autograder.commands.grade import NotKept, Unwritable, run, run_again

    assignment = checkout.assignment()
    mode = training and training.value
    with _told_in_a_sentence(NotKept, Unwritable, *_grader_errors()):
        if not from_observations:
            run(
                assignment,
                paths,
                json=json,
                training=mode or "off",
                seed=seed,
                sandbox=sandbox,
                keep=keep,
                older_work=older_work,
            )
        elif seed is None and keep is None and not older_work:
            run_again(assignment, paths, json=json, training=mode, sandbox=sandbox)
        else:
            raise typer.BadParameter(
                "what was kept says of which year and with which seed it was graded: "
                "no --seed, --keep or --older-work"
            )


@app.command()
def cohort(
    directory: Annotated[
        Path, typer.Argument(help="With a folder STUDENT/ASSIGNMENT or a STUDENT.zip for each.")
    ],
    out: Annotated[Path, typer.Option(help="Where the results go.")] = Path("out/class"),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that grade. (default: all)")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask cluster's address, in place of processes here.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on: grade what is missing or has changed.")
    ] = False,
    training: Annotated[
        Training | None, typer.Option(help="full, short or off. (default: off, or as before)")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="One for all; drawn anew, or as before, when not given.")
    ] = None,
    sandbox: SandboxName = None,
    due: Annotated[
        str | None, typer.Option(help='When it was due, such as "2026-11-20 23:59 UTC".')
    ] = None,
    older_work: OlderWork = False,
) -> None:
    """Grade a class.

    Writes nbgrader's gradebook, a feedback page for each student, what was observed, and a report.
    May be interrupted at any time: --resume goes on. Where only suites, points or misconceptions
    have changed since, it grades again from what was observed, and tells whose points changed. Exit
    status 0 when everybody was graded or set aside with a reason, 1 when grading itself could not
    work, 2 for wrong use.
    """
    from autograder import checkout
    from autograder.cohort.pool import ClusterError
    from autograder.cohort.run import CohortError, run

    with _told_in_a_sentence(*_grader_errors(), CohortError, ClusterError):
        run(
            checkout.assignment(),
            directory,
            out,
            workers=workers,
            scheduler=scheduler,
            resume=resume,
            training=training and training.value,
            seed=seed,
            sandbox=sandbox,
            due=due,
            older_work=older_work,
        )


@app.command()
def doctor(
    sandbox: Annotated[
        str | None, typer.Option("--sandbox", help="Try this one alone: bubblewrap, or sandlock.")
    ] = None,
) -> None:
    """Look at the machine, the sandboxes and the data.

    Each sandbox is tried: a program inside does what hostile submissions do. Exit status 1 when no
    sandbox confines it.
    """
    from autograder import checkout
    from autograder.commands.doctor import run

    with _told_in_a_sentence(*_grader_errors()):
        healthy = run(checkout.assignment(), sandbox)
    raise typer.Exit(0 if healthy else 1)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the results go.")] = Path("out/demo"),
) -> None:
    """All of it once: data (SVHN, or its twin), release, a training, and a made-up class."""
    from autograder import checkout
    from autograder.commands.demo import run

    with _told_in_a_sentence(*_grader_errors()):
        status = run(checkout.assignment(), out)
    raise typer.Exit(status)


def _grader_errors() -> tuple[type[Exception], ...]:
    """What keeps the grader itself from working."""
    from autograder import checkout
    from autograder.assignment.changelog import ChangelogError
    from autograder.judgement.suites import SuiteBroken
    from autograder.sandbox.backend import SandboxError

    plan = checkout.assignment().training
    return SandboxError, SuiteBroken, ChangelogError, *(() if plan is None else (plan.error,))


@contextmanager
def _told_in_a_sentence(*kinds: type[Exception]) -> Iterator[None]:
    """Errors that explain themselves end the command with their message alone, and status 1."""
    try:
        yield
    except kinds as error:
        typer.secho(f"error: {error}", fg="red", err=True)
        raise typer.Exit(1) from error
