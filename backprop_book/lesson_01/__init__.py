"""Lesson 1, gradients: its figures and its exercises."""
