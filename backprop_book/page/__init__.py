"""The book in a reader's own browser: what stands for a notebook's kernel there, and how pictures get into the page."""
