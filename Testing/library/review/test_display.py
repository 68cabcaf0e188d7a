"""Windows and VOI LUTs as a viewer needs them, against the pictures of the library."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from support.review_examples import write_view

from MCDetect.dicom.display import presentation_image
from MCDetect.review.display import as_8_bits, display_of, lookup_of
from MCDetect.review.examination import open_examination

RAMP = np.tile(np.arange(0, 4000, 40, dtype=np.uint16), (30, 1))


def voi_lut() -> list[Dataset]:
    item = Dataset()
    item.LUTDescriptor = [4096, 0, 12]
    entries = np.rint(4095 * (np.arange(4096) / 4095) ** 2)
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return [item]


@pytest.mark.parametrize(
    "changes",
    [
        {"WindowCenter": 1200, "WindowWidth": 900},
        {"WindowCenter": [1200, 50], "WindowWidth": [900, 60]},
        {"WindowCenter": 1200, "WindowWidth": 900, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 1200, "WindowWidth": 900, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": None, "WindowWidth": None},
        {"WindowCenter": 1200, "WindowWidth": 0},
        {"VOILUTSequence": voi_lut()},
        {"WindowCenter": 900, "WindowWidth": 900, "RescaleIntercept": -100, "RescaleSlope": 0.5},
        {"PixelPaddingValue": 0},
        {"WindowCenter": 1200, "WindowWidth": 900, "VOILUTFunction": "SIGMOID", "PixelPaddingValue": 0},
    ],
)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_viewer_shows_what_the_header_says(tmp_path, changes, photometric) -> None:
    path = write_view(tmp_path / "a.dcm", RAMP, PhotometricInterpretation=photometric, **changes)
    mammogram = open_examination([path]).views[0].mammogram()
    display = display_of(mammogram)
    expected = presentation_image(mammogram).astype(int)
    assert np.abs(as_8_bits(display) - expected)[mammogram.valid].max() <= 1


def test_values_stay_what_they_are_and_small(tmp_path) -> None:
    mammogram = open_examination([write_view(tmp_path / "a.dcm", RAMP)]).views[0].mammogram()
    display = display_of(mammogram)
    assert display.values.dtype == np.int16
    assert not display.is_curve
    assert (display.values == mammogram.pixels).all()


def test_a_lookup_gives_every_value_between_the_ends(tmp_path) -> None:
    path = write_view(tmp_path / "a.dcm", RAMP, VOILUTSequence=voi_lut())
    mammogram = open_examination([path]).views[0].mammogram()
    first, table = lookup_of(mammogram)
    assert (first, len(table)) == (0, int(RAMP.max()) + 1)
    assert (np.diff(table.astype(int)) >= 0).all()
