from __future__ import annotations

import pytest

from MCDetect.inference.worker.time_left import TimeLeft


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_nothing_is_said_before_the_networks_have_begun_for_the_first_time():
    clock = Clock()
    left = TimeLeft(clock)
    left.begin_view()
    clock.seconds += 3
    assert left.estimate(3, 0.0) is None
    assert left.estimate(3, 0.2) is None


def test_the_first_view_is_estimated_from_what_it_took_so_far():
    clock = Clock()
    left = TimeLeft(clock)
    left.begin_view()
    clock.seconds += 1.3
    assert left.estimate(0, 0.55) == pytest.approx(0.7)
    assert left.estimate(2, 0.55) == pytest.approx(4.7)
    clock.seconds += 0.7
    assert left.estimate(0, 1.0) == pytest.approx(0.0)


def test_later_views_are_estimated_from_those_before():
    clock = Clock()
    left = TimeLeft(clock)
    for seconds in (2.0, 3.0, 40.0):  # one outlier does not count
        left.begin_view()
        clock.seconds += seconds
        left.end_view()
    left.begin_view()
    clock.seconds += 1
    assert left.estimate(1, 0.0) == pytest.approx(2 + 3)


def test_a_view_that_takes_longer_than_those_before_is_not_said_to_be_done():
    clock = Clock()
    left = TimeLeft(clock)
    left.begin_view()
    clock.seconds += 2
    left.end_view()
    left.begin_view()
    clock.seconds += 60
    assert left.estimate(0, 0.3) > 0
