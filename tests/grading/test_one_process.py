"""All probes share a process at first; a probe that did not finish is run again alone."""

from dataclasses import replace

import pytest

from autograder.diagnosis.same import alike, read
from autograder.diagnosis.variants import solution
from autograder.grading.grade import grade, probe_names, reference
from autograder.judgement.suites import judge
from autograder.observation import observe as observing
from autograder.observation.observe import (
    Observation,
    Observations,
    observe,
    observe_then_repeat_unfinished,
)
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.sandbox.protocol import Raised
from autograder.sandbox.selftest import choose
from autograder.sandbox.session import Ending
from autograder.seeds import key_of

SEED = 5
LAYERS = "lib/mlp/layer_utils.py"
MOST = 25
"""More layers than any single probe makes, which is at most twenty."""

OLD = "        self.negative_slope = negative_slope"


def spoiled(new, end="", files=()):
    text = solution(P1).files[LAYERS].decode()
    assert text.count(OLD) == 1
    text = text.replace(OLD, f"{OLD}\n        {new}") + f"\n{end}\n"
    return replace(
        solution(P1),
        files={**solution(P1).files, LAYERS: text.encode(), **dict.fromkeys(files, b"")},
    )


COUNTED = "np.made = getattr(np, 'made', 0) + 1; "
SPOILED = {  # what happens once more than MOST layers were made in one process
    "an exception": f"{COUNTED}assert np.made < {MOST}",
    "an end": f"{COUNTED}np.made > {MOST} and exit()",
    "a crash": f"{COUNTED}np.made > {MOST} and __import__('os').abort()",
    "a loop": f"{COUNTED}\n        while np.made > {MOST}: pass",
}


@pytest.mark.parametrize("how", SPOILED.values(), ids=SPOILED)
def test_ending_a_probe_only_in_a_shared_process_costs_nothing(how):
    work, names = spoiled(how), probe_names(P1, training=False)
    seen = observe(P1, work.files, work.cells, SEED, choose(), probes=names, together=True)
    verdicts = judge(P1, seen, reference(P1, SEED, choose(), names))
    assert [v.check.name for v in verdicts if v.failure is not None], "nothing is spoiled by it"
    assert grade(P1, work, SEED, choose()).score == 29


def test_evidence_is_taken_from_the_probe_that_ran_alone():
    work, kept = spoiled(SPOILED["an end"]), []
    grade(P1, work, SEED, choose(), keep=kept.append)
    assert {observation.ending.how for observation in kept[0].by_probe.values()} == {"finished"}


WRONG = f" > {MOST} and setattr(self, 'negative_slope', 0.5)"
KEPT = {  # where the library may keep state from one probe to the next
    "a module": (f"MADE.append(1); len(MADE){WRONG}", "MADE = []"),
    "a class": (f"self.made.append(1); len(self.made){WRONG}", "leaky_relu.made = []"),
    "a default": (f"made().append(1); len(made()){WRONG}", "def made(kept=[]): return kept"),
    "a module of its own": (
        f"import lib.extra as e; e.made = getattr(e, 'made', 0) + 1; e.made{WRONG}",
        "",
        ("lib/extra.py",),
    ),
    "a file": (
        f"open(PLACE, 'a').write('1'); len(open(PLACE).read()){WRONG}",
        "import os\nPLACE = os.environ['TMPDIR'] + '/made'",
    ),
}


@pytest.mark.parametrize("where", KEPT.values(), ids=KEPT)
def test_state_kept_by_a_library_does_not_reach_the_next_probe(where):
    work, names = spoiled(*where), probe_names(P1, training=False)
    seen = observe(P1, work.files, work.cells, SEED, choose(), probes=names, together=True)
    verdicts = judge(P1, seen, reference(P1, SEED, choose(), names))
    assert {v.check.name: v.failure for v in verdicts if v.failure is not None} == {}


def test_late_or_failing_imports_behave_as_in_a_separate_process():
    files = {
        **solution(P1).files,
        "lib/optim.py": b"raise OSError('not here')",
        "lib/late.py": b"from lib.mlp.layer_utils import fc\n",
        "lib/__init__.py": b"import lib.grad_check\nfrom lib.mlp import layer_utils\n",
        LAYERS: solution(P1)
        .files[LAYERS]
        .replace(
            b"        self.negative_slope = negative_slope",
            b"        self.negative_slope = negative_slope\n"
            b"        import lib.late\n"
            b"        assert isinstance(fc(2, 3), lib.late.fc)",
        ),
    }
    names = probe_names(P1, training=False)
    one = observe(P1, files, solution(P1).cells, SEED, choose(), probes=names, together=True)
    many = observe(P1, files, solution(P1).cells, SEED, choose(), probes=names)
    assert {one[n].ending.how for n in names} == {"finished", "raised"}
    for name in names:
        given = P1.probes[name].inputs(key_of(SEED))
        like = given, one[name], P1.special.get(name)
        assert alike(read(one[name], *like), read(many[name], *like)), name
        raised = one[name].ending.raised
        assert raised is None or raised.importing == many[name].ending.raised.importing


ENDINGS = {
    "finished": (Ending("finished"), False),
    "a block is not written": (
        Ending("raised", raised=Raised("NotImplementedError", "fc.forward: write it")),
        False,
    ),
    "a module cannot be imported": (
        Ending("raised", raised=Raised("SyntaxError", "invalid syntax", "lib.optim")),
        False,
    ),
    "raised": (Ending("raised", raised=Raised("ValueError", "shapes")), True),
    "timed out": (Ending("timed out", "it did not finish"), True),
    "killed": (Ending("killed", "its process was ended by SIGKILL"), True),
    "refused": (Ending("refused", "it sent more than 32 MiB"), True),
}


@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
@pytest.mark.parametrize(("ending", "again"), ENDINGS.values(), ids=ENDINGS)
def test_the_ending_of_a_probe_and_not_its_answer_decides_which_run_counts(
    ending, again, right, monkeypatch
):
    names = probe_names(P1, training=False)
    known = reference(P1, SEED, choose(), names)
    first = known["adam"].values if right else {"w": known["adam"]["w"] + 1}
    asked = []

    def observed(assignment, files, cells, seed, sandbox, budget, probes, together=False):
        asked.append(tuple(probes))
        answers = {n: known[n] for n in probes}
        if "adam" in probes:
            values, how = (first, ending) if together else ({"w": 0.0}, Ending("finished"))
            answers["adam"] = Observation("adam", values, {}, how)
        return Observations(seed, "none", answers)

    monkeypatch.setattr(observing, "observe", observed)
    counts = observe_then_repeat_unfinished(P1, {}, {}, SEED, choose(), names)
    assert asked == [names, ("adam",)][: 1 + again]
    assert counts["adam"].values == ({"w": 0.0} if again else first)
    assert all(counts[name] is known[name] for name in names if name != "adam")


BY_CHANCE = """
        with open("/dev/urandom", "rb") as file:
            scale = 1 + file.read(1)[0] % 2
        self.grads[self.w_name] = feat.T @ dprev * scale"""


def test_a_probe_with_random_answers_is_not_run_twice(monkeypatch):
    """Counts the runs, because the random answers alone would prove little."""
    old = b"\n        self.grads[self.w_name] = feat.T @ dprev"
    text = solution(P1).files[LAYERS]
    assert text.count(old) == 1
    work = replace(
        solution(P1), files={**solution(P1).files, LAYERS: text.replace(old, BY_CHANCE.encode())}
    )
    asked, real = [], observing.observe
    monkeypatch.setattr(observing, "observe", lambda *a, **k: asked.append(a[6]) or real(*a, **k))
    scores = {grade(P1, work, SEED, choose()).score for _ in range(12)}
    assert min(scores) < 28, "it was right every time"
    assert len(asked) == 12


def test_the_solution_gives_the_same_answers_in_one_process_and_in_many():
    names = probe_names(P1, training=True)
    right = solution(P1)
    one = observe(P1, right.files, right.cells, SEED, choose(), probes=names, together=True)
    many = observe(P1, right.files, right.cells, SEED, choose(), probes=names)
    for name in names:
        given = P1.probes[name].inputs(key_of(SEED))
        like = given, one[name], P1.special.get(name)
        assert alike(read(one[name], *like), read(many[name], *like)), name
