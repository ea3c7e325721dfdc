"""The verifier is tested with releases that are stale or do not work."""

import json
import re
from dataclasses import replace

import pytest
from planting import library, notebook, text

from autograder.problem_1 import ASSIGNMENT as P1
from autograder.release.proofs import run_proofs
from autograder.release.verify import verify


@pytest.mark.proof
def test_a_fresh_release_passes_every_proof(built):
    """All proofs pass: the files are clean, the solution passes, and the stub fails."""
    progress = []
    assert verify(P1, built, progress.append) == []
    assert len(progress) == 4


def test_files_that_differ_from_the_sources_build_are_reported(release):
    (release / "lib/optim.py").write_text("")
    (release / "lib/grad_check.py").unlink()
    found = {(f.proof, f.path) for f in verify(P1, release)}
    assert ("fresh", "lib/optim.py") in found
    assert ("fresh", "lib/grad_check.py") in found


def test_a_missing_folder_is_reported(tmp_path):
    [finding] = verify(P1, tmp_path / "nowhere")
    assert "autograder release" in finding.message


# Proofs that run the checks. The release has one section, so that each takes a second or two.


@pytest.fixture
def one_section(release):
    """The release, with its notebook cut off after the first check."""
    path = release / P1.notebook
    content = json.loads(path.read_text(encoding="utf-8"))
    ids = [cell["id"] for cell in content["cells"]]
    content["cells"] = content["cells"][: ids.index("fc_forward") + 1]
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return release


def check_cell(change):
    return notebook(
        lambda nb, cells: cells["fc_forward"].update(
            source=change("".join(cells["fc_forward"]["source"])).splitlines(keepends=True)
        )
    )


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """The assignment with its first section only, and a small data set that is drawn once."""
    data = P1.training.practice(tmp_path_factory.mktemp("practice") / "data")
    plan = replace(P1.training, practice=lambda _: data)
    return replace(P1, sections=P1.sections[:1], training=plan)


BROKEN = {
    "nothing": (lambda release: None, set()),
    "a check that cannot fail": (
        check_cell(lambda source: "print('well done')\n"),
        {"stub"},
    ),
    "a check that the solution fails": (
        check_cell(lambda source: source.replace("0.63910291", "0.73910291")),
        {"solution"},
    ),
    "a stub that fails for another reason": (
        check_cell(lambda source: source.replace("flatten(", "flatten_(")),
        {"stub", "solution"},
    ),
    "a module that cannot be imported": (
        text("lib/optim.py", lambda s: "import nothing_like_this\n" + s),
        {"imports", "stub"},
    ),
    "a stub that does not raise": (
        library(lambda s: re.sub(r"raise NotImplementedError\(.*\)", "pass", s)),
        {"stub"},
    ),
    "checks that are not run": (
        text("tests/test_notebook.py", lambda s: s.replace("def test_check", "def check")),
        {"stub", "solution"},
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_release_is_caught_by_running_it(one_section, short, fault):
    plant, proofs = BROKEN[fault]
    plant(one_section)
    found = run_proofs(short, one_section)
    assert {finding.proof for finding in found} == proofs, found
    assert all(f.line > 1 for f in found if f.proof in ("stub", "solution")), found
