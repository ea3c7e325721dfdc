"""All probes share a process first; what does not pass there is asked again, alone."""

from dataclasses import replace

import pytest

from autograder.grade import grade, probe_names, reference, solution
from autograder.mark import mark
from autograder.observe import observe
from autograder.probes import key_of, probes
from autograder.readings import alike, read
from autograder.sandbox.selftest import choose

SEED = 5
LAYERS = "lib/mlp/layer_utils.py"
MOST = 25
"""The probe that makes most networks makes twenty."""

MADE = "        self.negative_slope = negative_slope\n        MADE.append(self)\n"
SPOILED = {  # what happens once more were made
    "an exception": f"{MADE}        assert len(MADE) < {MOST}",
    "an end": f"{MADE}        if len(MADE) > {MOST}: raise SystemExit",
    "a crash": f"{MADE}        if len(MADE) > {MOST}: __import__('os').abort()",
    "a loop": f"{MADE}        while len(MADE) > {MOST}: pass",
    "another slope": f"{MADE}        self.negative_slope += len(MADE) > {MOST}",
}


def spoiled(new):
    text, old = solution().files[LAYERS].decode(), "        self.negative_slope = negative_slope"
    assert text.count(old) == 1
    text = text.replace(old, new) + "\nMADE = []\n"
    return replace(solution(), files={**solution().files, LAYERS: text.encode()})


@pytest.mark.parametrize("how", SPOILED.values(), ids=SPOILED)
def test_what_shows_only_where_all_share_a_process_costs_nothing(how):
    work, names = spoiled(how), probe_names(training=False)
    seen = observe(work.files, work.cells, SEED, choose(), probes=names, together=True)
    verdicts = mark(seen, reference(SEED, choose(), names))
    assert [v.check.name for v in verdicts if v.failure is not None], "nothing is spoiled by it"
    assert grade(work, SEED, choose()).score == 29


def test_evidence_that_counts_is_what_was_observed_alone():
    work, kept = spoiled(SPOILED["an end"]), []
    grade(work, SEED, choose(), keep=kept.append)
    assert {observation.ending.how for observation in kept[0].by_probe.values()} == {"finished"}


def test_the_solution_does_the_same_in_one_process_and_in_many():
    names = probe_names(training=True)
    right = solution()
    one = observe(right.files, right.cells, SEED, choose(), probes=names, together=True)
    many = observe(right.files, right.cells, SEED, choose(), probes=names)
    for name in names:
        given = probes()[name].inputs(key_of(SEED))
        assert alike(read(one[name], given, one[name]), read(many[name], given, one[name])), name
