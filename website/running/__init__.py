"""The page that runs: Python in the reader's browser, from the site's own files."""
