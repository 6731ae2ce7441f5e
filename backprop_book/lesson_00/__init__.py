"""Lesson 0, primer: its figures and its self-test."""
