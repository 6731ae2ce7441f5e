"""What the code of a notebook says about its equations: calls of ``verify``, and what a name in them stands for.

Read from syntax trees, never run. The page of all equations and the tests of the lessons both rest on this.
"""

import ast
import builtins

# Names that carry no result of a notebook.
TOOLS = {"np", "math", *dir(builtins)}


def calls_in(tree):
    """Return the calls of ``verify`` in a syntax tree."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if "verify" in (getattr(call.func, "id", None), getattr(call.func, "attr", None))]


def label_of(call):
    """Return the label of a call of ``verify`` where it stands there in clear, else None."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


class Definition:
    """What a name stands for at one place of a notebook, and all definitions that went into it.

    Attributes
    ----------
    value : ast.AST
        The expression assigned, or the whole function.
    in_clear : bool
        Whether the name is no more and no less than `value`: not where it is a part of something unpacked, changed
        in place, or set in a loop.
    sources : set of Definition
    """

    def __init__(self, value, known, *, in_clear=True):
        self.value = value
        self.in_clear = in_clear
        self.sources = sources_of(value, known)


def definitions(statement, known):
    """Return the definitions that a statement of a cell makes: assignments of any kind, and functions."""
    if isinstance(statement, ast.FunctionDef):
        return {statement.name: Definition(statement, known)}
    found = {}
    for node in ast.walk(statement):
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        value = getattr(node, "iter", getattr(node, "value", None))
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr | ast.For) and value:
            plain = node is statement and isinstance(node, ast.Assign)
            for target in targets:
                for name, part, whole in _pairs(target, value):
                    found[name] = Definition(part, known, in_clear=plain and whole)
    return found


def _pairs(target, value):
    """Names that an assignment sets, each with its part of the value, and whether that part is all of it."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        return [pair for parts in zip(target.elts, value.elts, strict=True) for pair in _pairs(*parts)]
    names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
    return [(name, value, isinstance(target, ast.Name)) for name in names]


def free_names(side, known):
    """Return the names that an expression or a function takes from the notebook."""
    used = {node.id for node in ast.walk(side) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    bound = {node.id for node in ast.walk(side) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(side) if isinstance(node, ast.arg)}
    return used - bound - (TOOLS - set(known))


def sources_of(side, known):
    """Return all definitions that an expression rests on, directly or through others."""
    direct = {known[name] for name in free_names(side, known) if name in known}
    return direct.union(*(definition.sources for definition in direct))
