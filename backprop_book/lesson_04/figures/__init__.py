"""Figures of lesson 4: matrices and times, and a batch that the reader lets grow."""

from backprop_book.lesson_04.figures.drawings import batch_times, linear_products, matrix_products
from backprop_book.lesson_04.figures.explorers import growing_batch

__all__ = [
    "batch_times",
    "growing_batch",
    "linear_products",
    "matrix_products",
]
