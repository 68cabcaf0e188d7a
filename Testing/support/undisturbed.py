"""Measurements that other programs may disturb."""

from __future__ import annotations

import pytest

undisturbed = pytest.mark.flaky(reruns=2)
"""For tests that look how long a thread was not free: what the code does it does each time, whereas the host of a
virtual machine may take the processor away for a tenth of a second and let it count as work."""
