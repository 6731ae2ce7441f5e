"""Lesson 4, vectorization: its figures and its exercises."""
