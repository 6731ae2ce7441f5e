"""What `import backprop_lib` gives and what it leaves out, and the rules that the package's own source keeps."""

import ast
import inspect
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import backprop_lib
import backprop_lib.lesson

ROOT = Path(backprop_lib.__file__).parents[1]
PACKAGE = ROOT / "backprop_lib"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# Readers and lessons rely on these names.
PROMISED = [
    "numerical_gradient",
    "numerical_jacobian",
    "relative_error",
    "check_gradient",
    "gradient_descent",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "softplus",
    "gelu",
    "identity",
    "softmax",
    "one_hot",
    "accuracy",
    "SquaredError",
    "SoftmaxCrossEntropy",
    "SigmoidCrossEntropy",
    "xavier_uniform",
    "xavier_normal",
    "he_uniform",
    "he_normal",
    "orthogonal",
    "Parameter",
    "Linear",
    "Activation",
    "BatchNorm",
    "LayerNorm",
    "Dropout",
    "Residual",
    "Sequential",
    "Recurrent",
    "GatedRecurrent",
    "Value",
    "Tensor",
    "no_grad",
    "checkpoint",
    "graph",
    "SGD",
    "RMSProp",
    "Adam",
    "AdamW",
    "clip_gradient_norm",
    "load_digits",
    "make_spirals",
    "fit",
    "History",
    "save",
    "load",
    "Dataset",
    "GradientCheck",
]


def python(code, cwd=ROOT):
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, timeout=120)


def test_import_stays_light():
    code = """
import sys, backprop_lib, backprop_lib.lesson
heavy = {"matplotlib", "ipywidgets", "IPython", "sklearn", "scipy", "pandas", "torch"}
print(sorted(heavy & {name.split(".")[0] for name in sys.modules}))
"""
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_import_prints_and_warns_nothing():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import backprop_lib.lesson"], cwd=ROOT, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_promised_names_are_public():
    assert set(PROMISED) <= set(backprop_lib.__all__)


@pytest.mark.parametrize("package", [backprop_lib, backprop_lib.lesson], ids=lambda p: p.__name__)
def test_public_names_exist_once_and_are_documented(package):
    assert len(set(package.__all__)) == len(package.__all__)
    for name in package.__all__:
        assert inspect.getdoc(getattr(package, name)), f"{name} has no docstring"


def test_public_methods_are_documented():
    classes = [value for value in vars(backprop_lib).values() if inspect.isclass(value)]
    assert len(classes) >= 10
    for cls in classes:
        for name, method in inspect.getmembers(cls, inspect.isfunction):
            if not name.startswith("_"):
                assert inspect.getdoc(method), f"{cls.__name__}.{name} has no docstring"


def test_every_module_is_documented():
    for source in SOURCES:
        assert ast.get_docstring(ast.parse(source.read_text("utf-8"))), source


def code_lines(node):
    """Lines of a function without its docstring."""
    has_docstring = ast.get_docstring(node, clean=False) is not None
    docstring = node.body[0].end_lineno - node.body[0].lineno + 1 if has_docstring else 0
    return node.end_lineno - node.lineno + 1 - docstring


def long_functions(source):
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [f"{f.name}: {code_lines(f)} lines" for f in functions if code_lines(f) > 40]


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_functions_and_modules_are_short(source):
    text = source.read_text("utf-8")
    assert long_functions(text) == []
    assert len(text.splitlines()) < 300


def test_a_long_function_would_be_reported():
    body = "\n".join(f"    x = {i}" for i in range(40))
    assert long_functions(f"def f():\n{body}\n") == ["f: 41 lines"]
    assert long_functions(f'def f():\n    """Long\n\n\n    docstring."""\n{body[:-11]}\n') == []


def test_all_modules_can_be_imported_alone():
    names = [m.name for m in pkgutil.walk_packages([str(PACKAGE)], "backprop_lib.") if "figures" not in m.name]
    assert len(names) >= 11
    for name in names:
        done = python(f"import {name}")
        assert done.returncode == 0, done.stderr


# The import contract


@pytest.fixture
def copied(tmp_path):
    """A copy of the package and its contract, to plant violations in."""
    shutil.copytree(PACKAGE, tmp_path / "backprop_lib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(directory):
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=directory, capture_output=True, text=True, timeout=120
    )


def test_the_import_contract_is_kept():
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 kept, 0 broken" in done.stdout


def test_a_copy_keeps_the_contract_too(copied):
    done = lint_imports(copied)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "planted", "named"),
    [
        ("_checks.py", "import backprop_lib.training", "backprop_lib._checks -> backprop_lib.training"),
        (
            "losses/softmax.py",
            "from backprop_lib.activations import sigmoid",
            "backprop_lib.losses.softmax -> backprop_lib.activations",
        ),
        (
            "layers/linear.py",
            "from backprop_lib.optimizers import SGD",
            "backprop_lib.layers.linear -> backprop_lib.optimizers",
        ),
        (
            "training/loop.py",
            "from backprop_lib.lesson import verify",
            "backprop_lib.training.loop -> backprop_lib.lesson",
        ),
        ("layers/linear.py", "import matplotlib.pyplot", "backprop_lib.layers.linear -> matplotlib"),
        ("lesson/verification.py", "import ipywidgets", "backprop_lib.lesson.verification -> ipywidgets"),
        ("training/loop.py", "from IPython import display", "backprop_lib.training.loop -> IPython"),
    ],
)
def test_a_violation_of_the_contract_is_caught(copied, module, planted, named):
    with (copied / "backprop_lib" / module).open("a") as file:
        file.write(f"\n\n{planted}\n")
    done = lint_imports(copied)
    assert done.returncode == 1, done.stdout + done.stderr
    assert named in done.stdout


def test_a_new_module_outside_the_layers_is_caught(copied):
    (copied / "backprop_lib" / "stray.py").write_text('"""A module that the contract does not know."""\n')
    done = lint_imports(copied)
    assert done.returncode != 0
    assert "stray" in done.stdout + done.stderr
