"""Figures of lesson 2: circuits and paths, and what the reader moves in them."""

from backprop_book.lesson_02.figures.drawings import gate, gates_and_fork, hinge_gates, order_costs, path_network
from backprop_book.lesson_02.figures.explorers import fork_or_chain, gradient_steps

__all__ = [
    "fork_or_chain",
    "gate",
    "gates_and_fork",
    "gradient_steps",
    "hinge_gates",
    "order_costs",
    "path_network",
]
