"""The command line. It has no logic: each command calls the module that does the work."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from autograder.assignment import Assignment

app = typer.Typer(
    help="An autograded course assignment: neural networks from scratch, trained on SVHN.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # halves the time that --help takes, and wraps paragraphs
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: autograder data --synthetic, then autograder release.",
)


@app.callback()
def _course(
    context: typer.Context,
    course: Annotated[
        Path | None,
        typer.Option(
            help="A checkout with a changed assignment: use it, and its own code, instead of the "
            "installed one. It stands before the command."
        ),
    ] = None,
) -> None:
    if context.resilient_parsing:
        return
    from autograder.commands import course as courses

    with _errors_explained(courses.CourseError):
        if course is not None:
            courses.switch_to(course)
        elif ignored := courses.ignored():
            typer.secho(ignored, fg="yellow", err=True)


@app.command()
def data(
    synthetic: Annotated[
        bool,
        typer.Option("--synthetic", help="Generate the synthetic twin (in a minute, offline)."),
    ] = False,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Folder for the two files. (default: SVHN_DIR, or else data)"),
    ] = None,
    preview: Annotated[
        Path | None,
        typer.Option(help="Also write ten images of each digit as one sheet here."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed for the synthetic images.")] = 1,
    train: Annotated[
        int | None, typer.Option(help="Number of synthetic training images. (default: as SVHN)")
    ] = None,
    test: Annotated[
        int | None, typer.Option(help="Number of synthetic test images. (default: as SVHN)")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Number of processes that draw. (default: one per CPU)")
    ] = None,
) -> None:
    """Download SVHN, or generate its synthetic twin.

    SVHN is about 250 MB and licensed for non-commercial use. An interrupted download resumes where
    it stopped. The synthetic twin has the same two files and the same number of images, and
    networks reach about the same accuracy on it.
    """
    from autograder import checkout

    assignment = checkout.assignment()
    source, directory = assignment.data_module, directory or assignment.data_folder()
    if source is None:
        raise typer.BadParameter(f"{assignment.title} needs no data")
    with _errors_explained(source.DataError):
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
        bool, typer.Option("--check", help="Only verify the existing release.")
    ] = False,
    solution: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Instead of the release, write the solution into this folder, for after the "
            "deadline.",
        ),
    ] = None,
) -> None:
    """Build what students receive, and verify it.

    nbgrader removes solutions, model answers and mark schemes, as configured in nbgrader_config.py.
    Verification then proves that the solution passes every visible check, that the stub fails
    every check for the right reason, and that no file contains a statement of a solution. The exit
    status is 1 if a proof fails; each failure names a file and a line.

    With --solution, the library and the notebook are written with their solutions, model answers
    and mark schemes, without markers. Every cell is run, also those that train (on fewer images if
    SVHN_MAX_TRAINING says so). The result must be the solution, and earn all points that need no
    training.
    """
    from rich.console import Console

    from autograder import checkout
    from autograder.assignment.changelog import ChangelogError
    from autograder.judgement.suites import SuiteBroken
    from autograder.release.build import BuildError, build
    from autograder.release.markers import StripError
    from autograder.release.verify import verify
    from autograder.report.terminal import near

    console, assignment = Console(), checkout.assignment()
    broken = BuildError, StripError, ChangelogError, SuiteBroken
    if solution is not None:
        if check:
            raise typer.BadParameter("--check verifies the release; it does not go with --solution")
        _write_solution(assignment, solution, console, broken)
        return
    with console.status("") as status, _errors_explained(*broken):
        if not check:
            report = build(assignment, progress=status.update)
            console.print(
                f"Built {near(report.folder)}: {report.files} files, "
                f"{report.solutions} solutions removed."
            )
        findings = verify(assignment, progress=status.update)
    for finding in findings:
        print(finding)
    if findings:
        raise typer.Exit(1)
    console.print("[green]Verified:[/] the release is complete and reveals no solution.")


def _write_solution(
    assignment: Assignment, folder: Path, console: Console, broken: tuple[type[Exception], ...]
) -> None:
    from autograder.commands.solution import run
    from autograder.release.solution import SolutionError

    with _errors_explained(SolutionError, *broken, *_grader_errors()):
        if not run(assignment, folder, console):
            raise typer.Exit(1)


class Training(StrEnum):
    FULL = "full"
    SHORT = "short"
    OFF = "off"


class Shown(StrEnum):
    BAR = "bar"
    JSON = "json"


SandboxName = Annotated[
    str | None,
    typer.Option(
        "--sandbox",
        help="bubblewrap or sandlock (default: the first that works). none: only for your own "
        "files.",
    ),
]
OlderWork = Annotated[
    bool,
    typer.Option(
        "--older-work",
        help="Grade work of earlier years. Checks that its notebook did not have do not count.",
    ),
]


def _all_exist(paths: list[Path]) -> list[Path]:
    """Refuse a path that does not exist, before anything is graded."""
    from autograder.hand_in.files import missing

    if names := missing(paths):
        raise typer.BadParameter(f"no such file or directory: {', '.join(names)}")
    return paths


@app.command()
def grade(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Folders or zip files, each with lib/ and the notebook.",
            callback=_all_exist,
            readable=False,  # an unreadable path must not keep the others from being graded
        ),
    ],
    json: Annotated[
        Path | None, typer.Option(help="Write the Grades to this file as JSON; - for stdout.")
    ] = None,
    training: Annotated[
        Training | None,
        typer.Option(
            help="full: train on all images. short: on a few. off (default): training is not "
            "judged."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed for the random test inputs. (default: new each run)")
    ] = None,
    sandbox: SandboxName = None,
    keep: Annotated[
        Path | None, typer.Option(help="Save the observations in this folder, for an appeal.")
    ] = None,
    from_observations: Annotated[
        bool,
        typer.Option("--from-observations", help="Grade files that --keep wrote, given as PATHS."),
    ] = False,
    older_work: OlderWork = False,
) -> None:
    """Grade submissions.

    Student code runs in a sandbox that returns only plain numbers. The exit status is 0 if every
    submission has a Grade, 1 if the grader itself could not work, and 2 for wrong usage. An
    unreadable submission gets 0 points and the reason. --from-observations grades again what --keep
    saved, without running student code.
    """
    from autograder import checkout
    from autograder.commands.grade import NotRegradable, Unwritable, run, run_again

    assignment = checkout.assignment()
    mode = training and training.value
    with _errors_explained(NotRegradable, Unwritable, *_grader_errors()):
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
                "--from-observations takes no --seed, --keep or --older-work: "
                "the saved files already contain the seed and the year"
            )


class LayoutName(StrEnum):
    PLAIN = "plain"
    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"
    BLACKBOARD = "blackboard"
    BRIGHTSPACE = "brightspace"
    SAKAI = "sakai"
    EXCHANGE = "exchange"


LayoutOfClass = Annotated[
    LayoutName | None,
    typer.Option(
        "--layout",
        metavar="NAME",
        help="Layout of the folder or zip: plain, canvas, moodle, gradescope, blackboard, "
        "brightspace, sakai or exchange. (default: detected)",
    ),
]
Rosters = Annotated[
    list[Path] | None,
    typer.Option(
        "--roster",
        help="List of the class as a platform exports it, or CSV with id,name,email.",
    ),
]
ZoneOfClock = Annotated[
    str | None,
    typer.Option("--zone", help="Time zone of the platform's clock. (default: UTC)"),
]


@app.command()
def cohort(
    directory: Annotated[
        Path,
        typer.Argument(
            help="A platform's download (folder or zip), or a folder of STUDENT.zip or "
            "STUDENT/ASSIGNMENT/."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/class"),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of processes. (default: one per CPU)")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Grade on the Dask cluster at this address.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue: grade what is missing or has changed.")
    ] = False,
    training: Annotated[
        Training | None,
        typer.Option(help="full, short or off. (default: off; with --resume, as before)"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Seed for the class. (default: random; with --resume, as before)"),
    ] = None,
    sandbox: SandboxName = None,
    due: Annotated[
        str | None, typer.Option(help='The deadline, such as "2026-11-20 23:59 UTC".')
    ] = None,
    layout: LayoutOfClass = None,
    roster: Rosters = None,
    zone: ZoneOfClock = None,
    older_work: OlderWork = False,
    progress: Annotated[
        Shown,
        typer.Option(help="bar, or json: a line on stdout for each result, all else on stderr."),
    ] = Shown.BAR,
) -> None:
    """Grade a class.

    Downloads of Canvas, Moodle, Gradescope, Blackboard, Brightspace, Sakai and nbgrader's exchange
    are recognised by the names of their files. A roster, which may be given several times, gives
    students their own ids and shows who handed in nothing.

    Writes nbgrader's gradebook, a feedback page for each student, the observations and a class
    report. You can interrupt it at any time and continue with --resume. If only suites, points or
    misconceptions have changed, --resume grades again from the observations and shows whose points
    changed. The exit status is 0 if every student was graded or set aside with a reason, 1 if the
    grader itself could not work, and 2 for wrong usage.
    """
    from rich.console import Console

    from autograder import checkout
    from autograder.cohort.cluster import ClusterError
    from autograder.cohort.run import CohortError, run

    as_json = progress is Shown.JSON
    with _errors_explained(*_grader_errors(), CohortError, ClusterError):
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
            layout=layout and layout.value,
            rosters=roster or (),
            zone=zone,
            console=Console(stderr=as_json),
            lines=sys.stdout if as_json else None,
        )


@app.command()
def similar(
    directory: Annotated[
        Path,
        typer.Argument(
            help="A class as `cohort` reads it, or the folder that `cohort` wrote.",
            metavar="DIR",
            exists=True,
        ),
    ],
    against: Annotated[
        list[Path] | None,
        typer.Option(
            help="Also compare with these references: an earlier year, public solutions, the "
            "course's own. May be given several times.",
            metavar="DIR",
            exists=True,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("out/similar"),
    blind: Annotated[bool, typer.Option("--blind", help="Hide the names.")] = False,
    json: Annotated[
        Path | None, typer.Option(help="Write the pairs to this file as JSON; - for stdout.")
    ] = None,
    layout: LayoutOfClass = None,
    roster: Rosters = None,
    zone: ZoneOfClock = None,
) -> None:
    """Show whose work is alike, for a person to judge.

    Compares what students wrote, block by block. What many in the class have counts little, and
    what few have counts much. Names, order, layout and comments can be changed without hiding much.
    The report orders the pairs and shows their blocks side by side. It accuses nobody, and nothing
    of it reaches the gradebook or the students.

    A folder that `cohort` wrote says itself how the class was read. For hand-ins, --layout,
    --roster and --zone do what they do there. No student code is run.
    """
    from autograder import checkout
    from autograder.commands.similar import run
    from autograder.similar.works import SimilarError

    with _errors_explained(SimilarError):
        run(
            checkout.assignment(),
            directory,
            against or (),
            out,
            blind=blind,
            json=json,
            layout=layout and layout.value,
            rosters=roster or (),
            zone=zone,
        )


class Target(StrEnum):
    CANVAS = "canvas"
    MOODLE = "moodle"
    BLACKBOARD = "blackboard"
    BRIGHTSPACE = "brightspace"
    GRADESCOPE = "gradescope"


class Visibility(StrEnum):
    VISIBLE = "visible"
    AFTER_DUE_DATE = "after_due_date"
    AFTER_PUBLISHED = "after_published"


class Missing(StrEnum):
    BLANK = "blank"
    ZERO = "zero"


@app.command()
def export(
    target: Annotated[Target, typer.Argument(help="The platform.")],
    template: Annotated[
        Path | None,
        typer.Argument(help="The gradebook or worksheet that you downloaded there.", exists=True),
    ] = None,
    class_: Annotated[
        Path, typer.Option("--class", help="Folder that cohort wrote.", metavar="DIR")
    ] = Path("out/class"),
    out: Annotated[
        Path, typer.Option(help="Folder for the files; for gradescope also the zip itself.")
    ] = Path("out/export"),
    column: Annotated[
        str | None, typer.Option(help="Header of the column to fill. (default: found by title)")
    ] = None,
    missing: Annotated[
        Missing, typer.Option(help="What to enter for students without a hand-in.")
    ] = Missing.BLANK,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Also write the zip of feedback pages.")
    ] = False,
    visibility: Annotated[
        Visibility | None,
        typer.Option(
            help="gradescope: when students see points and hints: visible (default), "
            "after_due_date or after_published.",
            metavar="WHEN",
        ),
    ] = None,
) -> None:
    """Return points and feedback to a learning platform.

    Fills one column of the file that you downloaded and changes nothing else in it. Without a file,
    Canvas and Brightspace get a small one with the graded students. Points given by hand in
    formgrader are included; a student who was set aside gets nothing. export.txt lists who was
    matched and who was not. The exit status is 1 if a graded student has no row.

    Gradescope imports no points. For it, this writes an autograder that looks them up: a zip to
    upload under Configure Autograder, before you choose Regrade All Submissions. It runs no student
    code, and a submission that came later is told that it is not graded yet.
    """
    from autograder import checkout
    from autograder.commands.export import ExportError, run

    with _errors_explained(ExportError):
        status = run(
            checkout.assignment(),
            target.value,
            template,
            class_,
            out,
            column=column,
            missing=missing.value,
            with_feedback=feedback,
            visibility=None if visibility is None else visibility.value,
        )
    raise typer.Exit(status)


gradescope = typer.Typer(
    help="Grade in Gradescope's own container. Experimental: see docs/platforms.md.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(gradescope, name="gradescope")


@gradescope.callback()
def _gradescope() -> None:
    """Keeps `build` a command of its own, though it is the only one."""


@gradescope.command("build")
def build_for_gradescope(
    out: Annotated[Path, typer.Option(help="The zip to write.")] = Path(
        "out/gradescope-autograder.zip"
    ),
    visibility: Annotated[
        Visibility,
        typer.Option(
            help="When students see points and hints: visible, after_due_date or after_published.",
            metavar="WHEN",
        ),
    ] = Visibility.VISIBLE,
) -> None:
    """Write an autograder that grades each submission in Gradescope's container.

    Upload the zip under Configure Autograder. It brings its own Python, judges no training, and
    runs student code in a sandbox as a user of its own. If the sandbox does not work there, or
    anything else goes wrong, nothing is judged and the results say why.

    This is experimental: nobody has run it on Gradescope yet. Prefer `autograder export
    gradescope`, which takes the grades from your machine and runs no student code there.
    """
    from rich.console import Console

    from autograder import checkout
    from autograder.commands.gradescope import GradescopeError, build_grader

    with _errors_explained(GradescopeError):
        build_grader(checkout.assignment(), out, visibility.value, Console())


@app.command()
def doctor(
    sandbox: Annotated[
        str | None, typer.Option("--sandbox", help="Test only this one: bubblewrap or sandlock.")
    ] = None,
) -> None:
    """Check the machine, the sandboxes and the data.

    In each sandbox, a test program tries what a hostile submission would try. The exit status is 1
    if no sandbox confines it.
    """
    from autograder import checkout
    from autograder.commands.doctor import run

    with _errors_explained(*_grader_errors()):
        healthy = run(checkout.assignment(), sandbox)
    raise typer.Exit(0 if healthy else 1)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/demo"),
    minutes: Annotated[
        float,
        typer.Option(min=0, help="Time for all steps. On a slow machine, the training ends early."),
    ] = 6,
) -> None:
    """Run every step once, on a made-up class.

    The steps are: build the release and verify it, grade the class, get the data (SVHN if it is
    there, or its synthetic twin), and train the solution.
    """
    # Set before numpy is loaded: two threads are no faster with batches of 25, and beside other
    # work they wait for each other, so that an epoch takes nine times as long.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from autograder import checkout
    from autograder.commands.demo import run

    with _errors_explained(*_grader_errors()):
        status = run(checkout.assignment(), out, minutes)
    raise typer.Exit(status)


def _grader_errors() -> tuple[type[Exception], ...]:
    """Errors that mean that the grader itself cannot work."""
    from autograder import checkout
    from autograder.assignment.changelog import ChangelogError
    from autograder.judgement.suites import SuiteBroken
    from autograder.sandbox.backend import SandboxError

    plan = checkout.assignment().training
    return SandboxError, SuiteBroken, ChangelogError, *(() if plan is None else (plan.error,))


@contextmanager
def _errors_explained(*kinds: type[Exception]) -> Iterator[None]:
    """End the command with status 1 and the error's message, without a traceback."""
    try:
        yield
    except kinds as error:
        typer.secho(f"error: {error}", fg="red", err=True)
        raise typer.Exit(1) from error
