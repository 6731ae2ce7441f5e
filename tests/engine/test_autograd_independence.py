"""The engines know no derivative that was worked out elsewhere in the package: neither in their source nor as they run.

Otherwise the gradients by hand and by autograd would be one gradient, and their agreement would show nothing.
"""

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import backprop_lib
from backprop_lib import Tensor, Value, activations, autograd, layers, losses, numerical
from backprop_lib.activations import ActivationFunction
from tests.engine.engine_cases import CASES

SOURCES = sorted(Path(autograd.__file__).parent.glob("*.py"))
# Modules that may be imported, and of the package's other modules the names; None stands for all.
ALLOWED = {
    "backprop_lib.autograd": None,
    "backprop_lib._checks": None,
    "backprop_lib._stable": None,
    "backprop_lib.activations": {"GELU_CUBIC", "GELU_SCALE", "LEAKY_SLOPE"},
}
FORBIDDEN = {"derivative", "gradient"}


def imported(node):
    """(module, name) of everything that a statement imports."""
    if isinstance(node, ast.Import):
        return [(alias.name, None) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [("." * node.level + (node.module or ""), alias.name) for alias in node.names]
    return []


def is_allowed(module, name):
    if not module.startswith(("backprop_lib", ".")):
        return module.split(".")[0] not in {"importlib", "sys", "builtins"}
    if module == "backprop_lib":
        return name in {"_checks", "_stable", "autograd"}
    inside = [allowed for allowed in ALLOWED if (module + ".").startswith(allowed + ".")]
    return bool(inside) and (ALLOWED[inside[0]] is None or name in ALLOWED[inside[0]])


def words(node):
    """The names that an expression uses, as attributes, variables or texts for getattr."""
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    return []


def violations(source):
    """What a module's source uses although it may not."""
    found = []
    for node in ast.walk(ast.parse(source)):
        found += [f"{module} {name}" for module, name in imported(node) if not is_allowed(module, name)]
        found += [word for word in words(node) if word.strip("_") in FORBIDDEN or word == "__import__"]
    return found


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_source_uses_forward_functions_only(source):
    assert violations(source.read_text("utf-8")) == []


def test_all_modules_were_read():
    assert {path.stem for path in SOURCES} >= {"scalar", "tensor", "elementwise", "selections", "products", "shapes"}


@pytest.mark.parametrize(
    ("planted", "reported"),
    [
        ("from backprop_lib.activations import tanh", "backprop_lib.activations tanh"),
        ("from backprop_lib import tanh", "backprop_lib tanh"),
        ("from backprop_lib import activations", "backprop_lib activations"),
        ("import backprop_lib.losses", "backprop_lib.losses None"),
        ("from backprop_lib.losses import SquaredError", "backprop_lib.losses SquaredError"),
        ("from backprop_lib.layers.linear import Linear", "backprop_lib.layers.linear Linear"),
        ("from backprop_lib.numerical import numerical_gradient", "backprop_lib.numerical numerical_gradient"),
        ("from ..layers import Linear", "..layers Linear"),
        ("from . import tensor", ". tensor"),
        ("import importlib", "importlib None"),
        ("__import__('backprop_lib.layers')", "__import__"),
        ("tanh.derivative(x)", "derivative"),
        ("tanh._derivative(x, h)", "_derivative"),
        ("loss.gradient(p, t)", "gradient"),
        ("getattr(loss, 'gradient')(p, t)", "gradient"),
        ("slope = derivative", "derivative"),
    ],
)
def test_a_violation_would_be_reported(planted, reported):
    assert reported in violations(planted)


def test_what_is_allowed_is_not_reported():
    assert (
        violations("from backprop_lib import _checks, _stable\nfrom backprop_lib.autograd.tensor import Tensor") == []
    )
    assert violations("import numpy as np\nfrom backprop_lib.activations import LEAKY_SLOPE\nnp.tanh(gradients)") == []


# As they run


def refuse(*args, **kwargs):
    raise AssertionError("a derivative by hand was asked for")


@pytest.fixture
def without_derivatives(monkeypatch):
    """Every derivative of the package, except the engines', raises."""
    for function in vars(activations).values():
        if isinstance(function, ActivationFunction):
            monkeypatch.setattr(function, "_derivative", refuse)
    monkeypatch.setattr(ActivationFunction, "derivative", refuse)
    monkeypatch.setattr(activations, "_gelu_derivative", refuse)
    for loss in losses.Loss.__subclasses__():
        monkeypatch.setattr(loss, "gradient", refuse)
        monkeypatch.setattr(loss, "value_and_gradient", refuse)
    for name in layers.__all__:
        if hasattr(getattr(layers, name), "backward"):
            monkeypatch.setattr(getattr(layers, name), "backward", refuse)
    for name in ("numerical_gradient", "numerical_jacobian"):
        monkeypatch.setattr(numerical, name, refuse)


def test_the_derivatives_are_gone(without_derivatives):
    functions = [f for f in vars(backprop_lib).values() if isinstance(f, ActivationFunction)]
    assert len(functions) == 7
    calls = [lambda f=f: f.derivative(np.ones(2)) for f in functions]
    calls += [lambda f=f: f._derivative(np.ones(2), np.ones(2)) for f in functions]
    pairs = np.ones((2, 2)), np.ones((2, 2))
    calls += [lambda: backprop_lib.SquaredError().gradient(*pairs)]
    calls += [lambda: backprop_lib.SigmoidCrossEntropy().gradient(*pairs)]
    calls += [lambda: backprop_lib.SoftmaxCrossEntropy().gradient(np.ones((2, 2)), [0, 1])]
    for call in calls:
        with pytest.raises(AssertionError, match="by hand was asked for"):
            call()


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("name", CASES)
def test_every_operation_runs_without_them(without_derivatives, name, data):
    case = CASES[name]
    draw = data.draw(case.draws)
    tensors = [Tensor(array, requires_grad=True) for array in draw.arrays]
    output = case.engine(*tensors, **draw.options)
    output.backward(np.ones(output.shape))
    assert all(tensor.grad.shape == tensor.shape for tensor in tensors)


def test_values_and_checkpoints_run_without_them(without_derivatives):
    x = Value(0.5)
    ((x.exp() + x.log() * x.tanh() - x.relu()) / x.sigmoid() ** x).backward()
    assert np.isfinite(x.grad)
    y = Tensor([0.5], requires_grad=True)
    autograd.checkpoint(lambda y: y.gelu().sum(), y).backward()
    assert np.isfinite(y.grad).all()


def test_every_public_operation_is_among_the_cases():
    """The cases call functions, methods and operators; what each leads to is told by the operation it records."""
    used = set()
    for case in CASES.values():
        used |= set(case.engine.__code__.co_names) if hasattr(case.engine, "__code__") else set()
        used.add(getattr(case.engine, "__name__", ""))
    operators = {"add", "subtract", "multiply", "divide", "power", "negative", "getitem", "matmul", "abs"}
    other = {"Graph", "Node", "Tensor", "Value", "checkpoint", "graph", "masked", "no_grad", "record", "unbroadcast"}
    assert set(autograd.__all__) - other - operators <= used
    assert operators - {"getitem", "negative", "abs"} <= set(CASES)
