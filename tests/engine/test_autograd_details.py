"""What the engines promise beyond their gradients: names, shapes and dtypes on the way, operations of one's own."""

import re

import numpy as np
import pytest

from backprop_lib import Tensor, Value
from backprop_lib import autograd as ag
from backprop_lib.autograd.backward import RuleError
from backprop_lib.autograd.operation import binary, unary, with_options
from backprop_lib.autograd.tensor import primitive


def leaf(values, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


# Operations of one's own


def double_rule(grad, out, x):
    return 2.0 * grad + 0.0 * x


def test_an_operation_of_one_operand():
    double = primitive(unary("double", lambda x: 2.0 * x, double_rule, "2 x."))
    assert (double.__name__, double.__doc__) == ("double", "2 x.")
    x = leaf([1.0, 2.0])
    result = double(x)
    np.testing.assert_array_equal(result.data, [2.0, 4.0])
    assert (result.operation, result.parents) == ("double", (x,))
    result.backward(np.array([1.0, 10.0]))
    np.testing.assert_array_equal(x.grad, [2.0, 20.0])
    np.testing.assert_array_equal(double([3]).data, [6.0])


def test_an_operation_of_two_operands():
    product = primitive(
        binary(
            "product", "*", np.multiply, lambda grad, out, x, y: grad * y, lambda grad, out, x, y: grad * x, doc="a b."
        )
    )
    assert (product.__name__, product.__doc__) == ("product", "a b.")
    a, b = leaf([1.0, 2.0]), leaf([3.0, 5.0])
    result = product(a, b)
    np.testing.assert_array_equal(result.data, [3.0, 10.0])
    assert (result.operation, result.parents) == ("*", (a, b))
    result.backward(np.ones(2))
    np.testing.assert_array_equal(a.grad, [3.0, 5.0])
    np.testing.assert_array_equal(b.grad, [1.0, 2.0])


def test_an_operation_with_options_and_what_its_rule_needs_besides():
    def _scaled(x, factor, shift=0.0):
        """Factor times x, and a shift."""
        return factor * x + shift, factor, shift

    scaled = primitive(with_options(_scaled, lambda grad, out, x, factor, shift: grad * factor))
    assert (scaled.__name__, scaled.__doc__) == ("scaled", "Factor times x, and a shift.")
    x = leaf([1.0, 2.0])
    result = scaled(x, 3.0, shift=1.0)
    np.testing.assert_array_equal(result.data, [4.0, 7.0])
    assert (result.operation, result.parents) == ("scaled", (x,))
    result.backward(np.array([1.0, 10.0]))
    np.testing.assert_array_equal(x.grad, [3.0, 30.0])
    np.testing.assert_array_equal(scaled([3], 2.0).data, [6.0])


def test_methods_are_the_functions():
    for name in set(ag.__all__) & set(dir(Tensor)):
        assert getattr(ag, name) is getattr(Tensor, name)
    assert Tensor.__neg__ is ag.negative
    assert Tensor.__abs__ is ag.abs
    assert Tensor.__getitem__ is ag.getitem


# Rules that return what is no gradient of their operand


def one_rule(rule, x=(1.0, 2.0, 3.0), out=(3,)):
    x = leaf(x)
    return x, ag.record("mine", np.ones(out), (x,), (rule,))


@pytest.mark.parametrize(
    ("returned", "came"),
    [
        (np.ones(4), r"shape \(4,\)"),
        (np.ones((1, 3)), r"shape \(1, 3\)"),
        (np.float64(1.0), "float64"),
        ([1.0, 2.0, 3.0], "list"),
        (None, "NoneType"),
    ],
)
def test_a_gradient_of_another_shape_is_refused(returned, came):
    x, result = one_rule(lambda grad, out: returned)
    expected = rf"^mine: expected a rule to return a gradient of its operand's shape \(3,\), got {came}$"
    with pytest.raises(RuleError, match=expected) as refused:
        result.backward(np.ones(3))
    assert refused.value.operand is x
    assert refused.value.returned is returned


@pytest.mark.parametrize("out", [(2, 4), (3, 2), (2, 3, 2)])
def test_a_gradient_of_the_result_s_shape_is_refused_where_no_broadcasting_led_there(out):
    _, result = one_rule(lambda grad, out: grad, out=out)
    with pytest.raises(RuleError, match=rf"operand's shape \(3,\), got shape {re.escape(str(out))}$"):
        result.backward(np.ones(out))


def test_a_gradient_of_the_result_s_shape_is_summed_where_the_operand_was_repeated():
    x, result = one_rule(lambda grad, out: grad, out=(2, 4, 3))
    result.backward(np.ones((2, 4, 3)))
    np.testing.assert_array_equal(x.grad, [8.0, 8.0, 8.0])


def test_a_number_of_numpy_s_is_a_gradient_without_axes():
    x, result = one_rule(lambda grad, out: np.float64(2.0), x=1.0, out=())
    result.backward()
    assert (type(x.grad), x.grad.shape, x.grad.item()) == (np.ndarray, (), 2.0)


@pytest.mark.parametrize(
    ("full", "shape"), [((4, 3), (4,)), ((4, 3), (2, 6)), ((3,), (1, 3)), ((2, 3), (2, 3, 1)), ((4, 3), (2, 3))]
)
def test_a_shape_that_does_not_broadcast_is_refused(full, shape):
    expected = f"unbroadcast: expected a shape that broadcasts to {full}, got {shape}"
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        ag.unbroadcast(np.ones(full), shape)


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
