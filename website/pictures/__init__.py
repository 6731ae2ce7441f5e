"""Drawings and interactive figures as parts of their pages."""
