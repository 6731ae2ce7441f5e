"""A page's kernel: its cells share one namespace, and what they show becomes messages to the page.

It runs under Pyodide in a worker of the reader's browser (`website/running/worker.js`), and under any Python in tests.
Matplotlib is half of what a reader would wait for, so it comes when something is drawn: until then the modules that
draw are names whose content is loaded at its first use.
"""

import ast
import builtins
import contextlib
import importlib.util
import itertools
import linecache
import logging
import pkgutil
import sys
import time
import traceback
import types
import warnings

import backprop_book
from backprop_book import session

MOST = 100_000  # characters of one cell's text: a page that gets more has no time for its Stop button
PAUSE = 0.05  # seconds between two messages with text, at least
REST = "\n… (the rest is not shown)\n"
ALT = "A figure that this cell drew."
NOTES = {  # what a page is that a notebook is not
    ModuleNotFoundError: "A page has NumPy, Matplotlib and what comes with Python. For more, download the notebook.",
    MemoryError: "There is no more memory for this page. Reload it, and take smaller arrays.",
}


class Stream:
    """A text stream whose text is sent in pieces, and no more of it than a page can take."""

    encoding = "utf-8"

    def __init__(self, kind, emit):
        self.kind, self.emit = kind, emit
        self.waiting, self.left, self.sent = [], MOST, time.monotonic()

    def write(self, text):
        """Take a text; return how much came, as any stream does."""
        if text and self.left >= 0:  # below, the rest is not shown
            full = len(text) > self.left
            self.waiting.append(text[: self.left] + REST if full else text)
            self.left = -1 if full else self.left - len(text)
            if full or time.monotonic() - self.sent > PAUSE:
                self.flush()
        return len(text)

    def flush(self):
        """Send what waits."""
        if self.waiting:
            self.emit(self.kind, "".join(self.waiting))
        self.waiting.clear()
        self.sent = time.monotonic()

    def isatty(self):
        """A page is no terminal."""
        return False


class Marks:
    """Solved exercises, in the place of `backprop_book.exercises.marks`: the page keeps them in its own storage."""

    def __init__(self, emit, solved=()):
        self.emit, self.solved = emit, set(solved)

    def add(self, number):
        """Mark an exercise as solved."""
        self.solved.add(number)
        self.emit("solved", number)

    def read(self):
        """All that are marked."""
        return set(self.solved)

    def forget(self):
        """Leave that to the page, where all of it can be seen."""
        print("On this page, remove your marks and answers by the button above the lesson.")


class Kernel:
    """Runs cells.

    Parameters
    ----------
    emit : callable
        ``emit(kind, text)`` takes what a cell shows: "stdout", "stderr", "text", "svg" or "html"; and "solved", with
        the number of an exercise.
    solved : sequence of str
        The exercises that were solved before.
    """

    def __init__(self, emit, solved=()):
        self.emit = emit
        self.counts = itertools.count(1)
        main = types.ModuleType("__main__")
        sys.modules["__main__"] = main
        self.namespace = main.__dict__
        self.namespace |= {"__builtins__": builtins, "display": self.display, "input": refuse_input}
        session._session.marks = Marks(emit, solved)
        stand_in_for_ipython(self.display)
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # of fonts that no drawing asks for
        warnings.filterwarnings("ignore", message="tqdm:disabling monitor")  # its thread, where there are none
        for name in drawing_modules():
            load_when_used(name)

    def run(self, code, name, shown=True):
        """Run one cell.

        Parameters
        ----------
        code, name : str
            What the cell holds, and what errors call it.
        shown : bool
            False for a cell that is run for what follows: it is left out where it only draws.

        Returns
        -------
        str or None
            The error that it raised, with its traceback.
        """
        code += "\n"
        file = f"<{name}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        out, err = Stream("stdout", self.emit), Stream("stderr", self.emit)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                if shown or not only_draws(code):
                    self._execute(ast.parse(code, file), file, quiet=code.rstrip().endswith(";"))
            except BaseException as error:  # SystemExit, too: a page has nothing to exit from
                return self._described(error)
            finally:
                out.flush()
                err.flush()
        return None

    def display(self, *values, raw=False, **options):
        """Show values, as ``IPython.display.display`` does; with ``raw`` they are dictionaries by MIME type."""
        for value in values:
            self._show(value if raw else bundle(value))

    def _execute(self, tree, file, quiet):
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)
        exec(compile(tree, file, "exec"), self.namespace)
        value = eval(compile(last, file, "eval"), self.namespace) if last else None
        if value is not None:
            self.namespace["_"] = value
            if not quiet:
                self._show(bundle(value))
        for figure in open_figures():
            self._show(bundle(figure))

    def _show(self, data):
        """Send the richest form that a page can have, after what was printed before it."""
        sys.stdout.flush()
        sys.stderr.flush()
        prefix = f"run{next(self.counts)}-"
        if "image/svg+xml" in data:
            from backprop_book.page.inline import inline_svg

            svg = data["image/svg+xml"].encode()
            self.emit("svg", inline_svg(svg, prefix, alt=None if b"aria-label" in svg else ALT))
        elif data.get("text/html", "").lstrip().startswith('<div class="explorer">'):
            from backprop_book.page.inline import inline_player

            self.emit("html", inline_player(data["text/html"], prefix))
        else:
            self.emit("text", data["text/plain"] + "\n")

    def _described(self, error):
        """Return an error's traceback from the cell on; of a cell that is no Python there is none."""
        trace = error.__traceback__
        while trace and not trace.tb_frame.f_code.co_filename.startswith("<"):
            trace = trace.tb_next
        if note := NOTES.get(type(error)):
            error.add_note(note)
        return "".join(traceback.format_exception(type(error), error, trace))


def drawing_modules():
    """Return the names of the modules that draw: what a lesson takes them from imports no Matplotlib itself."""
    lessons = [name for _, name, _ in pkgutil.iter_modules(backprop_book.__path__) if name.startswith("lesson_")]
    return ["backprop_book.drawing", *(f"backprop_book.{name}.figures" for name in lessons)]


def load_when_used(name):
    """Import a module whose content is loaded when something of it is first used."""
    spec = importlib.util.find_spec(name)
    if spec is None or name in sys.modules:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    package, _, short = name.rpartition(".")
    setattr(importlib.import_module(package), short, module)
    spec.loader.exec_module(module)


def stand_in_for_ipython(display):
    """Let ``from IPython.display import display`` lead to a page's own."""
    shell, shown = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    shell.__path__ = []
    shell.display, shell.get_ipython = shown, lambda: None
    shell.version_info = (8, 24)  # Matplotlib asks
    shown.display = display
    sys.modules |= {"IPython": shell, "IPython.display": shown}


def refuse_input(*prompt):
    """Stand for ``input``: a page cannot wait for its reader."""
    raise RuntimeError("input() has nobody to ask on a page: write the value into the cell")


def only_draws(code):
    """Whether a cell is one expression of the modules that draw, whose value is not kept."""
    try:
        body = ast.parse(code).body
    except SyntaxError:
        return False
    return all(isinstance(one, ast.Expr) and ast.unparse(one).startswith(("drawing.", "figures.")) for one in body)


def draws(code, shown=True):
    """Whether a cell needs Matplotlib."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return False
    if not shown and only_draws(code):
        return False
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    names = {node.value.id for node in attributes if isinstance(node.value, ast.Name)}
    return not names.isdisjoint({"drawing", "figures"}) or any(word in code for word in ("matplotlib", "Explorer"))


def bundle(value):
    """Return a value by MIME type."""
    if hasattr(value, "_repr_mimebundle_"):
        return value._repr_mimebundle_()
    if "matplotlib.figure" in sys.modules and isinstance(value, sys.modules["matplotlib.figure"].Figure):
        from backprop_book.drawing.style import rendered

        svg = rendered(value, "svg").decode()
        return {"image/svg+xml": svg[svg.index("<svg") :]}
    return {"text/plain": repr(value)}


def open_figures():
    """Return the figures that pyplot has open, and close them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    pyplot.close("all")
    return figures
