from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.preprocessing.breast_mask import breast_area_mm2, breast_mask, remove_artefacts

SPACING = (0.2, 0.2)


def breast(rows=900, columns=700, *, air=0.0, noise=0.0, seed=0):
    """Half an ellipse of fat with a bright gland, chest wall at the left border; returns picture and truth."""
    row, column = np.mgrid[:rows, :columns]
    truth = ((row - rows / 2) / (0.42 * rows)) ** 2 + (column / (0.6 * columns)) ** 2 < 1
    gland = ((row - rows / 2) / (0.2 * rows)) ** 2 + ((column - 0.25 * columns) / (0.2 * columns)) ** 2 < 1
    texture = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((rows, columns)), 4)
    picture = np.where(truth, 900 + 300 * texture / texture.std() * 0.3, air * 3000)
    picture = np.where(gland, picture + 1800, picture)
    picture += noise * 3000 * np.random.default_rng(seed + 1).standard_normal((rows, columns))
    return picture.astype(np.float32), truth


def overlap(mask, truth):
    return 2 * np.count_nonzero(mask & truth) / (np.count_nonzero(mask) + np.count_nonzero(truth))


@pytest.mark.parametrize(("air", "noise"), [(0.0, 0.0), (0.1, 0.005), (0.0, 0.01)])
def test_fat_and_gland_belong_to_the_breast_and_air_does_not(air, noise):
    picture, truth = breast(air=air, noise=noise)
    assert overlap(breast_mask(picture, SPACING), truth) > 0.98


def test_labels_wedges_and_frames_are_left_out():
    picture, truth = breast(air=0.02)
    picture[40:70, 560:660] = 4095  # a label
    picture[300:600, 660:690] = 3000  # an exposure wedge
    picture[:6], picture[-6:], picture[:, -6:] = 4095, 4095, 4095  # the frame of a film scan
    mask = breast_mask(picture, SPACING)
    assert overlap(mask, truth) > 0.97
    assert not mask[40:70, 560:660].any()
    assert not mask[300:600, 660:690].any()


def test_padding_round_a_field_is_not_taken_for_its_air_whatever_is_darkest_there():
    picture, truth = breast(air=0.1, noise=0.005)
    picture[40:60, 600:640] = -500  # dead pixels, or a label in black
    padded, inside = np.pad(picture, 400, constant_values=-500), np.pad(np.ones_like(truth), 400)
    mask = breast_mask(padded, SPACING, inside)
    assert overlap(mask, np.pad(truth, 400)) > 0.98


def test_a_breast_whose_air_is_padding_is_found_whole():
    picture, truth = breast(air=0.1, noise=0.005)
    assert overlap(breast_mask(np.where(truth, picture, 0).astype(np.float32), SPACING, truth), truth) > 0.99


def test_mirrored_pictures_have_mirrored_masks():
    picture, _ = breast()
    mirrored = breast_mask(np.ascontiguousarray(picture[:, ::-1]), SPACING)[:, ::-1]
    assert overlap(breast_mask(picture, SPACING), mirrored) > 0.99


def test_a_crop_of_tissue_is_breast_all_over():
    picture, truth = breast(noise=0.01)
    crop = picture[350:550, 20:250]
    assert truth[350:550, 20:250].all()
    assert breast_mask(crop, SPACING).all()


def test_a_constant_image_has_no_breast():
    assert not breast_mask(np.zeros((300, 200), dtype=np.float32), SPACING).any()


def test_padding_is_never_breast():
    picture, _ = breast()
    valid = np.ones(picture.shape, dtype=bool)
    valid[:200] = False
    picture[:200] = 60000
    assert not (breast_mask(picture, SPACING, valid) & ~valid).any()


def test_the_area_is_in_square_millimetres():
    mask = np.zeros((10, 10), dtype=bool)
    mask[:5, :4] = True
    assert breast_area_mm2(mask, (0.5, 0.1)) == pytest.approx(20 * 0.05)


def test_removed_artefacts_are_as_dark_as_air():
    picture, _ = breast()
    picture[40:70, 560:660] = 4095
    cleaned = remove_artefacts(picture, breast_mask(picture, SPACING))
    assert cleaned[50, 600] == picture.min()
    assert np.array_equal(cleaned[400:500, 10:200], picture[400:500, 10:200])
