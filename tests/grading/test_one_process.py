"""All probes share a process at first; a probe that did not finish is run again alone."""

from dataclasses import replace

import pytest

from autograder.diagnosis.same import alike, read
from autograder.grading.grade import probe_names, reference
from autograder.judgement.suites import judge
from autograder.observation import observe as observing
from autograder.observation.observe import (
    Observation,
    Observations,
    observe,
    observe_then_repeat_unfinished,
)
from autograder.sandbox.protocol import Raised
from autograder.sandbox.session import Ending
from autograder.seeds import key_of

SEED = 5
LAYERS = "lib/layers.py"
OLD = "        self.a = a\n"


@pytest.fixture(scope="module")
def names(tiny):
    return probe_names(tiny, training=False)


@pytest.fixture(scope="module")
def known(tiny, sandbox, names):
    """The observations of the solution."""
    return reference(tiny, SEED, sandbox, names)


@pytest.fixture
def together(tiny, sandbox, names, known):
    """`together(work)`: the checks that fail if every probe runs only in the shared process."""

    def failed(work):
        seen = observe(tiny, work.files, work.cells, SEED, sandbox, probes=names, together=True)
        return [v.check.name for v in judge(tiny, seen, known) if v.failure is not None]

    return failed


@pytest.fixture
def spoiled(change):
    """`spoiled(new, end, files)`: the solution with code in the layer's constructor."""

    def made(new, end="", files=()):
        work = change(LAYERS, OLD, f"{OLD}        {new}\n")
        text = work.files[LAYERS] + f"\n{end}\n".encode()
        return replace(work, files={**work.files, LAYERS: text, **dict.fromkeys(files, b"")})

    return made


COUNTED = "np.made = getattr(np, 'made', 0) + 1; "
SPOILED = {  # what happens at the second layer of a process; no probe makes more than one
    "an exception": f"{COUNTED}assert np.made < 2",
    "an end": f"{COUNTED}np.made > 1 and exit()",
    "a crash": f"{COUNTED}np.made > 1 and __import__('os').abort()",
    "a loop": f"{COUNTED}\n        while np.made > 1: pass",
}


@pytest.mark.parametrize("how", SPOILED.values(), ids=SPOILED)
def test_ending_a_probe_only_in_a_shared_process_costs_nothing(spoiled, together, graded, how):
    work, kept = spoiled(how), []
    assert together(work), "nothing is spoiled by it"
    assert graded(work, SEED, keep=kept.append).score == 5
    endings = {observation.ending.how for observation in kept[0].by_probe.values()}
    assert endings == {"finished"}, "the evidence is of the probe that ran alone"


WRONG = " > 1 and setattr(self, 'a', 0.5)"
KEPT = {  # where the library may keep state from one probe to the next
    "a module": (f"MADE.append(1); len(MADE){WRONG}", "MADE = []"),
    "a class": (f"self.made.append(1); len(self.made){WRONG}", "scale.made = []"),
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
def test_state_kept_by_a_library_does_not_reach_the_next_probe(spoiled, together, where):
    assert together(spoiled(*where)) == []


def test_late_or_failing_imports_behave_as_in_a_separate_process(tiny, right, change, sandbox):
    late = "import lib.late\n        assert isinstance(self, lib.late.scale)\n        "
    files = {
        **change(LAYERS, "output = self.a * x", f"{late}output = self.a * x").files,
        "lib/__init__.py": b"from lib import layers\n",
        "lib/late.py": b"from lib.layers import scale\n",
        "lib/optim.py": b"raise OSError('not here')",
    }
    names = probe_names(tiny, training=False)
    one = observe(tiny, files, right.cells, SEED, sandbox, probes=names, together=True)
    many = observe(tiny, files, right.cells, SEED, sandbox, probes=names)
    assert {one[n].ending.how for n in names} == {"finished", "raised"}
    for name in names:
        given = tiny.probes[name].inputs(key_of(SEED))
        like = given, one[name], tiny.special.get(name)
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
    tiny, sandbox, names, known, ending, again, right, monkeypatch
):
    step = "step_of_a_layer"
    first = known[step].values if right else {"a": known[step]["a"] + 1}
    asked = []

    def observed(assignment, files, cells, seed, sandbox, budget, probes, together=False):
        asked.append(tuple(probes))
        answers = {n: known[n] for n in probes}
        if step in probes:
            values, how = (first, ending) if together else ({"a": 0.0}, Ending("finished"))
            answers[step] = Observation(step, values, {}, how)
        return Observations(seed, "none", answers)

    monkeypatch.setattr(observing, "observe", observed)
    counts = observe_then_repeat_unfinished(tiny, {}, {}, SEED, sandbox, names)
    assert asked == [names, (step,)][: 1 + again]
    assert counts[step].values == ({"a": 0.0} if again else first)
    assert all(counts[name] is known[name] for name in names if name != step)


BY_CHANCE = """\
with open("/dev/urandom", "rb") as file:
            by = 1 + file.read(1)[0] % 2
        self.da = by * np.sum(self.x * dout)"""


def test_a_probe_with_random_answers_is_not_run_twice(change, graded, monkeypatch):
    """Counts the runs, because the random answers alone would prove little."""
    work = change(LAYERS, "self.da = np.sum(self.x * dout)", BY_CHANCE)
    graded(work, SEED)  # observes the reference
    asked, real = [], observing.observe
    monkeypatch.setattr(observing, "observe", lambda *a, **k: asked.append(a[6]) or real(*a, **k))
    scores = {graded(work, SEED).score for _ in range(12)}
    assert min(scores) < 5, "it was right every time"
    assert len(asked) == 12
