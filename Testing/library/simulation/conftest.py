"""Small simulated views that several tests look at."""

from __future__ import annotations

import pytest

from MCDetect.simulation.view import SimulatedView, simulate_view

ROWS, COLUMNS = 1100, 800


@pytest.fixture(scope="session")
def view_with_clusters() -> SimulatedView:
    return simulate_view(11, laterality="L", rows=ROWS, columns=COLUMNS, clusters=2, isolated=4)


@pytest.fixture(scope="session")
def normal_view() -> SimulatedView:
    return simulate_view(11, laterality="L", rows=ROWS, columns=COLUMNS, clusters=0, isolated=0)
