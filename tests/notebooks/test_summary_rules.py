"""Every row of the summary's tables is true: computed as it stands there, and compared with what knows nothing of it.

A rule is written here beside the formulas that the page shows, word for word. A row that is added or changed on the
page alone has no rule here, and fails.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from backprop_book import MISTAKES
from backprop_lib import SGD, Adam, Parameter, RMSProp, Tensor, autograd, numerical_gradient, relative_error
from tests.notebooks import lesson_checks as lc

PAGE = lc.ROOT / "chapters" / "07_summary.md"
CELL = re.compile(r"(?<=\|)[^|]*(?=\|)")


def table_rows(text, name):
    """Cells of all rows of the tables of one class, without their headers."""
    tables = re.findall(rf":::{{table}}\n:class: {name} stacked\n(.*?):::", text, re.DOTALL)
    return [[cell.strip() for cell in CELL.findall(line)] for table in tables for line in table.splitlines()[2:]]


@dataclass(frozen=True)
class Rule:
    """A row of the page beside its computation.

    Attributes
    ----------
    forward, back : str
        The row's second and third cell.
    compute : callable
        The forward formula, of arrays.
    respond : callable
        (g, *inputs) -> the gradients that come back, by the third cell.
    inputs : tuple of arrays
    recorded : callable, optional
        The forward formula, of tensors, where `compute` does not take them.
    """

    forward: str
    back: str
    compute: Callable
    respond: Callable
    inputs: tuple
    recorded: Callable | None = None


rng = np.random.default_rng(7)
a, b = rng.normal(size=(2, 4, 3))
positive = rng.uniform(0.5, 1.5, size=(4, 3))
x3, y3, z3 = rng.normal(size=(3, 3))
X42, W32, W22, x2 = rng.normal(size=(4, 2)), rng.normal(size=(3, 2)), rng.normal(size=(2, 2)), rng.normal(size=2)
Z43, T43 = rng.normal(size=(2, 4, 3))
W33, U32 = rng.normal(size=(3, 3)), rng.normal(size=(3, 2))
signal, still = rng.normal(size=(5, 2)), np.zeros((5, 3))  # five steps of time
DIFFERENT = np.array([1.0, 2.5, 2.0, -1.0, 0.5])
PLACES = np.array([2, 0, 2, 2, 1])
LABELS = np.array([2, 0, 1, 1])
Y43 = np.eye(3)[LABELS]
EPS = 1e-5


def softmax(Z):
    exponentials = np.exp(Z)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_back(G, Z):
    P = softmax(Z)
    return (P * (G - (P * G).sum(axis=1, keepdims=True)),)


def recorded_softmax(Z):
    exponentials = Z.exp()
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def normalised(x):
    centred = x - x.mean(axis=0)
    return centred / ((centred**2).mean(axis=0) + EPS) ** 0.5


def normalised_back(g, x):
    s = np.sqrt(x.var(axis=0) + EPS)
    x_hat = (x - x.mean(axis=0)) / s
    return ((g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)) / s,)


def states(nudges, tanh=np.tanh, stack=np.stack):
    """All states of a tanh recurrence from 0, each moved by its nudge: the gradient of nudge t is that of state t."""
    h, found = np.zeros(3), []
    for nudge, x in zip(nudges, signal, strict=True):
        h = tanh(W33 @ h + U32 @ x) + nudge
        found.append(h)
    return stack(found)


def states_back(g, nudges):
    h, r = states(nudges), g.copy()
    for t in reversed(range(len(h) - 1)):
        J = (1.0 - h[t + 1] ** 2)[:, None] * W33
        r[t] = g[t] + J.T @ r[t + 1]
    return (r,)


def recorded_states(nudges):
    return states([nudges[t] for t in range(5)], autograd.tanh, autograd.stack)


def log_loss(z):
    return np.log(np.exp(z).sum()) - z[2]


def mean_log_loss(Z):
    return np.mean(np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(4), LABELS])


def index_back(g, x):
    return (np.array([sum(g[k] for k in range(5) if PLACES[k] == i) for i in range(3)]),)


RULES = {
    "add": Rule("$y = a + b$", r"$a \colon g$; $b \colon g$", lambda a, b: a + b, lambda g, a, b: (g, g), (a, b)),
    "multiply": Rule(
        r"$y = a \odot b$",
        r"$a \colon g \odot b$; $b \colon g \odot a$",
        lambda a, b: a * b,
        lambda g, a, b: (g * b, g * a),
        (a, b),
    ),
    "power": Rule(
        "$y = u^n$",
        r"$u \colon n \, u^{n-1} \odot g$",
        lambda u: u**2.5,
        lambda g, u: (2.5 * u**1.5 * g,),
        (positive,),
    ),
    "exponential": Rule(
        "$y = e^u$", r"$u \colon y \odot g$", np.exp, lambda g, u: (np.exp(u) * g,), (a,), autograd.exp
    ),
    "activation": Rule(
        r"$y = \varphi(z)$",
        r"$z \colon \varphi'(z) \odot g$",
        np.tanh,
        lambda g, z: (g / np.cosh(z) ** 2,),
        (a,),
        autograd.tanh,
    ),
    "sigmoid": Rule(
        r"$y = \sigma(z)$",
        r"$z \colon y \odot (1 - y) \odot g$",
        lambda z: 1.0 / (1.0 + np.exp(-z)),
        lambda g, z: (1.0 / (1.0 + np.exp(-z)) * (1.0 - 1.0 / (1.0 + np.exp(-z))) * g,),
        (a,),
        autograd.sigmoid,
    ),
    "larger of two": Rule(
        r"$y = \max(a, b)$",
        "$g$ to the larger, 0 to the other",
        np.maximum,
        lambda g, a, b: (g * (a > b), g * (b > a)),
        (a, b),
        lambda a, b: autograd.max(autograd.stack([a, b]), axis=0),
    ),
    "ReLU": Rule(
        r"$y = \max(0, z)$",
        r"$z \colon g$ where $z > 0$, else 0",
        lambda z: np.maximum(z, 0.0),
        lambda g, z: (g * (z > 0),),
        (a,),
        autograd.relu,
    ),
    "largest entry": Rule(
        r"$y = \max_i x_i$",
        r"$x \colon g$ at the largest entry, in equal shares where several tie, else 0",
        np.max,
        lambda g, x: (g * (x == x.max()) / np.sum(x == x.max()),),
        (DIFFERENT,),
        autograd.max,
    ),
    "fork": Rule(
        r"$y_1 = \dots = y_K = c$",
        r"$c \colon \sum_k g_k$",
        lambda c: np.stack([c, c, c]),
        lambda g, c: (g[0] + g[1] + g[2],),
        (x3,),
        lambda c: autograd.stack([c, c, c]),
    ),
    "broadcast": Rule(
        "$Y_{ki} = b_i$",
        r"$b_i \colon \sum_k G_{ki}$",
        lambda b: np.zeros((4, 3)) + b,
        lambda g, b: (np.array([sum(g[k, i] for k in range(4)) for i in range(3)]),),
        (x3,),
    ),
    "sum": Rule(
        r"$y = \sum_i x_i$",
        r"$x_i \colon g$, the same for each",
        lambda x: x.sum(),
        lambda g, x: (np.full(3, g),),
        (x3,),
    ),
    "mean": Rule(
        r"$y = \frac{1}{n} \sum_i x_i$",
        r"$x_i \colon \frac{1}{n} \, g$, the same for each",
        lambda x: x.mean(),
        lambda g, x: (np.full(3, g / 3),),
        (x3,),
    ),
    "reshape": Rule(
        "$y$ holds the entries of $x$ in another shape",
        r"$x \colon g$ in the shape of $x$",
        lambda x: x.reshape(2, 6),
        lambda g, x: (g.reshape(4, 3),),
        (a,),
    ),
    "transpose": Rule(r"$Y = X^{\mathsf{T}}$", r"$X \colon G^{\mathsf{T}}$", lambda X: X.T, lambda G, X: (G.T,), (a,)),
    "index": Rule(
        "$y_k = x_{i_k}$", r"$x_i \colon \sum g_k$ over all $k$ with $i_k = i$", lambda x: x[PLACES], index_back, (x3,)
    ),
    "one sample": Rule(
        "$z = W x + b$",
        r"$W \colon g \, x^{\mathsf{T}}$; $b \colon g$; $x \colon W^{\mathsf{T}} g$",
        lambda W, b, x: W @ x + b,
        lambda g, W, b, x: (np.outer(g, x), g, W.T @ g),
        (W32, y3, x2),
    ),
    "batch": Rule(
        r"$Z = X W^{\mathsf{T}} + b$",
        r"$W \colon G^{\mathsf{T}} X$; $b \colon \sum_k G_k$; $X \colon G \, W$",
        lambda W, b, X: X @ W.T + b,
        lambda G, W, b, X: (G.T @ X, G.sum(axis=0), G @ W),
        (W32, y3, X42),
    ),
    "matrix product": Rule(
        "$V = A B$",
        r"$A \colon G \, B^{\mathsf{T}}$; $B \colon A^{\mathsf{T}} G$",
        lambda A, B: A @ B,
        lambda G, A, B: (G @ B.T, A.T @ G),
        (a, W32),
    ),
    "squared error": Rule(
        r"$L = \frac{1}{2} \sum_k (\hat{y}_k - y_k)^2$",
        r"$\hat{y} \colon \hat{y} - y$",
        lambda y_hat: 0.5 * ((y_hat - y3) ** 2).sum(),
        lambda g, y_hat: (y_hat - y3,),
        (z3,),
    ),
    "its mean over a batch": Rule(
        r"$L = \frac{1}{2B} \sum_{k,i} (Z_{ki} - T_{ki})^2$",
        r"$Z \colon \frac{1}{B} (Z - T)$",
        lambda Z: ((Z - T43) ** 2).sum() / 8,
        lambda g, Z: ((Z - T43) / 4,),
        (Z43,),
    ),
    "softmax of each row": Rule(
        r"$P = \operatorname{softmax}(Z)$",
        r"$Z \colon P \odot (G - s)$ with $s_k = \sum_i P_{ki} \, G_{ki}$",
        softmax,
        softmax_back,
        (Z43,),
        recorded_softmax,
    ),
    "softmax with cross-entropy": Rule(
        r"$L = \log \sum_j e^{z_j} - z_c$",
        r"$z \colon p - y$",
        log_loss,
        lambda g, z: (softmax(z) - np.array([0.0, 0.0, 1.0]),),
        (z3,),
        lambda z: z.exp().sum().log() - z[2],
    ),
    "that, its mean over a batch": Rule(
        r"$L = \frac{1}{B} \sum_k L_k$",
        r"$Z \colon \frac{1}{B} (P - Y)$",
        mean_log_loss,
        lambda g, Z: ((softmax(Z) - Y43) / 4,),
        (Z43,),
        lambda Z: autograd.cross_entropy(Z, LABELS),
    ),
    "BatchNorm": Rule(
        r"$\hat{x} = (x - \bar{x}) / s$",
        r"$x \colon \frac{1}{s} \left( g - \bar{g} - \hat{x} \, \overline{g \hat{x}} \right)$",
        normalised,
        normalised_back,
        (a,),
    ),
    "residual": Rule(
        "$y = x + f(x)$",
        r"$x \colon g + J^{\mathsf{T}} g$",
        lambda x: x + np.tanh(W33 @ x),
        lambda g, x: (g + ((1.0 - np.tanh(W33 @ x) ** 2)[:, None] * W33).T @ g,),
        (x3,),
        lambda x: x + autograd.tanh(W33 @ x),
    ),
    "step in time": Rule(
        "$h_t = f(h_{t-1}, x_t)$",
        r"$h_t \colon r_t = g_t + J_{t+1}^{\mathsf{T}} \, r_{t+1}$",
        states,
        states_back,
        (still,),
        recorded_states,
    ),
    "gate": Rule(
        r"$h = \gamma \odot h_0 + (1 - \gamma) \odot \tilde{h}$",
        r"$h_0 \colon \gamma \odot g$; $\tilde{h} \colon (1 - \gamma) \odot g$; "
        r"$\gamma \colon (h_0 - \tilde{h}) \odot g$",
        lambda h0, n, z: z * h0 + (1.0 - z) * n,
        lambda g, h0, n, z: (z * g, (1.0 - z) * g, (h0 - n) * g),
        (x3, y3, z3),
    ),
}
LOSSES = {"squared error", "its mean over a batch", "softmax with cross-entropy", "that, its mean over a batch"}


def seed(name):
    """Return the gradient that arrives at the result: 1 at a loss, which is the root."""
    rule = RULES[name]
    shape = np.shape(rule.compute(*rule.inputs))
    return np.ones(()) if name in LOSSES else np.random.default_rng(1).normal(size=shape)


def faults_of(rows):
    """Rows without a rule or with other formulas than the rule's, rules without a row, rows that lead nowhere."""
    faults = [f"{name}: a rule without a row" for name in RULES.keys() - {row[0] for row in rows}]
    for operation, forward, back, derived in rows:
        rule = RULES.get(operation)
        if rule is None:
            faults.append(f"{operation}: a row without a check")
        elif (forward, back) != (rule.forward, rule.back):
            faults.append(f"{operation}: the formulas are not those that are checked")
        if "{eq}" not in derived and "{doc}" not in derived:
            faults.append(f"{operation}: leads to no lesson")
    return faults


def page():
    """The summary's source."""
    return PAGE.read_text(encoding="utf-8")


def test_every_row_of_the_table_is_checked_here_as_it_stands():
    rows = table_rows(page(), "rules")
    assert [row[0] for row in rows] == list(RULES)
    assert faults_of(rows) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("| add |", "| subtract |", "subtract: a row without a check"),
        (r"$a \colon g \odot b$", r"$a \colon g \odot a$", "multiply: the formulas are not"),
        ("$y = e^u$", "$y = e^{-u}$", "exponential: the formulas are not"),
        ("| {eq}`eq-residual` |", "| |", "residual: leads to no lesson"),
    ],
)
def test_a_changed_row_is_refused(old, new, fault):
    assert page().count(old) == 1
    assert any(fault in found for found in faults_of(table_rows(page().replace(old, new), "rules")))


@pytest.mark.parametrize("name", RULES)
def test_what_comes_back_is_what_the_central_difference_measures(name):
    rule, g = RULES[name], seed(name)
    answers = rule.respond(g, *rule.inputs)
    assert len(answers) == len(rule.inputs)
    for place, answer in enumerate(answers):

        def loss(value, place=place):
            inputs = [*rule.inputs[:place], value, *rule.inputs[place + 1 :]]
            return np.sum(g * rule.compute(*inputs))

        measured = numerical_gradient(loss, rule.inputs[place])
        assert np.abs(measured).max() > 0.01
        assert relative_error(answer, measured) < 1e-8


@pytest.mark.parametrize("name", RULES)
def test_what_comes_back_is_what_autograd_finds(name):
    rule, g = RULES[name], seed(name)
    tensors = [Tensor(value, requires_grad=True) for value in rule.inputs]
    result = (rule.recorded or rule.compute)(*tensors)
    assert relative_error(result.data, rule.compute(*rule.inputs)) < 1e-12
    result.backward(g)
    for tensor, answer in zip(tensors, rule.respond(g, *rule.inputs), strict=True):
        assert relative_error(answer, tensor.grad) < 1e-12


def test_relu_sends_nothing_back_at_its_kink():
    z = Tensor([0.0, 1.0], requires_grad=True)
    z.relu().sum().backward()
    assert z.grad.tolist() == [0.0, 1.0] == list(RULES["ReLU"].respond(np.ones(2), z.data)[0])


def test_entries_that_tie_for_the_largest_share_its_gradient_equally():
    tied = np.array([1.0, 2.5, 2.5, -1.0, 2.5])
    (shares,) = RULES["largest entry"].respond(6.0, tied)
    assert shares.tolist() == [0.0, 2.0, 2.0, 0.0, 2.0]
    x = Tensor(tied, requires_grad=True)
    (6.0 * x.max()).backward()
    assert relative_error(shares, x.grad) < 1e-12
    # A tie has no gradient, and single entries cannot be nudged to one; all together they can.
    together = numerical_gradient(lambda step: 6.0 * np.max(tied + step), 0.0)
    assert relative_error(shares.sum(), together) < 1e-8


# The optimisers.


def descent(w, g, memory, t):
    return w - 0.1 * g


def momentum(w, g, memory, t):
    memory["v"] = 0.9 * memory.get("v", 0.0) + g
    return w - 0.1 * memory["v"]


def rms_prop(w, g, memory, t):
    memory["s"] = 0.8 * memory.get("s", 0.0) + (1.0 - 0.8) * g**2
    return w - 0.1 * g / (np.sqrt(memory["s"]) + 1e-3)


def adam(w, g, memory, t):
    memory["m"] = 0.7 * memory.get("m", 0.0) + (1.0 - 0.7) * g
    memory["s"] = 0.8 * memory.get("s", 0.0) + (1.0 - 0.8) * g**2
    m_hat, s_hat = memory["m"] / (1.0 - 0.7**t), memory["s"] / (1.0 - 0.8**t)
    return w - 0.1 * m_hat / (np.sqrt(s_hat) + 1e-3)


OPTIMISERS = {
    "gradient descent, `SGD`": (r"$w \leftarrow w - \eta \, g$", descent, lambda w: SGD(w, 0.1)),
    "momentum, `SGD` with `momentum`": (
        r"$v \leftarrow \mu \, v + g$; $w \leftarrow w - \eta \, v$",
        momentum,
        lambda w: SGD(w, 0.1, momentum=0.9),
    ),
    "`RMSProp`": (
        r"$s \leftarrow \alpha \, s + (1 - \alpha) \, g^2$; $w \leftarrow w - \eta \, g / (\sqrt{s} + \varepsilon)$",
        rms_prop,
        lambda w: RMSProp(w, 0.1, alpha=0.8, eps=1e-3),
    ),
    "`Adam`": (
        r"$m \leftarrow \beta_1 m + (1 - \beta_1) \, g$; $s \leftarrow \beta_2 s + (1 - \beta_2) \, g^2$; "
        r"$w \leftarrow w - \eta \, \hat{m} / (\sqrt{\hat{s}} + \varepsilon)$",
        adam,
        lambda w: Adam(w, 0.1, betas=(0.7, 0.8), eps=1e-3),
    ),
}


def test_the_optimisers_rules_stand_on_the_page_as_they_are_checked():
    assert {name: step for name, step, _ in table_rows(page(), "optimisers")} == {
        name: step for name, (step, _, _) in OPTIMISERS.items()
    }
    *_, (_, _, added) = table_rows(page(), "optimisers")
    assert r"$\hat{m} = m / (1 - \beta_1^t)$ and $\hat{s} = s / (1 - \beta_2^t)$" in added


@pytest.mark.parametrize("name", OPTIMISERS)
def test_an_optimiser_takes_the_steps_that_the_page_says(name):
    _, step, library = OPTIMISERS[name]
    parameter, w, memory = Parameter(x3.copy()), x3, {}
    optimizer = library([parameter])
    for t in range(1, 6):
        g = np.cos(t * w)
        parameter.grad = g.copy()
        optimizer.step()
        w = step(w, g, memory, t)
        assert relative_error(parameter.data, w) < 1e-12


# The mistakes.


def test_ten_mistakes_of_the_zoo_each_with_the_check_that_catches_it():
    rows = table_rows(page(), "mistakes")
    names = [name.strip("`") for _, name, _, _ in rows]
    assert len(set(names)) == 10
    assert [caught for _, _, caught, _ in rows] == [MISTAKES[name].caught_by for name in names]
    for name in names:
        assert not MISTAKES[name].check(MISTAKES[name].wrong)
        assert MISTAKES[name].check(MISTAKES[name].right)


def test_the_last_three_mistakes_are_those_that_a_gradient_check_does_not_see():
    mistakes = [MISTAKES[name.strip("`")] for _, name, _, _ in table_rows(page(), "mistakes")]
    assert "The last three pass a gradient check" in page()
    assert [bool(mistake.gradient_check(mistake.wrong)) for mistake in mistakes] == [False] * 7 + [True] * 3
