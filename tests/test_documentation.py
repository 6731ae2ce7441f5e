"""The package's documentation and hints: complete, in numpydoc's form, and with examples that give what they show."""

import doctest
import inspect
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import Validator, validate

import backprop_book
import backprop_lib
from backprop_lib import autograd, layers, losses
from backprop_lib.activations import ActivationFunction

ROOT = Path(backprop_lib.__file__).parents[1]

# Left out of numpydoc's checks, each for a reason.
LEFT_OUT = {
    "GL01": "the first line says what the thing is, beside the quotes, as everywhere in this package",
    "SS02": "a first line may be a formula, which begins as it must",
    "SS05": "a formula or a noun says more than an imperative",
    "ES01": "where one line says everything, a second says it again",
    "SA01": "names are linked where the text mentions them",
    "EX01": "asked for below, where an example helps",
}
# What one line can say, it says: operations take a tensor, array or number and give a tensor, as the head of their page
# states; a layer's methods do what `Layer`'s do, and name their shapes.
FULL_ONLY = {"PR01", "RT01"}


# What a drawing takes is named as in the lesson whose numbers it draws, and it returns a figure.
OF_DRAWINGS = {"PR07", "RT03"}


def is_written_here(thing):
    return inspect.isfunction(thing) or isinstance(thing, property)


def documented():
    """Full names of everything public: names that a reader imports, and the methods of classes among them."""
    names = {}
    for face in (backprop_lib, layers, autograd, losses, backprop_book):
        for name in getattr(face, "__all__", ["Loss"]):
            thing = getattr(face, name)
            if isinstance(thing, ActivationFunction) or not callable(thing):
                continue
            full = names.setdefault(id(thing), f"{face.__name__}.{name}")
            if inspect.isclass(thing):
                members = inspect.getmembers(thing)
                methods = {key for key, value in members if key[0] != "_" and is_written_here(value)}
                names |= {(full, method): f"{full}.{method}" for method in sorted(methods)}
    return sorted(set(names.values()))


def drawings():
    """Full names of all functions that draw, those for several lessons and those of one."""
    lessons = [one.name for one in pkgutil.iter_modules(backprop_book.__path__) if one.name.startswith("lesson_")]
    found = []
    with_figures = [name for name in (f"backprop_book.{lesson}.figures" for lesson in lessons) if find_spec(name)]
    for module in ["backprop_book.drawing", *with_figures]:
        public = vars(import_module(module))
        inside = [n for n, thing in public.items() if inspect.isfunction(thing) and thing.__module__.startswith(module)]
        found += [f"{module}.{n}" for n in public.get("__all__", inside) if n in inside and n[0] != "_"]
    return found


NAMES = documented()
FULL = [f"backprop_lib.{name}" for name in backprop_lib.__all__ if f"backprop_lib.{name}" in NAMES]
FULL += ["backprop_book.verify", "backprop_lib.layers.Layer.backward", "backprop_lib.autograd.record"]
FOR_ANY_LESSON = ["backprop_book.drawing.show", "backprop_book.drawing.subplots", "backprop_book.explorer.Explorer"]
DRAWINGS = [*drawings(), "backprop_book.explorer.Explorer"]
NAME = re.compile(r"\*{0,2}\w+(, \*{0,2}\w+)*")
# Named tuples and a dataclass: their entries list fields, and nobody calls them.
RECORDS = {"backprop_lib.Dataset", "backprop_lib.GradientCheck", "backprop_lib.History"}


def faults(name, codes_left_out):
    report = validate(name)
    return [f"{code}: {text}" for code, text in report["errors"] if code not in codes_left_out]


def test_everything_public_is_looked_at():
    assert len(NAMES) > 130
    assert {"backprop_lib.Linear.forward", "backprop_lib.autograd.exp", "backprop_lib.Tensor.shape"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_docstrings_are_in_numpydoc_s_form(name):
    assert faults(name, {*LEFT_OUT, *FULL_ONLY}) == []


def described(thing):
    """Names that a docstring describes as parameters or attributes."""
    doc = get_doc_object(thing)
    return [entry.name for section in ("Parameters", "Attributes") for entry in doc[section]]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_described_is_a_name(name):  # a paragraph behind the last of them would pass for one
    assert [text for text in described(Validator._load_obj(name)) if not NAME.fullmatch(text)] == []


def paragraph_behind_parameters(x):
    """Do something.

    Parameters
    ----------
    x : array
        The input.

    It is not changed.
    """


def test_a_paragraph_in_the_place_of_a_name_would_be_seen():
    assert described(paragraph_behind_parameters) == ["x", "It is not changed."]
    assert not NAME.fullmatch("It is not changed.")


@pytest.mark.parametrize("name", [name for name in FULL if name not in RECORDS])
def test_parameters_and_results_of_the_main_names_are_documented(name):
    left_out = (
        {*LEFT_OUT, "RT01"} if inspect.isclass(getattr(backprop_lib, name.rpartition(".")[2], None)) else LEFT_OUT
    )
    assert faults(name, left_out) == []


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_are_documented(name):
    assert faults(name, LEFT_OUT if name in FOR_ANY_LESSON else {*LEFT_OUT, *FULL_ONLY, *OF_DRAWINGS}) == []


def undocumented(x, y):
    """Do something.

    Parameters
    ----------
    z : array
    """


def test_a_docstring_that_fell_behind_would_be_reported(monkeypatch):
    monkeypatch.setattr(backprop_lib.numerical, "planted", undocumented, raising=False)
    codes = {fault[:4] for fault in faults("backprop_lib.numerical.planted", LEFT_OUT)}
    assert {"PR01", "PR02", "PR07"} <= codes


# Examples

# A class that is shown with those that use it, and rules that are called as their neighbour is.
NO_EXAMPLE = RECORDS | {f"backprop_lib.{n}" for n in ("RMSProp", "Adam", "AdamW", "clip_gradient_norm")}
NO_EXAMPLE |= {f"backprop_lib.{n}" for n in ("xavier_normal", "he_uniform", "he_normal")}
ACTIVATIONS = [name for name in backprop_lib.__all__ if isinstance(getattr(backprop_lib, name), ActivationFunction)]


def test_the_main_names_come_with_examples():
    functions = [getattr(backprop_lib, name) for name in ACTIVATIONS]
    missing = [str(function) for function in functions if ">>>" not in function.__doc__]
    missing += [n for n in FULL if n.count(".") == 1 and n not in NO_EXAMPLE and ">>>" not in validate(n)["docstring"]]
    assert missing == []


def modules():
    packages = (backprop_lib, backprop_book)
    inside = (pkgutil.walk_packages(package.__path__, f"{package.__name__}.") for package in packages)
    return [*(package.__name__ for package in packages), *(one.name for found in inside for one in found)]


def run_examples(module):
    """(failed, tried) of a module's examples."""
    return doctest.testmod(import_module(module))


@pytest.mark.parametrize("module", modules())
def test_examples_give_what_they_show(module):
    assert run_examples(module).failed == 0


def test_examples_are_found():
    assert sum(run_examples(module).attempted for module in modules()) > 80


# Hints


@pytest.mark.parametrize("name", NAMES + FOR_ANY_LESSON)
def test_public_functions_carry_hints(name):
    owner, _, last = name.rpartition(".")
    thing = Validator._load_obj(name)
    thing = thing.fget if isinstance(thing, property) else thing
    if inspect.isclass(thing):
        thing = thing.__init__ if "__init__" in vars(thing) else None
    if thing is None or "__wrapped__" in vars(thing) or name in RECORDS:
        return
    signature = inspect.signature(thing)
    bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty and p.name != "self"]
    assert bare == [], owner
    assert last[0].isupper() or signature.return_annotation is not signature.empty


def test_mypy_finds_wrong_calls_and_no_others(tmp_path):
    planted = tmp_path / "planted.py"
    planted.write_text(
        "from backprop_lib import Linear, Tensor, relative_error\n"
        "good: float = relative_error((Tensor(1.0) * 2.0).T.data, [2.0])\n"
        "bad: str = relative_error([1.0], [2.0])\n"
        "Linear('2', 3)\n"
    )
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        ROOT / "pyproject.toml",
        "--cache-dir",
        ROOT / ".mypy_cache",
    ]
    done = subprocess.run([*command, planted], cwd=ROOT, capture_output=True, text=True, timeout=300)
    wrong = [line.partition(": ")[0].rpartition(":")[2] for line in done.stdout.splitlines() if ": error:" in line]
    assert wrong == ["3", "4", "4"], done.stdout + done.stderr
