"""The solution's probes may share a process: what each of them sees is the same."""

from autograder.diagnosis.same import alike, read
from autograder.grading.grade import probe_names
from autograder.observation.observe import observe
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.seeds import key_of

SEED = 5


def test_the_solution_gives_the_same_answers_in_one_process_and_in_many(right, sandbox):
    names = probe_names(P1, training=True)
    one = observe(P1, right.files, right.cells, SEED, sandbox, probes=names, together=True)
    many = observe(P1, right.files, right.cells, SEED, sandbox, probes=names)
    for name in names:
        given = P1.probes[name].inputs(key_of(SEED))
        like = given, one[name], P1.special.get(name)
        assert alike(read(one[name], *like), read(many[name], *like)), name
