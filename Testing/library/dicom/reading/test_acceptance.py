from __future__ import annotations

import pytest
from pydicom.uid import (
    BreastProjectionXRayImageStorageForPresentation,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForProcessing,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
)

from MCDetect.dicom.acceptance import Kind, kind_of
from MCDetect.dicom.reading import read_mammogram


@pytest.mark.parametrize(
    ("attributes", "part"),
    [
        ({"modifiers": ("399163009",)}, "magnification view"),
        ({"EstimatedRadiographicMagnificationFactor": 1.8}, "magnification view"),
        ({"modifiers": ("399055006",)}, "spot compression view"),
        ({"BreastImplantPresent": "YES"}, "implant"),
        ({"modifiers": ("399209000",)}, "implant"),
        ({"PartialView": "YES"}, "partial view"),
        ({"LossyImageCompression": "01"}, "compressed with loss"),
        ({"BurnedInAnnotation": "YES"}, "burned into"),
        ({"ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"]}, "computed from a tomosynthesis"),
        ({"ImageType": ["DERIVED", "PRIMARY", "SUBTRACTION"]}, "subtraction"),
        ({"SOPClassUID": ComputedRadiographyImageStorage}, "not stored as a mammography object"),
        (
            {"SOPClassUID": MultiFrameGrayscaleWordSecondaryCaptureImageStorage, "NumberOfFrames": 1},
            "secondary capture",
        ),
    ],
)
def test_unusual_images_are_read_with_one_warning(make_dataset, attributes, part):
    mammogram = read_mammogram(make_dataset(**attributes), 0.07)
    about_the_view = [warning for warning in mammogram.warnings if "given by the user" not in warning]
    assert len(about_the_view) == 1
    assert part in about_the_view[0]


@pytest.mark.parametrize(
    ("attributes", "given_mm", "is_too_large"),
    [
        ({}, None, True),
        ({"ImagerPixelSpacing": None, "PixelSpacing": [0.07, 0.07]}, None, True),
        ({"ImagerPixelSpacing": None, "NominalScannedPixelSpacing": [0.05, 0.05]}, None, True),
        ({"EstimatedRadiographicMagnificationFactor": 1.25}, None, False),
        ({"EstimatedRadiographicMagnificationFactor": 1.8}, None, False),
        ({"PixelSpacing": [0.04, 0.04], "PixelSpacingCalibrationType": "GEOMETRY"}, None, False),
        ({}, 0.04, False),
    ],
)
def test_the_millimetres_of_a_magnification_view_are_called_too_large_only_where_nothing_corrected_them(
    make_dataset, attributes, given_mm, is_too_large
):
    warnings = read_mammogram(make_dataset(modifiers=("399163009",), **attributes), given_mm).warnings
    (told,) = [warning for warning in warnings if "magnification view" in warning]
    assert ("without a stated factor, so its millimetres are too large" in told) is is_too_large


def test_a_photon_counting_projection_of_the_breast_is_a_mammogram(make_dataset):
    mammogram = read_mammogram(make_dataset(SOPClassUID=BreastProjectionXRayImageStorageForPresentation))
    assert mammogram.warnings == ()


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({}, Kind.MAMMOGRAM),
        ({"PresentationIntentType": "FOR PROCESSING"}, Kind.REFUSED),
        ({"SOPClassUID": DigitalXRayImageStorageForProcessing}, Kind.REFUSED),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.13.1.3"}, Kind.REFUSED),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.50", "Modality": "SR"}, Kind.OTHER),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4", "Modality": "SEG"}, Kind.OTHER),
        ({"SOPClassUID": "1.2.3.4"}, Kind.OTHER),
        ({"SOPClassUID": None}, Kind.MAMMOGRAM),
        ({"SOPClassUID": None, "Modality": None}, Kind.OTHER),
    ],
)
def test_objects_are_sorted_by_their_header(make_dataset, attributes, kind):
    assert kind_of(make_dataset(**attributes)) is kind
