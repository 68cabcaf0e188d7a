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
