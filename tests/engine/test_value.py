"""The scalar engine: Python's own arithmetic as the oracle of its values, the complex step as that of its gradients."""

import cmath
import gc
import math
import operator
from contextlib import contextmanager
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import Value, graph

LONG = 1_000_000


def grad(f, *numbers):
    """Gradient of f by the engine."""
    leaves = [Value(number) for number in numbers]
    f(*leaves).backward()
    return [leaf.grad for leaf in leaves]


def complex_step(f, *numbers, h=1e-30):
    """Gradient of f, written for complex numbers, without a subtraction."""
    moved = [[x + 1j * h * (i == k) for i, x in enumerate(numbers)] for k in range(len(numbers))]
    return [f(*point).imag / h for point in moved]


def assert_close(a, b, tolerance=1e-14):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@contextmanager
def without_collector():
    """What is freed in this block is freed by counting references alone; what was there before is out of sight."""
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


def values_alive():
    return sum(type(thing) is Value for thing in gc.get_objects())


# Operations

BINARY = {
    "+": operator.add,
    "−": operator.sub,
    "×": operator.mul,
    "÷": operator.truediv,
    "**": operator.pow,
}
each_binary = pytest.mark.parametrize("symbol", BINARY)
positive = st.floats(0.1, 8.0)


@given(a=positive, b=positive)
@each_binary
def test_binary_operation_of_two_values(symbol, a, b):
    f = BINARY[symbol]
    assert f(Value(a), Value(b)).data == f(a, b)
    assert_close(grad(f, a, b), complex_step(f, a, b), 1e-13)


@given(a=positive, b=positive)
@each_binary
def test_binary_operation_with_a_number_on_either_side(symbol, a, b):
    f = BINARY[symbol]
    assert f(Value(a), b).data == f(a, Value(b)).data == f(a, b)
    assert_close(grad(lambda x: f(x, b), a), complex_step(lambda x: f(x, b), a), 1e-13)
    assert_close(grad(lambda y: f(a, y), b), complex_step(lambda y: f(a, y), b), 1e-13)


@given(
    a=st.floats(-1e100, 1e100),
    b=st.floats(-1e100, 1e100).filter(bool),
)
@pytest.mark.parametrize("symbol", ["+", "−", "×", "÷"])
def test_arithmetic_is_pythons(symbol, a, b):
    f = BINARY[symbol]
    assert repr(f(Value(a), Value(b)).data) == repr(f(Value(a), b).data) == repr(f(a, Value(b)).data) == repr(f(a, b))


NUMBERS = [3, True, 2.5, Fraction(7, 4), np.float64(1.5), np.float32(0.5), np.int64(2)]


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
@each_binary
def test_any_real_number_is_an_operand(symbol, number):
    f = BINARY[symbol]
    assert f(Value(1.25), number).data == f(1.25, float(number))
    assert f(number, Value(1.25)).data == f(float(number), 1.25)
    assert type(f(number, Value(1.25)).data) is float


@pytest.mark.parametrize("exponent", [-3, -1, 0, 1, 2, 3, 0.0, 2.0])
@pytest.mark.parametrize("base", [-2.0, -0.5, 3.0])
def test_whole_powers_of_any_number(base, exponent):
    x = Value(base)
    y = x**exponent
    y.backward()
    assert y.data == base**exponent
    assert x.grad == pytest.approx(exponent * base ** (exponent - 1), rel=1e-15)


@pytest.mark.parametrize(("exponent", "value", "slope"), [(0, 1.0, 0.0), (1, 0.0, 1.0), (2, 0.0, 0.0), (3, 0.0, 0.0)])
def test_whole_powers_of_zero(exponent, value, slope):
    x = Value(0.0)
    y = x**exponent
    y.backward()
    assert (y.data, x.grad) == (value, slope)


@pytest.mark.parametrize(
    ("exponent", "value", "slope"),
    [(0.0, 1.0, 0.0), (1.0, 0.0, 1.0), (1.5, 0.0, 0.0), (2.0, 0.0, 0.0), (1e300, 0.0, 0.0)],
)
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_zero_to_the_power_of_a_value(zero, exponent, value, slope):
    x, b = Value(zero), Value(exponent)
    y = x**b
    y.backward()
    assert (y.data, x.grad, b.grad) == (value, slope, 0.0)
    z = Value(zero)
    (z**exponent).backward()
    assert z.grad == slope


UNARY = {
    "exp": (Value.exp, cmath.exp),
    "log": (Value.log, cmath.log),
    "tanh": (Value.tanh, cmath.tanh),
    "sigmoid": (Value.sigmoid, lambda z: 1 / (1 + cmath.exp(-z))),
    "negative": (operator.neg, operator.neg),
    "relu": (Value.relu, lambda z: z if z.real > 0 else 0j),
}


@given(x=st.floats(1e-9, 3.0) | st.floats(-3.0, -1e-9))  # the complex step must stay small beside x
@pytest.mark.parametrize("name", UNARY)
def test_function_of_one_value(name, x):
    f, formula = UNARY[name]
    x = abs(x) if name == "log" else x
    assert_close(f(Value(x)).data, formula(complex(x)).real)
    assert_close(grad(f, x), complex_step(formula, x), 1e-13)


@pytest.mark.parametrize(
    ("f", "x", "value", "slope"),
    [
        (Value.relu, 0.0, 0.0, 0.0),
        (Value.relu, -0.0, 0.0, 0.0),
        (Value.sigmoid, 0.0, 0.5, 0.25),
        (Value.sigmoid, 1e308, 1.0, 0.0),
        (Value.sigmoid, -1e308, 0.0, 0.0),
        (Value.sigmoid, -700.0, math.exp(-700.0), math.exp(-700.0)),
        (Value.tanh, 1e308, 1.0, 0.0),
        (Value.tanh, -1e308, -1.0, 0.0),
        (Value.exp, -1e308, 0.0, 0.0),
        (Value.exp, 700.0, math.exp(700.0), math.exp(700.0)),
        (Value.log, 1e300, math.log(1e300), 1e-300),
    ],
)
def test_kinks_and_extremes(f, x, value, slope):
    leaf = Value(x)
    y = f(leaf)
    y.backward()
    assert (y.data, leaf.grad) == (value, slope)


COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("compare", COMPARISONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("a", "b"), [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0), (math.nan, 1.0)])
def test_comparisons_compare_the_numbers(compare, a, b):
    assert compare(Value(a), Value(b)) is compare(Value(a), b) is compare(a, Value(b)) is compare(a, b)


def test_equality_is_identity():
    a, b = Value(1.0), Value(1.0)
    assert a == a
    assert a != b
    assert a != 1.0
    assert len({a, b}) == 2


def test_a_value_shows_its_number():
    assert repr(Value(2)) == "Value(2)"
    assert repr(Value(1.5) * 3) == "Value(4.5)"


def test_numpy_on_the_left_leaves_the_operation_to_the_value():
    x = Value(3.0)
    y = np.float64(2.0) * x + np.float64(1.0)
    assert type(y) is Value
    y.backward()
    assert (y.data, x.grad) == (7.0, 2.0)


# Gradients add up along paths


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: x + x, 3.0, 2.0),
        (lambda x: x * x, 3.0, 6.0),
        (lambda x: x - x, 3.0, 0.0),
        (lambda x: x / x, 3.0, 0.0),
        (lambda x: x * x * x, 3.0, 27.0),
        (lambda x: (x + x) * (x + x), 3.0, 24.0),
        (lambda x: x, 3.0, 1.0),
    ],
)
def test_a_leaf_used_twice_receives_both(f, x, slope):
    assert grad(f, x) == [slope]


def test_x_to_the_x():
    assert_close(grad(lambda x: x**x, 1.7), [1.7**1.7 * (math.log(1.7) + 1)])


def test_a_shared_node_is_passed_once_it_is_complete():
    # s reaches y along a short way and a long way, and must wait for the long one.
    x = Value(0.5)
    s = x * 3.0
    long_way = s
    for _ in range(5):
        long_way = long_way * 2.0
    (s + long_way).backward()
    assert x.grad == 3.0 * (1 + 2**5)


def test_a_leaf_of_two_graphs_receives_from_both():
    x = Value(2.0)
    (x * x).backward()
    (x * 3.0).backward()
    assert x.grad == 4.0 + 3.0
    x.zero_grad()
    assert x.grad == 0.0


def test_what_the_root_does_not_depend_on_receives_nothing():
    x, y = Value(1.0), Value(1.0)
    aside = x * y
    (x * 2.0).backward()
    assert (x.grad, y.grad) == (2.0, 0.0)
    aside.backward()  # and its graph is still there
    assert (x.grad, y.grad) == (3.0, 1.0)


# Entries of programs: every one keeps what it computes within [-1, 1] and has slopes of at most 1, so rounding errors
# stay rounding errors, whatever is put together.
STEPS = {
    "mean": lambda a, b, lib: (a + b) / 2.0,
    "difference": lambda a, b, lib: 0.5 * a - b / 2.0,
    "product": lambda a, b, lib: a * b,
    "quotient": lambda a, b, lib: a / (2.0 + b),
    "reciprocal": lambda a, b, lib: 1.0 / (2.0 - a),
    "square": lambda a, b, lib: a**2 - b * b,
    "power": lambda a, b, lib: 0.5 * (a + 2.0) ** (0.5 * b),
    "exponential": lambda a, b, lib: lib["exp"](a - 1.0),
    "logarithm": lambda a, b, lib: lib["log"](a + 2.0) * 0.5,
    "tanh": lambda a, b, lib: lib["tanh"](-b),
    "sigmoid": lambda a, b, lib: lib["sigmoid"](a),
    "rest": lambda a, b, lib: 1.0 - lib["sigmoid"](b),
}
ENGINE = {name: f for name, (f, _) in UNARY.items()}
COMPLEX = {name: f for name, (_, f) in UNARY.items()}
programs = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 99), st.integers(0, 99)), max_size=12)


def run(program, leaves, lib):
    """Every step takes two of what is there; the sum of all is the result, so nothing is computed in vain."""
    pool = list(leaves)
    for step, i, j in program:
        pool.append(STEPS[step](pool[i % len(pool)], pool[j % len(pool)], lib))
    total = pool[0]
    for entry in pool[1:]:
        total = total + entry
    return total


@given(program=programs, leaves=st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=3))
def test_any_program_agrees_with_the_complex_step(program, leaves):
    ours = grad(lambda *xs: run(program, xs, ENGINE), *leaves)
    numbers = complex_step(lambda *xs: run(program, xs, COMPLEX), *leaves)
    assert_close(ours, numbers, 1e-12)


# Size and depth


def test_a_chain_of_a_million_operations():
    x = Value(1.0)
    y = x
    for _ in range(LONG // 2):
        y = (y + 1.0) * 1.0
    y.backward()
    assert (y.data, x.grad) == (1.0 + LONG // 2, 1.0)


def test_a_chain_of_a_million_is_deleted_unfreed():
    with without_collector():
        y = Value(1.0)
        for _ in range(LONG):
            y = -y
        assert values_alive() == LONG + 1
        del y
        assert values_alive() == 0


def test_a_chain_of_diamonds():
    x = Value(1.0)
    y = x
    for _ in range(60):
        left, right = y + 1.0, y - 1.0
        y = left + right
    y.backward()
    assert y.data == x.grad == 2.0**60  # exact: powers of two; and at once: 2^60 paths, but 240 edges


def test_a_wide_sum():
    leaves = [Value(i) for i in range(1000)]
    total = leaves[0] * leaves[0]
    for leaf in leaves[1:]:
        total = total + leaf * leaf
    total.backward()
    assert [leaf.grad for leaf in leaves] == [2.0 * i for i in range(1000)]


# Once, or with retain_graph


def test_a_second_backward_is_refused_and_touches_nothing():
    x = Value(2.0)
    y = x * x
    y.backward()
    with pytest.raises(ValueError, match=r"expected a graph, but .*freed by an earlier.*backward\(retain_graph=True\)"):
        y.backward()
    assert x.grad == 4.0


def test_a_freed_part_under_a_new_root_is_refused():
    x, w = Value(2.0), Value(5.0)
    inner = x * 3.0
    (inner + 1.0).backward()
    with pytest.raises(ValueError, match=r"expected a graph, but the one behind Value\(6\) was freed"):
        (w * inner).backward()
    assert (x.grad, w.grad) == (3.0, 0.0)


def test_a_freed_part_of_an_older_root_is_refused():
    x = Value(2.0)
    inner = x * 3.0
    one, other = inner + 1.0, inner * 2.0
    one.backward()
    with pytest.raises(ValueError, match="was freed by an earlier backward pass"):
        other.backward()
    assert x.grad == 3.0


def test_a_refused_backward_leaves_every_gradient_as_it_was():
    x, w = Value(2.0), Value(5.0)
    freed = x * 3.0
    freed.backward()
    new = w * w
    kept = new * 2.0
    kept.backward(retain_graph=True)
    root = (kept + new.tanh()) * freed
    with pytest.raises(ValueError, match="was freed by an earlier backward pass"):
        root.backward()
    assert (root.grad, freed.grad, new.grad, kept.grad) == (None, None, 2.0, 1.0)
    assert (x.grad, w.grad) == (3.0, 20.0)
    kept.backward()
    assert w.grad == 40.0


@pytest.mark.parametrize("left", [0.0, -0.0, 7.0])
def test_what_an_earlier_pass_left_behind_marks_nothing(left):
    # All nodes hold one and the same float: none of them may be taken for found.
    x = Value(2.0)
    inner = x * 3.0
    y = inner * inner
    inner.grad = y.grad = left
    y.backward(retain_graph=True)
    assert (x.grad, inner.grad, y.grad) == (36.0, 12.0, 1.0)
    assert {type(node.grad) for node in (x, inner, y)} == {float}


@pytest.mark.parametrize("passes", [1, 2, 5])
def test_retain_graph_adds_every_gradient_once_more(passes):
    x, w = Value(2.0), Value(3.0)
    y = (x * w + x).tanh() * x
    once = grad(lambda x, w: (x * w + x).tanh() * x, 2.0, 3.0)
    for _ in range(passes):
        y.backward(retain_graph=True)
    assert_close([x.grad, w.grad], [passes * once[0], passes * once[1]])


def test_gradients_inside_are_those_of_the_last_pass():
    x = Value(2.0)
    inner = x * 3.0
    y = inner * inner
    assert (inner.grad, y.grad) == (None, None)
    for _ in range(2):
        y.backward(retain_graph=True)
        assert (inner.grad, y.grad) == (12.0, 1.0)
    (inner * 5.0).backward(retain_graph=True)
    assert inner.grad == 5.0


def test_without_retain_graph_no_gradient_stays_inside():
    x = Value(2.0)
    inner = x * 3.0
    y = inner * inner
    y.backward(retain_graph=True)
    y.backward()
    assert (inner.grad, y.grad) == (None, None)
    assert x.grad == 2 * 36.0


def test_backward_of_a_leaf():
    x = Value(2.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0


def test_a_later_change_of_data_spoils_no_gradient():
    x, w = Value(2.0), Value(3.0)
    y = x * w
    x.data = w.data = 100.0
    y.backward()
    assert (x.grad, w.grad) == (3.0, 2.0)


def test_a_refused_operation_leaves_nothing_behind():
    x = Value(-1.0)
    with pytest.raises(ValueError, match="above zero"):
        x.log()
    (x * 2.0).backward()
    assert x.grad == 2.0


# Memory


def network_of_values():
    x, w = Value(0.5), Value(0.25)
    h = (x * w + 1.0).tanh()
    for _ in range(10):
        h = (h * w + h).sigmoid()
    return x, w, h


def test_backward_frees_all_but_leaves_and_root():
    with without_collector():
        kept = network_of_values()
        assert values_alive() > 10
        kept[-1].backward()
        assert values_alive() == len(kept)
        del kept
        assert values_alive() == 0


def test_retained_graph_is_freed_with_its_root():
    with without_collector():
        x, w, y = network_of_values()
        y.backward(retain_graph=True)
        graph(y)
        del y
        assert values_alive() == 2
        del x, w
        assert values_alive() == 0


def test_numbers_are_no_nodes():
    with without_collector():
        y = Value(1.0) + 2.0
        assert values_alive() == 2
        del y


# Errors


@pytest.mark.parametrize("wrong", ["1", None, 1j, [1.0], np.ones(2)], ids=repr)
def test_a_value_is_a_real_number(wrong):
    with pytest.raises(TypeError, match="Value: expected a real number, got"):
        Value(wrong)


@pytest.mark.parametrize("f", [*BINARY.values(), *COMPARISONS], ids=lambda f: f.__name__)
@pytest.mark.parametrize("wrong", ["1", None, 1j, [1.0]], ids=repr)
def test_operands_are_values_or_real_numbers(f, wrong):
    for operands in [(Value(1.0), wrong), (wrong, Value(1.0))]:
        with pytest.raises(TypeError, match="Value: expected a real number, got"):
            f(*operands)


@pytest.mark.parametrize("flag", [1, None, "yes"], ids=repr)
def test_retain_graph_is_true_or_false(flag):
    x = Value(1.0)
    with pytest.raises(TypeError, match="retain_graph: expected True or False, got"):
        (x * x).backward(retain_graph=flag)
    assert x.grad == 0.0


@pytest.mark.parametrize(
    ("compute", "error", "message"),
    [
        (lambda: Value(0.0).log(), ValueError, "argument of log: expected a number above zero, got 0.0"),
        (lambda: Value(-1.0) ** 0.5, ValueError, "base of .* expected a number above zero, got -1.0"),
        (lambda: Value(-1.0) ** Value(2.0), ValueError, "base of .* expected a number above zero, got -1.0"),
        (lambda: Value(0.0) ** 0.5, ValueError, "base of .* expected a number above zero, got 0.0"),
        (lambda: Value(0.0) ** Value(0.5), ValueError, "base of .* expected a number above zero, got 0.0"),
        (lambda: Value(0.0) ** Value(-1.0), ValueError, "base of .* expected a number above zero, got 0.0"),
        (lambda: (-1.0) ** Value(2.0), ValueError, "base of .* expected a number above zero, got -1.0"),
        (lambda: Value(1.0) / 0, ZeroDivisionError, "zero"),
        (lambda: 1 / Value(0.0), ZeroDivisionError, "zero"),
        (lambda: Value(0.0) ** -1, ZeroDivisionError, "zero|0.0"),
        (lambda: Value(1000.0).exp(), OverflowError, "math range error"),
    ],
)
def test_outside_the_domain(compute, error, message):
    with pytest.raises(error, match=message):
        compute()
