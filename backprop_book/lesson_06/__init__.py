"""Lesson 6, autograd: its figures and its exercises."""
