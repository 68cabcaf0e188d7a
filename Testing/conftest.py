"""Settings for all tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A shared machine may be slow for a moment; how long an example takes is no reason for a test to fail.
settings.register_profile("mcdetect", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mcdetect")

# Several test processes share the processor; more threads in each would only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
