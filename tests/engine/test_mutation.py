"""The report of `make mutants`: what it accepts and what it refuses, on runs made up here."""

from collections import Counter

import mutation
import pytest

HALF = mutation.Mutant("package.losses", "Squared.value", "return 0.5 * x", "return 1.5 * x")
SIGN = mutation.Mutant("package.losses", "gradient", "return -x", "return +x")
LIST = """# Survivors

Text.

## package.losses

- `Squared.value`: `return 0.5 * x` → `return 1.5 * x`
- `gradient`: `return -x` → `return +x`
  Here stands a reason,
  which may be long.

## package.other

- `f`: `x, y` → `x, `
  Another.
"""


def counts(noticed, missed):
    return {"package.losses": Counter({True: noticed, False: missed})}


def test_a_list_is_read():
    assert mutation.listed_mutants(LIST) == {HALF, SIGN, mutation.Mutant("package.other", "f", "x, y", "x, ")}


@pytest.mark.parametrize(("written", "broken"), [("  Another.\n", ""), ("→ `x, `", "to `x, `")])
def test_a_list_with_a_reason_missing_or_an_entry_misspelt_is_refused(written, broken):
    with pytest.raises(ValueError, match=r"tests/mutants.md: expected an entry or, indented, the reason"):
        mutation.listed_mutants(LIST.replace(written, broken))


def test_a_run_whose_survivors_are_listed_passes():
    assert mutation.complaints(counts(38, 2), {HALF, SIGN}, {HALF, SIGN}) == []


def test_a_survivor_that_is_not_listed_is_refused():
    (complaint,) = mutation.complaints(counts(99, 1), {HALF}, set())
    assert complaint == f"survives and is not in tests/mutants.md: {HALF}"


def test_an_entry_that_does_not_survive_is_refused():
    (complaint,) = mutation.complaints(counts(99, 1), {HALF}, {HALF, SIGN})
    assert complaint == f"in tests/mutants.md, but does not survive: {SIGN}"


def test_too_many_survivors_are_refused_though_listed():
    assert mutation.complaints(counts(95, 5), {HALF}, {HALF}) == []
    assert mutation.complaints(counts(94, 6), {HALF}, {HALF}) == ["fewer than 95% of the mutants are noticed"]


def test_summary_adds_up():
    table = mutation.summary({"a": Counter({True: 3, False: 1}), "b": Counter({True: 6})})
    assert [line.split() for line in table.splitlines()[1:]] == [
        ["a", "4", "3", "75.0%"],
        ["b", "6", "6", "100.0%"],
        ["all", "10", "9", "90.0%"],
    ]


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("package.losses.x_gradient__mutmut_12", "gradient"),
        ("package.losses.xǁSquaredǁ__init____mutmut_1", "Squared.__init__"),
    ],
)
def test_a_mutant_is_named_by_what_it_changes(name, function, monkeypatch):
    difference = """# package.losses: survived
--- package/losses.py
+++ package/losses.py
@@ -1,3 +1,2 @@
     before
-    return f(x,  # the input
-        y)
+    return f(x)
     after
"""
    monkeypatch.setattr(mutation, "mutmut", lambda *arguments, **streams: difference)
    assert mutation.described(name) == mutation.Mutant("package.losses", function, "return f(x, y)", "return f(x)")


def test_decorators_are_applied_below():
    source = """
@method
def f(
    x,
):
    return x  # no blank line below


    # the end of f
@method
def g(x):
    @wraps(x)
    def inner():
        pass
"""
    assert (
        mutation.undecorated(source)
        == """
def f(
    x,
):
    return x  # no blank line below


    # the end of f

f = method(f)


def g(x):
    @wraps(x)
    def inner():
        pass

g = method(g)


"""
    )


def test_lambdas_outside_functions_become_functions():
    source = """
double = operation(
    "2 × x",
    lambda x: 2 * x,
    lambda grad: 2 * grad,  # the rule
)
Tensor.twice = lambda self: double(self)
always = lambda: 2


def f(x):
    return lambda: x
"""
    assert (
        mutation.without_lambdas(source)
        == """
def double_lambda_1(x):
    return 2 * x


def double_lambda_2(grad):
    return 2 * grad


double = operation(
    "2 × x",
    double_lambda_1,
    double_lambda_2,  # the rule
)
def Tensor_twice_lambda_1(self):
    return double(self)


Tensor.twice = Tensor_twice_lambda_1
def always_lambda_1():
    return 2


always = always_lambda_1


def f(x):
    return lambda: x
"""
    )


def test_a_lambda_that_keeps_what_a_loop_gave_it_stays():
    source = "powers = [lambda x, k=k: x**k for k in (1, 2)]\n"
    assert mutation.without_lambdas(source) == source


def test_no_test_is_named_by_an_address(request):
    """Mutation testing looks tests up by name."""
    assert [item.nodeid for item in request.session.items if " at 0x" in item.nodeid] == []
