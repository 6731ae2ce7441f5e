"""Runs everything, in some minutes, and writes RESULTS.md."""

from pathlib import Path

import numpy as np

from benchmarks import engines, machine, whole_loop
from benchmarks.measuring import Ratio, interleaved
from benchmarks.training_steps import OURS, PEERS, PROBLEMS, ByHand, check_agreement, memory_of_steps

RESULTS = Path(__file__).with_name("RESULTS.md")

# The ratios that the book wants: for each network, to each peer.
STEP_GOALS = {
    "layers by hand": {
        "bare NumPy": [1.35, 1.08, 1.04, 1.08],
        "jax.jit": [1.25, 1.25, 1.03, 1.08],
        "PyTorch": [1, 1, 1, 1],
    },
    "Tensor engine": {"PyTorch": [1, 1, 1, 1]},
}
# Nodes, rounds, and the ratio to micrograd that the book wants.
SCALAR_SIZES = [(10**3, 25, 1 / 3), (10**5, 5, 0.1), (10**6, 3, 0.1)]

INTRODUCTION = """# Speed and memory, side by side

Written by `make bench`. A ratio is our time over the peer's, so below 1 we are faster: the median over rounds in which
all take turns on one processor with one thread, and in brackets where the middle eight tenths of the rounds lie. Times
are CPU time. Before anything is timed, all have to compute the same gradients. Goals that were missed are marked.

"""
STEPS = """## One training step

Forward, softmax cross-entropy, backward, plain gradient descent; ReLU, float32, no gradient for the input. *Bare
NumPy*: the same step without layers and checks, written for this one network. *jax.jit*: the whole step, compiled.
PyTorch and HIPS autograd run it operation by operation, as we do.

"""
LOOPS = """## The whole loop

An epoch of 20 batches, time by step: draw the batch, make the step above, take the loss as a number, count what is
right. `fit` measures the norm of every gradient as well, and looks for numbers that are not finite. *Bare step*: the
step of the table above, on one batch again and again. *PyTorch*: the loop that its tutorials write, in eager mode.

"""
NODES = """## One node of a graph

Forward and backward. Garbage collection is on, and what anyone leaves is collected in their own time.

"""
MEMORY = """## Memory

Arrays count from their allocation to their release, temporary ones included.

"""


def table(heading, rows):
    """A table in Markdown."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines) + "\n"


def with_goal(figure, number, goal):
    """A figure beside its goal."""
    return f"{figure}, goal {goal:.3g}{'' if number <= goal else ' **missed**'}"


def microseconds(seconds):
    return f"{1e6 * seconds:,.0f} µs" if seconds > 1e-4 else f"{1e6 * seconds:.3g} µs"


def training_steps(rounds=31):
    rows = []
    for number, problem in enumerate(PROBLEMS):
        check_agreement(problem)
        contenders = {name: make(problem).step for name, make in (OURS | PEERS).items()}
        times = interleaved(contenders, rounds=rounds)
        for name in OURS:
            ratios = {peer: Ratio.of(times[name], times[peer]) for peer in PEERS}
            goals = {peer: goals[number] for peer, goals in STEP_GOALS[name].items()}
            cells = [with_goal(r, r.median, goals[peer]) if peer in goals else r for peer, r in ratios.items()]
            rows.append([problem.name, name, microseconds(np.median(times[name])), *cells])
    return STEPS + table(["network", "ours", "time", *PEERS], rows)


def loops(rounds=15):
    rows = []
    for problem in PROBLEMS:
        seconds, *ratios = whole_loop.measured(problem, rounds)
        rows.append([problem.name, microseconds(seconds), *ratios])
    return LOOPS + table(["network", "`fit`, one step", "bare step", "PyTorch"], rows)


def nodes():
    seconds, ratio = engines.multiplication_node()
    time = with_goal(microseconds(seconds), 1e6 * seconds, 2.2)
    rows = [["Tensor, product of 8 entries", time, "PyTorch", with_goal(ratio, ratio.median, 0.4)]]
    for shape, words in (engines.tree, "pairwise sum of products"), (engines.chain, "chain"):
        for n_nodes, rounds, goal in SCALAR_SIZES:
            seconds, ratio = engines.against_micrograd(shape, n_nodes, rounds)
            name = f"Value, {words}, {n_nodes:,} nodes"
            rows.append([name, microseconds(seconds), "micrograd", with_goal(ratio, ratio.median, goal)])
    return NODES + table(["node", "time", "peer", "ratio"], rows)


def memory():
    node, left = engines.memory_of_a_node()
    alive, stored, ratio = engines.checkpointing()
    in_use, growth, peak = memory_of_steps(ByHand, PROBLEMS[2])
    rows = [
        ["a node of Value", with_goal(f"{node:.0f} bytes", node, 150)],
        ["left of it after backward, without the garbage collector", with_goal(f"{left:.2f} bytes", left, 1)],
        ["1,000 products of arrays: arrays alive at the peak", f"{stored:.0f}"],
        ["the same with checkpoints", with_goal(f"{alive:.1f}", alive, 2.1 * engines.CHAIN**0.5)],
        ["its time over that without checkpoints", with_goal(ratio, ratio.median, 1.25)],
        [f"training {PROBLEMS[2].name}, layers by hand: in use after ten steps", f"{in_use / 1e6:.2f} MB"],
        ["growth in the next ten", f"{growth / 1e6:.2f} MB"],
        ["largest peak of a step above what is in use", f"{peak / 1e6:.2f} MB"],
    ]
    return MEMORY + table(["what", "how much"], rows)


sections = [table(["", ""], machine.description()), training_steps(), loops(), nodes(), memory()]
RESULTS.write_text(INTRODUCTION + "".join(sections).rstrip() + "\n", encoding="utf-8")
print(f"Written: {RESULTS}")
