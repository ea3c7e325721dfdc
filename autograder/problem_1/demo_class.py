"""A synthetic class for the demo: the solution with known mistakes, and broken submissions."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from autograder.diagnosis.variants import applied, named, released, solution
from autograder.hand_in.submission import write
from autograder.problem_1 import ASSIGNMENT

DUE = "2026-11-20 23:59 UTC"
EPOCHS = 7
"""After so many, the solution reaches the target on the twin that `autograder data` draws."""

MISTAKES: Mapping[str, tuple[str, ...]] = {
    "ada": (),
    "euler": (),
    "grace": (),
    "noether": ("adam_counting_layers",),  # correct, but not the solution
    "turing": ("adam_in_its_efficient_form",),
    "hopper": ("adam_counting_layers_with_parameters",),
    "bayes": ("sgd_momentum_turns_the_sign_of_the_velocity",),
    "curie": ("rmsprop_has_epsilon_outside_the_root",),
    "darwin": ("adam_corrects_no_bias",),
    "fermi": ("dropout_forward_forgets_to_scale",),
    "galois": ("dropout_backward_forgets_the_mask",),
    "hilbert": ("leaky_relu_forward_changes_its_input",),
    "ising": ("cross_entropy_softmax_overflows",),
    "jacobi": ("activations_elu_has_an_alpha_of_one",),
    "kepler": ("small_network_ends_in_leaky_relu",),
    "lagrange": ("fc_backward_averages_the_bias_gradient",),
    "markov": ("fc_forward_flattens_two_dimensions_only",),
    "newton": ("train_tiny_net_never_steps",),
    "ohm": ("sgd_momentum_ignores_momentum", "rmsprop_forgets_the_root"),
    "pascal": ("dropout_forward_exchanges_keep_and_drop", "adam_counts_after_use"),
    "riemann": (
        "fc_backward_averages_the_bias_gradient",
        "leaky_relu_backward_is_that_of_a_relu",
        "dropout_backward_forgets_to_scale",
        "rmsprop_uses_the_old_cache",
        "activations_tanh_is_a_sigmoid",
    ),
}
"""The variants in the work of each student."""

SHOWN = (("a student's feedback", "riemann"), ("an untouched hand-in", "untouched"))
"""The feedback pages that the demo points to: a label and a student."""

ON_TIME = "2026-11-20 18:00:00 UTC"
LATE = {"euler": "2026-11-21 00:20:00 UTC", "pascal": "2026-11-23 08:00:00 UTC"}


def make(folder: Path) -> int:
    """Write the class into an empty folder; return the number of its entries."""
    for student, mistakes in MISTAKES.items():
        work = folder / student / ASSIGNMENT.id
        submission = applied(ASSIGNMENT, (named(ASSIGNMENT, name) for name in mistakes))
        write(ASSIGNMENT, submission, work)
        (work / "timestamp.txt").write_text(LATE.get(student, ON_TIME), "utf-8")
    for student, write_work in HARD.items():
        work = folder / student / ASSIGNMENT.id
        work.mkdir(parents=True)
        write_work(work)
        (work / "timestamp.txt").write_text(ON_TIME, "utf-8")
    _replace_by_zip(folder / "grace")
    (folder / "zeno.zip").write_bytes(b"PK\x03\x04 the upload was cut off here")
    (folder / "absent").mkdir()
    return len(list(folder.iterdir()))


def _untouched(work: Path) -> None:
    """Write the release, unchanged."""
    write(ASSIGNMENT, released(ASSIGNMENT), work)


def _changed(old: str, new: str) -> Callable[[Path], None]:
    """A function that writes the solution with one replacement in layer_utils.py."""

    def write_work(work: Path) -> None:
        write(ASSIGNMENT, solution(ASSIGNMENT), work)
        layers = work / "lib" / "mlp" / "layer_utils.py"
        text = layers.read_text("utf-8")
        layers.write_text(text.replace(old, new, 1), "utf-8")

    return write_work


def _damaged_notebook(work: Path) -> None:
    write(ASSIGNMENT, solution(ASSIGNMENT), work)
    notebook = work / ASSIGNMENT.notebook
    notebook.write_bytes(notebook.read_bytes()[:20_000])


CLAIM = f'print("{ASSIGNMENT.auto_total} of {ASSIGNMENT.auto_total} points")'

HARD: Mapping[str, Callable[[Path], None]] = {
    "untouched": _untouched,
    "volta": _changed("class fc", "class fc("),  # does not compile
    "weyl": _changed("class fc", "while True: pass\n\n\nclass fc"),
    "xeno": _damaged_notebook,
    "=HYPERLINK('x')": _changed("class fc", f"{CLAIM}\nimport os\nos._exit(0)\nclass fc"),
    "empty": lambda _work: None,
}
"""The functions that write the work of students whose work is empty, broken or hostile."""


def _replace_by_zip(student: Path) -> None:
    """Replace a student's folder by a zip file, as learning platforms export them."""
    with zipfile.ZipFile(student.with_suffix(".zip"), "w") as archive:
        files = [path for path in sorted(student.rglob("*")) if path.is_file()]
        for path in files:
            archive.write(path, path.relative_to(student))
    for path in sorted(student.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    student.rmdir()
