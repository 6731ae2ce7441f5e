"""What the engines promise beyond their gradients: names, shapes and dtypes on the way, operations of one's own."""

import numpy as np
import pytest

from backprop_lib import Tensor, Value
from backprop_lib import autograd as ag
from backprop_lib.autograd import arithmetic, operands


def leaf(values, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


# Operations of one's own


def double_rule(grad, out, x):
    return 2.0 * grad + 0.0 * x


def test_an_operation_of_one_operand(monkeypatch):
    monkeypatch.setattr(Tensor, "double", None, raising=False)
    double = operands.unary("double", "2 x.", lambda x: 2.0 * x, double_rule)
    assert (double.__name__, double.__doc__) == ("double", "2 x.")
    assert Tensor.double is double
    x = leaf([1.0, 2.0])
    for result in double(x), x.double():
        np.testing.assert_array_equal(result.data, [2.0, 4.0])
        assert (result.operation, result.parents) == ("double", (x,))
    result.backward(np.array([1.0, 10.0]))
    np.testing.assert_array_equal(x.grad, [2.0, 20.0])
    np.testing.assert_array_equal(double([3]).data, [6.0])


def test_an_operation_of_two_operands():
    product = operands.binary(
        "product", "*", "a b.", np.multiply, lambda grad, out, x, y: grad * y, lambda grad, out, x, y: grad * x
    )
    assert (product.__name__, product.__doc__) == ("product", "a b.")
    a, b = leaf([1.0, 2.0]), leaf([3.0, 5.0])
    result = product(a, b)
    np.testing.assert_array_equal(result.data, [3.0, 10.0])
    assert (result.operation, result.parents) == ("*", (a, b))
    result.backward(np.ones(2))
    np.testing.assert_array_equal(a.grad, [3.0, 5.0])
    np.testing.assert_array_equal(b.grad, [1.0, 2.0])


def test_a_function_becomes_a_method(monkeypatch):
    monkeypatch.setattr(Tensor, "shape_twice", None, raising=False)

    def shape_twice(x):
        return x.shape, x.shape

    assert operands.method(shape_twice) is shape_twice
    assert leaf([1.0]).shape_twice() == ((1,), (1,))


def test_a_comparison():
    greater = arithmetic._compares(np.greater)
    assert greater(leaf([1.0, 3.0]), leaf([2.0, 2.0])).tolist() == [False, True]
    assert greater(leaf([1.0, 3.0]), 2.0).tolist() == [False, True]


# What is recorded


@pytest.mark.parametrize(
    ("operation", "symbol"),
    [
        (lambda x, y: x + y, "+"),
        (lambda x, y: x - y, "−"),
        (lambda x, y: x * y, "×"),
        (lambda x, y: x / y, "÷"),
        (lambda x, y: x**y, "**"),
    ],
    ids=["add", "subtract", "multiply", "divide", "power"],
)
def test_a_value_keeps_its_symbol_and_the_number_that_took_part(operation, symbol):
    x, y = Value(3.0), Value(2.0)
    of_values, of_a_number = operation(x, y), operation(x, 2)
    assert (of_values.operation, of_values.parents) == (symbol, (x, y))
    assert (of_a_number.operation, of_a_number.parents) == (symbol, (x, 2.0))


def test_a_function_of_a_value_keeps_its_name():
    for name in "exp", "log", "tanh", "relu", "sigmoid":
        assert getattr(Value(3.0), name)().operation == name
    assert (-Value(3.0)).operation == "−"


@pytest.mark.parametrize(("base", "exponent", "named"), [(-2.0, 0.5, "with a broken exponent"), (-2.0, Value(1.0), "")])
def test_powers_of_what_is_not_positive_are_refused(base, exponent, named):
    with pytest.raises(ValueError, match=rf"^the base of \*\*( {named})?: expected a number above zero, got {base}$"):
        Value(base) ** exponent


def test_a_conversion_is_recorded_under_its_name():
    converted = (leaf([1.0], np.float32) + leaf([1.0])).parents[0]
    assert (converted.operation, converted.dtype) == ("astype", np.float64)


def test_the_largest_dtype_wins_and_gradients_go_back_in_their_own():
    x, y = leaf([1.0], np.float32), leaf([2.0], np.float64)
    product = x * y
    assert product.dtype == np.float64
    product.sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (np.float32, np.float64)


def test_a_result_without_axes_is_an_array_too():
    for result in leaf(2.0) * 3, leaf([1.0, 2.0]).sum(), leaf([1.0]) @ leaf([2.0]):
        assert type(result.data) is np.ndarray
        assert result.shape == ()


def test_the_rows_of_a_shown_tensor_stand_below_each_other():
    assert repr(Tensor(np.eye(2))) == "Tensor([[1., 0.],\n        [0., 1.]])"


# Gradients


def test_the_gradient_of_a_row_that_was_added_to_every_row_keeps_its_dtype():
    row = leaf([1.0, 2.0], np.float32)
    (row + np.ones((3, 2), np.float32)).sum().backward()
    assert row.grad.dtype == np.float32
    np.testing.assert_array_equal(row.grad, [3.0, 3.0])


def test_the_gradient_of_a_leaf_lies_row_by_row_in_memory():
    x = leaf([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    x.T.backward(np.arange(6.0).reshape(3, 2))
    assert x.grad.flags.c_contiguous
    np.testing.assert_array_equal(x.grad, [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]])


def test_the_power_of_zero_is_flat_for_huge_bases_too():
    x = leaf([1e200, 0.0])
    (x ** Tensor([0.0, 0.0])).sum().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.0])


def test_norms_of_rows():
    x = leaf([[3.0, 4.0], [0.0, 0.0], [5.0, 12.0]])
    norms = ag.norm(x, axis=1)
    np.testing.assert_array_equal(norms.data, [5.0, 0.0, 13.0])
    norms.backward(np.array([1.0, 1.0, 10.0]))
    np.testing.assert_allclose(x.grad, [[0.6, 0.8], [0.0, 0.0], [50 / 13, 120 / 13]], rtol=1e-15)


def test_norms_of_rows_of_very_different_size():
    x = np.array([[3e200, 4e200], [3e-200, 4e-200]])
    np.testing.assert_allclose(ag.norm(Tensor(x), axis=1).data, [5e200, 5e-200], rtol=1e-15)


def test_the_logarithm_of_no_softmax_is_refused_by_name():
    with pytest.raises(ValueError, match=r"^log_softmax: expected at least one entry, got shape \(0,\)$"):
        ag.log_softmax([])
