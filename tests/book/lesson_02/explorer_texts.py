"""What the interactive figures of lesson 2 must say in some of their states, computed once more."""

from backprop_lib import numerical_gradient, sigmoid


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
