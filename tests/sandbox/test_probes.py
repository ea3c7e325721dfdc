"""What a probe can rely on: its inputs, the library it exercises, and how its results arrive."""

from __future__ import annotations

import re

import numpy as np
import pytest

from autograder.assignment.probe import Library, Probe, given
from autograder.sandbox.limits import MIB
from autograder.seeds import key_of


def _run(lib):
    yield {}


def test_inputs_are_the_same_on_both_sides_and_fresh_at_every_call(run):
    source = """
    @given(lambda rng: dict(x=rng.normal(size=(3, 4)), y=rng.integers(10, size=5)))
    def echo(lib, x, y):
        yield dict(x=x, y=y)
        x[...] = 0
    """
    seen = run(source, ["echo"], seed=12)
    # not with `given`, which would register it for all other tests
    probe = Probe(
        "echo",
        lambda rng: dict(x=rng.normal(size=(3, 4)), y=rng.integers(10, size=5)),
        _run,
        (),
        False,
    )
    drawn = probe.inputs(key_of(12))
    for name, value in drawn.items():
        np.testing.assert_array_equal(seen["echo"][name], value)
    assert not np.array_equal(probe.inputs(key_of(13))["x"], drawn["x"])


def test_what_was_yielded_before_a_failure_is_kept_and_later_steps_win(run):
    source = """
    @given()
    def steps(lib):
        yield dict(a=1.0, b=1.0)
        yield dict(b=2.0)
        raise ValueError("the probe itself")
    """
    seen = run(source, ["steps"])["steps"]
    assert (seen["a"], seen["b"]) == (1.0, 2.0)
    assert seen.ending.raised.message == "the probe itself"


def test_an_exception_names_the_students_lines(run):
    layers = """
    class fc:
        def forward(self, x):
            return self.helper(x)
        def helper(self, x):
            return x.shape[7]
    """
    source = "@given()\ndef fails(lib):\n    yield dict(x=lib.layer_utils.fc().forward(np.ones(3)))"
    raised = run(source, ["fails"], layer_utils=layers)["fails"].ending.raised
    assert raised.type == "IndexError"
    lines = [(t.file, t.function, t.source) for t in raised.trace]
    assert lines == [
        ("lib/mlp/layer_utils.py", "forward", "return self.helper(x)"),
        ("lib/mlp/layer_utils.py", "helper", "return x.shape[7]"),
    ]


def test_after_a_deep_recursion_the_innermost_lines_are_shown(run):
    layers = """
    import sys
    sys.setrecursionlimit(20_000)
    def forward(depth=5_000):
        if depth == 0:
            return [][7]
        return forward(depth - 1)
    """
    source = "@given()\ndef fails(lib):\n    yield dict(x=lib.layer_utils.forward())"
    raised = run(source, ["fails"], layer_utils=layers)["fails"].ending.raised
    assert raised.trace[-1].source == "return [][7]"
    assert raised.trace[-2].source == "return forward(depth - 1)"


def test_an_exception_whose_str_raises_is_still_reported(run):
    layers = """
    class Odd(Exception):
        def __str__(self): raise RuntimeError("no")
    def forward(): raise Odd
    """
    source = "@given()\ndef fails(lib):\n    lib.layer_utils.forward()\n    yield {}"
    raised = run(source, ["fails"], layer_utils=layers)["fails"].ending.raised
    assert (raised.type, raised.message) == ("Odd", "")


def test_a_probes_texts_arrive_and_a_students_do_not(run):
    source = """
    @given()
    def texts(lib):
        yield dict(kind=text("fc"), out=lib.layer_utils.forward())
    """
    seen = run(source, ["texts"], layer_utils="def forward(): return 'full marks'")["texts"]
    assert seen["kind"] == "fc"
    assert "out" not in seen
    assert seen.refused == {"out": "returned a str; expected a numeric array"}


def test_cells_arrive_as_text_and_their_lines_are_named(run):
    source = """
    @given()
    def runs_a_cell(lib, cells):
        space = {}
        exec(compile(cells["names"], "names", "exec"), space)
        yield dict(x=space["x"])
        exec(compile(cells["broken"], "broken", "exec"), space)
    """
    cells = {"names": "x = 3.0  # \N{GREEK SMALL LETTER ALPHA}", "broken": "y = 1\nz = y / 0"}
    seen = run(source, ["runs_a_cell"], cells=cells)["runs_a_cell"]
    assert seen["x"] == 3.0
    (line,) = seen.ending.raised.trace
    assert (line.file, line.line, line.source) == ("broken", 2, "z = y / 0")


def test_data_is_memory_mapped_and_changes_in_place_stay_in_one_probe(run, tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, np.arange(12.0).reshape(3, 4))
    for folder in (path, path.parent, path.parent.parent, path.parent.parent.parent):
        folder.chmod(0o755)
    source = """
    @given()
    def spoils(lib, data):
        yield dict(before=data["images"])
        data["images"][...] = -1
        yield dict(after=data["images"])

    @given()
    def looks(lib, data):
        yield dict(x=data["images"])
    """
    seen = run(source, ["spoils", "looks"], data={"images": path})
    assert seen["spoils"]["after"].max() == -1
    np.testing.assert_array_equal(seen["looks"]["x"], np.arange(12.0).reshape(3, 4))
    np.testing.assert_array_equal(np.load(path), np.arange(12.0).reshape(3, 4))


def test_numpys_global_generator_is_seeded_for_each_probe(run):
    source = """
    @given()
    def a(lib):
        yield dict(x=np.random.randn(3))

    @given()
    def b(lib):
        yield dict(x=np.random.randn(3))
    """
    one = run(source, ["a", "b"], layer_utils="import numpy as np\nnp.random.randn(7)")
    two = run(source, ["b", "a"])
    for probe in ("a", "b"):
        np.testing.assert_array_equal(one[probe]["x"], two[probe]["x"])
    assert not np.array_equal(one["a"]["x"], one["b"]["x"])


def test_unseeded_generators_draw_the_same_in_every_grading(run):
    layers = """
    import os
    import numpy as np
    BEFORE = np.random.RandomState()

    def drawn():
        yield BEFORE.random_sample()
        yield np.random.RandomState().random_sample()
        yield np.random.RandomState(None).random_sample()
        yield np.random.default_rng().random()
        yield int.from_bytes(os.urandom(6), "big")
    """
    source = """
    @given()
    def chance(lib):
        yield {f"draw_{number}": value for number, value in enumerate(lib.layer_utils.drawn())}

    @given()
    def more_chance(lib):
        yield {f"draw_{number}": value for number, value in enumerate(lib.layer_utils.drawn())}
    """
    first, again, other = (
        run(source, ["chance", "more_chance"], layer_utils=layers, seed=seed) for seed in (3, 3, 4)
    )

    def drawn(seen, probe):
        return [float(value) for value in seen[probe].values.values()]

    one = drawn(first, "chance")
    assert len(set(one)) == 5
    assert one == drawn(again, "chance")
    assert not set(one[1:]) & {*drawn(first, "more_chance"), *drawn(other, "chance")}


def test_sets_of_strings_have_a_fixed_order(run):
    source = "@given()\ndef order(lib):\n    yield dict(x=[ord(c[0]) for c in set('abcdefgh')])"
    first, second = run(source, ["order"])["order"]["x"], run(source, ["order"])["order"]["x"]
    np.testing.assert_array_equal(first, second)


def test_files_of_one_probe_are_deleted_before_the_next(run):
    source = """
    import os
    @given()
    def first(lib):
        os.makedirs(os.environ["TMPDIR"] + "/deep/er")
        open(os.environ["TMPDIR"] + "/kept", "w").write("x")
        yield dict(n=len(os.listdir(os.environ["TMPDIR"])))

    @given()
    def second(lib):
        yield dict(n=len(os.listdir(os.environ["TMPDIR"])))
    """
    seen = run(source, ["first", "second"])
    assert (seen["first"]["n"], seen["second"]["n"]) == (2, 0)


def test_a_value_that_is_too_large_is_refused_and_the_others_are_kept(run):
    source = """
    @given()
    def large(lib):
        yield dict(a=np.ones(10))
        yield dict(b=np.ones(2**23), c=np.ones(3))
    """
    seen = run(source, ["large"])["large"]
    assert seen.ending.how == "finished"
    assert sorted(seen.values) == ["a", "c"]
    assert "64 MiB" in seen.refused["b"]


def test_a_probe_that_never_stops_yielding_is_refused(run):
    source = "@given()\ndef pours(lib):\n    while True: yield dict(x=np.ones(1000))"
    ending = run(source, ["pours"])["pours"].ending
    assert ending.how in ("refused", "timed out"), ending


def test_the_end_of_the_printed_output_is_kept(run):
    layers = """
    import sys
    def forward():
        for i in range(30000): print("line", i)
        sys.stderr.write("and this\\n")
        return 1.0
    """
    source = "@given()\ndef talks(lib):\n    yield dict(x=lib.layer_utils.forward())"
    printed = run(source, ["talks"], layer_utils=layers)["talks"].ending.printed
    assert "line 29999" in printed
    assert "and this" in printed
    assert len(printed) <= 8 * 1024


def test_a_library_that_replaces_standard_output_is_still_graded(run):
    layers = """
    import io, sys
    print("said at import")
    sys.stdout = io.BytesIO()
    sys.stderr = None
    def forward(): return 1.0
    """
    source = "@given()\ndef looks(lib):\n    yield dict(x=lib.layer_utils.forward())"
    seen = run(source, ["looks"], layer_utils=layers)["looks"]
    assert seen.ending.how == "finished"
    assert "said at import" not in seen.ending.printed


def test_an_unknown_probe_is_missing(run):
    assert run("", ["no_such"])["no_such"].ending.how == "missing"


def test_a_probe_must_be_a_generator():
    with pytest.raises(TypeError, match="must be a generator"):
        given()(lambda lib: {})


def test_an_unknown_module_is_answered_with_the_known_ones():
    with pytest.raises(AttributeError, match="a library has optim; not optimum"):
        Library({"lib.optim": np}, {}).optimum  # noqa: B018


def test_limits_are_consistent():
    from autograder.sandbox.limits import SUBMISSION, TRAINING

    assert SUBMISSION.probe.output_bytes <= SUBMISSION.output_bytes
    assert TRAINING.probe.output_bytes <= TRAINING.output_bytes
    assert SUBMISSION.probe.total_bytes >= SUBMISSION.probe.memory_bytes >= 256 * MIB


TOGETHER = """
import os, time
state = []
@given()
def first(lib):
    state.append(1)
    yield dict(a=1.0)
    print("said by the first")
@given()
def second(lib):
    yield dict(a=len(state))
    raise ValueError("the probe itself")
@given()
def third(lib):
    yield dict(a=len(state))
    yield dict(b=np.zeros(3))
    LAST
@given()
def fourth(lib):
    yield dict(a=1.0)
"""
NAMES = ["first", "second", "third", "fourth"]


def test_probes_that_share_a_process_keep_their_own_steps_and_endings(run):
    seen = run(TOGETHER.replace("LAST", ""), NAMES, together=True)
    ends = [seen[name].ending.how for name in NAMES]
    assert ends == ["finished", "raised", "finished", "finished"]
    assert (seen["second"]["a"], seen["third"]["a"]) == (1, 1)
    assert seen["second"].ending.raised.message == "the probe itself"
    assert "b" in seen["third"]
    assert "b" not in seen["fourth"]
    assert seen["first"].ending.printed == ""
    alone = run(TOGETHER.replace("LAST", ""), NAMES)
    assert (alone["second"]["a"], alone["third"]["a"]) == (0, 0)
    assert alone["first"].ending.printed == "said by the first\n"


ENDS = {
    "os._exit(3)": ("killed", "exit status 3"),
    "os.abort()": ("killed", "SIGABRT"),
    "while True: pass": ("timed out", "within 1 s"),
    "time.sleep(0.5); os.kill(os.getppid(), 9)": ("killed", "its process ended early"),
}


@pytest.mark.parametrize(("last", "ending"), ENDS.items(), ids=ENDS)
def test_a_probe_that_ends_the_process_ends_later_probes_and_no_earlier_ones(run, last, ending):
    seen = run(TOGETHER.replace("LAST", last), NAMES, together=True)
    how, says = ending
    assert [seen[name].ending.how for name in NAMES[:2]] == ["finished", "raised"]
    for name in NAMES[2:]:
        assert seen[name].ending.how == how
        assert re.search(says, seen[name].ending.text), seen[name].ending
    assert not seen["fourth"].values


ARGUMENTS = """
import ctypes, sys
@given()
def first(lib):
    found = [*sys.argv, *sys.orig_argv]
    count, texts = ctypes.c_int(), ctypes.POINTER(ctypes.c_wchar_p)()
    ctypes.pythonapi.Py_GetArgcArgv(ctypes.byref(count), ctypes.byref(texts))
    found += texts[: count.value]
    for name in ("self", "thread-self", str(__import__("os").getppid())):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                found.append(file.read().decode("latin-1"))
        except OSError:
            pass
    yield dict(found=text(" ".join(found)))
@given()
def second(lib):
    yield from first.run(lib)
"""


@pytest.mark.parametrize("together", [True, False])
def test_no_command_line_reveals_the_graders_arguments(run, together):
    names = ["first", "second"]
    seen = run(ARGUMENTS, names, together=together)
    for name in names:
        assert seen[name].ending.how == "finished", seen[name].ending
        assert "runs" not in seen[name]["found"]
        assert "{" not in seen[name]["found"], "no JSON of the grader's either"
