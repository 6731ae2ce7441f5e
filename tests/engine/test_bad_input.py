"""Bad input, all over the package: an error of the right type, which says what was expected and what came.

Every case names a call, the error, what its message must say of what was expected, and what of what came. Where NumPy's
or Python's own error says both, it is taken as it is.
"""

import copy
import re
from collections import namedtuple

import numpy as np
import pytest

import backprop_lib
from backprop_book import MISTAKES, verify
from backprop_lib import (
    SGD,
    Activation,
    Adam,
    AdamW,
    BatchNorm,
    Dataset,
    Dropout,
    GatedRecurrent,
    GradientCheck,
    History,
    LayerNorm,
    Linear,
    Parameter,
    Recurrent,
    Residual,
    RMSProp,
    Sequential,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    Tensor,
    Value,
    accuracy,
    check_gradient,
    checkpoint,
    clip_gradient_norm,
    fit,
    gelu,
    gradient_descent,
    graph,
    he_normal,
    he_uniform,
    identity,
    leaky_relu,
    load,
    load_digits,
    make_spirals,
    no_grad,
    numerical_gradient,
    numerical_jacobian,
    one_hot,
    orthogonal,
    relative_error,
    relu,
    save,
    sigmoid,
    softmax,
    softplus,
    tanh,
    xavier_normal,
    xavier_uniform,
)
from backprop_lib import autograd as ag

A = np.arange(6.0).reshape(2, 3)
ROWS = np.ones((4, 3))
NAN, INF = np.nan, np.inf

Case = namedtuple("Case", "name call error expected got")
cases = []


def group(name, *entries):
    """Cases of one public name."""
    cases.extend(Case(name, *entry) for entry in entries)


def rng():
    return np.random.default_rng(0)


def parameter(grad=None):
    made = Parameter(np.ones(3))
    made.grad = np.ones(3) if grad is None else grad
    return made


def unrecorded(call, *arguments):
    with no_grad():
        return call(*arguments)


def twice(entry):
    return [entry, entry]


def after_forward(layer, X, grad):
    layer.forward(X)
    return layer.backward(grad)


def fitted(**wrong):
    network = Linear(3, 2, rng=rng())
    arguments = {
        "network": network,
        "loss": SoftmaxCrossEntropy(),
        "optimizer": SGD(network.parameters(), 0.1),
        "X": ROWS,
        "y": np.zeros(4, int),
        "epochs": 1,
        "batch_size": 2,
        "rng": rng(),
    }
    return fit(**arguments | wrong)


# float16: the same sentence from whatever takes an array or a dtype

HALF = np.ones((4, 3), np.float16)
for name, call in {
    "numerical_gradient": lambda: numerical_gradient(np.sum, HALF),
    "numerical_jacobian": lambda: numerical_jacobian(np.sum, HALF),
    "relative_error": lambda: relative_error(HALF, HALF),
    "check_gradient": lambda: check_gradient(np.sum, ROWS, HALF),
    "gradient_descent": lambda: gradient_descent(lambda x: x, HALF, learning_rate=1, steps=1),
    "sigmoid": lambda: sigmoid(HALF),
    "softmax": lambda: softmax(HALF),
    "accuracy": lambda: accuracy(HALF, [0, 0, 0, 0]),
    "SquaredError": lambda: SquaredError().value(HALF, ROWS),
    "SoftmaxCrossEntropy": lambda: SoftmaxCrossEntropy().gradient(HALF, [0, 0, 0, 0]),
    "SigmoidCrossEntropy": lambda: SigmoidCrossEntropy().value(HALF, ROWS),
    "Parameter": lambda: Parameter(HALF),
    "Linear": lambda: Linear(3, 2, rng=rng(), dtype=np.float16),
    "Activation": lambda: Activation(relu)(HALF),
    "BatchNorm": lambda: BatchNorm(3, dtype="f2"),
    "LayerNorm": lambda: LayerNorm(3)(HALF),
    "Dropout": lambda: Dropout(0.5, rng=rng())(HALF),
    "Recurrent": lambda: Recurrent(3, 2, rng=rng(), dtype="half"),
    "GatedRecurrent": lambda: GatedRecurrent(3, 2, rng=rng(), dtype=np.float16),
    "Residual": lambda: Residual(Activation(relu))(HALF),
    "Tensor": lambda: Tensor(HALF),
    "fit": lambda: fitted(X=HALF),
    "verify": lambda: verify("eq-x", HALF, HALF),
}.items():
    group(name, (call, TypeError, "expected float32 or float64", "got float16; sums of float16 overflow"))

# Checks without derivation

group(
    "numerical_gradient",
    (lambda: numerical_gradient(3, A), TypeError, "f: expected a function", "got 3"),
    (lambda: numerical_gradient(lambda x: x, A), ValueError, r"f\(x\): expected one number", r"got shape \(2, 3\)"),
    (lambda: numerical_gradient(lambda x: "a", A), TypeError, "expected an array of numbers", "got dtype <U1"),
    (lambda: numerical_gradient(lambda x: 1j, A), TypeError, "expected real numbers", "got dtype complex128"),
    (lambda: numerical_gradient(np.sum, "a"), TypeError, "x: expected an array of numbers", "got dtype <U1"),
    (lambda: numerical_gradient(np.sum, [1j]), TypeError, "x: expected real numbers", "got dtype complex128"),
    (lambda: numerical_gradient(np.sum, []), ValueError, "x: expected at least one entry", r"got shape \(0,\)"),
    (lambda: numerical_gradient(np.sum, [1.0, NAN]), ValueError, "x: expected finite", r"got nan at index \(1,\)"),
    (lambda: numerical_gradient(np.sum, [[1], [1, 2]]), ValueError, "x: expected numbers in rows of one", "inhomogene"),
    (lambda: numerical_gradient(np.sum, A, method="x"), ValueError, "method: expected one of central,", "got 'x'"),
    (lambda: numerical_gradient(np.sum, A, method=["x"]), ValueError, "method: expected one of", r"got \['x'\]"),
    (lambda: numerical_gradient(np.sum, A, step=0), ValueError, "step: expected a positive", "got 0"),
    (lambda: numerical_gradient(np.sum, A, step="a"), TypeError, "step: expected a positive number", "got 'a'"),
    (lambda: numerical_gradient(np.sum, A, step=1e-30), ValueError, "step: expected one that changes x", "got 1e-30"),
    (
        lambda: numerical_gradient(lambda x: x.real.sum(), A, method="complex"),
        *(TypeError, "needs a complex result", "got a real one"),
    ),
)
group(
    "numerical_jacobian",
    (lambda: numerical_jacobian(3, A), TypeError, "f: expected a function", "got 3"),
    (lambda: numerical_jacobian(lambda x: None, A), TypeError, "expected an array of numbers", "got dtype object"),
    (lambda: numerical_jacobian(np.sum, [INF]), ValueError, "x: expected finite numbers", r"got inf at index \(0,\)"),
    (lambda: numerical_jacobian(np.sum, A, method=2), ValueError, "method: expected one of", "got 2"),
)
group(
    "relative_error",
    (lambda: relative_error(A, A.T), ValueError, r"a: expected shape \(3, 2\)", r"got shape \(2, 3\)"),
    (lambda: relative_error([], []), ValueError, "expected at least one entry", r"got shape \(0,\)"),
    (lambda: relative_error("a", 1.0), TypeError, "a: expected an array of numbers", "got dtype <U1"),
    (lambda: relative_error(1.0, None), TypeError, "b: expected an array of numbers", "got dtype object"),
)
group(
    "check_gradient",
    (lambda: check_gradient(3, A, A), TypeError, "f: expected a function", "got 3"),
    (lambda: check_gradient(np.sum, A, A.T), ValueError, r"gradient: expected shape \(2, 3\)", r"got shape \(3, 2\)"),
    (lambda: check_gradient(np.sum, A, 1j * A), TypeError, "gradient: expected real", "got dtype complex128"),
    (
        lambda: check_gradient(np.sum, [[1.0], [1.0, 2.0]], A),
        ValueError,
        "x: expected numbers in rows",
        "inhomogeneous",
    ),
    (
        lambda: check_gradient(np.sum, A, A, tolerance=np.True_),
        TypeError,
        "tolerance: expected a positive",
        "got np.True_",
    ),
    (
        lambda: check_gradient(lambda x: Tensor(1.0), A, A),
        TypeError,
        r"f\(x\): expected one number",
        "return its .*item",
    ),
    (lambda: check_gradient(np.sum, A, A, tolerance=0), ValueError, "tolerance: expected a positive", "got 0"),
    (lambda: check_gradient(np.sum, A, A, tolerance="a"), TypeError, "tolerance: expected a positive", "got 'a'"),
)
group(
    "gradient_descent",
    (lambda: gradient_descent(3, A, learning_rate=1, steps=1), TypeError, "gradient: expected a function", "got 3"),
    (
        lambda: gradient_descent(lambda x: x[0], A, learning_rate=1, steps=1),
        *(ValueError, r"gradient\(x\): expected shape \(2, 3\)", r"got shape \(3,\)"),
    ),
    (lambda: gradient_descent(abs, A, learning_rate=0, steps=1), ValueError, "learning_rate: expected a po", "got 0"),
    (lambda: gradient_descent(abs, A, learning_rate=1, steps=0), ValueError, "steps: expected a whole", "got 0"),
    (lambda: gradient_descent(abs, A, learning_rate=1, steps=1.5), TypeError, "steps: expected a whole", "got 1.5"),
    (lambda: gradient_descent(abs, [], learning_rate=1, steps=1), ValueError, "x0: expected at least one", r"\(0,\)"),
)
group(
    "GradientCheck",
    (lambda: GradientCheck(True), TypeError, "relative_error", "missing 5"),
)

# Activations and losses

for activation in (sigmoid, tanh, relu, leaky_relu, softplus, gelu, identity):
    group(
        activation.__name__,
        (lambda f=activation: f("a"), TypeError, "z: expected an array of numbers", "got dtype <U1"),
        (lambda f=activation: f([None]), TypeError, "z: expected an array of numbers", "got dtype object"),
        (lambda f=activation: f(Tensor(A)), TypeError, "expected an array", "got a Tensor"),
        (lambda f=activation: f.derivative(A, A[0]), ValueError, r"h: expected shape \(2, 3\)", r"got shape \(3,\)"),
    )
group(
    "softmax",
    (lambda: softmax("a"), TypeError, "logits: expected an array of numbers", "got dtype <U1"),
    (lambda: softmax(1.0), ValueError, r"logits: expected shape \(..., C\) with at least one", r"got shape \(\)"),
    (lambda: softmax(np.ones((2, 0))), ValueError, r"logits: expected shape \(..., C\)", r"got shape \(2, 0\)"),
)
group(
    "one_hot",
    (lambda: one_hot([0, 3], 3), ValueError, "labels: expected values from 0 to 2", "got values from 0 to 3"),
    (lambda: one_hot([0.5], 3), TypeError, "labels: expected integers", "got dtype float64"),
    (lambda: one_hot([[0], [-1]], 3), ValueError, "labels: expected values from 0 to 2", "got values from -1 to 0"),
    (lambda: one_hot([0], 0), ValueError, "n_classes: expected a whole number of at least 1", "got 0"),
    (lambda: one_hot([0], 1.5), TypeError, "n_classes: expected a whole number", "got 1.5"),
)
group(
    "accuracy",
    (lambda: accuracy(A[0], [0]), ValueError, r"logits: expected a batch of shape \(B, ..., n\)", r"got shape \(3,\)"),
    (lambda: accuracy(A, [0]), ValueError, r"labels: expected shape \(2,\)", r"got shape \(1,\)"),
    (lambda: accuracy(A, [0, 5]), ValueError, "labels: expected values from 0 to 2", "got values from 0 to 5"),
    (lambda: accuracy(A, [0.0, 1.0]), TypeError, "labels: expected integers", "got dtype float64"),
    (lambda: accuracy(NAN * A, [0, 1]), ValueError, "logits: expected numbers that can be", r"nan at index \(0, 0\)"),
    (lambda: accuracy(A, [0, -1]), ValueError, "labels: expected values from 0 to 2", "got values from -1 to 0"),
    (lambda: accuracy(A, [1, 1], ignore_label=1), ValueError, "expected at least one row that counts", "all of them 1"),
    (lambda: accuracy(A, [0, 1], ignore_label="a"), TypeError, "ignore_label: expected a whole number", "got 'a'"),
    (lambda: accuracy(A[None], [0, 1]), ValueError, r"labels: expected shape \(1, 2\)", r"got shape \(2,\)"),
)
for loss in (SquaredError, SigmoidCrossEntropy):
    output = "predictions" if loss is SquaredError else "logits"
    group(
        loss.__name__,
        (lambda loss=loss: loss(1), TypeError, "takes no arguments", loss.__name__),
        (lambda loss=loss: loss().value(A[0], A[0]), ValueError, f"{output}: expected a batch", r"got shape \(3,\)"),
        (lambda loss=loss: loss().gradient(A, A.T), ValueError, r"expected shape \(2, 3\)", r"got shape \(3, 2\)"),
        (lambda loss=loss: loss().gradient(A, A[0]), ValueError, r"expected shape \(2, 3\)", r"got shape \(3,\)"),
        (lambda loss=loss: loss().gradient(A, "a"), TypeError, "targets: expected an array of numbers", "dtype <U1"),
        (lambda loss=loss: loss().value(Tensor(A), A), TypeError, "expected an array", "got a Tensor"),
    )
group(
    "SquaredError",
    (lambda: SquaredError().value(A, NAN * A), ValueError, "targets: expected finite", r"got nan at index \(0, 0\)"),
    (lambda: SquaredError().value(A, 1j * A), TypeError, "targets: expected real", "got dtype complex128"),
)
group(
    "SigmoidCrossEntropy",
    (lambda: SigmoidCrossEntropy().value(A, A), ValueError, "targets: expected real values from 0 to 1", "got others"),
)
group(
    "SoftmaxCrossEntropy",
    (lambda: SoftmaxCrossEntropy().value(A[0], [0]), ValueError, "logits: expected a batch", r"got shape \(3,\)"),
    (lambda: SoftmaxCrossEntropy().value(A, [0, -1]), ValueError, "expected values from 0 to 2", "got values from -1"),
    (lambda: SoftmaxCrossEntropy().gradient(A, A[0]), TypeError, "labels: expected integers", "got dtype float64"),
    (lambda: SoftmaxCrossEntropy().gradient(A, [0]), ValueError, r"labels: expected shape \(2,\)", r"shape \(1,\)"),
    (lambda: SoftmaxCrossEntropy().gradient(A, A), ValueError, "labels: expected probabilities, at least 0", "others"),
    (lambda: SoftmaxCrossEntropy().value(A, 1j * A), TypeError, "labels: expected integers", "got dtype complex128"),
    (lambda: SoftmaxCrossEntropy().value(A[None], [0, 1]), ValueError, r"expected shape \(1, 2\)", r"shape \(2,\)"),
    (lambda: SoftmaxCrossEntropy(A), TypeError, "takes 1 positional argument", "2 were given"),
    (lambda: SoftmaxCrossEntropy(class_weights=A), ValueError, r"class_weights: expected shape \(C,\)", r"got array\("),
    (
        lambda: SoftmaxCrossEntropy(class_weights=[-1, 2]),
        ValueError,
        "expected shape .* none below 0",
        r"got \[-1, 2\]",
    ),
    (lambda: SoftmaxCrossEntropy(class_weights="a"), TypeError, "class_weights: expected an array", "got dtype <U1"),
    (lambda: SoftmaxCrossEntropy(class_weights=[NAN]), ValueError, "class_weights: expected finite numbers", "got nan"),
    (
        lambda: SoftmaxCrossEntropy(class_weights=[1, 1]).value(A, [0, 1]),
        *(ValueError, "class_weights: expected 3, one for each class", "got 2"),
    ),
    (lambda: SoftmaxCrossEntropy(ignore_label=1.0), TypeError, "ignore_label: expected a whole number", "got 1.0"),
    (lambda: SoftmaxCrossEntropy(ignore_label=True), TypeError, "ignore_label: expected a whole number", "got True"),
    (
        lambda: SoftmaxCrossEntropy(ignore_label=-1).value(A, [-1, -1]),
        *(ValueError, "labels: expected at least one row that counts", "got none"),
    ),
    (
        lambda: SoftmaxCrossEntropy(ignore_label=0).value(A, [[1.0, 0.0, 0.0]] * 2),
        *(ValueError, "labels: expected integers beside ignore_label=0", "got dtype float64"),
    ),
)

# Initialisers and data

for initializer in (xavier_uniform, xavier_normal, he_uniform, he_normal, orthogonal):
    group(
        initializer.__name__,
        (lambda f=initializer: f(3, rng=rng()), ValueError, r"shape: expected \(out, in\)", "got 3"),
        (lambda f=initializer: f((3, 2, 1), rng=rng()), ValueError, r"shape: expected \(out", r"got \(3, 2, 1\)"),
        (lambda f=initializer: f((3, 0), rng=rng()), ValueError, "in: expected a whole number of at least 1", "got 0"),
        (lambda f=initializer: f((2.5, 3), rng=rng()), TypeError, "out: expected a whole number", "got 2.5"),
        (lambda f=initializer: f((3, 2), rng=0), TypeError, r"rng: expected a numpy.random.Generator", "got 0"),
    )
group(
    "make_spirals",
    (lambda: make_spirals(0, rng=rng()), ValueError, "n_samples: expected a whole number of at least 1", "got 0"),
    (lambda: make_spirals(2.5, rng=rng()), TypeError, "n_samples: expected a whole number", "got 2.5"),
    (lambda: make_spirals(2, n_classes=3, rng=rng()), ValueError, "n_samples: .* each of the 3 classes", "got 2"),
    (lambda: make_spirals(9, n_classes=0, rng=rng()), ValueError, "n_classes: expected a whole number", "got 0"),
    (lambda: make_spirals(9, noise=-1, rng=rng()), ValueError, "noise: expected a finite number of at least", "got -1"),
    (lambda: make_spirals(9, noise="a", rng=rng()), ValueError, "noise: expected a finite number", "got 'a'"),
    (lambda: make_spirals(9, rng=np.random), TypeError, "rng: expected a numpy.random.Generator", "got <module"),
    (lambda: make_spirals(9), TypeError, "keyword-only argument: 'rng'", "missing 1"),
)
group("Dataset", (lambda: Dataset(A), TypeError, "'y_train'", "missing 5"))
group("load_digits", (lambda: load_digits(1), TypeError, "takes 0 positional arguments", "1 was given"))

# Layers

group(
    "Parameter",
    (lambda: Parameter("a"), TypeError, "data: expected an array of numbers", "got dtype <U1"),
    (lambda: Parameter(None), TypeError, "data: expected an array of numbers", "got dtype object"),
    (lambda: Parameter([[1.0], [1.0, 2.0]]), ValueError, "data: expected numbers in rows of one len", "inhomogeneous"),
    (lambda: Parameter(Tensor(A)), TypeError, "expected an array", "got a Tensor"),
)
group(
    "Linear",
    (lambda: Linear(0, 2, rng=rng()), ValueError, "in_features: expected a whole number of at least 1", "got 0"),
    (lambda: Linear(3, True, rng=rng()), TypeError, "out_features: expected a whole number", "got True"),
    (lambda: Linear(3, 2, rng=0), TypeError, "rng: expected a numpy.random.Generator", "got 0"),
    (lambda: Linear(3, 2, rng=rng(), dtype=int), TypeError, "dtype: expected a floating dtype", "got int64"),
    (lambda: Linear(3, 2, rng=rng(), dtype="x"), TypeError, "dtype: expected a floating dtype", "got 'x'"),
    (lambda: Linear(3, 2, rng=rng(), initializer=3), TypeError, "initializer: expected a function", "got 3"),
    (
        lambda: Linear(3, 2, rng=rng(), initializer=lambda shape, rng: np.ones(3)),
        *(ValueError, r"initializer: expected an array of shape \(2, 3\)", r"got shape \(3,\)"),
    ),
    (lambda: Linear(3, 2, rng=rng())(A[0]), ValueError, r"Linear\(3, 2\): .* shape \(B, ..., 3\)", r"got shape \(3,\)"),
    (
        lambda: Linear(3, 2, rng=rng())(A.T),
        ValueError,
        r"expected a batch of shape \(B, ..., 3\)",
        r"got shape \(3, 2\)",
    ),
    (lambda: Linear(3, 2, rng=rng())("a"), TypeError, "expected an array of numbers", "got dtype <U1"),
    (lambda: Linear(3, 2, rng=rng())(Tensor(A)), TypeError, "expected an array", "got a Tensor"),
    (lambda: Linear(3, 2, rng=rng()).backward(A), ValueError, "expected a forward pass before", "got none"),
    (lambda: Linear(3, 2, rng=rng(), bias=1), TypeError, "bias: expected True or False", "got 1"),
    (
        lambda: Linear(3, 2, rng=rng()).load_state_dict({}),
        ValueError,
        "expected the names of its own",
        "got weight, bias missing",
    ),
    (lambda: Linear(3, 2, rng=rng()).load_state_dict(3), TypeError, "state: expected a dict of arrays", "got int"),
    (
        lambda: Linear(3, 2, rng=rng()).load_state_dict({"weight": A.T, "bias": A[:, 0]}),
        *(ValueError, r"state: weight: expected shape \(2, 3\)", r"got \(3, 2\)"),
    ),
    (
        lambda: after_forward(Linear(3, 2, rng=rng()), ROWS, A),
        *(ValueError, r"expected grad_output of shape \(4, 2\)", r"got \(2, 3\)"),
    ),
)
group(
    "Activation",
    (lambda: Activation("tanh"), TypeError, "function: expected an activation such as sigmoid", "got 'tanh'"),
    (lambda: Activation(np.tanh), TypeError, "function: expected an activation", "got <ufunc 'tanh'>"),
    (lambda: Activation(tanh)(A[0]), ValueError, r"expected a batch of shape \(B, ..., n\)", r"got shape \(3,\)"),
    (lambda: Activation(tanh).backward(A), ValueError, "expected a forward pass before", "got none"),
)
for norm in (BatchNorm, LayerNorm):
    group(
        norm.__name__,
        (lambda norm=norm: norm(0), ValueError, "n_features: expected a whole number of at least 1", "got 0"),
        (lambda norm=norm: norm(2.5), TypeError, "n_features: expected a whole number", "got 2.5"),
        (lambda norm=norm: norm(3, eps=0), ValueError, "eps: expected a positive finite number", "got 0"),
        (lambda norm=norm: norm(3, dtype=int), TypeError, "dtype: expected a floating dtype", "got int64"),
        (lambda norm=norm: norm(3)(A.T), ValueError, r"expected a batch of shape \(B, .*3\)", r"got shape \(3, 2\)"),
        (lambda norm=norm: norm(3).backward(A), ValueError, "expected a forward pass before", "got none"),
        (lambda norm=norm: after_forward(norm(3), A, ROWS), ValueError, r"of shape \(2, 3\)", r"got \(4, 3\)"),
    )
group(
    "BatchNorm",
    (lambda: BatchNorm(3, momentum=2), ValueError, "momentum: expected at most 1", "got 2"),
    (lambda: BatchNorm(3, momentum=None), TypeError, "momentum: expected a positive number", "got None"),
    (lambda: BatchNorm(3)(A[:1]), ValueError, "expected at least 2 rows in training", "got 1"),
    (
        lambda: BatchNorm(3)(A[None]),
        ValueError,
        r"shape \(B, 3\).*sequences can be normalised by LayerNorm",
        r"\(1, 2, 3\)",
    ),
)
group(
    "Dropout",
    (lambda: Dropout(1.0, rng=rng()), ValueError, "p: expected 0 <= p < 1", "got 1.0"),
    (lambda: Dropout("a", rng=rng()), TypeError, "p: expected a number from 0 up to 1", "got 'a'"),
    (lambda: Dropout(0.5, rng=1), TypeError, "rng: expected a numpy.random.Generator", "got 1"),
    (lambda: Dropout(0.5, rng=rng())(A[0]), ValueError, r"Dropout\(0.5\): expected a batch", r"got shape \(3,\)"),
    (lambda: Dropout(0.5, rng=rng()).backward(A), ValueError, "expected a forward pass before", "got none"),
    (
        lambda: Dropout(0.5, rng=rng()).load_state_dict({"rng": 3}),
        ValueError,
        "of a PCG64 generator",
        r"got array\(3\)",
    ),
)
group(
    "Residual",
    (lambda: Residual(3), TypeError, "layers: expected layers", "got 3"),
    (lambda: Residual(Linear(3, 2, rng=rng()))(A), ValueError, r"has its input's shape \(2, 3\)", r"got \(2, 2\)"),
    (lambda: Residual(Activation(tanh)).backward(A), ValueError, "expected a forward pass before", "got none"),
)
group(
    "Sequential",
    (lambda: Sequential(), ValueError, "layers: expected at least one layer", "got none"),
    (lambda: Sequential(3), TypeError, "layers: expected layers", "got 3"),
    (lambda: Sequential([BatchNorm(3)]), TypeError, "layers: expected layers", r"got \[BatchNorm\(3\)\]"),
    (lambda: Sequential(*[BatchNorm(3)] * 2), ValueError, "layers: expected every layer once", "got one twice"),
    (lambda: Sequential(LayerNorm(3), BatchNorm(2))(A), ValueError, r"BatchNorm\(2\): .*\(B, 2\)", r"shape \(2, 3\)"),
    (lambda: Sequential(BatchNorm(3)).backward(A), ValueError, "expected a forward pass before", "got none"),
    (
        lambda: Sequential(LayerNorm(3)).load_state_dict(LayerNorm(3).state_dict()),
        *(ValueError, r"expected the names of its own state_dict\(\),", "got 0.weight, 0.bias missing and weight"),
    ),
)
for recurrent in (Recurrent, GatedRecurrent):
    group(
        recurrent.__name__,
        (
            lambda make=recurrent: make(0, 2, rng=rng()),
            ValueError,
            "in_features: expected a whole number of at least",
            "got 0",
        ),
        (
            lambda make=recurrent: make(3, 2.5, rng=rng()),
            TypeError,
            "hidden_features: expected a whole number",
            "got 2.5",
        ),
        (lambda make=recurrent: make(3, 2, rng="a"), TypeError, "rng: expected a numpy.random.Generator", "got 'a'"),
        (lambda make=recurrent: make(3, 2, rng=rng(), dtype=int), TypeError, "dtype: expected a floating", "got int64"),
        (
            lambda make=recurrent: make(3, 2, rng=rng())(A),
            ValueError,
            r"sequences of shape \(B, T, 3\)",
            r"got shape \(2, 3\)",
        ),
        (
            lambda make=recurrent: make(3, 2, rng=rng())(A.T[None]),
            ValueError,
            "expected a batch",
            r"got shape \(1, 3, 2\)",
        ),
        (lambda make=recurrent: make(3, 2, rng=rng()).backward(A), ValueError, "expected a forward pass", "got none"),
    )

# Optimisers and training

for optimizer in (SGD, RMSProp, Adam, AdamW):
    group(
        optimizer.__name__,
        (lambda make=optimizer: make([], 0.1), ValueError, "parameters: expected at least one", "got none"),
        (lambda make=optimizer: make(3, 0.1), TypeError, "parameters: expected a list", "got 3"),
        (lambda make=optimizer: make([3], 0.1), TypeError, r"expected objects with .data and .grad", "got 3"),
        (lambda make=optimizer: make(parameter(), 0.1), TypeError, "parameters: expected a list", "got Parameter"),
        (lambda make=optimizer: make(Tensor(A), 0.1), TypeError, "parameters: expected a list", "got Tensor"),
        (
            lambda make=optimizer: make(twice(parameter()), 0.1),
            ValueError,
            "every parameter once",
            r"got Parameter.* twice",
        ),
        (
            lambda make=optimizer: make([parameter()], 0),
            ValueError,
            "learning_rate: expected a positive finite",
            "got 0",
        ),
        (
            lambda make=optimizer: make([parameter()], NAN),
            ValueError,
            "learning_rate: expected a positive finite",
            "got nan",
        ),
        (
            lambda make=optimizer: make([parameter()], "a"),
            TypeError,
            "learning_rate: expected a positive number",
            "got 'a'",
        ),
        (
            lambda make=optimizer: make([Value(1.0)], 0.1),
            TypeError,
            "parameters: expected .data to be an array",
            r"got Value\(1",
        ),
        (
            lambda make=optimizer: make([{"params": [parameter()]}], 0.1),
            ValueError,
            "group: expected a dict with parameters",
            "got the keys params",
        ),
        (
            lambda make=optimizer: setattr(make([parameter()], 0.1), "learning_rate", 0),
            ValueError,
            "learning_rate: expected a positive finite",
            "got 0",
        ),
        (
            lambda make=optimizer: make([parameter()], lambda step: -1).step(),
            ValueError,
            r"learning_rate\(0\): expected a number of at least 0",
            "got -1",
        ),
        (
            lambda make=optimizer: make([parameter()], 0.1).load_state_dict({}),
            ValueError,
            r"expected the names of its own state_dict\(\)",
            "got rule, .* missing",
        ),
        (
            lambda make=optimizer: make([parameter()], 1, weight_decay=-1),
            ValueError,
            "weight_decay: .* at least 0",
            "got -1",
        ),
        (
            lambda make=optimizer: make([Parameter(1j * A)], 1),
            TypeError,
            "expected real numbers",
            "got dtype complex128",
        ),
        (
            lambda make=optimizer: make([Parameter(A)], 1).step(),
            ValueError,
            "expected a backward pass before",
            "no parameter",
        ),
        (
            lambda make=optimizer: make([parameter(A)], 1).step(),
            ValueError,
            r"expected shape \(3,\)",
            r"got shape \(2, 3\)",
        ),
    )
group(
    "SGD",
    (lambda: SGD([parameter()], 1, momentum=1), ValueError, "momentum: .* at least 0 and below 1", "got 1"),
    (lambda: SGD([parameter()], 1, momentum="a"), TypeError, "momentum: expected a number", "got 'a'"),
    (lambda: SGD([parameter()], 1, nesterov=True), ValueError, "nesterov: expected a momentum above 0", "got 0.0"),
    (lambda: SGD([parameter()], 1, 0.9, nesterov=1), TypeError, "nesterov: expected True or False", "got 1"),
)
group(
    "RMSProp",
    (lambda: RMSProp([parameter()], alpha=1), ValueError, "alpha: expected a number of .* below 1", "got 1"),
    (lambda: RMSProp([parameter()], eps=0), ValueError, "eps: expected a positive finite number", "got 0"),
)
for adam in (Adam, AdamW):
    group(
        adam.__name__,
        (lambda make=adam: make([parameter()], betas=0.9), ValueError, "betas: expected two numbers", "got 0.9"),
        (
            lambda make=adam: make([parameter()], betas=(0.9,)),
            ValueError,
            "betas: expected two numbers",
            r"got \(0.9,\)",
        ),
        (lambda make=adam: make([parameter()], betas=(0.9, 1.0)), ValueError, "betas: .* below 1", "got 1.0"),
        (lambda make=adam: make([parameter()], betas=("a", 0.9)), TypeError, "betas: expected a number", "got 'a'"),
        (lambda make=adam: make([parameter()], eps=-1), ValueError, "eps: expected a positive finite number", "got -1"),
    )
group(
    "clip_gradient_norm",
    (lambda: clip_gradient_norm([parameter()], 0), ValueError, "max_norm: expected a positive finite", "got 0"),
    (lambda: clip_gradient_norm([parameter()], "a"), TypeError, "max_norm: expected a positive number", "got 'a'"),
    (lambda: clip_gradient_norm([], 1), ValueError, "parameters: expected at least one", "got none"),
    (lambda: clip_gradient_norm(3, 1), TypeError, "parameters: expected a list", "got 3"),
    (lambda: clip_gradient_norm([Parameter(A)], 1), ValueError, "expected a backward pass before", "no parameter"),
    (lambda: clip_gradient_norm([parameter(np.full(3, NAN))], 1), ValueError, "expected a finite norm", "got nan"),
)
group(
    "fit",
    (lambda: fitted(network=3), TypeError, "network: expected an object with forward, backward", "got 3"),
    (lambda: fitted(loss=3), TypeError, "loss: expected an object with value, gradient", "got 3"),
    (lambda: fitted(loss=SquaredError), TypeError, "loss: expected an object with value", "got <class"),
    (lambda: fitted(optimizer=None), TypeError, "optimizer: expected an object with step, zero_grad", "got None"),
    (lambda: fitted(X=A[0]), ValueError, r"X: expected a batch of shape \(B, ..., n\)", r"got shape \(3,\)"),
    (lambda: fitted(X=NAN * ROWS), ValueError, "X: expected finite numbers", r"got nan at index \(0, 0\)"),
    (lambda: fitted(X=1j * ROWS), TypeError, "X: expected real numbers", "got dtype complex128"),
    (lambda: fitted(X=np.ones((4, 2))), ValueError, r"expected a batch of shape \(B, .*3\)", r"got shape \(\d, 2\)"),
    (lambda: fitted(y=[0]), ValueError, "y: expected 4 entries", r"got shape \(1,\)"),
    (lambda: fitted(y=["a"] * 4), TypeError, "y: expected integer labels or real targets", "got dtype <U1"),
    (lambda: fitted(y=[0, 1, 2, 3]), ValueError, "labels: expected values from 0 to 1", "got values from"),
    (lambda: fitted(loss=SquaredError()), ValueError, r"targets: expected shape \(2, 2\)", r"got shape \(2,\)"),
    (lambda: fitted(epochs=0), ValueError, "epochs: expected a whole number of at least 1", "got 0"),
    (lambda: fitted(batch_size=1.5), TypeError, "batch_size: expected a whole number", "got 1.5"),
    (lambda: fitted(rng=0), TypeError, "rng: expected a numpy.random.Generator", "got 0"),
    (lambda: fitted(validation=3), TypeError, r"validation: expected a pair \(X, y\)", "got 3"),
    (lambda: fitted(validation=(ROWS, [0])), ValueError, "validation y: expected 4 entries", r"got shape \(1,\)"),
    (
        lambda: fitted(optimizer=SGD([parameter()], 0.1)),
        ValueError,
        "optimizer: expected parameters of this network",
        "got 1 of 1",
    ),
    (
        lambda: fitted(network=BatchNorm(3), optimizer=SGD(BatchNorm(3).parameters(), 0.1)),
        ValueError,
        "optimizer: expected parameters of this network",
        "got 2 of 2",
    ),
    (
        lambda: fitted(network=(norm := BatchNorm(3)), optimizer=SGD(norm.parameters(), 0.1), batch_size=3),
        ValueError,
        "batch_size: expected at least 2 samples in every batch",
        "got 1 in the last of 2",
    ),
    (
        lambda: fitted(loss=SoftmaxCrossEntropy(ignore_label=0)),
        ValueError,
        "y: expected labels that count",
        "got the loss's ignore_label=0",
    ),
    (lambda: fitted(patience=3), ValueError, "patience: expected validation data", "got none"),
    (lambda: fitted(patience=0, validation=(ROWS, [0] * 4)), ValueError, "patience: expected a whole", "got 0"),
    (lambda: fitted(callback=3), TypeError, "callback: expected a function", "got 3"),
    (lambda: fitted(drop_last=1), TypeError, "drop_last: expected True or False", "got 1"),
    (lambda: fitted(drop_last=True, batch_size=5), ValueError, "drop_last: expected at least one whole", "got 4"),
    (lambda: fitted(keep_parameters=1), TypeError, "keep_parameters: expected True or False", "got 1"),
    (lambda: fitted(progress="yes"), TypeError, "progress: expected True or False", "got 'yes'"),
)
for name, call in {"save": save, "load": load}.items():
    group(
        name,
        (lambda call=call: call(3, Linear(3, 2, rng=rng())), TypeError, "path: expected the name of a file", "got 3"),
        (lambda call=call: call("a", 3), TypeError, "network: expected an object with state_dict and", "got 3"),
        (lambda call=call: call("a", [Parameter(A)]), TypeError, "or a dict of Parameters", r"got \[Parameter"),
        (lambda call=call: call("a", Linear), TypeError, "network: expected an object", "got <class"),
        (
            lambda call=call: call("a", {"A": A}),
            TypeError,
            "expected names with Parameters or Tensors",
            "got 'A': array",
        ),
        (lambda call=call: call("a", {3: parameter()}), TypeError, "expected names with Parameters", "got 3: Param"),
        (lambda call=call: call("a", BatchNorm(3), 0.1), TypeError, "optimizer: expected an object", "got 0.1"),
    )
group(
    "load", (lambda: load(__file__, BatchNorm(3)), ValueError, "expected a whole file that save wrote", "got another")
)
group("History", (lambda: History(1, 2, 3, 4, 5, 6, 7), TypeError, "takes from 1 to 7", "8 were given"))

# The two engines

group(
    "Value",
    (lambda: Value("a"), TypeError, "Value: expected a real number", "got 'a'"),
    (lambda: Value(1j), TypeError, "Value: expected a real number", "got 1j"),
    (lambda: Value(A), TypeError, "Value: expected a real number", "got array"),
    (lambda: Value(1.0) + "a", TypeError, "Value: expected a real number", "got 'a'"),
    (lambda: None * Value(1.0), TypeError, "Value: expected a real number", "got None"),
    (lambda: Value(1.0) * Tensor(A), TypeError, "Value: expected a real number", "got Tensor"),
    (lambda: Value(1.0) < "a", TypeError, "Value: expected a real number", "got 'a'"),
    (lambda: Value(-1.0).log(), ValueError, "argument of log: expected a number above zero", "got -1.0"),
    (lambda: Value(-1.0) ** 0.5, ValueError, "expected a number above zero", "got -1.0"),
    (lambda: Value(0.0) ** Value(0.5), ValueError, "expected a number above zero", "got 0.0"),
    (lambda: Value(1.0).backward(retain_graph=1), TypeError, "retain_graph: expected True or False", "got 1"),
    (lambda: float(Value(1.0)), TypeError, "expected a number", r"got Value\(1\), whose graph would be lost"),
    (lambda: copy.deepcopy(Value(1.0) * 2), TypeError, "expected a leaf to be pickled or copied", "a result of ×"),
    (lambda: f"{Value(1.0):d}", ValueError, "format code", "'d'"),
)
group(
    "Tensor",
    (lambda: Tensor("a"), TypeError, "data: expected an array of numbers", "got dtype <U1"),
    (lambda: Tensor(1j), TypeError, "data: expected real numbers", "got dtype complex128"),
    (lambda: Tensor([[1], [1, 2]]), ValueError, "data: expected numbers in rows of one len", "inhomogeneous"),
    (lambda: Tensor(Tensor(A)), TypeError, "expected an array", "got a Tensor"),
    (lambda: Tensor(A, 1), TypeError, "requires_grad: expected True or False", "got 1"),
    (lambda: setattr(Tensor(A), "requires_grad", 1), TypeError, "requires_grad: expected True or False", "got 1"),
    (
        lambda: setattr(Tensor(A, True) * 2, "requires_grad", False),
        *(ValueError, "requires_grad: expected a leaf", "got a result of ×"),
    ),
    (lambda: float(Tensor(1.0, True)), TypeError, "float: expected a number", "got a Tensor that requires a gradient"),
    (lambda: int(Tensor(A)), ValueError, "item: expected a tensor of one entry", r"got shape \(2, 3\)"),
    (lambda: f"{Tensor(A):.2f}", ValueError, "item: expected a tensor of one entry", r"got shape \(2, 3\)"),
    (lambda: list(Tensor(1.0)), TypeError, "expected a tensor with at least one axis", r"got shape \(\)"),
    (lambda: np.sum(Tensor(A)), TypeError, "np.sum: expected an array", "got a Tensor; .* write x.sum"),
    (lambda: np.exp(Tensor(A)), TypeError, "expected an array", "got a Tensor; .* x.exp"),
    (lambda: copy.deepcopy(Tensor(A, True) * 2), TypeError, "expected a leaf to be pickled", "got a result of ×"),
    (
        lambda: ag.record("cube", A**3, (A,), (None,)),
        *(TypeError, "cube: expected a tuple of tensors as operands", r"got \(array"),
    ),
    (lambda: Tensor(A) + np.ones(4), ValueError, "broadcast together", r"\(2,3\) \(4,\)"),
    (lambda: Tensor(A) * "a", TypeError, "expected an array of numbers", "got dtype <U1"),
    (lambda: Tensor(A) ** None, TypeError, "expected an array of numbers", "got dtype object"),
    (lambda: Tensor(A) @ A, ValueError, r"@: expected shapes \(..., n\) and", r"got \(2, 3\) and \(2, 3\)"),
    (lambda: Tensor(A) @ 2.0, ValueError, r"@: expected shapes", r"got \(2, 3\) and \(\)"),
    (lambda: Tensor(A) < "a", TypeError, "Float64DType", "StrDType"),
    (lambda: Tensor(A)[7], IndexError, "axis 0 with size 2", "index 7"),
    (lambda: Tensor(A)[0, 0, 0], IndexError, "2-dimensional", "3 were indexed"),
    (lambda: Tensor(A)["a"], IndexError, "only integers, slices", "valid indices"),
    (lambda: Tensor(A)[np.ones(3, bool)], IndexError, "axis is 2", "axis is 3"),
    (lambda: Tensor(A)[Tensor([0.0])], TypeError, "expected an array", "got a Tensor"),
    (lambda: Tensor(A).sum(axis=5), ValueError, "dimension 2", "axis 5"),
    (lambda: Tensor(A).mean(axis="a"), TypeError, "integer", "'str'"),
    (lambda: Tensor(np.ones((0, 3))).mean(), ValueError, "mean: expected at least one entry", r"got shape \(0, 3\)"),
    (lambda: Tensor(np.ones((0, 3))).max(), ValueError, "max: expected at least one entry", r"got shape \(0, 3\)"),
    (lambda: Tensor(A).norm(axis=-3), ValueError, "dimension 2", "axis -3"),
    (lambda: Tensor(A).reshape(4, 2), ValueError, r"shape \(4,2\)", "size 6"),
    (
        lambda: Tensor(A).transpose(0),
        ValueError,
        r"transpose: expected each axis of shape \(2, 3\) once",
        r"got \(0,\)",
    ),
    (lambda: Tensor(A).transpose(0, 0), ValueError, "expected each axis of shape", r"got \(0, 0\)"),
    (lambda: Tensor(A).transpose(0, 2), ValueError, "expected each axis of shape", r"got \(0, 2\)"),
    (lambda: Tensor(A).transpose((0, 2)), ValueError, "expected each axis of shape", r"got \(0, 2\)"),
    (lambda: Tensor(A).transpose(()), ValueError, "expected each axis of shape", r"got \(\)"),
    (lambda: Tensor(A).transpose("ab"), TypeError, "integer", "'str'"),
    (lambda: Tensor(A).squeeze(0), ValueError, "squeeze: expected axes of length 1", r"got axis 0 of shape \(2, 3\)"),
    (lambda: Tensor(A).squeeze(2), ValueError, "dimension 2", "axis 2"),
    (lambda: ag.split(A, 4, axis=1), ValueError, "split: expected .* divides the length 3", "got 4"),
    (lambda: ag.split(A, 0), ValueError, "split: expected a number of parts that divides", "got 0"),
    (lambda: ag.split(A, [0.5]), TypeError, "integer", "'float'"),
    (lambda: ag.split(A, 2, axis=2), ValueError, "dimension 2", "axis 2"),
    (lambda: Tensor(A).clip(2, 1), ValueError, "clip: expected low <= high", "got 2 and 1"),
    (lambda: Tensor(A).clip(NAN), ValueError, "clip: expected low <= high", "got nan and inf"),
    (lambda: Tensor(A).clip(), TypeError, "clip: expected a bound, low or high", "got None and None"),
    (lambda: Tensor(A).clip(A, A), TypeError, "clip: expected real numbers or None", "got array"),
    (lambda: Tensor(A).clip(None, "a"), TypeError, "clip: expected real numbers or None", "and 'a'"),
    (lambda: Tensor(A).maximum("a"), TypeError, "expected an array of numbers", "got dtype <U1"),
    (lambda: ag.minimum(A, np.ones(4)), ValueError, "broadcast together", r"\(2,3\) \(4,\)"),
    (lambda: Tensor(np.ones((0, 3))).min(), ValueError, "min: expected at least one entry", r"got shape \(0, 3\)"),
    (lambda: Tensor(np.ones((0, 3))).std(), ValueError, "std: expected at least one entry", r"got shape \(0, 3\)"),
    (lambda: Tensor(A).var(ddof=6), ValueError, "var: expected ddof from 0 to below .*, 6", "got 6"),
    (lambda: Tensor(A).std(ddof="a"), TypeError, "std: expected a number as ddof", "got 'a'"),
    (lambda: Tensor(A).prod(axis=(0, 0)), ValueError, "repeated", "axis"),
    (lambda: Tensor(A).softmax(axis=2), ValueError, "dimension 2", "axis 2"),
    (lambda: Tensor([]).softmax(), ValueError, "softmax: expected at least one entry", r"got shape \(0,\)"),
    (lambda: Tensor([]).logsumexp(), ValueError, "logsumexp: expected at least one entry", r"got shape \(0,\)"),
    (lambda: ag.einsum("ij,jk->ik", A), ValueError, "einsum: expected 2 operands for 'ij,jk->ik'", "got 1"),
    (lambda: ag.einsum(A, [0, 1]), TypeError, "einsum: expected letters such as", "got array"),
    (lambda: ag.einsum("ij,jk", A, A), ValueError, r"operand 1 \(3\)", r"previous terms \(2\)"),
    (lambda: ag.einsum("ij", "a"), TypeError, "expected an array of numbers", "got dtype <U1"),
    (lambda: Tensor(A).log_softmax(axis=2), ValueError, "dimension 2", "axis 2"),
    (lambda: Tensor(np.ones((2, 0))).log_softmax(), ValueError, "expected at least one entry", r"shape \(2, 0\)"),
    (lambda: Tensor(A).cross_entropy([0, 3]), ValueError, "labels: expected values from 0 to 2", "from 0 to 3"),
    (lambda: Tensor(A).cross_entropy([0.0, 1.0]), TypeError, "labels: expected integers", "got dtype float64"),
    (lambda: Tensor(A[0]).cross_entropy([0]), ValueError, "logits: expected a batch", r"got shape \(3,\)"),
    (lambda: ag.exp("a"), TypeError, "expected an array of numbers", "got dtype <U1"),
    (lambda: ag.where([1, 0, 1], A, 0.0), TypeError, "where: expected a condition of booleans", "got dtype int64"),
    (lambda: ag.where([True, False], A, 0.0), ValueError, "broadcast together", r"\(2,\) \(2,3\)"),
    (lambda: ag.concatenate([]), ValueError, "concatenate: expected at least one tensor", "got none"),
    (lambda: ag.concatenate(Tensor(A)), TypeError, "concatenate: expected a list of tensors", "got Tensor"),
    (lambda: ag.concatenate([A, A.T]), ValueError, "must match exactly", "size 3 .* size 2"),
    (lambda: ag.concatenate([A], axis=2), ValueError, "dimension 2", "axis 2"),
    (lambda: ag.concatenate([A], axis=None), TypeError, "integer", "'NoneType'"),
    (lambda: ag.stack([]), ValueError, "stack: expected at least one tensor", "got none"),
    (lambda: ag.stack(5), TypeError, "stack: expected a list of tensors", "got 5"),
    (
        lambda: ag.stack([A, A.T]),
        ValueError,
        "stack: expected tensors of one shape",
        r"got shapes \[\(2, 3\), \(3, 2\)",
    ),
    (lambda: Tensor(A).item(), ValueError, "item: expected a tensor of one entry", r"got shape \(2, 3\)"),
    (lambda: Tensor(1.0).backward(), ValueError, "computed from one with requires_grad=True", "got a constant"),
    (lambda: Tensor(A, True).backward(), ValueError, r"expected grad of shape \(2, 3\)", "got none"),
    (lambda: Tensor(A, True).backward(A.T), ValueError, r"expected grad of shape \(2, 3\)", r"got shape \(3, 2\)"),
    (lambda: Tensor(A, True).backward("a"), TypeError, "grad: expected an array of numbers", "got dtype <U1"),
    (lambda: Tensor(1.0, True).backward(retain_graph=1), TypeError, "retain_graph: expected True or False", "got 1"),
    (lambda: setattr(Tensor(A), "data", A.T), ValueError, r"data: expected shape \(2, 3\)", r"got shape \(3, 2\)"),
    (lambda: setattr(Tensor(A, True) * 2, "data", A), ValueError, "expected a leaf to be changed", "got a result of ×"),
    (lambda: Tensor(A).__iadd__(np.ones(4)), ValueError, "broadcast together", r"\(2,3\) \(4,\)"),
    (lambda: Tensor(A).__iadd__("a"), TypeError, "operand: expected an array of numbers", "got dtype <U1"),
    (lambda: Tensor(A).__imul__(1j), TypeError, "operand: expected real numbers", "got dtype complex128"),
    (lambda: unrecorded(Tensor(A, True).__iadd__, "a"), TypeError, "operand: expected an array", "got dtype <U1"),
    (lambda: unrecorded(Tensor(A).__ipow__, 1j), TypeError, "operand: expected real numbers", "got dtype complex128"),
    (lambda: unrecorded(Tensor(A).__iadd__, np.ones(4)), ValueError, "broadcast together", r"\(2,3\) \(4,\)"),
    (
        lambda: Tensor(A, True).__isub__(1.0),
        ValueError,
        "expected its in-place change within no_grad",
        "requires a grad",
    ),
)
group("no_grad", (lambda: no_grad(1), TypeError, "takes 0 positional arguments", "1 was given"))
group(
    "checkpoint",
    (lambda: checkpoint(3, A), TypeError, "f: expected a function", "got 3"),
    (lambda: checkpoint(lambda x: A, A), TypeError, "expected f to return a Tensor", "got array"),
    (lambda: checkpoint(lambda x: x, "a"), TypeError, "expected an array of numbers", "got dtype <U1"),
)
group(
    "graph",
    (lambda: graph(3.0), TypeError, "graph: expected a Value or a Tensor", "got 3.0"),
    (
        lambda: graph(Value(1.0), {"a": 3}),
        ValueError,
        "names: expected nodes of the graph",
        "got others among {'a': 3}",
    ),
)

# What a lesson says

group(
    "lesson",
    (lambda: verify(3, 1.0, 1.0), ValueError, "label: expected the equation's label, 'eq-...'", "got 3"),
    (lambda: verify("eq-a", 1.0, "a"), TypeError, "right: expected an array of numbers", "got dtype <U1"),
    (lambda: verify("eq-a", True, True), TypeError, "expected numbers", "got truth values"),
    (lambda: verify("eq-a", 1.0, 1.0, tolerance=2), ValueError, "tolerance: expected less than 1", "got 2"),
    (lambda: MISTAKES["none"], KeyError, "name: expected one of missing-transpose", "got 'none'"),
    (lambda: MISTAKES["max-ties"].check(max, rng=3), TypeError, "rng: expected a numpy.random.Generator", "got 3"),
)


@pytest.mark.parametrize("case", cases, ids=[f"{case.name}-{i}" for i, case in enumerate(cases)])
def test_bad_input_is_refused_in_words(case):
    with pytest.raises(case.error) as caught:
        case.call()
    message = str(caught.value)
    assert re.search(case.expected, message), message
    assert re.search(case.got, message), message
    assert isinstance(caught.value, (ValueError, TypeError, IndexError, KeyError))


def test_there_are_cases_for_every_public_name():
    named = {case.name for case in cases}
    assert set(backprop_lib.__all__) <= named
    assert len(cases) >= 300
    assert all(case.expected != case.got for case in cases)
