"""Settings and fixtures of the package's unit tests."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings

# Derandomised: the examples depend on the test alone, so a run that passes passes again; and none is too slow, on
# whatever machine.
SAME_EVERYWHERE = {"derandomize": True, "deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("library", max_examples=60, **SAME_EVERYWHERE)
# For `make mutants`: fewer examples, and the first that fails is enough.
settings.register_profile("mutants", max_examples=15, phases=[Phase.explicit, Phase.generate], **SAME_EVERYWHERE)
settings.load_profile("library")


@pytest.fixture
def rng():
    return np.random.default_rng(2024)
