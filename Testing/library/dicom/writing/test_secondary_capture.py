# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import RLELossless

from MCDetect.dicom.export import write_secondary_capture
from MCDetect.dicom.writing.secondary_capture import check_secondary_capture
from MCDetect.errors import OutputError
from MCDetect.findings import Algorithm

PICTURE = np.random.default_rng(0).integers(0, 255, (60, 50, 3)).astype(np.uint8)


@pytest.mark.parametrize("changes", [{}, {"PatientOrientation": None, "ImageLaterality": None}])
def test_a_picture_is_stored_as_it_is_with_its_patient_and_source(
    make_mammogram: Any,
    find: Any,
    with_pixels: Any,
    algorithm: Algorithm,
    faults_by_dciodvfy: Any,
    run_tool: Any,
    tmp_path: Path,
    changes: dict[str, Any],
) -> None:
    header = make_mammogram(**changes)
    path = write_secondary_capture(find(header), PICTURE, header, algorithm, tmp_path)
    assert path.name.startswith("sc_")
    written = dcmread(path)
    assert np.array_equal(written.pixel_array, PICTURE)
    assert written.file_meta.TransferSyntaxUID == RLELossless
    assert (written.PatientID, written.IssuerOfPatientID, written.PatientAge) == ("P-42", "HOSPITAL", "064Y")
    assert written.BurnedInAnnotation == "YES"
    assert written.SourceImageSequence[0].ReferencedSOPInstanceUID == header.SOPInstanceUID
    assert faults_by_dciodvfy(path) == []
    source = with_pixels(header, tmp_path / "source.dcm")
    complaints = [line for line in run_tool("dcentvfy", path, source).splitlines() if "AccessionNumber" not in line]
    assert complaints == []


def test_another_picture_is_caught(make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path) -> None:
    header = make_mammogram()
    image = find(header)
    written = dcmread(write_secondary_capture(image, PICTURE, header, algorithm, tmp_path))
    with pytest.raises(OutputError, match="the picture is not that of the findings"):
        check_secondary_capture(written, image, PICTURE[::-1], header)
