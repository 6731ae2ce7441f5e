"""Initializers: shapes, the stated variance, orthogonality, and where their randomness comes from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import he_normal, he_uniform, orthogonal, xavier_normal, xavier_uniform

INITIALIZERS = [xavier_uniform, xavier_normal, he_uniform, he_normal, orthogonal]
each_initializer = pytest.mark.parametrize("initializer", INITIALIZERS, ids=lambda f: f.__name__)

OUT, IN = 200, 300
# name: (initializer, stated variance, kurtosis of the distribution)
RANDOM = {
    "xavier_uniform": (xavier_uniform, 2 / (OUT + IN), 1.8),
    "xavier_normal": (xavier_normal, 2 / (OUT + IN), 3.0),
    "he_uniform": (he_uniform, 2 / IN, 1.8),
    "he_normal": (he_normal, 2 / IN, 3.0),
}


@given(out=st.integers(1, 6), fan_in=st.integers(1, 6))
@each_initializer
def test_shape_and_dtype(initializer, out, fan_in):
    weights = initializer((out, fan_in), rng=np.random.default_rng(0))
    assert weights.shape == (out, fan_in)
    assert weights.dtype == np.float64
    assert weights.flags.c_contiguous
    assert weights.flags.writeable


@pytest.mark.parametrize("name", RANDOM)
def test_mean_and_variance_are_the_stated_ones(name, rng):
    initializer, variance, kurtosis = RANDOM[name]
    weights = initializer((OUT, IN), rng=rng)
    n = weights.size
    # Five standard errors: of the mean sqrt(v / n), of the variance v sqrt((kurtosis - 1) / n). At n = 60,000 the
    # latter is 2 to 3 per cent; fan_in mistaken for fan_out would be off by 50.
    assert abs(weights.mean()) < 5 * np.sqrt(variance / n)
    assert abs(weights.var() - variance) < 5 * variance * np.sqrt((kurtosis - 1) / n)


@pytest.mark.parametrize(
    ("initializer", "bound"), [(xavier_uniform, np.sqrt(6 / (OUT + IN))), (he_uniform, np.sqrt(6 / IN))]
)
def test_uniform_stays_inside_its_bound_and_reaches_it(initializer, bound, rng):
    largest = np.abs(initializer((OUT, IN), rng=rng)).max()
    # The chance that 60,000 draws all stay below 99.9 per cent of the bound is 0.999^60000 = 1e-26.
    assert 0.999 * bound < largest <= bound


@pytest.mark.parametrize("initializer", [xavier_normal, he_normal])
def test_normal_has_the_tails_of_a_normal(initializer, rng):
    weights = initializer((OUT, IN), rng=rng)
    beyond = (np.abs(weights) > 2 * weights.std()).mean()
    assert beyond == pytest.approx(0.0455, abs=5 * np.sqrt(0.0455 / weights.size))


@given(out=st.integers(1, 8), fan_in=st.integers(1, 8), seed=st.integers(0, 100))
def test_orthogonal_rows_or_columns(out, fan_in, seed):
    q = orthogonal((out, fan_in), rng=np.random.default_rng(seed))
    product = q @ q.T if out <= fan_in else q.T @ q
    np.testing.assert_allclose(product, np.eye(min(out, fan_in)), atol=1e-14)
    np.testing.assert_allclose(np.linalg.svd(q, compute_uv=False), 1.0, rtol=1e-13)


def test_orthogonal_is_uniform_over_rotations():
    # In one dimension the only two are 1 and -1. QR alone would always give the same one.
    rng = np.random.default_rng(0)
    signs = [orthogonal((1, 1), rng=rng)[0, 0] for _ in range(400)]
    assert abs(np.mean(signs)) < 5 / np.sqrt(400)
    # The first entry of a uniform rotation of the plane is the cosine of a uniform angle: mean 0, variance 1/2.
    corner = np.array([orthogonal((2, 2), rng=rng)[0, 0] for _ in range(400)])
    assert abs(corner.mean()) < 5 * np.sqrt(0.5 / 400)
    assert abs(np.square(corner).mean() - 0.5) < 5 * np.sqrt(0.125 / 400)


@each_initializer
def test_the_generator_decides(initializer):
    first = initializer((3, 4), rng=np.random.default_rng(1))
    np.testing.assert_array_equal(initializer((3, 4), rng=np.random.default_rng(1)), first)
    assert not np.array_equal(initializer((3, 4), rng=np.random.default_rng(2)), first)
    rng = np.random.default_rng(1)
    assert not np.array_equal(initializer((3, 4), rng=rng), initializer((3, 4), rng=rng))


@each_initializer
def test_the_global_generator_is_left_alone(initializer):
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - looked at, not drawn from
    initializer((3, 4), rng=np.random.default_rng(1))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(
    ("shape", "error", "message"),
    [
        (3, ValueError, r"shape: expected \(out, in\), got 3"),
        ((3,), ValueError, r"shape: expected \(out, in\), got \(3,\)"),
        ((2, 3, 4), ValueError, r"shape: expected \(out, in\), got \(2, 3, 4\)"),
        ("34", ValueError, r"shape: expected \(out, in\), got '34'"),
        ((0, 3), ValueError, "out: expected a whole number of at least 1, got 0"),
        ((3, -2), ValueError, "in: expected a whole number of at least 1, got -2"),
        ((3, 2.0), TypeError, "in: expected a whole number, got 2.0"),
        ((True, 2), TypeError, "out: expected a whole number, got True"),
        ((3, np.bool_(True)), TypeError, "in: expected a whole number, got"),
    ],
)
@each_initializer
def test_shapes_are_refused(initializer, shape, error, message, rng):
    with pytest.raises(error, match=message):
        initializer(shape, rng=rng)


@pytest.mark.parametrize("bad", [0, None, np.random.RandomState(0)], ids=["seed", "none", "RandomState"])
@each_initializer
def test_what_is_no_generator_is_refused(initializer, bad):
    with pytest.raises(TypeError, match=r"rng: expected a numpy.random.Generator"):
        initializer((3, 4), rng=bad)


@each_initializer
def test_numpys_integers_are_whole_numbers(initializer, rng):
    assert initializer((np.int64(3), np.uint8(4)), rng=rng).shape == (3, 4)
