"""Equations: their numbers, and what each was verified against."""
