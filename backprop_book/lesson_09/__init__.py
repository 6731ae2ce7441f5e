"""Lesson 9, digits: its figures and its exercises."""
