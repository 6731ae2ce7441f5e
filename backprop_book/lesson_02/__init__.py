"""Lesson 2, the chain rule: its figures and its exercises."""
