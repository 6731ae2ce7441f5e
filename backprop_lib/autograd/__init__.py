"""The book's own automatic differentiation."""
