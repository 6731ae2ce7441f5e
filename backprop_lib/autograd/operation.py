"""What an operation is, before any graph: a function of arrays, and for every operand the rule of its gradient.

All rules have one form, ``(grad, out, *arrays)``: the gradient of the result, the result, the operands, and behind them
what else the function has saved for its rules. A rule returns the gradient of its operand as a new array, or hands on
grad itself or a view of it. Where the operand was broadcast it may have the result's shape: the engine sums.
"""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, ParamSpec

from backprop_lib._checks import Array

P = ParamSpec("P")
Rule = Callable[..., Array]


class Operation(NamedTuple, Generic[P]):
    """A function of arrays with its rules; `primitive` makes a function of tensors of it.

    Attributes
    ----------
    name : str
        Under which readers call it.
    forward : callable
        From arrays, and options behind them, to the result; where ``saves`` is set, to a tuple (result, *what the rules
        need besides the operands).
    rules : tuple of callables
        One for each operand.
    doc : str
        Its docstring.
    symbol : str
        What drawings call it.
    saves : bool
        Whether ``forward`` returns a tuple.
    """

    name: str
    forward: Callable[P, Any]
    rules: tuple[Rule, ...]
    doc: str | None
    symbol: str
    saves: bool


def unary(name: str, forward: Callable[[Any], Any], rule: Rule, doc: str) -> Operation[[Any]]:
    """An operation of one operand, as one row of a table."""
    return Operation(name, forward, (rule,), doc, name, False)


def binary(
    name: str, symbol: str, forward: Callable[[Any, Any], Any], left: Rule, right: Rule, doc: str
) -> Operation[[Any, Any]]:
    """An operation of two operands, which broadcast, as one row of a table."""
    return Operation(name, forward, (left, right), doc, symbol, False)


def with_options(forward: Callable[P, Any], rule: Rule) -> Operation[P]:
    """An operation of one operand and options, whose function returns (result, *what the rule needs besides)."""
    name = forward.__name__.strip("_")
    return Operation(name, forward, (rule,), forward.__doc__, name, True)
