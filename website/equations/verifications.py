"""The verifications of a lesson, read from its executed notebook: label, both sides, and the tolerance they met.

What a name stands for is read from syntax trees, never run; the page of all equations and the tests of the lessons
both rest on this. A side is put into words only where its code leaves no choice; anywhere else the code itself is
shown. That a check was executed and passed is read from the line with a tick that it printed, not from its being there.
"""

import ast
import re
from dataclasses import dataclass

import nbformat

TICK = re.compile(r"^✓ (?P<label>eq-[\w-]+) agrees to (?P<tolerance>\S+)$", re.MULTILINE)
NUMERICAL = {"numerical_gradient", "numerical_jacobian"}
METHODS = {"central": "central difference", "forward": "forward difference", "complex": "complex step"}
ENGINES = {"Tensor", "Value"}
WORKED_FUNCTIONS = {"range", *(f"{module}.{name}" for module in ("math", "np") for name in ("exp", "log", "sqrt"))}
CHANGERS = {"add", "append", "extend", "insert", "pop", "sort", "update"}  # methods that change their object
CODE_LENGTH = 240  # characters


def calls_in(tree):
    """Return the calls of ``verify`` in a syntax tree."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if "verify" in (getattr(call.func, "id", None), getattr(call.func, "attr", None))]


def label_of(call):
    """Return the label of a call of ``verify`` where it stands there in clear, else None."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


@dataclass(frozen=True)
class Definition:
    """What a name stands for at one place of a notebook: the expression assigned, or the whole function.

    It stands there in clear where the name is no more and no less than that: not where it is a part of something
    unpacked, changed in place, or set in a loop.
    """

    value: ast.AST
    in_clear: bool = True


def definitions(statement):
    """Return the definitions that a statement of a cell makes: assignments of any kind, and functions."""
    if isinstance(statement, ast.FunctionDef):
        return {statement.name: Definition(statement)}
    found = {}
    for node in ast.walk(statement):
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        value = getattr(node, "iter", getattr(node, "value", None))
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr | ast.For) and value:
            plain = node is statement and isinstance(node, ast.Assign)
            for target in targets:
                for name, part, whole in _pairs(target, value):
                    found[name] = Definition(part, plain and whole)
    return found


def _pairs(target, value):
    """Names that an assignment sets, each with its part of the value, and whether that part is all of it."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        return [pair for parts in zip(target.elts, value.elts, strict=True) for pair in _pairs(*parts)]
    names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
    return [(name, value, isinstance(target, ast.Name)) for name in names]


@dataclass(frozen=True)
class Side:
    """One side of a verification: in words, where they are None by its code."""

    words: str | None
    code: str


@dataclass(frozen=True)
class Verification:
    """A call of ``verify``; `tolerance` is text as it was printed, None where no tick says that the call passed."""

    label: str
    left: Side
    right: Side
    tolerance: str | None


def read_verifications(path):
    """Return the verifications of the notebook at `path`, in order."""
    notebook = nbformat.read(path, as_version=4)
    return verifications([cell for cell in notebook.cells if cell.cell_type == "code"])


def verifications(cells):
    """Return the verifications in executed code cells, in order."""
    known, found = {}, []
    for cell in cells:
        ticks = TICK.findall(_printed(cell))
        for statement in ast.parse(cell.source).body:
            for call in calls_in(statement):
                found.append(_verification(call, known, ticks))
            known |= definitions(statement)
            for name in _changed_names(statement):
                known.pop(name, None)
    return found


def _printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs if output.get("name") == "stdout")


def _verification(call, known, ticks):
    """Describe one call, and strike its tick off the list of its cell's."""
    label = label_of(call)
    left, right = (describe(side, known) for side in call.args[1:3])
    tick = next((tick for tick in ticks if tick[0] == label), None)
    if tick:
        ticks.remove(tick)
    return Verification(label, left, right, tick and tick[1])


def describe(side, known):
    """Describe one side of a call by what its code says."""
    definition = known.get(getattr(side, "id", None))
    value = definition.value if definition and definition.in_clear else side
    code = ast.unparse(value)
    return Side(words(side, known), code if len(code) <= CODE_LENGTH else ast.unparse(side))


def words(side, known):
    """Return what an expression is, in words, or None where only its code can tell."""
    value = _followed(side, known)
    if is_worked(value, known):
        return "worked numbers"
    if isinstance(value, ast.Subscript | ast.Starred):
        whole = _followed(value.value, known)
        return None if isinstance(whole, ast.ListComp) else words(whole, known)
    if isinstance(value, ast.Call):
        return METHODS.get(_method(value, known))
    if isinstance(value, ast.Attribute) and value.attr == "grad":
        return "autograd" if _callee(_followed(value.value, known)) in ENGINES else None
    if isinstance(value, ast.List):
        parts = [words(part, known) for part in value.elts]
        return None if None in parts else " and ".join(dict.fromkeys(parts))
    if isinstance(value, ast.ListComp):
        return words(value.elt, known) or "a loop, entry by entry"
    return None


def _followed(side, known):
    """Return the expression that a name stands for, through other names, where the notebook says so in clear."""
    while isinstance(side, ast.Name) and side.id in known and known[side.id].in_clear:
        side = known[side.id].value
    return side


def is_worked(value, known, bound=frozenset()):
    """Whether an expression is numbers that stand there in clear and arithmetic with them; `bound` are such, too."""
    if isinstance(value, ast.Name):
        definition = known.get(value.id)
        return value.id in bound or bool(definition and definition.in_clear and is_worked(definition.value, known))
    if isinstance(value, ast.ListComp):
        targets = {generator.target.id for generator in value.generators if isinstance(generator.target, ast.Name)}
        parts = [value.elt, *(generator.iter for generator in value.generators)]
        return all(is_worked(part, known, bound | targets) for part in parts)
    if isinstance(value, ast.Call):
        return _is_worked_function(value.func) and all(is_worked(part, known, bound) for part in value.args)
    if isinstance(value, ast.List | ast.Tuple | ast.BinOp | ast.UnaryOp):
        parts = [part for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr)]
        return bool(parts) and all(is_worked(part, known, bound) for part in parts)
    return type(getattr(value, "value", None)) in (int, float) or ast.unparse(value) in ("math.e", "math.pi")


def _is_worked_function(function):
    return ast.unparse(function) in WORKED_FUNCTIONS


def _callee(value):
    """Return the last name of what a call calls, None where the expression is no call."""
    function = getattr(value, "func", None)
    return getattr(function, "attr", getattr(function, "id", None))


def _method(call, known):
    """Return the method of a numerical derivative that a call takes, directly or through a name; else None."""
    default = _default_method(call, known)
    given = [keyword.value for keyword in call.keywords if keyword.arg == "method"]
    return getattr(given[0], "value", None) if default and given else default


def _default_method(call, known):
    """Return the method that applies where a call names none; None where it calls something else."""
    name = _callee(call)
    if not (isinstance(call.func, ast.Name) and name in known):
        return "central" if name in NUMERICAL else None
    behind = known[name].value
    if isinstance(behind, ast.FunctionDef) and len(behind.body) == 1:  # one line that returns
        behind = getattr(behind.body[0], "value", None)
        return _method(behind, known) if isinstance(behind, ast.Call) else None
    if _callee(behind) == "partial":
        return _method(ast.Call(behind.args[0], behind.args[1:], behind.keywords), known)
    return None


def _changed_names(statement):
    """Names whose object a method may have changed in place: their definition no longer says what they are."""
    functions = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
    changers = [node for node in functions if isinstance(node, ast.Attribute) and node.attr in CHANGERS]
    return {node.value.id for node in changers if isinstance(node.value, ast.Name)}
