"""Tensor: what it is made from, when gradients add up, when backward refuses, what is recorded and what is not."""

import operator

import numpy as np
import pytest

from backprop_lib import SGD, Adam, AdamW, RMSProp, Tensor, no_grad
from backprop_lib import autograd as ag

A = np.arange(6.0).reshape(2, 3)


def leaf(values=A, **options):
    return Tensor(np.array(values, **options), requires_grad=True)


# Data in


def test_an_array_is_used_not_copied():
    array = np.ones(3)
    assert Tensor(array).data is array


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (3, np.float64, ()),
        (2.5, np.float64, ()),
        (True, np.float64, ()),
        ([1, 2], np.float64, (2,)),
        ([[True], [False]], np.float64, (2, 1)),
        (np.arange(3, dtype=np.uint8), np.float64, (3,)),
        (np.ones(2, np.float32), np.float32, (2,)),
        (np.float32(1.5), np.float32, ()),
        (np.ones((0, 3)), np.float64, (0, 3)),
    ],
)
def test_dtype_and_shape_of_the_data(data, dtype, shape):
    x = Tensor(data)
    assert (x.dtype, x.shape, x.ndim) == (dtype, shape, len(shape))
    assert type(x.data) is np.ndarray
    np.testing.assert_array_equal(x.data, np.asarray(data, dtype))
    assert (x.grad, x.requires_grad, x.operation, x.parents) == (None, False, None, ())


@pytest.mark.parametrize("data", ["1", None, 1j, [1j], [...], np.array("2020", "M8")], ids=repr)
def test_data_that_are_no_real_numbers_are_refused(data):
    with pytest.raises(TypeError, match=r"data: expected .* numbers, got dtype"):
        Tensor(data)


def test_a_tensor_of_a_tensor_is_refused():
    with pytest.raises(TypeError, match=r"expected an array, got a Tensor.*\.data"):
        Tensor(Tensor(A))
    with pytest.raises(TypeError, match="expected an array, got a Tensor"):
        Tensor([Tensor(1.0), Tensor(2.0)])


@pytest.mark.parametrize("flag", [1, None, "yes", np.array(True)], ids=repr)
def test_requires_grad_is_true_or_false(flag):
    with pytest.raises(TypeError, match="requires_grad: expected True or False, got"):
        Tensor(A, flag)
    x = Tensor(A)
    with pytest.raises(TypeError, match="requires_grad: expected True or False, got"):
        x.requires_grad = flag
    assert x.requires_grad is False


@pytest.mark.parametrize("flag", [np.True_, np.False_], ids=repr)
def test_numpys_truth_values_are_true_or_false_too(flag):
    x = Tensor(A, flag)
    assert x.requires_grad is bool(flag)
    x.requires_grad = flag
    assert x.requires_grad is bool(flag)


# Data out


def test_item_is_pythons_number():
    assert Tensor([[2.5]]).item() == 2.5
    assert type(Tensor(np.float32(2.5)).item()) is float
    with pytest.raises(ValueError, match=r"item: expected a tensor of one entry, got shape \(2, 3\)"):
        Tensor(A).item()


def test_length_truth_and_number():
    assert len(Tensor(A)) == 2
    assert bool(Tensor(2.0)) is True
    assert bool(Tensor([0.0])) is False
    assert float(Tensor(2.5)) == 2.5
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Tensor(A))
    with pytest.raises(TypeError, match=r"expected a tensor with at least one axis, got shape \(\); x.item\(\) is"):
        len(Tensor(1.0))


def test_transposed():
    np.testing.assert_array_equal(Tensor(A).T.data, A.T)
    assert Tensor(np.ones((2, 3, 4))).T.shape == (4, 3, 2)


def test_rows_one_by_one():
    x = leaf()
    total = sum(row.sum() * (i + 1) for i, row in enumerate(x))
    total.backward()
    np.testing.assert_array_equal(x.grad, [[1, 1, 1], [2, 2, 2]])


def test_a_number_has_no_rows():
    with pytest.raises(TypeError, match=r"expected a tensor with at least one axis, got shape \(\); x.item\(\) is"):
        list(Tensor(1.0))


def test_shown():
    assert repr(Tensor([1.0, 2.0])) == "Tensor([1., 2.])"
    assert repr(leaf([1.0]) * 2) == "Tensor([2.], operation='×')"


def test_detach_is_a_copy_outside_the_graph():
    x = leaf()
    y = (x * 2).detach()
    assert not y.requires_grad
    assert y.parents == ()
    np.testing.assert_array_equal(y.data, 2 * A)
    assert not np.shares_memory(x.detach().data, x.data)
    (x * y).sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * A)


COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@pytest.mark.parametrize("compare", COMPARISONS, ids=lambda f: f.__name__)
def test_comparisons_give_arrays_of_booleans(compare):
    x, other = leaf(), A[::-1].copy()
    for a, b, c, d in [
        (x, Tensor(other), A, other),
        (x, other, A, other),
        (other, x, other, A),
        (x, 2.0, A, 2.0),
        (2, x, 2, A),
        (x, Tensor(other[0]), A, other[0]),
    ]:
        result = compare(a, b)
        assert type(result) is np.ndarray
        assert result.dtype == bool
        np.testing.assert_array_equal(result, compare(c, d))


def test_a_tensor_is_a_key_by_identity():
    x, y = Tensor(1.0), Tensor(1.0)
    assert len({x, y, x}) == 2


# Operands

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
each_operator = pytest.mark.parametrize("f", OPERATORS, ids=lambda f: f.__name__)


@each_operator
@pytest.mark.parametrize(
    "other",
    [2, 2.5, True, np.float64(1.5), np.arange(1, 4), np.full((2, 3), 2.0), [1, 2, 3]],
    ids=lambda other: type(other).__name__,
)
def test_numbers_and_arrays_on_either_side(f, other):
    a = A + 1
    x = Tensor(a, requires_grad=True)
    for result, expected in [(f(x, other), f(a, np.asarray(other))), (f(other, x), f(np.asarray(other), a))]:
        assert type(result) is Tensor
        np.testing.assert_allclose(result.data, expected, rtol=1e-15)
        result.backward(np.ones((2, 3)))
    assert x.grad.shape == (2, 3)


def test_matrix_product_with_an_array_on_the_left():
    x = leaf()
    y = np.array([[1.0, 2.0]]) @ x
    assert type(y) is Tensor
    y.backward(np.ones((1, 3)))
    np.testing.assert_array_equal(x.grad, [[1, 1, 1], [2, 2, 2]])


def test_an_array_that_a_tensor_is_added_into_becomes_a_tensor():
    x, array = leaf(), np.ones((2, 3))
    total = array
    total += x
    assert total.requires_grad
    np.testing.assert_array_equal(total.data, A + 1)
    np.testing.assert_array_equal(array, np.ones((2, 3)))


@each_operator
@pytest.mark.parametrize("wrong", ["1", None, 1j, ...], ids=repr)
def test_operands_of_another_kind_are_refused(f, wrong):
    for operands in [(leaf(), wrong), (wrong, leaf())]:
        with pytest.raises(TypeError, match=r"expected|unsupported|concatenate|can't multiply|not supported"):
            f(*operands)


@pytest.mark.parametrize(
    "f",
    [
        *(np.exp, np.sqrt, np.abs, np.negative, np.isfinite, np.sign, np.square),
        *(np.sum, np.mean, np.max, np.min, np.prod, np.std, np.var, np.cumsum, np.argmax, np.any, np.all),
        *(np.array, np.asarray, np.copy, np.sort, np.ravel, np.squeeze, np.zeros_like, np.transpose, np.diag),
        *(np.linalg.norm, np.linalg.inv, np.trace, np.atleast_2d, np.nan_to_num),
        lambda x: np.add(x, A),
        lambda x: np.matmul(A.T, x),
        lambda x: np.maximum(x, 0.0),
        lambda x: np.where(A > 0, x, 0.0),
        lambda x: np.concatenate([x, x]),
        lambda x: np.stack([A, x]),
        lambda x: np.array([x, x]),
        lambda x: np.dot(A.T, x),
        lambda x: np.einsum("ij->j", x),
        lambda x: np.clip(x, 0.0, 1.0),
        lambda x: np.reshape(x, (3, 2)),
        lambda x: np.transpose(x, (1, 0)),
        lambda x: np.broadcast_to(x, (2, 2, 3)),
        lambda x: np.allclose(x, A),
        lambda x: np.testing.assert_allclose(x, A),
        lambda x: np.add.reduce(x),
        lambda x: A.dot(x),
        lambda x: np.ones(2)[x],
    ],
)
def test_numpys_functions_are_refused(f):
    # They would return arrays without a graph, and gradients would be missing in silence.
    with pytest.raises(TypeError):
        f(leaf())


# Backward


def test_one_entry_starts_from_one():
    for x in (leaf(3.0), leaf([3.0]), leaf([[3.0]])):
        (x * x).backward()
        np.testing.assert_array_equal(x.grad, np.full(x.shape, 6.0))


def test_more_entries_start_from_a_given_gradient():
    x = leaf()
    y = x * x
    with pytest.raises(ValueError, match=r"expected grad of shape \(2, 3\), got none"):
        y.backward()
    for wrong in [np.ones(3), np.ones((3, 2)), np.ones((1, 2, 3)), 1.0]:
        with pytest.raises(ValueError, match=r"expected grad of shape \(2, 3\), got shape \("):
            y.backward(wrong)
    assert x.grad is None
    y.backward(A)
    np.testing.assert_array_equal(x.grad, 2 * A * A)


@pytest.mark.parametrize(("wrong", "message"), [("1", "got dtype <U1"), (1j, "got dtype complex128")])
def test_a_given_gradient_is_real(wrong, message):
    with pytest.raises(TypeError, match=f"grad: expected .*, {message}"):
        (leaf(1.0) * 2).backward(wrong)


@pytest.mark.parametrize("flag", [1, None, "yes"], ids=repr)
def test_retain_graph_is_true_or_false(flag):
    x = leaf(1.0)
    with pytest.raises(TypeError, match="retain_graph: expected True or False, got"):
        (x * 2).backward(retain_graph=flag)
    assert x.grad is None


def test_a_list_of_whole_numbers_is_a_gradient_too():
    x = leaf([1.0, 2.0])
    (x * x).backward([1, 2])
    np.testing.assert_array_equal(x.grad, [2.0, 8.0])


def test_backward_is_linear_in_the_given_gradient(rng):
    x = leaf()
    y = (x * x).tanh() @ A.T
    one, other = rng.normal(size=(2, 2, 2))
    y.backward(one, retain_graph=True)
    y.backward(other, retain_graph=True)
    apart = x.grad
    x.zero_grad()
    y.backward(one + other)
    np.testing.assert_allclose(apart, x.grad, rtol=1e-13)


def test_a_constant_has_nothing_to_go_back_to():
    for constant in Tensor(1.0), Tensor(2.0) * 3, leaf().detach().sum():
        with pytest.raises(ValueError, match="expected a tensor computed from one with requires_grad=True, got a con"):
            constant.backward()


def test_backward_of_a_leaf():
    x = leaf([1.0, 2.0])
    x.backward([3.0, 4.0])
    x.backward([1.0, 1.0])
    np.testing.assert_array_equal(x.grad, [4.0, 5.0])


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: x + x, 2.0),
        (lambda x: x - x, 0.0),
        (lambda x: x * x, 6.0),
        (lambda x: x / x, 0.0),
        (lambda x: x * x * x, 27.0),
        (lambda x: (x + x) * (x + x), 24.0),
        (lambda x: ag.where(np.True_, x, x) + ag.stack([x, x]).sum(), 3.0),
        (lambda x: ag.concatenate([x.reshape(1), x.reshape(1)]).sum(), 2.0),
    ],
)
def test_a_tensor_used_twice_receives_both(f, slope):
    for x in leaf(3.0), leaf(3.0) + 0.0:
        start = x if x.operation is None else x.parents[0]
        f(x).backward()
        np.testing.assert_array_equal(start.grad, slope)


def test_a_shared_node_is_passed_once_it_is_complete():
    x = leaf(0.5)
    s = x * 3.0
    long_way = s
    for _ in range(5):
        long_way = long_way * 2.0
    (s + long_way).backward()
    assert x.grad == 3.0 * (1 + 2**5)


def test_a_chain_of_diamonds():
    x = leaf([1.0, -1.0])
    y = x
    for _ in range(60):
        left, right = y + 1.0, y - 1.0
        y = left + right
    y.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [2.0**60] * 2)  # exact: powers of two


def test_constants_and_strangers_receive_nothing():
    x, constant, stranger = leaf(), Tensor(A), leaf()
    aside = x * stranger
    (x * constant).sum().backward()
    assert constant.grad is None
    assert stranger.grad is None
    aside.sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * A)


def test_gradients_add_up_until_they_are_emptied():
    x = leaf()
    for passes in 1, 2, 3:
        (x * x).sum().backward()
        np.testing.assert_array_equal(x.grad, passes * 2 * A)
    x.zero_grad()
    assert x.grad is None
    (x * 3.0).sum().backward()
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 3.0))


def test_gradients_of_two_graphs_add_up():
    x = leaf()
    one, other = (x * x).sum(), (x * 5.0).sum()
    one.backward()
    other.backward()
    np.testing.assert_array_equal(x.grad, 2 * A + 5)


def test_a_gradient_from_outside_is_added_to():
    x, given = leaf(), np.ones((2, 3))
    x.grad = given
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * A + 1)
    np.testing.assert_array_equal(given, np.ones((2, 3)))


# Freed or retained


def test_a_second_backward_is_refused_and_touches_nothing():
    x = leaf()
    y = (x * x).sum()
    y.backward()
    with pytest.raises(ValueError, match=r"expected a graph, but .* was freed by an .* backward\(retain_graph=True\)"):
        y.backward()
    np.testing.assert_array_equal(x.grad, 2 * A)


def test_a_freed_part_under_a_new_root_is_refused():
    x, w = leaf(), leaf()
    inner = x * 3.0
    inner.sum().backward()
    with pytest.raises(ValueError, match="expected a graph, but the one behind a result of × was freed"):
        (w * inner).sum().backward()
    assert w.grad is None
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 3.0))


@pytest.mark.parametrize("passes", [1, 2, 5])
def test_retain_graph_adds_every_gradient_once_more(passes):
    x, w = leaf(), leaf(A + 1)
    y = ((x * w + x).tanh() * x).sum()
    y.backward(retain_graph=True)
    once = [x.grad.copy(), w.grad.copy()]
    for _ in range(passes - 1):
        y.backward(retain_graph=True)
    np.testing.assert_allclose([x.grad, w.grad], passes * np.array(once), rtol=1e-15)


def test_gradients_inside_are_those_of_the_last_pass():
    x = leaf([2.0])
    inner = x * 3.0
    y = inner * inner
    assert inner.grad is None
    for _ in range(2):
        y.backward(retain_graph=True)
        assert (inner.grad, y.grad) == ([12.0], [1.0])
    (inner * 5.0).backward(retain_graph=True)
    assert inner.grad == [5.0]
    y.backward()
    assert (inner.grad, y.grad) == (None, None)
    assert x.grad == [36.0 + 36.0 + 15.0 + 36.0]


def test_gradients_inside_are_those_that_arrived():
    # What arrives at the transposed is handed on as it is to h, which then receives more: that must not show above.
    x = leaf()
    h = x * 1.0
    other = h * 3.0
    moved = h.T
    (moved * 2.0).backward(np.ones((3, 2)), retain_graph=True)
    total = (moved * 2.0).sum() + other.sum()
    total.backward(retain_graph=True)
    np.testing.assert_array_equal(moved.grad, np.full((3, 2), 2.0))
    np.testing.assert_array_equal(other.grad, np.full((2, 3), 1.0))
    np.testing.assert_array_equal(h.grad, np.full((2, 3), 5.0))
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 7.0))


# Changes between forward and backward


def assign(x):
    x.data = x.data + 1


def augment(x):
    x.data -= 0.5


def in_place(operation):
    def change(x):
        with no_grad():
            assert operation(x, 2.0) is x

    return change


def step(optimizer):
    def change(x):
        x.grad = np.ones(x.shape)
        optimizer([x]).step()
        x.grad = None

    return change


CHANGES = {
    "assignment": assign,
    "augmented assignment": augment,
    "+=": in_place(operator.iadd),
    "-=": in_place(operator.isub),
    "*=": in_place(operator.imul),
    "/=": in_place(operator.itruediv),
    "**=": in_place(operator.ipow),
    "@=": in_place(lambda x, number: operator.imatmul(x, number * np.eye(3))),
    "SGD": step(lambda parameters: SGD(parameters, 0.1)),
    "momentum": step(lambda parameters: SGD(parameters, 0.1, momentum=0.9, weight_decay=0.1)),
    "RMSProp": step(RMSProp),
    "Adam": step(Adam),
    "AdamW": step(AdamW),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_after_forward_is_refused_before_any_gradient_is_touched(change):
    x, w, v = leaf(A + 1), leaf(A + 1), leaf(A + 1)
    y = (((x * 2.0) * w).tanh() + v).sum()  # v and then w are met before x on the way back
    w.grad = np.ones((2, 3))
    CHANGES[change](x)
    with pytest.raises(ValueError, match=r"operands as they were, but one of shape \(2, 3\) was changed after ×"):
        y.backward()
    assert x.grad is None
    assert v.grad is None
    np.testing.assert_array_equal(w.grad, np.ones((2, 3)))


@pytest.mark.parametrize("change", [name for name in CHANGES if "=" in name or "assignment" in name])
def test_a_change_of_a_constant_is_refused_too(change):
    x, constant = leaf(), Tensor(A.copy())
    y = (x * constant).sum()
    CHANGES[change](constant)
    with pytest.raises(ValueError, match="was changed after ×"):
        y.backward()
    assert x.grad is None


def test_a_change_of_an_older_part_of_a_longer_chain_is_refused():
    x = leaf()
    y = x
    for _ in range(10):
        y = y.tanh()
    augment(x)
    with pytest.raises(ValueError, match="was changed after tanh had used it"):
        y.sum().backward()


def test_a_change_before_forward_or_after_backward_is_none_in_between():
    x = leaf()
    for _ in range(3):
        (x * x).sum().backward()
        x.data -= 0.1 * x.grad
        x.zero_grad()
    np.testing.assert_allclose(x.data, A * 0.8**3, rtol=1e-15)


def test_a_change_of_what_the_graph_does_not_use_is_none_of_its_business():
    x, stranger = leaf(), leaf()
    y = (x * x).sum()
    stranger.data += 1.0
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * A)


def test_a_retained_graph_notices_the_change_before_its_second_pass():
    x = leaf()
    y = (x * x).sum()
    y.backward(retain_graph=True)
    augment(x)
    with pytest.raises(ValueError, match="was changed after"):
        y.backward()
    np.testing.assert_array_equal(x.grad, 2 * A)


B = np.array([[2.0, 3.0], [1.0, 2.0]])
PLAIN = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ipow: operator.pow,
    operator.imatmul: operator.matmul,
}
IN_PLACE = list(PLAIN)


def test_a_leaf_is_changed_in_its_own_memory():
    array = A.astype(np.float32)
    x = Tensor(array)
    with no_grad():
        x += Tensor(np.ones(3))
        x *= 2
        x -= np.float64(1.0)
        x /= [1.0, 2.0, 4.0]
        x **= 2
        x @= np.eye(3)[::-1]
    assert x.data is array
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x.data, (((A + 1) * 2 - 1) / [1, 2, 4])[:, ::-1] ** 2)


@pytest.mark.parametrize("operation", IN_PLACE)
def test_in_place_operators_belong_to_leaves_within_no_grad(operation):
    x = leaf(A + 1)
    with pytest.raises(ValueError, match=r"requires a gradient: expected its in-place change within no_grad"):
        operation(x, 1.0)
    y = x * 2.0
    with no_grad(), pytest.raises(ValueError, match="expected a leaf to be changed, got a result of ×"):
        operation(y, 1.0)
    np.testing.assert_array_equal(x.data, A + 1)
    np.testing.assert_array_equal(y.data, 2 * (A + 1))
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 2.0))


def test_data_of_a_computed_tensor_cannot_be_assigned():
    y = leaf() * 2.0
    with pytest.raises(ValueError, match="expected a leaf to be changed, got a result of ×; compute a new tensor"):
        y.data = A
    with pytest.raises(ValueError, match="expected a leaf"):
        y.data -= 1.0


@pytest.mark.parametrize("operation", IN_PLACE)
@pytest.mark.parametrize("kind", ["constant", "result", "constant result"])
def test_elsewhere_they_make_a_new_tensor(kind, operation):
    x, b = leaf(A[:, :2]), leaf(B)
    a = {"constant": lambda: Tensor(B.copy()), "result": lambda: x.T @ x, "constant result": lambda: Tensor(B) * 1}[
        kind
    ]()
    before = a.data.copy()
    result = operation(a, b)
    assert result is not a
    np.testing.assert_array_equal(a.data, before)
    np.testing.assert_array_equal(result.data, PLAIN[operation](before, B))
    result.backward(np.ones((2, 2)))
    expected = leaf(B)
    PLAIN[operation](Tensor(before), expected).backward(np.ones((2, 2)))
    np.testing.assert_array_equal(b.grad, expected.grad)
    assert (x.grad is None) == (kind != "result")


@pytest.mark.parametrize("start", [0.0, np.float64(0.0), np.zeros(()), Tensor(0.0)], ids=lambda s: type(s).__name__)
def test_a_sum_collected_term_by_term_leads_back_to_every_term(start):
    x, total = leaf([1.0, 2.0, 3.0]), start
    for entry in x:
        total += entry * entry
    total *= 2.0
    total -= x.sum()
    total /= 0.5
    total.backward()
    np.testing.assert_array_equal(x.grad, (4 * x.data - 1) * 2)
    assert float(start) == 0.0


def test_what_a_new_tensor_is_made_of_may_be_shared():
    x, constant = leaf(), Tensor(A.copy())
    y = (x * constant).sum()
    constant += 1.0  # a new tensor of that name: the graph keeps the old one
    y.backward()
    np.testing.assert_array_equal(x.grad, A)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (np.ones((3, 2)), ValueError, r"data: expected shape \(2, 3\), got shape \(3, 2\)"),
        (1.0, ValueError, r"data: expected shape \(2, 3\), got shape \(\)"),
        ("1", TypeError, "data: expected an array of numbers, got dtype <U1"),
        (1j * A, TypeError, "data: expected real numbers, got dtype complex128"),
    ],
)
def test_assigned_data_keep_the_shape(data, error, message):
    x = leaf()
    with pytest.raises(error, match=message):
        x.data = data
    np.testing.assert_array_equal(x.data, A)


# Without a graph


def test_nothing_is_recorded_within_no_grad():
    x = leaf()
    with no_grad():
        y = (x * 2.0).tanh()
    assert not y.requires_grad
    assert y.operation is None
    assert y.parents == ()
    np.testing.assert_array_equal(y.data, np.tanh(2 * A))
    assert (x * 2.0).requires_grad


def test_no_grad_nests_and_ends_where_it_ends():
    x = leaf()
    with no_grad():
        with no_grad():
            assert not (x * 2.0).requires_grad
        assert not (x * 2.0).requires_grad
    assert (x * 2.0).requires_grad


def test_no_grad_ends_with_an_error_too():
    x = leaf()
    with pytest.raises(ZeroDivisionError), no_grad():
        _ = 1 / 0
    assert (x * 2.0).requires_grad


def test_no_grad_decorates():
    x = leaf()

    @no_grad()
    def evaluate(factor, *, add=0.0):
        """Doc."""
        return x * factor + add

    for _ in range(2):
        y = evaluate(3.0, add=1.0)
        assert not y.requires_grad
        np.testing.assert_array_equal(y.data, 3 * A + 1)
        assert (x * 2.0).requires_grad
    assert evaluate.__doc__ == "Doc."


def test_a_graph_from_before_goes_back_within_no_grad():
    x = leaf()
    y = (x * x).sum()
    with no_grad():
        y.backward()
    np.testing.assert_array_equal(x.grad, 2 * A)


def test_constants_are_not_recorded():
    y = Tensor(A) * 2.0 + Tensor(A).exp()
    assert not y.requires_grad
    assert y.parents == ()


def test_one_operand_that_requires_a_gradient_is_enough():
    x = leaf()
    for y in [x * A, A * x, ag.where(A > 2, 0.0, x), ag.concatenate([A, x]), ag.stack([A, x])]:
        assert y.requires_grad
        y.backward(np.ones(y.shape))
