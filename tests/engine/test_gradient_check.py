"""The gradient check: what it passes, what it calls wrong, and where it says that it cannot tell."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import (
    Activation,
    Linear,
    Sequential,
    SoftmaxCrossEntropy,
    SquaredError,
    check_gradient,
    gelu,
    identity,
    sigmoid,
    softplus,
    tanh,
)
from tests.engine.test_numerical import sample


def cubes(x):
    return (x**3).sum()


def test_check_gradient_passes_the_right_gradient():
    x = sample((2, 3))
    check = check_gradient(cubes, x, 3 * x**2)
    assert check
    assert check.passed is True
    assert check.relative_error < 1e-8
    assert check.tolerance == 1e-6
    assert str(check).startswith("gradient agrees: relative error ")
    assert "<= 1e-06" in str(check)


def test_check_gradient_names_the_worst_entry_and_both_values():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    wrong = 3 * x**2
    wrong[0, 1] += 0.5
    wrong[1, 0] += 6.0
    check = check_gradient(cubes, x, wrong)
    assert not check
    assert check.passed is False
    assert check.worst_index == (1, 0)
    assert check.given == 33.0
    assert check.numerical == pytest.approx(27.0, abs=1e-7)
    assert check.relative_error == pytest.approx(6.0 / 48.0, rel=1e-6)
    assert str(check) == (
        "gradient is wrong: relative error 1.2e-01 > 1e-06\n  worst entry [1, 0]: given 33, central difference 27"
    )


def test_the_two_values_of_a_failed_check_differ_in_print():
    check = check_gradient(lambda x: (x * x).sum() / 2, np.array([1.0]), [1.0 + 2e-9], tolerance=1e-10)
    assert not check
    given, numerical = str(check).split("given ")[1].split(", central difference ")
    assert given != numerical


def test_the_report_shows_eight_digits():
    check = check_gradient(lambda x: 0.0, np.ones(1), [-200 / 3])
    assert "given -66.666667, central difference 0" in str(check)


def test_check_gradient_of_a_number():
    check = check_gradient(lambda x: x * x, 3.0, 5.0)
    assert not check
    assert check.worst_index == ()
    assert "worst value: given 5, central difference 6" in str(check)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_check_gradient_catches_what_is_not_finite(place, bad):
    gradient = np.array([3.0, 12.0, 27.0])
    gradient[place] = bad
    check = check_gradient(cubes, np.array([1.0, 2.0, 3.0]), gradient)
    assert not check
    assert check.worst_index == (place,)
    assert str(bad) in str(check)


@pytest.mark.parametrize(
    "f", [lambda x: x.sum() * np.nan, lambda x: np.sqrt(x.sum() - 2) if x.sum() >= 2 else np.nan, lambda x: np.inf]
)
def test_where_f_is_not_finite_nothing_is_checked(f):
    check = check_gradient(f, np.ones(2), np.ones(2))
    assert check.verdict == "is not checked"
    assert str(check).endswith("\n  f has no finite difference there")
    assert check_gradient(f, np.ones(2), [1.0, np.nan]).verdict == "is wrong"


def test_infinite_on_both_sides_is_no_agreement():
    check = check_gradient(lambda x: np.inf if x[1] > 1 else 0.0, np.ones(2), [0.0, np.inf])
    assert not check
    assert (check.worst_index, check.given, check.numerical) == ((1,), np.inf, np.inf)


def test_a_difference_beyond_the_number_range_is_reported():
    check = check_gradient(lambda x: -1e308 * x.sum(), np.zeros(2), [-1e308, 1e308])
    assert not check
    assert check.relative_error == np.inf
    assert check.worst_index == (1,)


def test_tolerance_decides():
    x = np.array([1.0, 2.0])
    slightly_wrong = 3 * x**2 * (1 + 1e-4)
    assert not check_gradient(cubes, x, slightly_wrong)
    assert check_gradient(cubes, x, slightly_wrong, tolerance=1e-3)


def test_the_tolerance_is_the_largest_error_that_passes():
    # The central difference of a constant is exactly 0, so every other gradient is off by exactly 1.
    assert check_gradient(lambda x: 0.0, np.ones(2), np.ones(2), tolerance=1.0)
    assert not check_gradient(lambda x: 0.0, np.ones(2), np.ones(2), tolerance=0.999)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (1, 2)], ids=str)
def test_gradient_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"gradient: expected shape \(2,\) as x has, got shape"):
        check_gradient(cubes, np.ones(2), np.ones(shape))


@pytest.mark.parametrize(
    ("tolerance", "error"),
    [(0.0, ValueError), (-1.0, ValueError), (np.nan, ValueError), ("1", TypeError), (True, TypeError)],
)
def test_bad_tolerance_is_refused(tolerance, error):
    with pytest.raises(error, match="tolerance: expected a positive"):
        check_gradient(cubes, np.ones(2), 3 * np.ones(2), tolerance=tolerance)


def test_gradient_that_is_complex_or_no_number_is_refused():
    with pytest.raises(TypeError, match=r"^gradient: expected real numbers"):
        check_gradient(cubes, np.ones(2), 3 * np.ones(2) + 0j)
    with pytest.raises(TypeError, match=r"^gradient: expected an array of numbers"):
        check_gradient(cubes, np.ones(2), ["3", "3"])


def test_report_cannot_be_changed():
    check = check_gradient(cubes, np.ones(2), np.zeros(2))
    with pytest.raises(dataclasses.FrozenInstanceError):
        check.passed = True


# Tolerances that follow from dtypes and rounding


def cubes_slope(x):
    return 3 * x * x


BY_DEFAULT = {"float64": 1e-6, "float32": 40 * (2.0**-23) ** (2 / 3)}


@pytest.mark.parametrize(
    ("of_x", "of_f", "of_gradient", "coarsest"),
    [
        (np.float64, np.float64, np.float64, "float64"),
        (np.float32, np.float32, np.float32, "float32"),
        (np.float32, np.float64, np.float64, "float32"),
        (np.float64, np.float32, np.float64, "float32"),
        (np.float64, np.float64, np.float32, "float32"),
        (np.int64, np.float64, np.int64, "float64"),
        (np.longdouble, np.longdouble, np.longdouble, "float64"),
    ],
)
def test_the_default_tolerance_is_that_of_the_coarsest_dtype(of_x, of_f, of_gradient, coarsest):
    x = np.array([1, 2], of_x)
    check = check_gradient(lambda x: cubes(x).astype(of_f), x, cubes_slope(x).astype(of_gradient))
    assert check, check
    assert check.tolerance == pytest.approx(BY_DEFAULT[coarsest], rel=1e-12)
    assert not check_gradient(lambda x: cubes(x).astype(of_f), x, 1.01 * cubes_slope(x).astype(of_gradient))


def test_a_function_that_computes_in_float32_is_measured_with_the_steps_of_float32():
    check = check_gradient(lambda x: cubes(x.astype(np.float32)), np.array([1.0, 2.0]), [3.0, 12.0])
    assert check.relative_error < 1e-4  # with the steps of float64 it is 1e-2


def test_a_tolerance_that_is_given_is_taken():
    x = sample((3,), np.float32)
    assert not check_gradient(cubes, x, 3 * x**2, tolerance=1e-8)
    assert check_gradient(cubes, x, 3 * x**2, tolerance=np.float32(0.5)).tolerance == 0.5
    assert type(check_gradient(cubes, x, 3 * x**2, tolerance=np.float32(0.5)).tolerance) is float


@pytest.mark.parametrize(
    ("constant", "tolerance"), [(1e3, 1e-6), (1e6, 4 * 2**-52 * 1e6 / 2 ** (-52 / 3) / np.cos(1.0)), (1e12, 0.1)]
)
def test_a_large_constant_in_f_makes_the_tolerance_coarser_but_never_useless(constant, tolerance):
    check = check_gradient(lambda x: constant + np.sin(x), 1.0, np.cos(1.0))
    assert check.tolerance == pytest.approx(tolerance, rel=1e-4)
    assert check.passed is (constant < 1e12)
    assert not check_gradient(lambda x: constant + np.sin(x), 1.0, -np.cos(1.0))


def test_what_rounding_hides_is_not_called_wrong():
    check = check_gradient(lambda x: 1e12 + np.sin(x), 1.0, np.cos(1.0))
    assert check.verdict == "is not checked"
    assert str(check).splitlines()[2].startswith("  the central difference itself may be off by ")
    assert check_gradient(lambda x: 1e12 + np.sin(x), 1.0, 1e9).verdict == "is wrong"


def test_what_float32_computed_and_returned_as_a_float_is_not_called_wrong():
    def through_float32(x):
        return float(np.sin(x.astype(np.float32)).sum())

    for x in np.linspace(-3.0, 3.0, 101):  # at some of them all steps give one value
        assert check_gradient(through_float32, x, np.cos(x)).verdict != "is wrong"
    assert check_gradient(through_float32, 1.0, -np.cos(1.0)).verdict == "is wrong"
    assert check_gradient(lambda x: 2.0, 1.0, 0.3).verdict == "is wrong"


# Each entry by itself


@pytest.mark.parametrize("small", [1e-4, 1e-5])
@pytest.mark.parametrize("factor", [-1.0, 0.0, 0.5, 2.0, -5.0])
def test_a_wrong_entry_is_seen_beside_a_large_one(small, factor):
    check = check_gradient(lambda v: 1000.0 * v[0] + small * v[1], np.ones(2), [1000.0, factor * small])
    assert check.relative_error <= check.tolerance == 1e-6
    assert (check.verdict, check.worst_index) == ("is wrong", (1,))
    assert check_gradient(lambda v: 1000.0 * v[0] + small * v[1], np.ones(2), [1000.0, small])


def test_a_wrong_entry_is_named_with_its_own_error():
    check = check_gradient(lambda v: 1000.0 * v[0] + 1e-4 * v[1], np.ones(2), [1000.0, -5e-4])
    first, second, third = str(check).splitlines()
    assert first == "gradient is wrong: relative error 6.0e-07 <= 1e-06"
    assert second.startswith("  worst entry [1]: given -0.0005, central difference 0.0001")
    assert third == "  by itself this entry is off by 1.2e+00 > 0.001"


def test_an_entry_by_itself_has_the_square_root_of_the_tolerance():
    def of(factor, tolerance):
        f = lambda v: v[0] + 1e-4 * v[1]  # noqa: E731
        return bool(check_gradient(f, np.ones(2), [1.0, 1e-4 / (1 - factor)], tolerance=tolerance))

    for tolerance in (1e-4, 1e-3, 1e-2):
        assert of(0.9 * tolerance**0.5, tolerance)
        assert not of(1.1 * tolerance**0.5, tolerance)
    assert of(0.9999, 1.0)


def test_an_entry_below_the_rounding_of_f_need_not_agree():
    rounding = 4 * 2**-52 * 1000.0 / 2 ** (-52 / 3)  # 4 eps |f(x)| / h, 1.5e-7 here
    for entry, passed in (0.9 * rounding, True), (10.0 * rounding, False):
        assert bool(check_gradient(lambda v: 1000.0 * v[0], np.ones(2), [1000.0, entry])) is passed


def test_where_all_entries_count_as_zero_none_is_compared_by_itself():
    assert check_gradient(lambda v: 1e-20 * (v * v).sum(), np.ones(2), [2e-20, -2e-20])


# Kinks

KINKS = {
    "relu at 0": (lambda x: np.maximum(x, 0.0), 0.0, 0.0, 1.0),
    "relu less than a step beside": (lambda x: np.maximum(x, 0.0), 1e-6, 0.0, 1.0),
    "abs at 0": (np.abs, 0.0, -1.0, 1.0),
    "a concave kink": (lambda x: np.minimum(3 * x, 0.5 * x), 0.0, 3.0, 0.5),
    "a kink in what is curved": (lambda x: np.exp(x) + 2.0 * np.abs(x - 1.0), 1.0, np.e - 2.0, np.e + 2.0),
    "a kink far from 0": (lambda x: np.abs(x - 1e5), 1e5, -1.0, 1.0),
    "a kink beside a large value": (lambda x: 100.0 + np.abs(x), 0.0, -1.0, 1.0),
}


@pytest.mark.parametrize(("f", "x", "left", "right"), KINKS.values(), ids=KINKS)
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_slope_between_both_sides_of_a_kink_is_not_called_wrong(f, x, left, right, share):
    check = check_gradient(f, x, left + share * (right - left))
    assert check.verdict == "is not checked"
    assert not check
    assert check.slopes == (pytest.approx(left, rel=1e-4, abs=1e-4), pytest.approx(right, rel=1e-4, abs=1e-4))


@pytest.mark.parametrize(("f", "x", "left", "right"), KINKS.values(), ids=KINKS)
@pytest.mark.parametrize("share", [-0.1, 1.1, 3.0])
def test_a_slope_outside_of_both_is_wrong(f, x, left, right, share):
    check = check_gradient(f, x, left + share * (right - left))
    assert check.verdict == "is wrong"
    assert check.slopes is not None


def test_the_report_at_a_kink():
    between, outside = (check_gradient(np.abs, 0.0, given) for given in (0.5, 2.0))
    assert str(between) == (
        "gradient is not checked: relative error 1.0e+00 > 1e-06\n"
        "  worst value: given 0.5, slope -1 from the left, 1 from the right\n"
        "  at a kink: between both slopes it may be a subgradient"
    )
    assert str(outside).startswith(
        "gradient is wrong: relative error 1.0e+00 > 1e-06\n  worst value: given 2, slope -1"
    )
    assert str(outside).endswith("\n  at a kink, and outside of both slopes")


@pytest.mark.parametrize("gradient", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
def test_a_tie_is_a_kink_of_every_entry_in_it(gradient):
    check = check_gradient(np.max, [2.0, 2.0, 1.0], gradient)
    assert check.verdict == "is not checked"
    assert check_gradient(np.max, [2.0, 2.0, 1.0], [0.5, 0.5, 0.0])  # the shares that the difference measures, too


def test_a_wrong_entry_is_found_behind_one_at_a_kink():
    f = lambda x: 5.0 * np.maximum(x[0], 0.0) + x[1] + np.abs(x[2])  # noqa: E731
    assert check_gradient(f, [0.0, 1.0, 0.0], [5.0, 1.0, 1.0]).worst_index == (0,)
    check = check_gradient(f, [0.0, 1.0, 0.0], [5.0, 1.5, 1.0])
    assert (check.verdict, check.worst_index, check.slopes) == ("is wrong", (1,), None)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bias_of_a_dead_unit_is_not_checked(dtype):
    x = np.zeros(3, dtype)
    f = lambda b: (np.maximum(b, 0.0) * np.array([1.0, -2.0, 3.0], dtype)).sum()  # noqa: E731
    assert check_gradient(f, x, np.zeros(3, dtype)).verdict == "is not checked"
    assert check_gradient(f, x, np.array([1.0, -2.0, 3.0], dtype)).verdict == "is not checked"
    assert check_gradient(f, x, np.array([1.0, 2.0, 3.0], dtype)).verdict == "is wrong"


# Smooth functions, sharply bent: with their slopes; w is how wide the bend is
SMOOTH = {
    "softplus": (lambda v, w: w * np.logaddexp(0.0, v / w), lambda v, w: 0.5 + 0.5 * np.tanh(v / w / 2)),
    "hyperbola": (lambda v, w: np.hypot(v, w), lambda v, w: v / np.hypot(v, w)),
    "wave": (lambda v, w: w * np.sin(v / w), lambda v, w: np.cos(v / w)),
    "bell": (lambda v, w: w * np.exp(-((v / w) ** 2)), lambda v, w: -2 * v / w * np.exp(-((v / w) ** 2))),
    "step": (lambda v, w: np.tanh(v / w), lambda v, w: (1 - np.tanh(v / w) ** 2) / w),
    "third power": (lambda v, w: (v / w) ** 3, lambda v, w: 3 * (v / w) ** 2 / w),
    "fourth power": (lambda v, w: (v / w) ** 4, lambda v, w: 4 * (v / w) ** 3 / w),
    "third power of the size": (lambda v, w: np.abs(v / w) ** 3, lambda v, w: 3 * v / w * np.abs(v / w) / w),
}


@given(
    name=st.sampled_from(sorted(SMOOTH)),
    width=st.floats(-5, 1).map(lambda power: 10.0**power),
    place=st.one_of(st.just(0.0), st.floats(-3, 3)),
    constant=st.sampled_from([0.0, 1.0, -7.0]),
)
def test_a_bend_is_no_kink_and_a_right_slope_never_wrong(name, width, place, constant):
    f, slope = SMOOTH[name]
    at = place * width
    check = check_gradient(lambda v: f(v, width) + constant, at, slope(at, width))
    assert check.verdict != "is wrong"
    assert check.slopes is None
    if width > 0.1 and abs(slope(at, width)) > 1e-3:
        assert check.passed
    doubled = check_gradient(lambda v: f(v, width) + constant, at, 2 * slope(at, width) + 1.0)
    assert not doubled.passed
    assert doubled.slopes is None
    assert doubled.verdict == "is wrong" or width < 1e-2


@given(seed=st.integers(0, 10**6), noise=st.floats(-16, -2).map(lambda power: 10.0**power))
def test_noise_is_no_kink_and_makes_no_right_slope_wrong(seed, noise):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=2)

    def noisy(v):
        return np.sin(v).sum() + noise * np.random.default_rng(np.frombuffer(v.tobytes(), np.uint32)).normal()

    check = check_gradient(noisy, x, np.cos(x))
    assert check.verdict != "is wrong"
    assert check.slopes is None
    assert check_gradient(noisy, x, -np.cos(x)).slopes is None
    assert check_gradient(noisy, x, -np.cos(x)).verdict == "is wrong" or noise > 1e-9


def random_network(seed, dtype):
    """A network with smooth activations, its loss and a batch: depth, widths and scales are drawn."""
    rng = np.random.default_rng(seed)
    widths = rng.integers(1, 8, size=int(rng.integers(2, 5)))
    layers = []
    for n, m in itertools.pairwise(widths):
        layers.append(Linear(int(n), int(m), rng=rng, dtype=dtype))
        layers.append(Activation([sigmoid, tanh, softplus, gelu, identity][rng.integers(5)]))
    network, size = Sequential(*layers), int(rng.integers(1, 6))
    for parameter in network.parameters():
        parameter.data = (parameter.data * 10.0 ** rng.uniform(-1, 1)).astype(dtype)
    X = (rng.normal(size=(size, widths[0])) * 10.0 ** rng.uniform(-2, 1.5)).astype(dtype)
    if rng.integers(2):
        targets = rng.normal(size=(size, widths[-1])) * 10.0 ** rng.uniform(-2, 2)
        return network, SquaredError(), X, targets.astype(dtype)
    return network, SoftmaxCrossEntropy(), X, rng.integers(0, widths[-1], size=size)


def loss_of(parameter, network, loss, X, targets):
    def f(data):
        before, parameter.data = parameter.data, data
        try:
            return loss.value(network(X), targets)
        finally:
            parameter.data = before

    return f


@pytest.mark.parametrize(("dtype", "share"), [(np.float64, 0.98), (np.float32, 0.9)])
def test_right_gradients_of_random_networks_are_never_wrong_and_wrong_signs_never_right(dtype, share):
    verdicts = []
    for seed in range(60):
        network, loss, X, targets = random_network(seed, dtype)
        network.backward(loss.gradient(network(X), targets))
        for parameter in network.parameters():
            f, gradient = loss_of(parameter, network, loss, X, targets), parameter.grad
            verdicts.append(check_gradient(f, parameter.data, gradient).verdict)
            eps = np.finfo(dtype).eps
            for index in np.ndindex(gradient.shape):
                step = eps ** (1 / 3) * max(1.0, abs(parameter.data[index]))
                if abs(gradient[index]) > 100 * 4 * eps * max(1.0, float(f(parameter.data))) / step:
                    wrong = gradient.copy()
                    wrong[index] *= -1
                    assert not check_gradient(f, parameter.data, wrong), (seed, index)
                    break
    assert "is wrong" not in verdicts
    assert verdicts.count("agrees") >= share * len(verdicts)


# What it costs


def test_a_second_look_is_taken_only_where_the_first_does_not_do():
    runs = []

    def counted(x):
        runs.append(x)
        return (x**2).sum()

    x = np.linspace(1.0, 2.0, 50)
    check_gradient(counted, x, 2 * x)
    assert len(runs) == 101
    check_gradient(counted, x, -2 * x)
    assert len(runs) == 101 + 101 + 8  # the first entry that is looked at is wrong


def test_a_list_of_lists_of_different_lengths_is_refused_in_words():
    with pytest.raises(ValueError, match=r"^x: expected numbers in rows of one length"):
        check_gradient(cubes, [[1.0, 2.0], [3.0]], np.ones(3))
