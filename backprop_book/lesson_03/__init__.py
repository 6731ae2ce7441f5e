"""Lesson 3, the derivation: its figures and its exercises."""
