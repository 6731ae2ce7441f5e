"""The page of all equations: what it says of a check is what its code says, and it leaves nothing out."""

import json
import re

import nbformat
import pytest

from tests.notebooks import lesson_checks as lc
from tests.site import site_checks, small_book
from website.equations.index import NOTHING, comparison, counted, ordered, verified_against
from website.equations.verifications import Side, Verification, read_verifications, verifications

TICKED = re.compile(r"✓ (eq-[\w-]+) agrees to (\S+)")
BEFORE = """
central = partial(numerical_gradient, method="central")
def complex_step(f, at):
    return numerical_gradient(f, at, method="complex")
def central_by_hand(f, x):
    return (f(x + h) - f(x - h)) / (2.0 * h)
W = np.array([[1.0, 2.0]])
s = math.e / (math.e + 1.0)
A, B = Tensor(A0, requires_grad=True), np.ones(3)
exact = complex_step(f, x)
total = 0.5
for k in range(3):
    total = total + k
gathered = [1.0]
gathered.append(f(x))
rows = [[1.0, 2.0], [3.0, 4.0]]
rows[0] = f(x)
first, second = f(x)
"""


def executed(*sources):
    """Code cells, each with the ticks that its calls would have printed at the default tolerance."""
    cells = []
    for source in sources:
        text = "".join(f"✓ {label} agrees to 1e-08\n" for label in re.findall(r'verify\("(eq-\w+)"', source))
        output = nbformat.v4.new_output("stream", name="stdout", text=text)
        cells.append(nbformat.v4.new_code_cell(source, outputs=[output]))
    return cells


def side(expression):
    """The right side of a check, as the page would describe it."""
    (check,) = verifications(executed(BEFORE, f'verify("eq-x", left, {expression})'))
    return check.right


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("numerical_gradient(f, x)", "central difference"),
        ("bl.numerical_gradient(f, x)", "central difference"),
        ("numerical_jacobian(f, x)", "central difference"),
        ('numerical_gradient(f, x, method="complex")', "complex step"),
        ('numerical_gradient(f, x, method="forward")', "forward difference"),
        ("central(f, x)", "central difference"),
        ("complex_step(f, x)[0, 1]", "complex step"),
        ("exact", "complex step"),
        ("[central(f, z) for z in x]", "central difference"),
        ("[4.5, *exact]", "worked numbers and complex step"),
        ("A.grad", "autograd"),
        ("[[1, 2], [-0.5, 3 / 4]]", "worked numbers"),
        ("[0.5, s, 1.0 - s]", "worked numbers"),
        ("np.log(8.0)", "worked numbers"),
        ("[2**k - 1 for k in (2, 3)]", "worked numbers"),
        ("[sum(W[i, j] * x[j] for j in range(2)) for i in range(1)]", "a loop, entry by entry"),
    ],
)
def test_a_side_is_named_where_its_code_leaves_no_choice(expression, words):
    assert side(expression).words == words


@pytest.mark.parametrize(
    "expression",
    [
        "f(x)",
        "W",
        "W @ x",
        "central_by_hand(f, x)",
        "central(f, x) + 1.0",
        "numerical_gradient(f, x, method=chosen)",
        "B.grad",
        "layer.weight.grad",
        "total",
        "gathered",
        "rows",
        "first",
        "np.array([1.0, 2.0])",
        "[f(x), 1.0]",
        "[sum(row) for row in W][0]",
        "True",
        "x.shape",
    ],
)
def test_a_side_is_shown_by_its_code_where_words_would_be_a_guess(expression):
    assert side(expression) == Side(None, side(expression).code)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("exact", "complex_step(f, x)"),
        ("f(x) + 1e-3", "f(x) + 0.001"),
        ("total", "total"),
        ("gathered", "gathered"),
        ("rows", "rows"),
        ("second", "second"),
    ],
)
def test_a_name_is_replaced_by_its_code_only_where_it_is_nothing_else(expression, code):
    assert side(expression).code == code


def test_a_name_means_what_it_meant_at_the_check():
    cells = executed('a = f(x)\nverify("eq-x", a, b)\na = g(x)', 'verify("eq-y", a, b)')
    assert [check.left.code for check in verifications(cells)] == ["f(x)", "g(x)"]


def test_a_check_counts_only_with_its_tick():
    one, other = executed('verify("eq-x", a, b)\nverify("eq-x", a, c)', 'verify("eq-y", a, b)')
    one.outputs[0].text = "✓ eq-x agrees to 1e-12\n"
    other.outputs[0].text = "✓ eq-z agrees to 1e-12\n"
    checks = verifications([one, other])
    assert [(check.label, check.tolerance) for check in checks] == [("eq-x", "1e-12"), ("eq-x", None), ("eq-y", None)]
    assert [cell.astext() for (cell,) in counted([(None, checks)])] == ["1", "1"]
    assert "against b (not executed)" in verified_against(checks[2:])[0].astext()


def test_an_equation_without_a_check_says_so():
    assert [node.astext() for node in verified_against([])] == [NOTHING]


def test_all_checks_of_an_equation_are_listed():
    loop = Side("a loop, entry by entry", "[f(z) for z in x]")
    rule, numbers, exact = Side(None, "a @ b"), Side("worked numbers", "[1.0]"), Side("complex step", "exact")
    checks = [Verification("eq-x", numbers, rule, "0.05"), Verification("eq-x", rule, exact, "1e-12")]
    checks.append(Verification("eq-x", loop, exact, "2e-10"))
    assert [node.astext() for node in verified_against(checks)] == [
        "a @ b against worked numbers (to 0.05), complex step (to 1e-12)",
        "[f(z) for z in x] (a loop, entry by entry) against complex step (to 2e-10)",
    ]
    assert ordered(checks[0]) == (rule, numbers)
    assert (
        comparison(loop, [(loop, "0.1")])
        .astext()
        .endswith("(a loop, entry by entry) against [f(z) for z in x] (to 0.1)")
    )
    assert comparison(rule, []).astext() == "a @ b against "


# The page as it was built.


@pytest.fixture(scope="module")
def page(site):
    """The built page of all equations."""
    return site_checks.parse(site / "chapters" / "equations.html")


@pytest.fixture(scope="module")
def tables(page):
    """{lesson: rows of its table}, each row (link, formula, checks)."""
    found = {}
    for section in page.select("section[id^=equations-of-]"):
        rows = section.select("table.equation-index tbody tr")
        found[section["id"].removeprefix("equations-of-")] = [row.find_all("td", recursive=False) for row in rows]
    return found


def slug(path):
    """What a lesson's file is called in the id of its section."""
    return path.stem.replace("_", "-")


def test_every_equation_of_every_lesson_stands_there_once_and_leads_to_its_place(tables):
    assert list(tables) == [slug(path) for path in lc.LESSONS]
    for path in lc.LESSONS:
        links = [cell.a["href"] for cell, _, _ in tables[slug(path)]]
        labels = lc.displayed_equations(lc.prose_of(lc.read(path)))
        assert links == [f"{path.stem}.html#equation-{label}" for label in labels]


def test_formulas_are_shown_without_a_number(page, tables):
    assert page.select(".eqno") == []
    for rows in tables.values():
        assert all(len(formula.select("div.math .katex-html")) == 1 for _, formula, _ in rows)


def test_every_check_that_printed_a_tick_is_listed_with_its_tolerance(tables):
    for path in lc.LESSONS:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
        ticks = TICKED.findall("".join("".join(output.get("text", [])) for output in outputs))
        listed = [
            (cell.a["href"].partition("#equation-")[2], tolerance)
            for cell, _, checks in tables[slug(path)]
            for tolerance in re.findall(r"\(to ([^)]+)\)", checks.get_text())
        ]
        assert sorted(listed) == sorted(ticks)


def test_the_counts_are_those_of_the_lessons(page):
    rows = [[cell.get_text() for cell in row.find_all("td")] for row in page.select("table.equation-counts tbody tr")]
    expected = []
    for path in lc.LESSONS:
        notebook = lc.read(path)
        equations = lc.displayed_equations(lc.prose_of(notebook))
        expected.append((len(equations), len(lc.verify_calls(lc.code_of(notebook)))))
    assert [(int(equations), int(checks)) for _, equations, checks in rows[:-1]] == expected
    assert rows[-1] == ["The whole book", *(str(sum(column)) for column in zip(*expected, strict=True))]


def test_nothing_is_missing_in_the_book(page):
    text = page.select_one("main").get_text()
    assert NOTHING not in text
    assert "not executed" not in text


def test_every_name_that_the_page_explains_is_what_the_code_uses(page):
    explained = [term.get_text() for term in page.select("main dt")]
    used = {
        part
        for path in lc.LESSONS
        for check in read_verifications(path)
        for one in (check.left, check.right)
        for part in (one.words or "").split(" and ")
    }
    assert used - {""} == set(explained)


# A book in which something is missing.

METADATA = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
EQUATIONS = "$$\na = b\n$$ (eq-one)\n\n$$\nc = d\n$$ (eq-two)\n\n$$\ne = f\n$$ (eq-three)"


def lesson(calls):
    """A lesson of three equations, and the cell that verifies some."""
    cells = [nbformat.v4.new_markdown_cell(f"# A small lesson\n\nThree equations.\n\n{EQUATIONS}"), *executed(calls)]
    cells.append(nbformat.v4.new_code_cell('verify("eq-three", e, f(1.0))'))  # never executed
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A folder for a book of one lesson and its index."""
    return tmp_path_factory.mktemp("index") / "book"


def rows_of(folder):
    """What the small book says of each equation's checks."""
    soup = site_checks.parse(folder / "_build" / "html" / "index.html")
    for spoken in soup.select(".katex-mathml"):
        spoken.decompose()
    return [row.find_all("td")[-1].get_text(" ", strip=True) for row in soup.select("table.equation-index tbody tr")]


def test_what_is_missing_is_shown_and_a_changed_notebook_changes_the_page(book):
    pages = {"index": "A sentence.\n\n```{equation-index}\n```"}
    small_book.write(book, pages, {"04_small": lesson('verify("eq-one", a @ b, [1.0])')})
    result = small_book.build(book)
    assert result.returncode == 0, result.stdout + result.stderr
    first, second, third = rows_of(book)
    assert first.startswith("a @ b against worked numbers (to")
    assert second == NOTHING
    assert third == "e against f(1.0) ( not executed )"
    nbformat.write(lesson('verify("eq-one", a @ b, [1.0])\nverify("eq-two", c, d(x))'), book / "04_small.ipynb")
    assert small_book.build(book).returncode == 0
    assert rows_of(book)[1].startswith("c against d(x) (to")
    nbformat.write(lesson('verify("eq-four", a, b(x))'), book / "04_small.ipynb")
    result = small_book.build(book)
    assert result.returncode != 0
    assert "04_small verifies eq-four, which it does not display" in result.stderr
