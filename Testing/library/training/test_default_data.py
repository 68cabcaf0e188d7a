from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.preprocessing.intensity import normalise_by_local_noise
from MCDetect.simulation.labels import CALCIFICATION, IGNORED, TISSUE
from MCDetect.training.backgrounds import decode_view, open_background
from MCDetect.training.default_data import MARGIN, Crop, CropDataset, CropSettings, draw_crop

SETTINGS = CropSettings(size=96, lesions=1.0)


@pytest.fixture(scope="module")
def crops(background: Path) -> list[Crop]:
    view = open_background(background)
    return [draw_crop(view, np.random.default_rng(seed), SETTINGS) for seed in range(30)]


def test_a_crop_has_the_size_and_types_that_the_network_takes(crops: list[Crop]):
    for crop in crops:
        assert crop.image.shape == crop.labels.shape == (96, 96)
        assert crop.image.dtype == np.float32
        assert np.isfinite(crop.image).all()
        assert set(np.unique(crop.labels).tolist()) <= {TISSUE, CALCIFICATION, IGNORED}


def test_labelled_calcifications_are_brighter_than_the_tissue_around_them(crops: list[Crop]):
    differences = [
        np.median(crop.image[crop.labels == CALCIFICATION]) - np.median(crop.image[crop.labels == TISSUE])
        for crop in crops
        if (crop.labels == CALCIFICATION).sum() > 5
    ]
    assert len(differences) > 10
    assert np.mean(np.array(differences) > 0.2) > 0.8


def test_the_counts_agree_with_the_labels(crops: list[Crop]):
    for crop in crops:
        _, regions = ndimage.label(crop.labels == CALCIFICATION, structure=np.ones((3, 3)))
        assert (crop.detectable == 0) == (regions == 0)
        # Neighbours that touch are one region, and rods may be in pieces.
        assert crop.detectable <= 3 * max(regions, 1)
        if crop.faint:
            assert (crop.labels == IGNORED).any()


def test_crops_without_lesions_hold_none(background: Path):
    view = open_background(background)
    for seed in range(5):
        crop = draw_crop(view, np.random.default_rng(seed), CropSettings(size=96, lesions=0.0))
        assert (crop.detectable, crop.faint) == (0, 0)
        assert not crop.labels.any()


def test_an_example_depends_on_seed_and_index_alone(background: Path):
    first, again = (CropDataset([background], 10, 5, SETTINGS) for _ in range(2))
    first[1]
    assert all((a == b).all() for a, b in zip(first[4][:2], again[4][:2], strict=True))
    assert not (first[4][0] == first[5][0]).all()
    assert not (first[4][0] == CropDataset([background], 10, 6, SETTINGS)[4][0]).all()


def test_the_data_set_is_as_long_as_it_says(background: Path):
    examples = CropDataset([background], 3, 0, SETTINGS)
    assert len(examples) == 3
    with pytest.raises(IndexError):
        examples[3]
    with pytest.raises(ValueError, match="no backgrounds"):
        CropDataset([], 3, 0, SETTINGS)


def test_a_crop_with_its_margin_is_normalised_nearly_as_the_whole_view_is(background: Path):
    unit, mask = decode_view(open_background(background))
    whole = normalise_by_local_noise(unit, mask)
    top, left, size = 200, 80, 128
    window = np.s_[top - MARGIN : top + size + MARGIN, left - MARGIN : left + size + MARGIN]
    tile = normalise_by_local_noise(unit[window], mask[window])[MARGIN:-MARGIN, MARGIN:-MARGIN]
    expected = whole[top : top + size, left : left + size]
    assert np.abs(tile - expected).mean() < 0.1 * np.abs(expected).mean()
