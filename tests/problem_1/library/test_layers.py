import numpy as np
import pytest
from lib.grad_check import eval_numerical_gradient, eval_numerical_gradient_array, rel_error
from lib.mlp.layer_utils import (
    cross_entropy,
    dropout,
    fc,
    flatten,
    leaky_relu,
    sequential,
    softmax,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 2), (3, 2, 2, 3), (1, 2, 1, 3, 2)])
def test_flatten_keeps_the_order_and_its_backward_undoes_it(rng, shape):
    x = rng.normal(size=shape)
    layer = flatten()
    out = layer.forward(x)
    assert out.shape == (shape[0], np.prod(shape[1:]))
    assert np.array_equal(layer.backward(out), x)


def test_fc_gradients_are_those_of_finite_differences(rng):
    layer = fc(6, 4)
    x, dout = rng.normal(size=(5, 6)), rng.normal(size=(5, 4))
    layer.forward(x)
    dx = layer.backward(dout)
    for grad, wrt in [
        (dx, x),
        (layer.grads["fc_w"], layer.params["fc_w"]),
        (layer.grads["fc_b"], layer.params["fc_b"]),
    ]:
        numerical = eval_numerical_gradient_array(lambda _: layer.forward(x), wrt, dout)
        assert rel_error(grad, numerical) < 1e-6


def test_fc_draws_its_weights_from_numpys_global_generator():
    np.random.seed(3)
    expected = 0.5 * np.random.randn(4, 3)
    np.random.seed(3)
    layer = fc(4, 3, init_scale=0.5)
    assert np.array_equal(layer.params["fc_w"], expected)
    assert not layer.params["fc_b"].any()


@pytest.mark.parametrize("slope", [0, 0.01, 0.3])
def test_leaky_relu_and_its_gradient(rng, slope):
    x, dout = rng.normal(size=(5, 6)), rng.normal(size=(5, 6))
    layer = leaky_relu(slope)
    assert np.allclose(layer.forward(x), np.where(x > 0, x, slope * x))
    numerical = eval_numerical_gradient_array(layer.forward, x, dout)
    assert rel_error(layer.backward(dout), numerical) < 1e-6


@pytest.mark.parametrize("slope", [-0.1, 1, 2, float("nan")])
def test_leaky_relu_refuses_a_slope_outside_its_range(slope):
    with pytest.raises(ValueError, match=r"\[0, 1\)"):
        leaky_relu(slope)


@pytest.mark.parametrize("keep_prob", [0.25, 0.5, 0.75])
def test_dropout_keeps_the_promised_fraction_and_scales_exactly(rng, keep_prob):
    x = rng.normal(size=(200, 100)) + 5
    layer = dropout(keep_prob, seed=1)
    out = layer.forward(x)
    kept = out != 0
    deviation = 5 * np.sqrt(keep_prob * (1 - keep_prob) / x.size)
    assert abs(kept.mean() - keep_prob) < deviation
    assert np.allclose(out[kept], x[kept] / keep_prob, rtol=1e-12)
    dout = rng.normal(size=x.shape)
    assert np.allclose(layer.backward(dout), dout * kept / keep_prob, rtol=1e-12)


@pytest.mark.parametrize(("keep_prob", "training"), [(0, True), (1, True), (0.5, False)])
def test_dropout_is_the_identity_both_ways(rng, keep_prob, training):
    x, dout = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    layer = dropout(keep_prob)
    assert np.array_equal(layer.forward(x, training), x)
    assert np.array_equal(layer.backward(dout), dout)


def test_dropout_at_test_time_after_training_forgets_the_mask(rng):
    x = rng.normal(size=(4, 5))
    layer = dropout(0.5)
    layer.forward(x, True)
    layer.forward(x, False)
    assert np.array_equal(layer.backward(x), x)


def test_dropout_repeats_its_mask_under_a_seed_and_draws_anew_without(rng):
    x = rng.normal(size=(20, 20))
    layer = dropout(0.5)
    assert np.array_equal(layer.forward(x, True, seed=7), layer.forward(x, True, seed=7))
    assert not np.array_equal(layer.forward(x), layer.forward(x))


@pytest.mark.parametrize("keep_prob", [-0.1, 1.1, float("nan")])
def test_dropout_refuses_what_is_no_probability(keep_prob):
    with pytest.raises(ValueError, match="keep_prob"):
        dropout(keep_prob)


@pytest.mark.parametrize("scale", [1, 1e3, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_huge_logits_is_finite_and_sums_to_one(rng, scale, dtype):
    out = softmax((scale * rng.normal(size=(2, 3, 7))).astype(dtype))
    assert np.isfinite(out).all()
    assert np.allclose(out.sum(axis=-1), 1)
    assert out.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_of_logits_far_apart_is_finite_and_right(dtype):
    logits = np.array([[1000, -1000], [-1000, 1000], [1000, 1000]], dtype)
    labels = np.array([1, 1, 0])
    total = cross_entropy(size_average=False).forward(logits, labels)
    assert total == pytest.approx(2000 + 0 + np.log(2))
    assert total.dtype == dtype


@pytest.mark.parametrize("size_average", [True, False])
def test_cross_entropy_gradient_matches_its_loss(rng, size_average):
    logits, label = rng.normal(size=(6, 4)), rng.integers(4, size=6)
    loss = cross_entropy(size_average)
    value = loss.forward(logits, label)
    grad = loss.backward()
    numerical = eval_numerical_gradient(lambda x: loss.forward(x, label), logits, verbose=False)
    assert rel_error(grad, numerical) < 1e-6
    mean = cross_entropy().forward(logits, label)
    assert value == pytest.approx(mean if size_average else 6 * mean)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer", [leaky_relu(), dropout(0.5), flatten()])
def test_layers_without_parameters_keep_the_dtype(rng, layer, dtype):
    x = rng.normal(size=(4, 6)).astype(dtype)
    assert layer.forward(x).dtype == dtype
    assert layer.backward(x).dtype == dtype


@pytest.mark.parametrize("layer", [fc(6, 6), leaky_relu(), dropout(0.5), flatten()])
def test_layers_leave_their_inputs_alone(rng, layer):
    x, dout = rng.normal(size=(4, 6)), rng.normal(size=(4, 6))
    x_before, dout_before = x.copy(), dout.copy()
    layer.forward(x)
    layer.backward(dout)
    assert np.array_equal(x, x_before)
    assert np.array_equal(dout, dout_before)


@pytest.mark.parametrize("layer", [fc(6, 6), leaky_relu(), dropout(0.5), flatten()])
def test_backward_before_forward_or_twice_says_so(rng, layer):
    x = rng.normal(size=(4, 6))
    with pytest.raises(ValueError, match="before forward"):
        layer.backward(x)
    layer.forward(x)
    layer.backward(x)
    assert layer.meta is None
    with pytest.raises(ValueError, match="before forward"):
        layer.backward(x)


def test_cross_entropy_backward_before_forward_says_so():
    with pytest.raises(ValueError, match="before forward"):
        cross_entropy().backward()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fc(6, 4).forward(np.ones((2, 5))), r"\(2, 5\); expected \(N, 6\)"),
        (lambda: fc(6, 4).forward(np.ones((2, 3, 2))), "flatten"),
        (lambda: flatten().forward(np.ones(3)), r"\(3,\)"),
        (lambda: _forward_then(fc(6, 4), (2, 6), (4, 2)), r"\(4, 2\); expected \(2, 4\)"),
        (lambda: _forward_then(leaky_relu(), (2, 6), (2, 5)), r"\(2, 5\); expected \(2, 6\)"),
        (lambda: cross_entropy().forward(np.ones((3, 4)), np.ones(2, int)), r"\(3, 4\) and \(2,\)"),
    ],
)
def test_wrong_shapes_are_named_with_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def _forward_then(layer, shape, wrong):
    layer.forward(np.ones(shape))
    layer.backward(np.ones(wrong))


class TestSequential:
    @pytest.fixture
    def net(self):
        return sequential(fc(3, 4, name="a"), leaky_relu(), fc(4, 2, name="b"))

    def test_assign_keeps_the_very_array_and_its_dtype(self, net):
        w = np.ones((3, 4), dtype=np.float16)
        net.assign("a_w", w)
        assert net.get_params("a_w") is w
        assert net.params["a_w"] is w

    def test_load_copies_every_parameter_and_prints_it(self, net, capsys):
        pretrained = {name: np.full_like(p, 5) for name, p in net.params.items()}
        net.load(pretrained)
        pretrained["a_w"][:] = 0
        assert (net.get_params("a_w") == 5).all()
        assert capsys.readouterr().out.splitlines()[0] == "Loading Params: a_w Shape: (3, 4)"

    def test_load_refuses_a_dictionary_that_lacks_a_parameter(self, net):
        with pytest.raises(ValueError, match="b_w"):
            net.load({"a_w": np.ones((3, 4)), "a_b": np.ones(4)})

    def test_load_refuses_a_parameter_of_another_shape(self, net):
        with pytest.raises(ValueError, match=r"\(3, 4\).*\(4, 3\)"):
            net.load({**net.params, "a_w": np.ones((4, 3))})

    def test_unknown_names_are_answered_with_the_known_ones(self, net):
        with pytest.raises(ValueError, match=r"'c_w'.*a_w"):
            net.assign("c_w", np.ones((3, 4)))

    def test_a_gradient_before_backward_says_so(self, net):
        with pytest.raises(ValueError, match="run backward first"):
            net.get_grads("a_w")

    def test_assigned_gradients_are_found_in_the_layer(self, net):
        grad = np.ones((3, 4))
        net.assign_grads("a_w", grad)
        assert net.layers[0].grads["a_w"] is grad
        net.gather_grads()
        assert net.grads["a_w"] is grad

    def test_two_layers_of_one_name_are_refused(self):
        with pytest.raises(ValueError, match="'fc'"):
            sequential(fc(2, 2), fc(2, 2))
