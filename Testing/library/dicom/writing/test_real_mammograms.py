# ruff: noqa: PLR0917 (fixtures are arguments)
"""Objects about real mammograms with findings marked by hand, judged by the same tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread
from pydicom.dataset import Dataset

from MCDetect.bi_rads import Distribution
from MCDetect.dicom.export import FORMATS, write_image_objects, write_study_objects
from MCDetect.dicom.identifiers import stable_uid
from MCDetect.findings import Algorithm, Calcification, Cluster, ImageFindings, SpacingSource

REAL = Path(__file__).resolve().parents[5] / "shared" / "data" / "real_ffdm"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real mammograms are not beside the repository")

# Seen by eye: the group of fine calcifications of real1_RCC, and the large benign pair of real2_RCC.
GROUP_CENTRE, PAIR_CENTRE = (1376, 2358), (1507, 2048)


def calcification(number: int, row: int, column: int, size: int) -> Calcification:
    middle = (size - 1) / 2
    runs = tuple((row + line, column, size) for line in range(size))
    return Calcification(number, row + middle, column + middle, 0.0049 * size**2, 0.07 * size, 0.8, runs)


def findings(header: Dataset, calcifications: tuple[Calcification, ...], clustered: int) -> ImageFindings:
    members = calcifications[:clustered]
    rows, columns = [c.row for c in members], [c.column for c in members]
    clusters: tuple[Cluster, ...] = ()
    if members:
        top, bottom, left, right = min(rows) - 15, max(rows) + 15, min(columns) - 15, max(columns) + 15
        outline = ((top, left), (top, right), (bottom, right), (bottom, left))
        uid = stable_uid("cluster", str(header.SOPInstanceUID))
        ids = tuple(c.id for c in members)
        clusters = (Cluster(1, ids, outline, 21.5, 4.1, 90.0, 0.87, Distribution.GROUPED, uid),)
    return ImageFindings(
        sop_instance_uid=str(header.SOPInstanceUID),
        sop_class_uid=str(header.SOPClassUID),
        series_instance_uid=str(header.SeriesInstanceUID),
        study_instance_uid=str(header.StudyInstanceUID),
        laterality=header.ImageLaterality,
        view="CC",
        rows=header.Rows,
        columns=header.Columns,
        spacing_mm=(0.07 / 1.04, 0.07 / 1.04),
        spacing_source=SpacingSource.MAGNIFICATION_CORRECTED,
        score=0.87 if clusters else 0.0,
        breast_area_mm2=10000.0,
        calcifications=calcifications,
        clusters=clusters,
    )


@pytest.fixture(scope="module")
def patients() -> dict[str, list[tuple[Dataset, ImageFindings]]]:
    """Return headers and findings of both women: a cluster; nothing; two large calcifications that are no cluster."""
    headers = {path.stem: dcmread(path, stop_before_pixels=True) for path in sorted(REAL.glob("real*.dcm"))}
    offsets = np.random.default_rng(1).integers(-28, 28, size=(20, 2))
    row, column = GROUP_CENTRE
    group = tuple(
        calcification(number, row + int(down), column + int(right), 2 + number % 3)
        for number, (down, right) in enumerate(offsets, start=1)
    )
    pair = tuple(calcification(number, PAIR_CENTRE[0] + 40 * number, PAIR_CENTRE[1], 20) for number in (1, 2))
    marked = {"real1_RCC": (group, len(group)), "real2_RCC": (pair, 0)}
    women: dict[str, list[tuple[Dataset, ImageFindings]]] = {}
    for name, header in headers.items():
        women.setdefault(name[:5], []).append((header, findings(header, *marked.get(name, ((), 0)))))
    return women


@pytest.mark.parametrize("woman", ["real1", "real2"])
def test_every_object_about_a_real_examination_passes_every_judge(
    patients: Any,
    algorithm: Algorithm,
    faults_by_dciodvfy: Any,
    faults_by_dsrdump: Any,
    run_tool: Any,
    tmp_path: Path,
    woman: str,
) -> None:
    examination = patients[woman]
    paths = [
        path
        for header, image in examination
        for path in write_image_objects(image, header, algorithm, tmp_path, FORMATS)
    ]
    sources = {image.sop_instance_uid: header for header, image in examination}
    paths += write_study_objects([image for _, image in examination], sources, algorithm, {}, tmp_path, FORMATS)
    kinds = sorted(path.name.split("_")[0] for path in paths)
    assert kinds == ["cad-sr", "gsps", "measurements-sr", "seg"]
    for path in paths:
        assert faults_by_dciodvfy(path) == []
        if "-sr" in path.name:
            assert faults_by_dsrdump(path) == []
        if "gsps" in path.name:
            assert "Test passed" in run_tool("dcmpschk", path)
    originals = sorted(REAL.glob(f"{woman}_*.dcm"))
    complaints = run_tool("dcentvfy", *paths, *originals).splitlines()
    assert [line for line in complaints if "AccessionNumber" not in line] == []


def test_the_segmentation_lies_on_the_real_group_pixel_by_pixel(
    patients: Any, algorithm: Algorithm, run_tool: Any, tmp_path: Path
) -> None:
    ((header, image),) = [pair for pair in patients["real1"] if pair[1].clusters]
    (path,) = write_image_objects(image, header, algorithm, tmp_path, frozenset({"seg"}))
    expected = np.zeros((image.rows, image.columns), dtype=bool)
    for one in image.calcifications:
        for row, first, length in one.runs:
            expected[row, first : first + length] = True
    masks = highdicom.seg.segread(path).get_pixels_by_source_instance(
        [header.SOPInstanceUID], segment_numbers=[1], ignore_spatial_locations=True
    )
    assert np.array_equal(masks[0, ..., 0] > 0, expected)
    run_tool("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", tmp_path, "--outputType", "nii")
    described = json.loads((tmp_path / "meta.json").read_text(encoding="utf-8"))
    assert len(described["segmentAttributes"]) == 2
    assert np.array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "1.nii.gz")))[0] > 0, expected)
    # The mammogram as Slicer's reader sees it has the same grid.
    mammogram = SimpleITK.ReadImage(str(REAL / "real1_RCC.dcm"))
    voxels = SimpleITK.ReadImage(str(tmp_path / "2.nii.gz"))
    assert voxels.GetSize() == mammogram.GetSize()
    assert voxels.GetSpacing()[:2] == pytest.approx(mammogram.GetSpacing()[:2])


@pytest.mark.slow
def test_pixelmed_finds_no_fault_in_the_reports_about_a_real_examination(
    patients: Any, algorithm: Algorithm, faults_by_pixelmed: Any, tmp_path: Path
) -> None:
    examination = patients["real1"]
    sources = {image.sop_instance_uid: header for header, image in examination}
    for path in write_study_objects([image for _, image in examination], sources, algorithm, {}, tmp_path, FORMATS):
        assert faults_by_pixelmed(path) == []
