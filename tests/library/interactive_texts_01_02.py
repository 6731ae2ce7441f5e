"""What the interactive figures of lessons 1 and 2 must say in some of their states, computed once more.

Where the figures walk, measure or differentiate, here stand closed forms and numerical gradients, and the other way
round.
"""

import numpy as np

from backprop_lib import numerical_gradient, sigmoid

# Lesson 1: the curve ½ (2w - 3)², the valley of three points, the slope of x³ at 1.3


def number(value, digits=3):
    """A rounded number without trailing zeros."""
    return f"{round(float(value), digits) + 0.0:g}"


def loss(value):
    """A loss as the figures write it."""
    return "less than 0.001" if value < 0.001 else "more than 1000" if value >= 1000 else f"{value:.3g}"


def beside(rate, limit):
    """Where a learning rate lies."""
    side = "below" if rate < limit else "above" if rate > limit else "at"
    return f"Learning rate {rate:g}, {side} the limit {number(limit)}."


def curve(rate):
    """Ten steps from 0, by the factor of each step."""
    factor = 1.0 - 4.0 * rate
    distance = -1.5 * factor**10
    return (
        f"{beside(rate, 0.5)} Each step multiplies the distance from the lowest point by {number(factor)}. "
        f"After 10 steps w is {number(1.5 + distance, 2)}, and the loss {loss(2.0 * distance**2)}."
    )


def valley(rate):
    """Twenty steps from (0, 0), by the eigenvectors of the matrix of second derivatives."""
    x, lowest = np.array([1.0, 2.0, 3.0]), np.array([1.5, -1.0])
    second = np.array([[np.mean(x * x), np.mean(x)], [np.mean(x), 1.0]])
    curvatures, ways = np.linalg.eigh(second)
    left = (1.0 - rate * curvatures) ** 20 * (ways.T @ -lowest)
    place = lowest + ways @ left
    along, across = (number(1.0 - rate * curvature) for curvature in curvatures)
    return (
        f"{beside(rate, 2.0 / curvatures[1])} Each step multiplies what is left by {across} across the valley and by "
        f"{along} along it. After 20 steps you are at ({number(place[0], 2)}, {number(place[1], 2)}), and the loss is "
        f"{loss(0.25 + 0.5 * curvatures @ left**2)}."
    )


def cube(x):
    """The function whose slope is measured."""
    return x * x * x


def difference(halvings):
    """The three slopes, each by its definition, with their errors."""
    x, h = 1.3, 0.5**halvings
    slopes = {
        "forward": (cube(x + h) - cube(x)) / h,
        "central": (cube(x + h) - cube(x - h)) / ((x + h) - (x - h)),
        "complex": cube(x + 1j * h).imag / h,
    }
    parts = []
    for name, slope in slopes.items():
        error = abs(slope - 3.0 * x * x)
        parts.append(f"{name} {slope:.12f}, error " + (f"{error:.0e}" if error > 1e-13 else "below 1e-13"))
    return f"h = 2^-{halvings}, about {h:.0e}. The slope is 5.07: {'; '.join(parts)}."


# Lesson 2: the network with x = 2, w₁ = ½, b₁ = -1, w₂ = 5, b₂ = -1.5, y = 3


def gradient(f, at):
    """The gradient of what remains of the computation after one of its numbers, three digits."""
    return f"{float(numerical_gradient(f, at, method='complex')) + 0.0:.3g}"


def network_step(step):
    """Some of the steps through both passes."""
    if step == 3:
        return f"Step 3, forward: h = σ(z₁) = {float(sigmoid(0.5 * 2.0 - 1.0)):.3g}."
    if step == 7:
        return "Step 7, backward: ∂L/∂L = 1, where every backward pass starts."
    if step == 12:
        back = gradient(lambda w: 0.5 * (w * 0.5 - 1.5 - 3.0) ** 2, 5.0)
        rule = "times the other input of the product: the local derivative is h = 0.5"
        return f"Step 12, backward, {rule}, so ∂L/∂w₂ = -2 · 0.5 = {back}."
    if step == 14:
        back = gradient(lambda z: 0.5 * (5.0 * sigmoid(z) - 1.5 - 3.0) ** 2, 0.0)
        rule = "times the slope of the sigmoid: the local derivative is h(1 - h) = 0.25"
        return f"Step 14, backward, {rule}, so ∂L/∂z₁ = -10 · 0.25 = {back}."
    back = gradient(lambda x: 0.5 * (5.0 * sigmoid(0.5 * x - 1.0) - 1.5 - 3.0) ** 2, 2.0)
    rule = "times the other input of the product: the local derivative is w₁ = 0.5"
    return f"Step 18, backward, {rule}, so ∂L/∂x = -2.5 · 0.5 = {back}."


def fork(used, b):
    """What comes back to x = 2 that meets the factors 3 and b."""
    bracketed = f"({b})" if b < 0 else f"{b}"
    if used == "twice":
        total = gradient(lambda x: 3.0 * x + b * x, 2.0)
        return f"Used twice, at a fork: 3 and {bracketed} come back and add up, ∂L/∂x = 3 + {bracketed} = {total}."
    total = gradient(lambda x: b * (3.0 * x), 2.0)
    return f"Used once, in a chain: the factors b and a multiply, ∂L/∂x = {b} · 3 = {total}."
