"""A window with something in it is found at its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from MCDetect.preprocessing.prepared import PreparedView
from MCDetect.training.detection.published.scanning import candidates_in, scan

SIDE = 16
UNSCALED = np.ones(2)


class _Brightest(torch.nn.Module):
    """10 where a patch has a bright pixel, else -10."""

    def forward(self, patches):
        return 20.0 * (patches.amax(dim=(1, 2, 3)) > 0.5) - 10.0


def _view(*bright: tuple[int, int], shape: tuple[int, int] = (90, 70)) -> PreparedView:
    image, mask = np.zeros(shape, np.float32), np.zeros(shape, bool)
    mask[5:85, :60] = True
    for place in bright:
        image[place] = 1.0
    return PreparedView(image, mask)


def _centre(outline) -> np.ndarray:
    return np.mean(outline, axis=0)


@given(row=st.integers(12, 76), column=st.integers(9, 50))
def test_a_bright_pixel_is_found_within_a_quarter_of_a_window(row: int, column: int):
    logits, first = scan(_Brightest(), _view((row, column)), SIDE, "float32")
    found = candidates_in(logits, first, SIDE, UNSCALED)
    assert found[0].score == 10.0
    assert np.abs(_centre(found[0].outline) - (row, column)).max() <= SIDE / 4 + 1


def test_two_places_apart_make_two_candidates_and_the_rest_is_lower():
    logits, first = scan(_Brightest(), _view((20, 20), (70, 40)), SIDE, "float32")
    found = candidates_in(logits, first, SIDE, UNSCALED)
    assert [candidate.score for candidate in found[:3]] == [10.0, 10.0, -10.0]
    assert len({tuple(_centre(candidate.outline) > 45) for candidate in found[:2]}) == 2


def test_windows_outside_the_breast_are_not_judged():
    logits, first = scan(_Brightest(), _view((20, 66)), SIDE, "float32")
    assert first == (5, 0)
    assert logits.shape == (10, 8)  # every half window from the first to the last row and column of the breast
    sound = candidates_in(logits, first, SIDE, UNSCALED)
    assert {candidate.score for candidate in sound} <= {10.0, -10.0}
    holed = _view()
    holed.mask[30:60] = False
    logits, _ = scan(_Brightest(), holed, SIDE, "float32")
    assert np.count_nonzero(logits == -10.0) < logits.size


def test_outlines_are_in_pixels_of_the_stored_image():
    logits = np.full((5, 5), -10.0, np.float32)
    logits[2, 2] = 10.0
    (plain, *_), (fine, *_) = (candidates_in(logits, (8, 8), SIDE, scale) for scale in (UNSCALED, np.array([2.0, 1.5])))
    assert _centre(plain.outline) == pytest.approx((24, 24), abs=0.01)
    assert _centre(fine.outline) == pytest.approx((24.5 * 2 - 0.5, 24.5 * 1.5 - 0.5), abs=0.01)
    assert np.ptp(fine.outline, axis=0) == pytest.approx((SIDE * 2.0, SIDE * 1.5))


def test_neighbouring_windows_make_one_candidate():
    logits = np.full((3, 6), -10.0, np.float32)
    logits[1, 2:4] = 4.0
    first, *rest = candidates_in(logits, (0, 0), SIDE, UNSCALED)
    assert first.score == 4.0
    assert _centre(first.outline)[1] == pytest.approx(2.5 * SIDE / 2, abs=0.1)
    assert all(candidate.score == -10.0 for candidate in rest)


def test_bfloat16_judges_alike(tmp_path: Path):
    view = _view((40, 30))
    half, first = scan(_Brightest(), view, SIDE, "bfloat16")
    full, _ = scan(_Brightest(), view, SIDE, "float32")
    assert first == (5, 0)
    assert np.array_equal(half, full)
