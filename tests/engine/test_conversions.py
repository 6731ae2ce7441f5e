"""Tensors and values outside their engines: as numbers, texts, copies and pickles, and in the hands of NumPy.

Whatever would go on computing without a graph is refused, in words that say what to write instead.
"""

import copy
import math
import operator
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

from backprop_lib import SGD, Tensor, Value, no_grad
from backprop_lib import autograd as ag
from backprop_lib.autograd import conversions

A = np.arange(6.0).reshape(2, 3)


def leaf(values=A, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


# Numbers

# Where the number of a tensor could leave its graph unnoticed.
LEAKS = {
    "float": float,
    "int": int,
    "complex": complex,
    "math.exp": math.exp,
    "math.floor": math.floor,
    "math.sqrt": math.sqrt,
    "math.isclose": lambda x: math.isclose(x, 1.0),
    "math.fsum": lambda x: math.fsum([x, x]),
    "round": round,
    "np.float64": np.float64,
    "np.float32": np.float32,
    "index": lambda x: [1, 2][x],
    "range": range,
    "an array of": lambda x: np.array([x, x]),
    "filled with": lambda x: np.full(2, x),
    "%f": lambda x: operator.mod("%f", x),
}


WITHOUT_ADVICE = {"round", "index", "range"}  # they take no float, and say so


def messages(call):
    """What an error says, and the errors behind it: NumPy's own name ours as their cause."""
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    chain = [caught.value]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    return " ".join(map(str, chain))


@pytest.mark.parametrize("make", [lambda: leaf(2.0), lambda: leaf(1.0) * 2, lambda: leaf([2.0])])
@pytest.mark.parametrize("name", LEAKS)
def test_no_number_of_a_tensor_leaves_its_graph_unnoticed(name, make):
    said = messages(lambda: LEAKS[name](make()))
    assert name in WITHOUT_ADVICE or re.search(r"graph.*(\.item\(\)|\.data)", said)


@pytest.mark.parametrize("name", [name for name in LEAKS if "filled" not in name and "array" not in name])
def test_no_number_of_a_value_leaves_its_graph_unnoticed(name):  # in an array of objects it stays a value
    said = messages(lambda: LEAKS[name](Value(2.0) * 1.0))
    assert name in WITHOUT_ADVICE | {"int"} or re.search(r"graph.*\.data", said)


@pytest.mark.parametrize("make", [lambda: leaf(2.0) * 3.0, lambda: Value(2.0) * 3.0])
def test_an_entry_of_an_array_takes_no_tracked_number(make):
    array = np.zeros(3)
    with pytest.raises((TypeError, ValueError)):
        array[0] = make()
    with pytest.raises((TypeError, ValueError)):
        array[:] = make()
    np.testing.assert_array_equal(array, np.zeros(3))


def test_the_advice_says_what_to_write():
    with pytest.raises(
        TypeError, match=r"^float: expected a number, got a Tensor that requires .* x\.exp\(\).*\.item\(\)"
    ):
        math.exp(leaf(1.0))
    with pytest.raises(TypeError, match=r"^int: expected a number, got a Tensor that requires .*\.item\(\)"):
        int(leaf(1.0))
    with pytest.raises(TypeError, match=r"got Value\(1\), whose graph would be lost: .* v\.exp\(\) .* v\.data"):
        math.exp(Value(1.0))


def test_a_number_without_a_graph_is_a_number():
    constant, x = Tensor([2.5]), leaf(2.5)
    array = np.zeros(2)
    array[0] = Tensor(2.5)
    assert (float(constant), int(constant), complex(constant), math.exp(Tensor(0.0))) == (2.5, 2, 2.5, 1.0)
    assert array[0] == x.item() == 2.5
    assert type(float(Tensor(np.float32(2.5)))) is float
    with no_grad():
        assert (float(x), int(x * 2), f"{float(x):.2f}") == (2.5, 5, "2.50")
    with pytest.raises(TypeError, match="requires a gradient"):
        float(x)


def test_several_entries_are_no_number():
    for convert in float, int, complex:
        with pytest.raises(ValueError, match=r"item: expected a tensor of one entry, got shape \(2, 3\)"):
            convert(Tensor(A))


# Texts


@pytest.mark.parametrize("spec", [".3f", "8.2e", "+.1%", ">10", ""])
@pytest.mark.parametrize("number", [2.5, -0.125, math.nan, math.inf])
def test_formats_are_those_of_the_number(spec, number):
    for one in leaf(number) * 1.0, leaf([number]), Tensor(number), Value(number), Value(number) + 0.0:
        assert format(one, spec) == (format(number, spec) if spec else str(one))


def test_several_entries_have_no_format_of_a_number():
    assert f"{Tensor([1.0, 2.0])}" == "Tensor([1., 2.])"
    with pytest.raises(ValueError, match=r"expected a tensor of one entry, got shape \(2, 3\)"):
        f"{leaf():.3f}"


# NumPy


@pytest.mark.parametrize(
    ("call", "advice"),
    [
        (lambda x: np.sum(x), r"write x\.sum\("),
        (lambda x: np.mean(x, axis=0), r"write x\.mean\("),
        (lambda x: np.max(x), r"write x\.max\("),
        (lambda x: np.amin(x), r"write x\.min\("),
        (lambda x: np.std(x), r"write x\.std\("),
        (lambda x: np.prod(x), r"write x\.prod\("),
        (lambda x: np.linalg.norm(x), r"write x\.norm\("),
        (lambda x: np.clip(x, 0.0, 1.0), r"write x\.clip\("),
        (lambda x: np.reshape(x, -1), r"write x\.reshape\("),
        (lambda x: np.transpose(x), r"write x\.transpose\("),
        (lambda x: np.squeeze(x), r"write x\.squeeze\("),
        (lambda x: np.ravel(x), r"write x\.flatten\("),
        (lambda x: np.concatenate([x, A]), r"write autograd\.concatenate\("),
        (lambda x: np.stack([A, x]), r"write autograd\.stack\("),
        (lambda x: np.split(x, 2), r"write autograd\.split\("),
        (lambda x: np.where(A > 0, x, 0.0), r"write autograd\.where\("),
        (lambda x: np.einsum("ij->j", x), r"write autograd\.einsum\("),
        (lambda x: np.dot(A.T, x), r"write a @ b"),
        (lambda x: np.inner(A, x), r"write a @ b"),
        (lambda x: np.cumsum(x), r"use the operations of autograd"),
        (lambda x: np.exp(x), r"use the operations of autograd, x\.exp\(\) for np\.exp\(x\)"),
        (lambda x: np.maximum(A, x), r"use the operations of autograd"),
    ],
)
def test_numpys_functions_say_what_to_write(call, advice):
    for x in leaf(), leaf() * 2.0, Tensor(A):
        with pytest.raises(
            TypeError, match=rf"expected an array, got a Tensor; NumPy would lose its graph: {advice}.*\.data"
        ):
            call(x)


def test_numpy_may_ask_for_the_shape():
    x = leaf()
    assert (np.shape(x), np.ndim(x), np.size(x), np.size(x, 0), x.size) == ((2, 3), 2, 6, 2, 6)


@pytest.mark.parametrize(
    "f",
    [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, lambda a, b: a @ b.T],
    ids=["add", "sub", "mul", "truediv", "pow", "matmul"],
)
@pytest.mark.parametrize("left", [A + 1, A.astype(np.float32) + 1, (A + 1).astype(np.int8)], ids=lambda a: str(a.dtype))
def test_an_array_on_the_left_leaves_the_operation_to_the_tensor(f, left):
    x = leaf(A + 2)
    result = f(left, x)
    assert result.operation is not None
    np.testing.assert_array_equal(result.data, f(left, x.data))


# Copies and pickles


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_copy_of_a_leaf_is_that_leaf_with_memory_of_its_own(copied, dtype):
    x = leaf(A, dtype)
    (x * x).sum().backward()
    for original in x, Tensor(A.astype(dtype)), leaf(A, dtype):
        twin = copied(original)
        assert type(twin) is Tensor
        assert (twin.requires_grad, twin.dtype, twin.operation, twin.parents) == (
            original.requires_grad,
            dtype,
            None,
            (),
        )
        np.testing.assert_array_equal(twin.data, original.data)
        np.testing.assert_array_equal(twin.grad, original.grad)
        assert not np.shares_memory(twin.data, original.data)
        assert twin.grad is None or not np.shares_memory(twin.grad, original.grad)
    twin = copied(x)
    (twin * 3.0).sum().backward()
    np.testing.assert_array_equal(twin.grad, 2 * A + 3)
    np.testing.assert_array_equal(x.grad, 2 * A)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_leaves_that_come_twice_come_twice_in_the_copy(copied):
    x, w, v = leaf(), leaf(), Value(2.0)
    one, other, again, value, value_again = copied([x, w, x, v, v])
    assert one is again
    assert one is not other
    assert value is value_again
    parameters = copied({"w": w, "b": x})
    SGD(list(parameters.values()), 0.1)  # which takes every parameter once


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_of_a_value(copied):
    v = Value(3.0)
    (v * v).backward()
    twin = copied(v)
    assert (type(twin), twin.data, twin.grad, twin.operation) == (Value, 3.0, 6.0, None)
    (twin * 2.0).backward()
    assert (twin.grad, v.grad) == (8.0, 6.0)


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, pickle.dumps])
def test_a_result_is_neither_pickled_nor_copied(copied):
    x, v = leaf(), Value(3.0)
    used, root = x * 2.0, v * v
    root.backward()
    for result, advice in [
        (used, r"detach\(\)"),
        (used.sum(), r"detach\(\)"),
        (v * v, r"Value\(v\.data\)"),
        (root, "Value"),
    ]:
        with pytest.raises(TypeError, match=rf"expected a leaf to be pickled or copied, got .* of (×|sum), .*{advice}"):
            copied(result)
    np.testing.assert_array_equal(copy.deepcopy(used.detach()).data, 2 * A)
    with no_grad():
        np.testing.assert_array_equal(copy.deepcopy(x * 2.0).data, 2 * A)


def test_a_pickled_leaf_works_in_another_process():
    # Its clock starts anew there: a leaf must not seem to have been changed after it was used.
    for _ in range(1000):
        x, v = leaf(), Value(3.0)
    code = (
        "import pickle, sys; x, v = pickle.load(sys.stdin.buffer); (x * x).sum().backward(); (v * v).backward();"
        "print(x.grad.tolist(), v.grad)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps([x, v]), capture_output=True, timeout=120)
    assert done.stderr == b""
    assert done.stdout.decode().strip() == f"{(2 * A).tolist()} 6.0"


def test_a_copy_made_before_a_change_does_not_change():
    x = leaf()
    twin = copy.copy(x)
    with no_grad():
        x += 1.0
    np.testing.assert_array_equal(twin.data, A)
    y = (twin * twin).sum()
    with no_grad():
        twin += 1.0
    with pytest.raises(ValueError, match="was changed after"):
        y.backward()


def test_the_functions_that_the_advice_names_are_those_that_are_no_methods_and_that_numpy_has_too():
    no_methods = {name for name in ag.__all__ if not hasattr(Tensor, name)} - {"record"}  # np.record is another thing
    assert set(conversions.FUNCTIONS) == {name for name in no_methods if hasattr(np, name)}
