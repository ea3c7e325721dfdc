"""The built wheel, in an environment and in folders without a checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from checkout_copy import copied

from autograder.diagnosis.variants import applied, named, released, solution
from autograder.hand_in.submission import write
from autograder.judgement.suites import suite_hash
from autograder.problem_1 import ASSIGNMENT as P1

pytestmark = pytest.mark.proof

MISTAKE = "fc_backward_averages_the_bias_gradient"
COURSE = ("autograder", "lib_solution", "source", "tests/hidden", "nbgrader_config.py")
BUILT = (*COURSE, "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """An environment with the wheel. Its requirements are those of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--wheel-dir", folder]
    subprocess.run([*pip, copied(BUILT, folder / "checkout")], check=True)
    shutil.rmtree(folder / "checkout")
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    pip = [python, "-m", "pip", "--quiet", "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, wheel], check=True)
    (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
    # a path in such a file comes after the environment's own packages
    (packages / "requirements.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
    return python


@pytest.fixture
def autograder(python, tmp_path):
    """Runs a command in an empty folder."""
    here = tmp_path / "here"
    here.mkdir()

    def run(*arguments, folder=here):
        unset = ("PYTHON", "SVHN", "PYTEST", "VIRTUAL_ENV")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(unset)}
        return subprocess.run(
            [python.parent / "autograder", *map(str, arguments)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    run.folder = here
    return run


@pytest.fixture
def submitted(tmp_path):
    folder = tmp_path / "submitted"
    for student, work in (
        ("ada", solution(P1)),
        ("ben", released(P1)),
        ("eva", applied(P1, [named(P1, MISTAKE)])),
    ):
        write(P1, work, folder / student / P1.id)
    return folder


def grades_of(autograder, *arguments):
    ran = autograder(*arguments, "--json", "grades.json", "--seed", 7)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads((autograder.folder / "grades.json").read_text("utf-8"))


def test_the_package_is_not_that_of_the_checkout(python, tmp_path):
    ran = subprocess.run(
        [python, "-c", "from autograder import checkout; print(checkout.ROOT)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == str(next(python.parents[1].glob("lib/*/*/autograder/course")))


def test_a_sandbox_passes_its_self_test(autograder):
    ran = autograder("doctor")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_hand_ins_get_the_grades_that_a_checkout_gives(autograder, submitted):
    paths = [submitted / student / P1.id for student in ("ada", "ben", "eva")]
    ada, ben, eva = grades_of(autograder, "grade", *paths)
    assert (ada["score"], ben["score"]) == (29, 0)
    assert 0 < eva["score"] < 29
    assert {grade["suite"] for grade in (ada, ben, eva)} == {suite_hash(P1)}


def test_a_class_is_graded(autograder, submitted):
    ran = autograder("cohort", submitted, "--out", "class", "--seed", 7)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = (autograder.folder / "class" / "report" / "grades.csv").read_text("utf-8").splitlines()
    assert len(rows) == 4


def test_a_release_is_built_into_the_working_directory(autograder):
    ran = autograder("release")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Verified" in ran.stdout
    assert contents(autograder.folder / "release" / P1.id) == contents(P1.release)


def contents(folder):
    """A release's files, without what running it leaves behind."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".pytest_cache"} & set(path.parts)
    }


def test_a_worker_of_a_cluster_grades(autograder, python, submitted, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        command = [python, "-P", "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
        worker = subprocess.Popen([*command, "--no-dashboard"], cwd=tmp_path)
        try:
            with distributed.Client(address) as client:
                client.wait_for_workers(1, timeout=300)
            ran = autograder("cohort", submitted, "--out", "class", "--scheduler", address)
        finally:
            worker.terminate()
            worker.wait()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = (autograder.folder / "class" / "report" / "grades.csv").read_text("utf-8").splitlines()
    assert len(rows) == 4


def test_a_course_grades_with_its_own_code(autograder, submitted, tmp_path):
    course = copied(COURSE, tmp_path / "course")
    rubric = course / "tests" / "hidden" / "test_fc.py"
    rubric.write_text(rubric.read_text("utf-8") + "\n# changed\n", "utf-8")
    ada = submitted / "ada" / P1.id
    (installed,) = grades_of(autograder, "grade", ada)
    (changed,) = grades_of(autograder, "--course", course, "grade", ada)
    assert changed["score"] == installed["score"] == 29
    assert changed["suite"] != installed["suite"]


def test_a_folder_that_is_no_course_is_an_error(autograder, tmp_path):
    ran = autograder("--course", tmp_path, "doctor")
    assert ran.returncode == 1
    assert "is no course" in ran.stderr


def test_a_working_directory_that_looks_like_a_course_runs_no_code(autograder, submitted):
    """It may be a submission, and its code would run outside the sandbox."""
    work = submitted / "ada" / P1.id
    (work / "autograder").mkdir()
    for name in ("__init__", "__main__", "checkout", "cli"):
        code = f"open({str(submitted / 'ran')!r}, 'w')\n"
        (work / "autograder" / f"{name}.py").write_text(code, "utf-8")
    ran = autograder("grade", ".", "--json", "grades.json", folder=work)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "--course" in ran.stderr
    assert not (submitted / "ran").exists()
    assert json.loads((work / "grades.json").read_text("utf-8"))[0]["score"] == 29
