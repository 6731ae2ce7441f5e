"""What `import backprop_lib` gives and what it leaves out, and the rules that the package's own source keeps."""

import ast
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import backprop_book
import backprop_lib
from backprop_lib import layers

ROOT = Path(backprop_lib.__file__).parents[1]
PACKAGES = [ROOT / "backprop_lib", ROOT / "backprop_book"]
SOURCES = sorted(source for package in PACKAGES for source in package.rglob("*.py"))

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


def test_every_public_layer_is_named_in_its_package():
    public = {name for name in backprop_lib.__all__ if isinstance(getattr(backprop_lib, name), type)}
    named = {name for name in public if issubclass(getattr(backprop_lib, name), layers.Layer)}
    assert named >= {"Linear", "Dropout", "Sequential"}
    assert named <= set(layers.__all__)


def test_import_stays_light():
    code = """
import sys, backprop_lib, backprop_book
heavy = {"matplotlib", "ipywidgets", "IPython", "sklearn", "scipy", "pandas", "torch"}
print(sorted(heavy & {name.split(".")[0] for name in sys.modules}))
"""
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_what_is_needed_only_at_times_is_imported_then():
    # It takes half as long as NumPy itself; older ones import numpy.random at once.
    code = "import sys, {}; print(sorted({{'tqdm', 'hashlib', 'numpy.random'}} & set(sys.modules)))"
    alone, ours = (python(code.format(name)) for name in ("numpy", "backprop_lib"))
    assert alone.stdout.startswith("[")
    assert ours.stdout == alone.stdout


def test_import_prints_and_warns_nothing():
    done = subprocess.run([sys.executable, "-W", "error", "-c", "import backprop_book"], cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_promised_names_are_public():
    assert set(PROMISED) <= set(backprop_lib.__all__)


@pytest.mark.parametrize("package", [backprop_lib, backprop_book], ids=lambda p: p.__name__)
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
    code = """
import importlib, pkgutil, sys, backprop_book, backprop_lib
packages = [backprop_lib, backprop_book]
names = [one.name for p in packages for one in pkgutil.walk_packages(p.__path__, f"{p.__name__}.")]
for name in names:
    for ours in [module for module in sys.modules if module.startswith("backprop_")]:
        del sys.modules[ours]
    importlib.import_module(name)
print(len(names))
"""
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 120


# The import contract, which `make test` asks for: that it catches what it forbids


@pytest.fixture
def copied(tmp_path):
    """A copy of the packages and their contract, to plant violations in."""
    for package in (*PACKAGES, ROOT / "website"):
        shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(directory):
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=directory, capture_output=True, text=True, timeout=120
    )


PLANTED = {
    "backprop_lib/_checks.py": "backprop_lib.training",
    "backprop_lib/losses/softmax.py": "backprop_lib.activations",
    "backprop_lib/layers/linear.py": "backprop_lib.optimizers",
    "backprop_lib/training/loop.py": "backprop_book.verification",
    "backprop_lib/layers/activation.py": "matplotlib",
    "backprop_lib/training/steps.py": "IPython",
    "backprop_lib/saving.py": "platformdirs",
    "backprop_book/verification.py": "ipywidgets",
    "backprop_book/exercises/guard.py": "backprop_book.session",
    "backprop_book/lesson_03/exercises.py": "backprop_book.lesson_04.exercises",
    "backprop_book/lesson_04/layer_exercises.py": "backprop_book.lesson_04.figures",
    "backprop_book/drawing/charts.py": "backprop_book.lesson_01.figures",
}


def test_violations_of_the_contract_are_caught(copied):
    for path, module in PLANTED.items():
        with (copied / path).open("a") as file:
            file.write(f"\n\nimport {module}\n")
    done = lint_imports(copied)
    assert done.returncode == 1, done.stdout + done.stderr
    told = " ".join(done.stdout.split())
    importers = {path: path.removesuffix(".py").replace("/", ".") for path in PLANTED}
    assert [path for path, module in PLANTED.items() if f"{importers[path]} -> {module}" not in told] == []


def test_a_new_module_outside_the_layers_is_caught(copied):
    (copied / "backprop_lib" / "stray.py").write_text('"""A module that the contract does not know."""\n')
    done = lint_imports(copied)
    assert done.returncode != 0
    assert "stray" in done.stdout + done.stderr
