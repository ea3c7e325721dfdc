"""The six activation functions that students define in the notebook."""

from autograder.judgement.checks import check, close, require_first, unchanged


def compare(probe, name):
    student, reference = probe.student, probe.reference
    close(student.out, reference.out, f"{name}(x)")
    close(student.table, reference.table, f"{name}(x) for an array of two dimensions")


def compare_and_leave(probe, name):
    require_first(lambda: compare(probe, name))
    unchanged(probe.student.x_after, probe.given.x, f"the input of {name}")


@check("activations", weight=1, announced="returns its value for every element")
def test_activations_sigmoid(activations_sigmoid):
    compare(activations_sigmoid, "sigmoid")


@check("activations", weight=1, announced="returns its value for every element")
def test_activations_leaky_relu(activations_leaky_relu):
    compare(activations_leaky_relu, "leaky_relu")


@check("activations", weight=1, announced="returns its value for every element")
def test_activations_relu(activations_relu):
    compare(activations_relu, "relu")


@check("activations", weight=1, announced="returns its value for every element")
def test_activations_elu(activations_elu):
    compare(activations_elu, "elu")


@check("activations", weight=1, announced="returns its value for every element")
def test_activations_selu(activations_selu):
    compare(activations_selu, "selu")


@check("activations", weight=1, announced="returns its value for every element")
def test_activations_tanh(activations_tanh):
    compare(activations_tanh, "tanh")


@check("activations", weight=1, announced="It does not change its input")
def test_activations_leave_their_input(
    activations_sigmoid,
    activations_leaky_relu,
    activations_relu,
    activations_elu,
    activations_selu,
    activations_tanh,
):
    compare_and_leave(activations_sigmoid, "sigmoid")
    compare_and_leave(activations_leaky_relu, "leaky_relu")
    compare_and_leave(activations_relu, "relu")
    compare_and_leave(activations_elu, "elu")
    compare_and_leave(activations_selu, "selu")
    compare_and_leave(activations_tanh, "tanh")
