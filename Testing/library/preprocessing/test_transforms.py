from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.transforms import Compose

from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.transforms import (
    BreastMask,
    BreastMaskd,
    NetworkInput,
    NetworkInputd,
    NormaliseByLocalNoise,
    NormaliseByLocalNoised,
    RemoveArtefacts,
    RemoveArtefactsd,
    ResampleToSpacing,
    ResampleToSpacingd,
)

SPACING = (0.2, 0.2)


@pytest.fixture
def picture():
    row, column = np.mgrid[:400, :300]
    image = np.where(((row - 200) / 170) ** 2 + (column / 180) ** 2 < 1, 1500.0, 0.0)
    image += np.where(image > 0, np.random.default_rng(0).normal(0, 40, image.shape), 0)
    image[10:30, 240:290] = 4000
    return image.astype(np.float32)[None]


@pytest.mark.parametrize(
    ("array_version", "dictionary_version"),
    [
        (BreastMask, BreastMaskd),
        (RemoveArtefacts, RemoveArtefactsd),
        (NormaliseByLocalNoise, NormaliseByLocalNoised),
        (ResampleToSpacing, ResampleToSpacingd),
        (NetworkInput, NetworkInputd),
    ],
)
def test_array_and_dictionary_versions_agree_and_leave_their_input_alone(picture, array_version, dictionary_version):
    before = picture.copy()
    single = array_version(SPACING)(picture)
    several = dictionary_version(["image"], SPACING)({"image": torch.from_numpy(picture), "other": 1})
    assert np.array_equal(single, several["image"])
    assert several["other"] == 1
    assert np.array_equal(picture, before)


def test_the_transforms_work_in_a_monai_pipeline(picture):
    pipeline = Compose([RemoveArtefactsd("image", SPACING), ResampleToSpacingd("image", SPACING, target_mm=0.4)])
    result = pipeline({"image": picture})["image"]
    assert result.shape == (1, 200, 150)
    assert result[0, 8:14, 122:143].max() == 0


def test_the_mask_is_that_of_inference(picture):
    assert np.array_equal(BreastMask(SPACING)(picture)[0].astype(bool), breast_mask(picture[0], SPACING))


@pytest.mark.parametrize("levels", [4096, 256])
def test_the_input_of_the_networks_is_that_of_inference(picture, levels):
    from MCDetect.inference.detector import Detector

    bits = np.floor(picture * (levels / 4096))
    detector = Detector.load("default", "cpu")
    mask = breast_mask(bits[0], SPACING)
    expected = detector._prepare(bits[0], np.ones(mask.shape, dtype=bool), mask, SPACING).normalised
    assert expected.shape != bits[0].shape
    np.testing.assert_array_equal(NetworkInput(SPACING)(bits)[0], expected)


def test_pixels_near_the_wanted_size_stay_as_they_are(picture):
    assert ResampleToSpacing((0.085, 0.085), 0.07)(picture).shape == picture.shape


def test_a_colour_image_is_refused():
    with pytest.raises(ValueError, match=r"\(1, rows, columns\)"):
        RemoveArtefacts(SPACING)(np.zeros((3, 10, 10)))
