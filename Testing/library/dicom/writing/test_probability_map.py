"""The probability of each pixel as a fractional segmentation."""

# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
from pydicom import dcmread

from MCDetect.dicom.export import write_probability_map
from MCDetect.dicom.results.reading import kind_of_result, read_results
from MCDetect.dicom.writing.probability_map import check_probability_map
from MCDetect.errors import InputError, OutputError
from MCDetect.findings import Algorithm


def some_map(header: Any) -> Any:
    return np.random.default_rng(3).uniform(0, 1, (header.Rows, header.Columns)).astype(np.float32) ** 8


@pytest.mark.parametrize("frame", [{}, {"FrameOfReferenceUID": "2.25.77", "PositionReferenceIndicator": ""}])
def test_every_judge_takes_it_and_its_values_come_back(
    make_mammogram: Any,
    find: Any,
    with_pixels: Any,
    algorithm: Algorithm,
    faults_by_dciodvfy: Any,
    run_tool: Any,
    tmp_path: Path,
    frame: dict[str, str],
) -> None:
    header = make_mammogram(PatientName="Müller^Zoë", **frame)
    expected = some_map(header)
    path = write_probability_map(find(header), expected, header, algorithm, tmp_path)
    assert path.name.startswith("probability_R_CC_")
    written = dcmread(path)
    assert (written.SegmentationType, written.SegmentationFractionalType) == ("FRACTIONAL", "PROBABILITY")
    assert str(written.PatientName) == "Müller^Zoë"
    assert faults_by_dciodvfy(path) == []
    source = with_pixels(header, tmp_path / "source.dcm")
    complaints = [line for line in run_tool("dcentvfy", path, source).splitlines() if "AccessionNumber" not in line]
    assert complaints == []
    pixels = highdicom.seg.segread(path).get_pixels_by_source_instance(
        source_sop_instance_uids=[header.SOPInstanceUID], rescale_fractional=True
    )
    np.testing.assert_allclose(pixels[0, ..., 0], expected, atol=0.5 / 255 + 1e-6)


def test_a_map_of_zeros_is_a_map_too(make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path) -> None:
    header = make_mammogram()
    nothing = np.zeros((header.Rows, header.Columns), np.float32)
    path = write_probability_map(find(header, 0, 0), nothing, header, algorithm, tmp_path)
    assert not dcmread(path).pixel_array.any()


def test_another_map_is_caught(make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path) -> None:
    header = make_mammogram()
    image, expected = find(header), some_map(header)
    written = dcmread(write_probability_map(image, expected, header, algorithm, tmp_path))
    with pytest.raises(OutputError, match="probabilities are not those"):
        check_probability_map(written, image, expected.T.reshape(expected.shape), header)


def test_it_is_no_result_to_read_back_and_says_so(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    path = write_probability_map(find(header), some_map(header), header, algorithm, tmp_path)
    assert kind_of_result(dcmread(path)) is None
    with pytest.raises(InputError, match="map of probabilities, which holds no findings") as caught:
        read_results([path])
    assert caught.value.code == "not-a-result"
