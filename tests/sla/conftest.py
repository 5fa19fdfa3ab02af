"""How many examples the property tests of time run: few in `make test`, thousands in the nightly profile."""

import os

from hypothesis import settings

settings.register_profile("quick", max_examples=60, deadline=None)
settings.register_profile("nightly", max_examples=5_000, deadline=None)
settings.load_profile(os.environ.get("ESTIM_HYPOTHESIS_PROFILE", "quick"))
