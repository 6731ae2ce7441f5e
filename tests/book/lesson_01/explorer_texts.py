"""What the interactive figures of lesson 1 must say in some of their states, computed once more."""

import numpy as np


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
