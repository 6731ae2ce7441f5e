"""Settings and fixtures of the package's unit tests."""

import numpy as np
import pytest
from hypothesis import Phase, settings

# Derandomised: the examples depend on the test alone, so a run that passes passes again.
settings.register_profile("library", derandomize=True, deadline=None, max_examples=60)
# For `make mutants`: fewer examples, and the first that fails is enough.
settings.register_profile(
    "mutants", derandomize=True, deadline=None, max_examples=15, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("library")


@pytest.fixture
def rng():
    return np.random.default_rng(2024)
