"""Synthesised 2D images that are stored as a tomosynthesis of one frame."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import BreastTomosynthesisImageStorage

from MCDetect.dicom.display import presentation_image
from MCDetect.dicom.inputs import find_inputs
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError
from MCDetect.findings import SpacingSource


def item(**values) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.fixture
def synthesised(make_dataset):
    """Return a function that makes one; keyword arguments replace attributes."""

    def make(**changes):
        shared = item(
            FrameAnatomySequence=[item(FrameLaterality="L")],
            PixelMeasuresSequence=[item(PixelSpacing=[0.1, 0.1])],
            PixelValueTransformationSequence=[item(RescaleIntercept="0", RescaleSlope="2", RescaleType="US")],
            FrameVOILUTSequence=[item(WindowCenter="4000", WindowWidth="6000")],
        )
        values = {
            "SOPClassUID": BreastTomosynthesisImageStorage,
            "ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"],
            "NumberOfFrames": 1,
            "SharedFunctionalGroupsSequence": [shared],
            **dict.fromkeys(("ImageLaterality", "ImagerPixelSpacing", "PixelSpacing", "WindowCenter", "WindowWidth")),
        }
        return make_dataset(**{**values, **changes})

    return make


def test_it_is_read_as_a_mammogram_with_what_stands_in_its_functional_groups(synthesised, stored_values):
    mammogram = read_mammogram(synthesised())
    assert mammogram.laterality == "L"
    assert mammogram.spacing.millimetres == (0.1, 0.1)
    assert mammogram.spacing.source is SpacingSource.CALIBRATED
    np.testing.assert_array_equal(mammogram.pixels, 2.0 * stored_values())
    assert presentation_image(mammogram).max() > 0
    assert [warning for warning in mammogram.warnings if "tomosynthesis" in warning]


@pytest.mark.parametrize(
    "changes", [{"NumberOfFrames": 60}, {"ImageType": ["ORIGINAL", "PRIMARY", "TOMOSYNTHESIS", "NONE"]}]
)
def test_slices_are_still_refused(synthesised, changes):
    with pytest.raises(InputError) as caught:
        read_mammogram(synthesised(**changes))
    assert caught.value.code == "tomosynthesis"


def test_it_is_found_in_the_folder_of_its_study_beside_the_slices(synthesised, make_file, tmp_path):
    study = {"StudyInstanceUID": "1.2.3"}
    two = make_file("a_2d.dcm", dataset=synthesised(**study))
    make_file("b_slices.dcm", dataset=synthesised(NumberOfFrames=60, **study))
    assert find_inputs([tmp_path]) == [two]
