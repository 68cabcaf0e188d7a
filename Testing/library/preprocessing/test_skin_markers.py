from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from MCDetect.dicom.reading import read_mammogram
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.skin_markers import _regions_from

SPACING = (0.1, 0.1)
ROWS, COLUMNS = 900, 700
SKIN_COLUMN = 420  # of the row in the middle


def breast_with(*, at: tuple[float, float] | None, radius_mm: float = 0.9, value: float = 4095.0) -> np.ndarray:
    """Half an ellipse of tissue, thinner towards the skin, with a blurred disc of ``value`` at (row, column)."""
    row, column = np.mgrid[:ROWS, :COLUMNS]
    inside = np.clip(1 - ((row - ROWS / 2) / 380) ** 2 - (column / SKIN_COLUMN) ** 2, 0, None)
    picture = 3400 * np.minimum(1, inside * 3) ** 0.7
    if at is not None:
        disc = np.hypot(row - at[0], column - at[1]) * SPACING[0] <= radius_mm
        opaque = ndimage.gaussian_filter(disc.astype(float), 0.5)
        picture = picture * (1 - opaque) + value * opaque
    return picture.astype(np.float32)


def cut_out(picture: np.ndarray) -> np.ndarray:
    """Return what the mask lacks of that of the same breast without a marker."""
    return np.asarray(breast_mask(breast_with(at=None), SPACING) & ~breast_mask(picture, SPACING))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 70), st.integers(1, 70), st.floats(0.3, 3), st.floats(0.2, 0.99), st.integers(0, 2**31))
def test_regions_are_those_of_the_whole_picture(rows, columns, sigma, share, seed):
    picture = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(rows, columns)), sigma)
    picture = picture.astype(np.float32)
    level = float(np.quantile(picture, share))
    labels, _ = ndimage.label(picture >= level)
    expected = [(window, labels[window] == n) for n, window in enumerate(ndimage.find_objects(labels), start=1)]

    def told(regions):
        return sorted((*((side.start, side.stop) for side in window), shape.tobytes()) for window, shape in regions)

    assert told(_regions_from(picture, level)) == told(expected)


@pytest.mark.parametrize("radius_mm", [0.5, 0.9, 1.5, 3.0])
@pytest.mark.parametrize("column", [SKIN_COLUMN - 4, SKIN_COLUMN, SKIN_COLUMN + 6])
def test_a_metal_ball_on_the_skin_is_not_breast(radius_mm: float, column: int) -> None:
    picture = breast_with(at=(450, column), radius_mm=radius_mm)
    row, columns = np.mgrid[:ROWS, :COLUMNS]
    ball = np.hypot(row - 450, columns - column) * SPACING[0] <= radius_mm
    assert not (breast_mask(picture, SPACING) & ball).any()


def test_little_more_than_the_ball_is_cut_out() -> None:
    missing = cut_out(breast_with(at=(450, SKIN_COLUMN - 4)))
    rows, columns = np.nonzero(missing)
    assert np.hypot(rows - 450, columns - (SKIN_COLUMN - 4)).max() * SPACING[0] < 0.9 + 1.0


@pytest.mark.parametrize(
    ("what", "spot"),
    [
        ("a coarse calcification inside the breast", {"at": (450, 200), "radius_mm": 1.5}),
        ("a skin calcification", {"at": (450, SKIN_COLUMN - 4), "radius_mm": 0.25}),
        ("a nipple", {"at": (450, SKIN_COLUMN), "radius_mm": 4.0, "value": 2200.0}),
    ],
)
def test_what_is_no_metal_on_the_skin_stays(what: str, spot: dict[str, float]) -> None:
    assert not cut_out(breast_with(**spot)).any(), what


def test_two_markers_are_both_cut_out() -> None:
    first = breast_with(at=(450, SKIN_COLUMN))
    both = np.maximum(first, breast_with(at=(300, 385)))
    mask = breast_mask(both, SPACING)
    assert not mask[450, SKIN_COLUMN - 3 : SKIN_COLUMN].any()
    assert not mask[297:304, 382:388].any()


@pytest.mark.parametrize("view", ["real1_LCC", "real1_RCC"])
def test_the_nipple_markers_of_a_real_examination_are_not_breast(shared_data: Path, view: str) -> None:
    """Found by eye at these places (row, column)."""
    row, column = {"real1_LCC": (1534, 1185), "real1_RCC": (1804, 1468)}[view]
    mammogram = read_mammogram(shared_data / "real_ffdm" / f"{view}.dcm")
    mask = breast_mask(mammogram.pixels, mammogram.spacing.millimetres, mammogram.valid)
    assert not mask[row - 5 : row + 6, column - 2 : column + 3].any()
    assert mask[row, column - 200 : column - 60].all() or mask[row, column + 60 : column + 200].all()
