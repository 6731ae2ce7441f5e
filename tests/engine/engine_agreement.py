"""The comparison of the array engine's gradients with the complex step and the central difference of a NumPy formula.

`test_engine_mutants.py` shows that it reports wrong rules.
"""

import numpy as np

from backprop_lib import Tensor, numerical_gradient, numerical_jacobian

# In float64. The complex step loses only rounding, the central difference about eps^(2/3).
TOLERANCES = {"complex": 1e-12, "central": 1e-8}
CUBE_ROOT = np.finfo(float).eps ** (1 / 3)


def weights_like(output):
    """Fixed weights of both signs: the sum of the output with these weights is the number that is differentiated."""
    rng = np.random.default_rng(np.size(output))
    return rng.uniform(0.5, 1.0, np.shape(output)) * rng.choice([-1.0, 1.0], np.shape(output))


def engine_gradients(case, draw, dtype=np.float64):
    """The gradient of the weighted sum with respect to every operand, by the engine."""
    tensors = [Tensor(array.astype(dtype), requires_grad=True) for array in draw.arrays]
    output = case.engine(*tensors, **draw.options)
    output.backward(weights_like(output.data))
    return [tensor.grad for tensor in tensors]


def formula_of(case, draw, position):
    """The formula as a function of one operand."""

    def formula(array):
        arrays = [*draw.arrays[:position], array, *draw.arrays[position + 1 :]]
        return case.formula(*arrays, **draw.options)

    return formula


def by_complex_step(case, draw, position):
    """Gradient from the Jacobian J and the weights w, and its size without cancellation, the largest of |J|^T |w|."""
    formula = formula_of(case, draw, position)
    jacobian = numerical_jacobian(formula, draw.arrays[position], method="complex", step=1e-90)
    weights = weights_like(formula(draw.arrays[position]))
    gradient = np.tensordot(weights, jacobian, weights.ndim)
    return gradient, np.tensordot(np.abs(weights), np.abs(jacobian), weights.ndim).max()


def by_central_difference(case, draw, position):
    """Gradient from differences, and the size of what was subtracted, per length of the step's measure."""
    formula = formula_of(case, draw, position)
    values = formula(draw.arrays[position])
    weights = weights_like(values)
    gradient = numerical_gradient(
        lambda x: (weights * formula(x)).sum(), draw.arrays[position], step=CUBE_ROOT * draw.length
    )
    return gradient, np.abs(weights * values).sum() / draw.length


def disagreements(case, draw):
    """{(position of the operand, method): error} where the engine differs by more than the tolerance.

    Errors are relative to the largest entry of |J|^T |w|. That is the gradient itself unless its terms cancel; where
    they do, each term still brings a rounding error of its own. For the central difference they are relative to the
    subtracted losses, too, if these are larger.
    """
    wrong = {}
    for position, ours in enumerate(engine_gradients(case, draw)):
        numbers, size = by_complex_step(case, draw, position)
        differences, subtracted = by_central_difference(case, draw, position)
        for method, theirs, scale in [
            ("complex", numbers, size),
            ("central", differences, max(size, subtracted)),
        ]:
            error = np.abs(ours - theirs).max() if ours.shape == theirs.shape else np.inf
            if not error <= TOLERANCES[method] * scale:
                wrong[position, method] = error / scale if scale else np.inf
    return wrong


def assert_engine_agrees(case, draw):
    """Raise AssertionError that names every operand and method on which engine and numbers differ."""
    wrong = disagreements(case, draw)
    assert not wrong, "; ".join(f"operand {i} by {method}: {error:.1e}" for (i, method), error in wrong.items())
