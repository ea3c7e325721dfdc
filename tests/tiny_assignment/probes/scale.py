"""The layer's forward and backward passes."""

from autograder.assignment.probe import given


def _layer_and_batch(rng):
    return dict(x=rng.normal(size=(4, 3)), dout=rng.normal(size=(4, 3)), a=rng.normal())


@given(_layer_and_batch)
def scale_forward(lib, x, dout, a):
    yield dict(out=lib.layers.scale(a).forward(x), x_after=x)


@given(_layer_and_batch)
def scale_backward(lib, x, dout, a):
    layer = lib.layers.scale(a)
    layer.forward(x)
    yield dict(dx=layer.backward(dout))
    yield dict(da=layer.da)
