"""A whole simulated view: the seconds of one core that it takes."""

from __future__ import annotations

import pytest
from support.timing import least_seconds

from MCDetect.simulation.view import simulate_view


@pytest.mark.benchmark(group="a simulated view of 3328 x 2560 with two clusters")
@pytest.mark.parametrize("view", ["CC", "MLO"])
def test_a_simulated_view(benchmark, view):
    def simulate() -> None:
        made = simulate_view(7, laterality="L", view=view, rows=3328, columns=2560, spacing_mm=0.07, clusters=2)
        assert len(made.clusters) == 2

    benchmark.pedantic(simulate, rounds=1, warmup_rounds=1)
    benchmark.extra_info.update(seconds=least_seconds(simulate, 3)._asdict())
