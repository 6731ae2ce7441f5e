"""A graph that grows line by line, and two walks back through one: the obvious one, and in topological order."""

from collections import Counter
from dataclasses import dataclass

from matplotlib.patches import FancyBboxPatch

from backprop_book.drawing.computations import (
    HALF_HEIGHT,
    HALF_WIDTH,
    computation_places,
    draw_computation,
)
from backprop_book.drawing.palette import LIGHT
from backprop_book.explorer import Explorer
from backprop_lib.autograd import Graph, Node

WIDTH = 5.2  # one unit of the drawings is one inch
COLUMN_GAP, LINE = 1.38, 0.22
SIGNS = {"+": "+", "×": "*"}  # an operation's name, and what Python calls it


def growing_graph(**named):
    """Step through the lines of a computation: each leaves a node, with a note of how it was computed.

    Parameters
    ----------
    **named : nodes
        By name, in the order of their creation. Each has ``data``, ``operation``, ``parents`` and ``slopes``, as the
        `Value` of lesson 6; the last one is the result.

    Returns
    -------
    Explorer
        With the parameter ``line``, from 1. Opens at the last line.

    Raises
    ------
    ValueError
        If there are fewer than two nodes, a node comes before its parents, or an operation is neither + nor ×.
    """
    graph, lines = _recorded(named), [_line(named, name) for name in named]
    places = computation_places(graph, COLUMN_GAP)
    height = LINE * len(named) + 2 * HALF_HEIGHT - min(y for _, y in places) + 1.15

    def draw(figure, line):
        axes = _paper(figure, places, top=HALF_HEIGHT + LINE * len(named) + 0.5, height=height)
        so_far = Graph(graph.nodes[:line], [edge for edge in graph.edges if edge[1] < line])
        draw_computation(axes, so_far, places)
        left, name, note = axes.get_xlim()[0] + 0.5, list(named)[line - 1], _note(named, line - 1)
        _mark(axes, places[line - 1], "forward")
        for k, code in enumerate(lines):
            style = {"weight": "bold"} if k == line - 1 else {"color": LIGHT["ink" if k < line else "muted"]}
            y = HALF_HEIGHT + 0.25 + LINE * (len(lines) - k)
            axes.text(left, y, code, family="monospace", size=11, va="center", **style)
            if k == line - 1:
                axes.text(left - 0.25, y, "→", size=11, va="center")
        axes.text(left, axes.get_ylim()[0] + 0.2, f"{name}: {note}", size=10, va="center")
        return f"Line {line}, {lines[line - 1]}: a node with the value {graph.nodes[line - 1].data:g}, {note}."

    return Explorer(
        draw,
        alt="Lines of Python, and below them the graph that they have left so far: a box for each node, with arrows "
        "from its parents; the newest one is highlighted.",
        width=WIDTH,
        height=height,
        play="line",
        initial={"line": len(named)},
        line=range(1, len(named) + 1),
    )


def _recorded(named):
    """Return the graph of named nodes, with positions in the place of nodes."""
    if len(named) < 2:
        raise ValueError(f"nodes: expected two or more, got {len(named)}")
    place, nodes, edges = {}, [], []
    for name, node in named.items():
        if any(parent not in place for parent in node.parents):
            raise ValueError(f"{name}: expected every node after its parents, got one before")
        edges += [(place[parent], len(nodes)) for parent in node.parents]
        place[node] = len(nodes)
        nodes.append(Node(node.operation, node.data, None, name))
    return Graph(nodes, edges)


def _line(named, name):
    """The line of Python that made a node."""
    node, names = named[name], _names(named)
    if node.operation is None:
        return f"{name} = Value({node.data})"
    if node.operation not in SIGNS:
        raise ValueError(f"{name}: expected one of the operations {list(SIGNS)}, got {node.operation!r}")
    return f"{name} = {f' {SIGNS[node.operation]} '.join(names[parent] for parent in node.parents)}"


def _names(named):
    return {node: name for name, node in named.items()}


def _note(named, place):
    """What a node remembers, in words."""
    node, names = list(named.values())[place], _names(named)
    if node.operation is None:
        return "a leaf, nothing went in"
    parents = " and ".join(names[parent] for parent in node.parents)
    slopes = " and ".join(f"{slope:g}" for slope in node.slopes)
    return f"made by {node.operation} from {parents}, with the slopes {slopes}"


def _paper(figure, places, *, top, height):
    """Axes in inches over the whole figure, with the graph in the middle between left and right."""
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    left = (max(x for x, _ in places) - WIDTH) / 2
    axes.set(xlim=(left, left + WIDTH), ylim=(top - height, top))
    axes.axis("off")
    return axes


def _mark(axes, place, meaning, style="-"):
    """A thick border around a box."""
    corner = place[0] - HALF_WIDTH, place[1] - HALF_HEIGHT
    box = FancyBboxPatch(corner, 2 * HALF_WIDTH, 2 * HALF_HEIGHT, boxstyle="round,pad=0.01", zorder=2.5)
    box.set(facecolor="none", edgecolor=LIGHT[meaning], linewidth=3.0, linestyle=style)
    axes.add_patch(box)


def backward_orders(**named):
    """Step through two walks back: above the obvious one, which passes on what there is, below in topological order.

    A step is one push in each: the gradient of a node, times the slope, is added to that of a parent. A dashed border
    marks a node that passes on too early, or what it has passed on before.

    Parameters
    ----------
    **named : nodes
        As for `growing_graph`, of any operations.

    Returns
    -------
    Explorer
        With the parameter ``step``, from 0, where only the seed is there. Opens at the last step.

    Raises
    ------
    ValueError
        If there are fewer than two nodes, or a node comes before its parents.
    """
    graph, slopes = _recorded(named), [slope for node in named.values() for slope in node.slopes]
    walks = {"Obvious walk": _Walk(graph, slopes), "Topological order": _Walk(graph, slopes)}
    walks["Obvious walk"].go_at_once(len(named) - 1)
    walks["Topological order"].go_in_order()
    places = computation_places(graph, COLUMN_GAP)
    half = 2 * HALF_HEIGHT - min(y for _, y in places) + 1.05  # height of one of the two drawings

    def draw(figure, step):
        axes, sentences = _paper(figure, places, top=HALF_HEIGHT + 0.95, height=2 * half), []
        for row, (title, walk) in enumerate(walks.items()):
            shifted = [(x, y - row * half) for x, y in places]
            heading, words, flaw = walk.draw(axes, shifted, step)
            left, top = axes.get_xlim()[0] + 0.12, HALF_HEIGHT + 0.75 - row * half
            axes.text(left, top, f"{title}, {heading}", size=10, weight="bold", va="center")
            axes.text(left, top - LINE, words, size=10, va="center")
            if flaw:
                axes.text(left, top - 2 * LINE, flaw, size=10, va="center", color=LIGHT["gradient"])
            sentences.append(f"{title}, {heading}: {words}{f' ({flaw})' if flaw else ''}.")
        return f"Step {step}. {' '.join(sentences)}"

    last = max(len(walk.pushes) for walk in walks.values())
    return Explorer(
        draw,
        alt="A graph twice, with a walk back in each: above the obvious one, below in topological order. Boxes hold "
        "the gradients so far; a thick arrow shows what is passed on, a dashed border that it is too early or again.",
        width=WIDTH,
        height=2 * half,
        play="step",
        initial={"step": last},
        step=range(last + 1),
    )


@dataclass(frozen=True)
class Push:
    """What one node passed to one parent, the gradients after it, and what was wrong with it, if anything."""

    edge: int
    amount: float
    held: tuple
    flaw: str


class _Walk:
    """A walk back through a graph, with all its pushes."""

    def __init__(self, graph, slopes):
        self.graph, self.slopes = graph, slopes
        self.held = [0.0] * (len(graph.nodes) - 1) + [1.0]  # the root is seeded
        self.seed, self.pushes = tuple(self.held), []
        self.uses = Counter(start for start, _ in graph.edges)
        self.arrived, self.turns = Counter(), Counter()

    def go_at_once(self, node):
        """Go on from each parent at once."""
        self.turns[node] += 1
        for edge in self._edges_into(node):
            self._push(edge)
            self.go_at_once(self.graph.edges[edge][0])

    def go_in_order(self):
        """Newest first: every node after all that was computed from it."""
        for node in reversed(range(len(self.graph.nodes))):
            self.turns[node] += 1
            for edge in self._edges_into(node):
                self._push(edge)

    def _edges_into(self, node):
        return [k for k, (_, end) in enumerate(self.graph.edges) if end == node]

    def _push(self, edge):
        parent, node = self.graph.edges[edge]
        amount = self.slopes[edge] * self.held[node]
        self.held[parent] += amount
        self.arrived[parent] += 1
        self.pushes.append(Push(edge, amount, tuple(self.held), self._flaw(node)))

    def _flaw(self, node):
        flaws = []
        if self.arrived[node] < self.uses[node]:
            flaws.append(f"too early: {self.arrived[node]} of {self.uses[node]} parts are there")
        if self.turns[node] > 1:
            flaws.append("some of it was passed on before")
        return "; ".join(flaws)

    def draw(self, axes, places, step):
        """Draw the graph after a step; return what was done, what came of it, and what was wrong."""
        last = len(self.pushes)
        push = self.pushes[step - 1] if 0 < step <= last else None
        held = self.pushes[min(step, last) - 1].held if step else self.seed
        nodes = [node._replace(grad=grad) for node, grad in zip(self.graph.nodes, held, strict=True)]
        draw_computation(axes, Graph(nodes, self.graph.edges), places, backward=push.edge if push else None)
        if step == 0:
            return "the seed", f"{nodes[-1].name} has 1, and all others 0", ""
        if push is None:
            return f"over after {last} pushes", f"{nodes[0].name} has {held[0]:g}", ""
        parent, node = self.graph.edges[push.edge]
        _mark(axes, places[node], "gradient", (0, (2, 1.5)) if push.flaw else "-")
        words = f"{nodes[node].name} passes {push.amount:g} to {nodes[parent].name}, which now has {held[parent]:g}"
        return f"push {step} of {last}", words, push.flaw
