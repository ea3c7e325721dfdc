import numpy as np
import pytest
from lib.grad_check import eval_numerical_gradient, eval_numerical_gradient_array, rel_error


def test_rel_error_is_the_worst_over_the_elements_and_forgives_two_zeros():
    x = np.array([1.0, 0.0, 2.0])
    y = np.array([1.0, 0.0, 2.2])
    assert rel_error(x, y) == pytest.approx(0.2 / 4.2)
    assert rel_error(np.zeros(3), np.zeros(3)) == 0


def test_rel_error_refuses_arrays_that_would_broadcast():
    with pytest.raises(ValueError, match=r"\(3, 1\) and \(1, 3\)"):
        rel_error(np.ones((3, 1)), np.ones((1, 3)))


def test_numerical_gradient_of_a_cubic_and_x_is_restored_to_the_bit():
    x = np.random.default_rng(0).normal(size=(3, 4))
    before = x.copy()
    grad = eval_numerical_gradient(lambda v: (v**3).sum(), x, verbose=False)
    assert rel_error(grad, 3 * before**2) < 1e-7
    assert np.array_equal(x, before)


def test_numerical_gradient_restores_x_also_when_f_raises():
    x = np.ones(2)

    def f(v):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        eval_numerical_gradient(f, x, verbose=False)
    assert np.array_equal(x, np.ones(2))


def test_numerical_gradient_prints_every_partial_derivative_when_verbose(capsys):
    eval_numerical_gradient(lambda v: v.sum(), np.zeros((2, 2)))
    assert [line.split(")")[0] + ")" for line in capsys.readouterr().out.splitlines()] == [
        "(0, 0)",
        "(0, 1)",
        "(1, 0)",
        "(1, 1)",
    ]


def test_array_gradient_contracts_with_what_arrives_from_above():
    rng = np.random.default_rng(0)
    x, a, df = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    assert rel_error(eval_numerical_gradient_array(lambda v: v @ a, x, df), df @ a.T) < 1e-7


def test_array_gradient_of_a_function_that_hands_out_its_own_input():
    x, df = np.ones((2, 2)), np.full((2, 2), 3.0)
    assert rel_error(eval_numerical_gradient_array(lambda v: v, x, df), df) < 1e-7
