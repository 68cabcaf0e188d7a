from __future__ import annotations

import os
import shutil
import subprocess

import numpy as np
import pydicom
import pytest

from MCDetect.simulation.dicom_view import Examination, dataset_of_view
from MCDetect.simulation.view import simulate_view

SMALL = {"rows": 400, "columns": 320, "spacing_mm": 0.2}


@pytest.mark.parametrize(("laterality", "view"), [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")])
def test_dciodvfy_finds_no_error(laterality, view, tmp_path):
    if shutil.which("dciodvfy") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("dciodvfy (Debian package dicom3tools) is not installed")
        pytest.skip("dciodvfy (Debian package dicom3tools) is not installed")
    simulated = simulate_view(1, laterality=laterality, view=view, **SMALL)
    path = tmp_path / "view.dcm"
    dataset_of_view(simulated, Examination(1, "test"), 1).save_as(path, enforce_file_format=True)
    verdict = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    told = (verdict.stdout + verdict.stderr).splitlines()
    assert "MammographyImageForPresentation" in told
    assert [line for line in told if line.startswith("Error")] == []


def test_the_object_holds_the_pixels_and_says_what_they_are(tmp_path):
    simulated = simulate_view(2, laterality="L", view="MLO", **SMALL)
    path = tmp_path / "view.dcm"
    dataset_of_view(simulated, Examination(2, "test"), 1).save_as(path, enforce_file_format=True)
    read = pydicom.dcmread(path)
    np.testing.assert_array_equal(read.pixel_array, simulated.pixels)
    assert (read.ImageLaterality, list(read.PatientOrientation)) == ("L", ["A", "FR"])
    code = read.ViewCodeSequence[0]
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("399368009", "SCT")
    assert list(read.ImagerPixelSpacing) == [0.2, 0.2]
    assert "PixelSpacing" not in read
    assert str(read.PatientName).startswith("Simulated^")


def test_views_of_an_examination_share_patient_and_study_and_nothing_else():
    examination = Examination(3, "test")
    first, second = (
        dataset_of_view(simulate_view(3, laterality=side, **SMALL), examination, k) for k, side in enumerate("RL", 1)
    )
    for keyword in ("PatientID", "StudyInstanceUID"):
        assert first[keyword].value == second[keyword].value
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert first[keyword].value != second[keyword].value
    assert Examination(4, "test").uid("study") != examination.uid("study")
    assert Examination(3, "other").uid("study") != examination.uid("study")
