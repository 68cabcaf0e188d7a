from __future__ import annotations

import math

import pytest

from MCDetect.evaluation.free_response_statistics import (
    false_positives_from,
    mean_sensitivity,
    sensitivity_at,
    share_found,
)
from MCDetect.evaluation.froc import MatchedImage

IMAGES = [
    MatchedImage("1", (0.9, 0.2), (0.7,), False),
    MatchedImage("2", (0.6,), (), False),
    MatchedImage("3", (), (0.5, 0.1), True),
    MatchedImage("4", (), (), True),
]
WITH_CLUSTERS, NORMAL = IMAGES[:2], IMAGES[2:]


def test_shares_and_rates_from_a_threshold_are_those_counted_by_hand():
    assert share_found(IMAGES, 0.5) == pytest.approx(2 / 3)
    assert false_positives_from(IMAGES, 0.5) == 0.5
    assert false_positives_from(NORMAL, 0.5) == 0.5
    assert false_positives_from(NORMAL, 0.6) == 0.0


def test_false_positives_of_a_curve_are_counted_on_normal_images_or_on_all():
    assert sensitivity_at(IMAGES, 0.25) == pytest.approx(2 / 3)  # 0.5 on a normal image bounds it
    assert sensitivity_at(IMAGES, 0.0, normal=False) == pytest.approx(1 / 3)  # 0.7 on an image with clusters does
    assert 2 / 3 < mean_sensitivity(IMAGES) < 1


@pytest.mark.parametrize("images", [[], WITH_CLUSTERS, NORMAL], ids=["nothing", "no normal image", "no cluster"])
def test_a_curve_that_lacks_an_axis_gives_no_number(images):
    assert math.isnan(mean_sensitivity(images))
    assert math.isnan(sensitivity_at(images, 1.0))


def test_a_share_of_nothing_is_no_number():
    assert math.isnan(share_found(NORMAL, 0.5))
    assert math.isnan(false_positives_from([], 0.5))
