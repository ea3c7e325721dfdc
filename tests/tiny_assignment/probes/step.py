"""A step of gradient descent, and the learning rate that the student chose."""

from autograder.assignment.probe import given


@given(lambda rng: dict(x=rng.normal(size=(4, 3)), dout=rng.normal(size=(4, 3)), a=rng.normal()))
def step_of_a_layer(lib, x, dout, a):
    layer = lib.layers.scale(a)
    layer.forward(x)
    layer.backward(dout)
    lib.optim.SGD(layer, 0.25).step()
    yield dict(a=layer.a)


@given(cell="step_rate")
def step_rate(lib, cells):
    names = {}
    exec(cells["step_rate"], names)
    yield dict(rate=names["rate"])
