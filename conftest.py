"""For all tests: notebooks are compared with a tolerance on the coordinates of drawings."""

pytest_plugins = ["nbval_drawings"]
