"""The autograder that grades in the container, run by Docker's rules: see `docker_rules`.

Whatever happens there, run_autograder leaves results that Gradescope takes. The archive carries the
checkout with its own assignment, so Problem 1 is graded here.
"""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import docker_rules
import pytest
from container import ROOT, Container, needs_root
from rich.console import Console
from uploads import gradescope_autograder, gradescope_results

from autograder.commands.gradescope import GradescopeError, build_grader
from autograder.diagnosis.variants import applied, named
from autograder.gradescope import archive as archives
from autograder.gradescope import requirements
from autograder.gradescope.container import supervise
from autograder.gradescope.container.supervise import CANNOT_GRADE, Ended, results_of
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox import sandlock, slots
from autograder.sandbox.backend import SandboxError

MISTAKE = "fc_backward_averages_the_bias_gradient"
INSIDE = "autograder.gradescope.inside"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The zip that `gradescope build` writes."""
    path = tmp_path_factory.mktemp("build") / "autograder.zip"
    console = Console(file=io.StringIO(), width=80)
    build_grader(P1, path, "visible", console)
    assert f"{P1.without_training} points" in console.file.getvalue()
    return path.read_bytes()


@pytest.fixture
def container(archive, tmp_path):
    tmp_path.chmod(0o755)
    made = Container(tmp_path)
    made.unpack(archive)
    made.install()
    return made


@pytest.fixture
def handed_in(container):
    """The solution, handed in."""
    container.submit(files(), id=1)
    return container


def files(*mistakes):
    """A student's files, with these mistakes in them."""
    library = applied(P1, [named(P1, mistake) for mistake in mistakes]).files
    return {**library, P1.notebook: P1.source.read_bytes()}


def nothing_judged(container):
    """What the staff reads, once it is sure that this is no judgement."""
    results = gradescope_results(container.results)
    assert (results.score, results.shown, results.reported) == (0, False, ())
    assert container.parsed["output"].startswith("Nothing was judged. ")
    assert "no fault of yours" in container.parsed["output"]
    hidden = [test for test in results.tests if test.get("visibility") == "hidden"]
    return "\n".join(test["output"] for test in hidden)


@needs_root
def test_the_solution_gets_full_marks(handed_in):
    assert handed_in.run() == 0
    results = gradescope_results(handed_in.results)
    assert results.score == results.max_score == P1.without_training, handed_in.printed
    assert (results.shown, results.reported) == (True, ())
    titles = [section.title for section in P1.sections if section.auto]
    assert [test["name"] for test in results.tests] == titles
    assert handed_in.parsed["extra_data"]["sandbox"] == "sandlock"
    assert isinstance(handed_in.parsed["extra_data"]["seed"], int)


HOSTILE = """
import os
os.environ["REACHED"] = ""
for path in ("{root}/results/results.json", "{root}/source/unfinished.json"):
    for mode in ("r", "w"):
        try:
            open(path, mode)
            raise SystemExit("reached " + path)
        except OSError:
            pass
try:
    os.listdir("{root}/source/tests/hidden")
    raise SystemExit("reached the suites")
except OSError:
    pass
assert os.getuid() != 0
"""


@needs_root
def test_a_mistake_is_named_and_student_code_reaches_neither_results_nor_suites(container):
    """In a folder of its own, as many zips have it. Code that gets through ends the import."""
    work = files(MISTAKE)
    work["lib/optim.py"] += HOSTILE.format(root=ROOT).encode()
    container.submit({f"my work/{name}": content for name, content in work.items()}, id=1)
    container.run()
    results = gradescope_results(container.results)
    lost = [test["name"] for test in results.tests if test.get("status") == "failed"]
    assert lost == [P1.by_id["fc_backward"].title], container.printed
    (output,) = [test["output"] for test in results.tests if test["name"] in lost]
    assert named(P1, MISTAKE).hint in output


@needs_root
def test_an_empty_submission_gets_0_points_and_the_reason(container):
    container.submit({"notes.txt": b"sorry"}, id=1)
    container.run()
    results = gradescope_results(container.results)
    assert (results.score, results.max_score) == (0, P1.without_training)
    assert "there is no folder lib" in container.parsed["output"]


@needs_root
def test_without_landlock_nothing_is_judged(handed_in):
    assert handed_in.run(landlock=False) == 0
    assert "sandlock needs Landlock" in nothing_judged(handed_in)


@needs_root
def test_a_grading_that_takes_too_long_is_ended_before_gradescope_ends_it(handed_in):
    assert supervise.TIMEOUT_S < 600
    assert handed_in.run(AUTOGRADER_TIMEOUT_S="0.2") == 0
    nothing_judged(handed_in)
    assert "longer than 0.2 seconds" in handed_in.parsed["output"]


KILL = """
bash {root}/source/run_autograder &
grader=$!
until victim=$(grep -l {victim} /proc/[0-9]*/cmdline 2>/dev/null | head -1); [ -n "$victim" ]; do
    kill -0 $grader || exit 9  # it has ended before it could be killed
    sleep 0.05
done
kill -9 "$(echo "$victim" | cut -d/ -f3)"
wait $grader
"""


@needs_root
@pytest.mark.parametrize(
    ("victim", "says"),
    [
        ("gradescope[.]inside", "out of memory"),
        ("container[.]supervise", "was stopped before it was finished"),
    ],
)
def test_if_the_kernel_kills_it_there_are_results(handed_in, victim, says):
    script = KILL.format(root=ROOT, victim=victim)
    assert handed_in.run("/bin/bash", "-c", script) == 0
    nothing_judged(handed_in)
    assert says in handed_in.parsed["output"]


@needs_root
@pytest.mark.parametrize("broken", ["tests/hidden/pytest.ini", "autograder/grading/grade.py"])
def test_a_damaged_grader_judges_nothing(handed_in, broken):
    (handed_in.folder / "autograder" / "source" / broken).write_text("{")
    assert handed_in.run() == 0
    assert nothing_judged(handed_in)


WEAKENED = {
    "no Landlock": ("sandlock_launcher.py", "    confine(sandbox)\n", "could read"),
    "no limit on the folder": (
        "sandlock.py",
        "                os.posix_fallocate(file, os.fstat(file).st_size, surplus)\n",
        "exceed the size of the writable folder",
    ),
}
"""What only the way in a container has: the file, the line that is left out, and what is found."""


@needs_root
@pytest.mark.parametrize("name", WEAKENED)
def test_without_one_of_its_protections_nothing_is_judged(handed_in, name):
    file, line, found = WEAKENED[name]
    path = handed_in.folder / "autograder" / "source" / "autograder" / "sandbox" / file
    text = path.read_text("utf-8")
    assert line in text
    indented = line[: len(line) - len(line.lstrip())] + "pass\n"
    path.write_text(text.replace(line, indented), "utf-8")
    handed_in.run()
    assert found in nothing_judged(handed_in)


def test_users_in_a_container_begin_at_random(monkeypatch, tmp_path):
    """The kernel counts a user's processes over all containers of a machine."""
    monkeypatch.setattr(slots, "USERS_HERE", tmp_path / "uid_map")
    first = slots.first_in_container.__wrapped__
    (tmp_path / "uid_map").write_text("         0          0 4294967295\n")
    found = {first() for _ in range(9)}
    assert len(found) > 1
    assert all(slots.FIRST_USER <= user < 2**31 - slots.MOST_SLOTS for user in found)
    for mapped in ("0 100000 65536", "0 0 65536"):  # where not every user exists
        (tmp_path / "uid_map").write_text(f"{mapped}\n")
        assert first() == slots.FIRST_USER


@needs_root
def test_without_its_python_there_are_results_all_the_same(handed_in):
    (handed_in.folder / "home" / "venv" / "bin" / "python").unlink()
    assert handed_in.run() == 0
    nothing_judged(handed_in)


@pytest.mark.parametrize(
    ("ended", "says", "staff"),
    [
        (Ended(0, "", "x"), "results cannot be read", "x"),
        (Ended(0, "[]", "x"), "results cannot be read", "x"),
        (Ended(0, '{"tests": []}', "x"), "results cannot be read", "x"),
        (Ended(CANNOT_GRADE, "", "no sandbox"), "cannot work in this container", "no sandbox"),
        (Ended(None, "", "x"), "longer than 9 seconds", "x"),
        (Ended(-9, "", "x"), "out of memory", "larger container"),
        (Ended(1, "", "Traceback"), "the grader failed (status 1)", "Traceback"),
    ],
)
def test_every_way_to_end_is_told_to_the_student_and_explained_to_the_staff(ended, says, staff):
    results = results_of(ended, 9)
    assert says.lower() in results["output"].lower()
    hidden = [test for test in results["tests"] if test["visibility"] == "hidden"]
    assert staff in hidden[0]["output"]
    assert staff not in results["output"] or staff == "x"


def test_results_are_passed_on_as_the_grader_printed_them():
    assert results_of(Ended(0, '{"score": 2.5}', "a warning"), 9) == {"score": 2.5}


def test_shared_memory_that_is_too_large_to_fill_is_refused(monkeypatch):
    monkeypatch.setattr(sandlock, "MOST_BALLAST", -1)
    with (
        pytest.raises(SandboxError, match="--shm-size"),
        sandlock.folder_of_size(0, os.getuid()),
    ):
        pass


@pytest.mark.parametrize("graders", ["one grader", "two graders"])
def test_a_folder_of_limited_size_has_room_for_that_much_and_no_more(tmp_path, graders):
    """In a tmpfs of its own, because the machine's shared memory may be large."""
    script = IN_SHARED_MEMORY.format(shm=str(tmp_path)) + FOLDERS[graders]
    ran = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare failed" in ran.stderr:
        pytest.skip("only root can make the mount")
    assert ran.returncode == 0, ran.stderr


@needs_root
@pytest.mark.parametrize(("allowed", "refused"), [((), True), (("pidfd_getfd",), False)])
def test_an_ordinary_user_is_told_that_the_supervisor_is_refused(allowed, refused):
    """Docker's rules allow the call with the capability SYS_PTRACE."""
    script = ORDINARY.format(rules=str(Path(docker_rules.__file__).parent), allowed=allowed)
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ("Run the grader as the container's root" in ran.stdout) == refused


ORDINARY = """
import os, sys
sys.path.append({rules!r})
import docker_rules
import sandlock  # which may lie where that user cannot read
from autograder.sandbox.sandlock import Sandlock
docker_rules.install_filter(True, {allowed!r})
os.setresuid(1000, 1000, 1000)
print(Sandlock().unavailable())
"""


IN_SHARED_MEMORY = """
import os, subprocess
from autograder.sandbox import sandlock
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", {shm!r}], check=True)
sandlock.SHARED_MEMORY = {shm!r}
def left():
    room = os.statvfs({shm!r})
    return round(room.f_bavail * room.f_frsize / 2**20)
"""
FOLDERS = {
    "one grader": """
with sandlock.folder_of_size(2**20, 65534) as folder:
    assert os.stat(folder).st_uid == 65534
    (folder / "fits").write_bytes(bytes(2**19))
    try:
        (folder / "does_not").write_bytes(bytes(2**20))
        raise SystemExit("it had more room")
    except OSError:
        pass
assert left() == 8
""",
    "two graders": """
one, other = (sandlock.folder_of_size(2**20, 65534) for _ in range(2))
for happens in (one.__enter__, other.__enter__, lambda: one.__exit__(None, None, None)):
    happens()
    assert left() == 1
other.__exit__(None, None, None)
assert left() == 8
""",
}


@pytest.mark.parametrize("kind", ["grader", "lookup"])
def test_the_scripts_are_bash(kind):
    for name, content in archives.scripts(kind).items():
        checked = subprocess.run(["bash", "-n"], input=content, capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, b""), name


def test_the_zip_is_one_that_gradescope_takes(archive):
    names = gradescope_autograder(archive)
    assert not [name for name in names if "__pycache__" in name or name.startswith("release/")]
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for name in ("setup.sh", "run_autograder"):
            assert opened.getinfo(name).external_attr >> 16 & 0o111
        for name in names:
            if name.endswith(".py"):
                ast.parse(opened.read(name))


def test_the_same_checkout_gives_the_same_zip(archive, tmp_path):
    build_grader(P1, tmp_path / "again.zip", "visible", Console(file=io.StringIO()))
    assert (tmp_path / "again.zip").read_bytes() == archive


def test_every_package_is_pinned_and_jupyter_is_left_out():
    lines = requirements.pinned()
    assert all(re.fullmatch(r"[a-z0-9.-]+==\S+", line) for line in lines), lines
    names = {line.partition("==")[0] for line in lines}
    assert {"numpy", "scipy", "pytest", "sandlock"} < names
    assert not {"nbgrader", "ipykernel", "autograder"} & names


def test_a_package_for_another_system_only_is_named_without_a_version(monkeypatch):
    found = requirements.importlib.metadata.distribution

    def as_on_a_mac(name):
        if name == "sandlock":
            raise requirements.importlib.metadata.PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(requirements.importlib.metadata, "distribution", as_on_a_mac)
    (line,) = [line for line in requirements.pinned() if line.startswith("sandlock")]
    assert line in {"sandlock<0.10,>=0.9", "sandlock>=0.9,<0.10"}


def test_a_zip_that_cannot_be_written_says_why(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(GradescopeError, match="file"):
        build_grader(P1, tmp_path / "file" / "a.zip", "visible", Console(file=io.StringIO()))
