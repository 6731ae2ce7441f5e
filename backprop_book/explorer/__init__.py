"""Figures that their reader moves: live widgets with a kernel, precomputed frames and a small player without one."""

from backprop_book.explorer.explorer import Explorer

__all__ = ["Explorer"]
