from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import ComputedRadiographyImageStorage, SecondaryCaptureImageStorage

from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError
from MCDetect.findings import SpacingSource

DIGITISER, UNCALIBRATED = SpacingSource.FILM_DIGITISER, SpacingSource.UNCALIBRATED
DETECTOR, CORRECTED, CALIBRATED = (
    SpacingSource.AT_DETECTOR,
    SpacingSource.MAGNIFICATION_CORRECTED,
    SpacingSource.CALIBRATED,
)


@pytest.mark.parametrize(
    ("attributes", "expected", "source", "warning"),
    [
        ({}, (0.07, 0.07), DETECTOR, ""),
        ({"ImagerPixelSpacing": [0.05, 0.1]}, (0.05, 0.1), DETECTOR, ""),
        ({"EstimatedRadiographicMagnificationFactor": 1}, (0.07, 0.07), DETECTOR, ""),
        ({"EstimatedRadiographicMagnificationFactor": 1.05}, (0.0666667, 0.0666667), CORRECTED, ""),
        ({"EstimatedRadiographicMagnificationFactor": 0.5}, (0.07, 0.07), DETECTOR, "0.5 is not plausible"),
        ({"EstimatedRadiographicMagnificationFactor": 12}, (0.07, 0.07), DETECTOR, "12 is not plausible"),
        (
            {"PixelSpacing": [0.068, 0.068], "PixelSpacingCalibrationType": "GEOMETRY"},
            (0.068, 0.068),
            CALIBRATED,
            "",
        ),
        (
            {"PixelSpacing": [0.05, 0.05], "PixelSpacingCalibrationType": "FIDUCIAL"},
            (0.05, 0.05),
            CALIBRATED,
            "corrected PixelSpacing (0.05 mm) is used",
        ),
        ({"PixelSpacing": [0.07, 0.07]}, (0.07, 0.07), DETECTOR, ""),
        ({"PixelSpacing": [0.0698, 0.0698]}, (0.07, 0.07), DETECTOR, ""),
        ({"PixelSpacing": [0.067, 0.067]}, (0.067, 0.067), CALIBRATED, "no calibration type; it is used"),
        ({"PixelSpacing": [0.1, 0.1]}, (0.07, 0.07), DETECTOR, "PixelSpacing (0.1 mm) has no calibration type"),
        ({"PixelSpacing": [0.02, 0.02]}, (0.07, 0.07), DETECTOR, "PixelSpacing (0.02 mm) has no calibration type"),
        ({"PixelSpacing": [0.067, 0.1]}, (0.07, 0.07), DETECTOR, "has no calibration type"),
        (
            {"PixelSpacing": [0.0666667, 0.0666667], "EstimatedRadiographicMagnificationFactor": 1.05},
            (0.0666667, 0.0666667),
            CALIBRATED,
            "",
        ),
        (
            {"PixelSpacing": [0.05, 0.05], "EstimatedRadiographicMagnificationFactor": 1.05},
            (0.05, 0.05),
            CALIBRATED,
            "make it 0.06667 mm",
        ),
        (
            {"ImagerPixelSpacing": None, "NominalScannedPixelSpacing": [0.05, 0.05], "PixelSpacing": [0.048, 0.048]},
            (0.048, 0.048),
            CALIBRATED,
            "no calibration type; it is used",
        ),
        (
            {"ImagerPixelSpacing": None, "PixelSpacing": [0.1, 0.1]},
            (0.1, 0.1),
            UNCALIBRATED,
            "without a calibration type",
        ),
        (
            {"ImagerPixelSpacing": None, "NominalScannedPixelSpacing": [0.05, 0.05], "PixelSpacing": [0.3, 0.3]},
            (0.05, 0.05),
            DIGITISER,
            "film digitiser",
        ),
        ({"ImagerPixelSpacing": [0, 0], "PixelSpacing": [0.1, 0.1]}, (0.1, 0.1), UNCALIBRATED, "calibration"),
    ],
)
def test_the_header_decides_by_rule(make_dataset, attributes, expected, source, warning):
    mammogram = read_mammogram(make_dataset(**attributes))
    assert mammogram.spacing.millimetres == pytest.approx(expected, rel=1e-5)
    assert mammogram.spacing.source is source
    assert len([told for told in mammogram.warnings if "digitised film" not in told]) == bool(warning)
    assert warning in "".join(mammogram.warnings)


@pytest.mark.parametrize(
    ("factor", "told"),
    [
        (None, "ImagerPixelSpacing is 0.07 mm."),
        (12, "ImagerPixelSpacing is 0.07 mm."),
        (1.05, "ImagerPixelSpacing and the magnification factor make it 0.06667 mm."),
    ],
)
def test_a_magnification_factor_is_named_only_where_there_is_one(make_dataset, factor, told):
    corrected = {"PixelSpacing": [0.05, 0.05], "PixelSpacingCalibrationType": "GEOMETRY"}
    dataset = make_dataset(EstimatedRadiographicMagnificationFactor=factor, **corrected)
    assert read_mammogram(dataset).warnings == (f"The corrected PixelSpacing (0.05 mm) is used; {told}",)


@given(pixel_mm=st.floats(0.045, 0.2), magnification=st.floats(1.001, 2.2))
def test_spacing_at_the_breast_times_magnification_is_spacing_at_the_detector(make_dataset, pixel_mm, magnification):
    pixel, factor = f"{pixel_mm:.6f}", f"{magnification:.6f}"
    dataset = make_dataset(ImagerPixelSpacing=[pixel, pixel], EstimatedRadiographicMagnificationFactor=factor)
    spacing = read_mammogram(dataset).spacing
    assert spacing.source is CORRECTED
    assert spacing.row_mm * float(factor) == pytest.approx(float(pixel))


@pytest.mark.parametrize("pixel_mm", [0.019, 0.31, 1.0, 100])
def test_an_implausible_spacing_is_refused_unless_given_by_the_user(make_dataset, pixel_mm):
    dataset = make_dataset(ImagerPixelSpacing=[pixel_mm, pixel_mm])
    with pytest.raises(InputError) as caught:
        read_mammogram(dataset)
    assert caught.value.code == "implausible-spacing"
    assert "--spacing" in caught.value.hint
    assert read_mammogram(dataset, 0.09).spacing.millimetres == (0.09, 0.09)


@pytest.mark.parametrize("value", [None, "", [0.0, 0.0], [-0.07, -0.07]])
def test_without_any_spacing_the_user_is_asked_for_it(make_dataset, value):
    with pytest.raises(InputError) as caught:
        read_mammogram(make_dataset(ImagerPixelSpacing=value))
    assert caught.value.code == "no-spacing"
    assert "--spacing" in caught.value.hint


@pytest.mark.parametrize(("given_mm", "contradicts"), [(0.07, False), (0.073, False), (0.08, True), (0.05, True)])
def test_the_users_spacing_wins_and_a_disagreement_of_five_per_cent_is_told(make_dataset, given_mm, contradicts):
    mammogram = read_mammogram(make_dataset(), given_mm)
    assert mammogram.spacing.millimetres == (given_mm, given_mm)
    assert mammogram.spacing.source is SpacingSource.GIVEN_BY_USER
    assert [w for w in mammogram.warnings if "given by the user" in w] == list(mammogram.warnings)
    assert bool(mammogram.warnings) is contradicts


def test_the_pixel_spacing_of_a_secondary_capture_counts_only_when_calibrated(make_dataset):
    attributes = {"SOPClassUID": SecondaryCaptureImageStorage, "ImagerPixelSpacing": None, "PixelSpacing": [0.1, 0.1]}
    with pytest.raises(InputError) as caught:
        read_mammogram(make_dataset(**attributes))
    assert caught.value.code == "no-spacing"
    calibrated = read_mammogram(make_dataset(PixelSpacingCalibrationType="FIDUCIAL", **attributes))
    assert calibrated.spacing.source is CALIBRATED


def test_the_pixel_spacing_of_a_computed_radiograph_of_the_breast_counts(make_dataset):
    dataset = make_dataset(
        SOPClassUID=ComputedRadiographyImageStorage, ImagerPixelSpacing=None, PixelSpacing=[0.0875, 0.0875]
    )
    assert read_mammogram(dataset).spacing.millimetres == (0.0875, 0.0875)
