from __future__ import annotations

import pytest

from MCDetect.evaluation.froc import MatchedImage
from MCDetect.training.score_default import _froc_scores

IMAGES = [
    MatchedImage("1", (0.9, 0.2), (0.7,), False),
    MatchedImage("2", (0.6,), (), False),
    MatchedImage("3", (), (0.5, 0.1), True),
    MatchedImage("4", (), (), True),
]


def test_the_scores_hold_every_rate_and_every_operating_point():
    scores = _froc_scores(IMAGES, {"balanced": 0.4})
    assert scores["sensitivity at 0.25 false positives a view"]["estimate"] == pytest.approx(2 / 3, abs=1e-4)
    assert scores["sensitivity at 0.5 false positives a view"]["estimate"] == 1.0
    assert scores["balanced"]["sensitivity"]["estimate"] == pytest.approx(2 / 3, abs=1e-4)
    assert scores["balanced"]["false positives a view"]["estimate"] == 0.5
    for name, entry in scores.items():
        if name != "balanced":
            assert entry["low"] <= entry["estimate"] <= entry["high"]
