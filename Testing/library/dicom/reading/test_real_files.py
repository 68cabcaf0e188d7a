from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation

from MCDetect.dicom.inputs import find_inputs
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError
from MCDetect.findings import SpacingSource

SHIPPED = sorted(path for path in Path(pydicom.__file__).parent.glob("data/**/*") if path.is_file())

DECODABLE = [
    "CT_small.dcm",
    "J2K_pixelrep_mismatch.dcm",
    "JPEG2000.dcm",
    "JPEGLSNearLossless_08.dcm",
    "JPEGLSNearLossless_16.dcm",
    "JPGExtended.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "MR_small_padded.dcm",
    "examples_overlay.dcm",
    "image_dfl.dcm",
]


def test_real_mammograms_are_read_as_pydicom_decodes_them(shared_data):
    files = find_inputs([shared_data / "real_ffdm"])
    assert [file.stem for file in files] == ["real1_LCC", "real1_RCC", "real2_LCC", "real2_RCC"]
    for file in files:
        mammogram = read_mammogram(file)
        assert mammogram.label == f"{file.stem[6]}_CC"
        assert mammogram.shape == (3328, 2560)
        assert mammogram.spacing.row_mm == pytest.approx(0.07 / 1.04)
        assert mammogram.spacing.source is SpacingSource.MAGNIFICATION_CORRECTED
        assert mammogram.warnings == ()
        np.testing.assert_array_equal(mammogram.pixels, pydicom.dcmread(file).pixel_array)


def test_a_real_film_scan_needs_its_spacing_and_is_read_with_it(shared_data):
    path = shared_data / "MG1_J2KI.dcm"
    with pytest.raises(InputError) as caught:
        read_mammogram(path)
    assert caught.value.code == "no-spacing"
    mammogram = read_mammogram(path, 0.05)
    assert (mammogram.shape, mammogram.label) == ((4664, 3064), "L_MLO")
    assert len(mammogram.warnings) == 3
    assert any("digitised film" in warning for warning in mammogram.warnings)


def test_a_magnified_test_object_uses_its_calibrated_spacing(shared_data):
    mammogram = read_mammogram(shared_data / "MG_Explicit_Little.dcm")
    assert mammogram.spacing.millimetres == (0.25, 0.25)
    assert mammogram.spacing.source is SpacingSource.CALIBRATED
    assert len(mammogram.warnings) == 2


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_no_file_that_ships_with_pydicom_is_taken_for_a_mammogram(path, recwarn):
    with pytest.raises(InputError) as caught:
        read_mammogram(path, 0.07)
    assert caught.value.code in {"not-dicom", "not-a-mammogram", "truncated"}
    assert not recwarn.list


@pytest.mark.parametrize("name", DECODABLE)
def test_real_encodings_are_decoded_as_pydicom_does(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(get_testdata_file(name))
        stored = dataset.pixel_array
    dataset.SOPClassUID, dataset.Modality = DigitalMammographyXRayImageStorageForPresentation, "MG"
    mammogram = read_mammogram(dataset, 0.07)
    slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
    expected = stored * slope + intercept
    np.testing.assert_array_equal(mammogram.pixels[mammogram.valid], expected[mammogram.valid].astype(np.float32))
    assert mammogram.valid.mean() > 0.5
