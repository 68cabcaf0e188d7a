from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from MCDetect.dicom.display import presentation_image
from MCDetect.dicom.reading import read_mammogram

WINDOW = {"WindowCenter": 2000, "WindowWidth": 1000}


def linear(values: np.ndarray, center: float, width: float) -> np.ndarray:
    """DICOM PS3.3 section C.11.2.1.2.1, written independently."""
    unit = (values - (center - 0.5)) / (width - 1) + 0.5
    unit = np.where(values <= center - 0.5 - (width - 1) / 2, 0, unit)
    unit = np.where(values > center - 0.5 + (width - 1) / 2, 1, unit)
    return np.rint(unit * 255)


@pytest.fixture
def stored(stored_values) -> np.ndarray:
    return stored_values().astype(float)


def table_item(entries: list[int], first: int, bits: int) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item.add_new(0x00283006, "US", entries)
    return item


def test_the_linear_window_is_applied(make_dataset, stored):
    image = presentation_image(read_mammogram(make_dataset(**WINDOW)))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, linear(stored, 2000, 1000))


def test_the_first_of_several_windows_is_applied(make_dataset, stored):
    image = presentation_image(read_mammogram(make_dataset(WindowCenter=[2000, 100], WindowWidth=[1000, 50])))
    np.testing.assert_array_equal(image, linear(stored, 2000, 1000))


def test_the_exact_linear_window_is_applied(make_dataset, stored):
    image = presentation_image(read_mammogram(make_dataset(VOILUTFunction="LINEAR_EXACT", **WINDOW)))
    np.testing.assert_array_equal(image, np.rint(np.clip((stored - 2000) / 1000 + 0.5, 0, 1) * 255))


def test_the_sigmoid_is_applied(make_dataset, stored):
    image = presentation_image(read_mammogram(make_dataset(VOILUTFunction="SIGMOID", **WINDOW)))
    np.testing.assert_array_equal(image, np.rint(255 / (1 + np.exp(-4 * (stored - 2000) / 1000))))


@pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (2, 50), (-1, 4095)])
def test_the_window_is_applied_to_modality_values_whatever_the_rescale(make_dataset, stored, slope, intercept):
    dataset = make_dataset(RescaleSlope=slope, RescaleIntercept=intercept, **WINDOW)
    image = presentation_image(read_mammogram(dataset))
    np.testing.assert_array_equal(image, linear(slope * stored + intercept, 2000, 1000))


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_a_table_is_preferred_to_a_window_and_scaled_by_its_bits(make_dataset, stored, bits):
    entries = np.rint(np.linspace(0, 1, 4096) ** 2 * (2**bits - 1)).astype(int)
    dataset = make_dataset(VOILUTSequence=[table_item(entries.tolist(), 0, bits)], **WINDOW)
    image = presentation_image(read_mammogram(dataset))
    np.testing.assert_array_equal(image, np.rint(entries[stored.astype(int)] / (2**bits - 1) * 255))


def test_a_table_is_extended_by_its_first_and_last_entries(make_dataset, stored):
    dataset = make_dataset(VOILUTSequence=[table_item(list(range(0, 1024)), 1000, 10)])
    image = presentation_image(read_mammogram(dataset))
    np.testing.assert_array_equal(image, np.rint(np.clip(stored - 1000, 0, 1023) / 1023 * 255))


@pytest.mark.parametrize("attributes", [WINDOW, {}, {"VOILUTSequence": [table_item(list(range(4096)), 0, 12)]}])
def test_monochrome1_comes_out_with_bright_as_attenuating(make_dataset, stored_values, attributes):
    plain = presentation_image(read_mammogram(make_dataset(**attributes)))
    windowed = {**attributes, **({"WindowCenter": 4096 - 2000} if "WindowCenter" in attributes else {})}
    mirrored = make_dataset(pixels=4095 - stored_values(), PhotometricInterpretation="MONOCHROME1", **windowed)
    difference = presentation_image(read_mammogram(mirrored)).astype(int) - plain
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize(
    "attributes",
    [{}, {"WindowCenter": 2000, "WindowWidth": 0}, {"VOILUTFunction": "NONSENSE", **WINDOW}, {"WindowCenter": 5}],
)
def test_without_a_usable_window_the_full_range_is_shown(make_dataset, stored, attributes):
    image = presentation_image(read_mammogram(make_dataset(**attributes)))
    np.testing.assert_array_equal(image, np.rint(stored / 4095 * 255))


def test_padding_is_black(make_dataset, stored):
    mammogram = read_mammogram(make_dataset(PixelPaddingValue=4095, WindowCenter=-5000, WindowWidth=10))
    image = presentation_image(mammogram)
    assert (image[stored == 4095] == 0).all()
    assert (image[stored != 4095] == 255).all()


@pytest.mark.parametrize(
    "attributes",
    [
        WINDOW,
        {"VOILUTFunction": "SIGMOID", **WINDOW},
        {"VOILUTSequence": [table_item(list(range(0, 1024)), 1000, 10)]},
        {"RescaleSlope": -2, "RescaleIntercept": 70, **WINDOW},
        {"PhotometricInterpretation": "MONOCHROME1", **WINDOW},
        {"PixelPaddingValue": 3000, **WINDOW},
        {"RescaleSlope": 0.5, "RescaleIntercept": 0, **WINDOW},
        {},
    ],
    ids=str,
)
def test_a_table_of_the_values_shows_what_every_pixel_by_itself_does(make_dataset, monkeypatch, attributes):
    mammogram = read_mammogram(make_dataset(**attributes))
    image = presentation_image(mammogram)
    monkeypatch.setattr("MCDetect.dicom.display.whole_values", lambda pixels: None)
    np.testing.assert_array_equal(image, presentation_image(mammogram))
