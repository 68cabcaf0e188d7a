"""Synthesised 2D images that are stored as a tomosynthesis of one frame."""

from __future__ import annotations

import numpy as np
import pytest
from support.sample_files import synthesised

from MCDetect.dicom.display import presentation_image
from MCDetect.dicom.inputs import find_inputs
from MCDetect.dicom.reading import read_mammogram
from MCDetect.errors import InputError
from MCDetect.findings import SpacingSource


@pytest.fixture
def make(make_dataset):
    """Return a function that makes one; keyword arguments replace attributes."""
    return lambda **changes: make_dataset(**synthesised(**changes))


def test_it_is_read_as_a_mammogram_with_what_stands_in_its_functional_groups(make, stored_values):
    mammogram = read_mammogram(make())
    assert mammogram.laterality == "L"
    assert mammogram.spacing.millimetres == (0.1, 0.1)
    assert mammogram.spacing.source is SpacingSource.CALIBRATED
    np.testing.assert_array_equal(mammogram.pixels, 2.0 * stored_values())
    assert presentation_image(mammogram).max() > 0
    assert [warning for warning in mammogram.warnings if "tomosynthesis" in warning]


@pytest.mark.parametrize(
    "changes", [{"NumberOfFrames": 60}, {"ImageType": ["ORIGINAL", "PRIMARY", "TOMOSYNTHESIS", "NONE"]}]
)
def test_slices_are_still_refused(make, changes):
    with pytest.raises(InputError) as caught:
        read_mammogram(make(**changes))
    assert caught.value.code == "tomosynthesis"


def test_it_is_found_in_the_folder_of_its_study_beside_the_slices(make, make_file, tmp_path):
    study = {"StudyInstanceUID": "1.2.3"}
    two = make_file("a_2d.dcm", dataset=make(**study))
    make_file("b_slices.dcm", dataset=make(NumberOfFrames=60, **study))
    assert find_inputs([tmp_path]) == [two]
