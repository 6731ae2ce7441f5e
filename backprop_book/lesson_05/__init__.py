"""Lesson 5, vanishing and exploding gradients: its figures and its exercises."""
