# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    BreastTomosynthesisImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
)

from MCDetect.dicom.export import write_image_objects
from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing.geometry import region_mask
from MCDetect.dicom.writing.segmentation import nominal_spacing, segments_of
from MCDetect.errors import OutputError
from MCDetect.findings import Algorithm, ImageFindings, Origin
from MCDetect.runs import mask_of_runs

SEG = frozenset({"seg"})


def expected_masks(image: ImageFindings) -> list[Any]:
    shape = (image.rows, image.columns)
    masks = []
    for cluster in image.clusters:
        masks.append(mask_of_runs((run for c in image.members(cluster) for run in c.runs), shape))
        masks.append(region_mask(image, cluster))
    isolated = [run for c in image.isolated_calcifications for run in c.runs]
    return [*masks, *([mask_of_runs(isolated, shape)] if isolated else [])]


@pytest.mark.parametrize(("clusters", "isolated"), [(2, 3), (1, 0), (0, 4), (5, 1)])
def test_highdicom_reads_exactly_the_pixels_of_the_findings(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path, clusters: int, isolated: int
) -> None:
    header = make_mammogram()
    image = find(header, clusters, isolated)
    (path,) = write_image_objects(image, header, algorithm, tmp_path, SEG)
    seg = highdicom.seg.segread(path)
    assert seg.segmentation_type == highdicom.seg.SegmentationTypeValues.BINARY
    assert seg.number_of_segments == 2 * clusters + bool(isolated)
    masks = seg.get_pixels_by_source_instance([header.SOPInstanceUID], ignore_spatial_locations=True)
    assert np.array_equal(masks[0] > 0, np.stack(expected_masks(image), axis=-1))


def test_segments_say_what_they_are_and_carry_the_tracking_uid_of_their_cluster(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram("L", "MLO")
    image = find(header, clusters=1, isolated=1)
    (path,) = write_image_objects(image, header, algorithm, tmp_path, SEG)
    calcifications, region, isolated = dcmread(path).SegmentSequence
    kinds = [item.SegmentedPropertyTypeCodeSequence[0].CodeValue for item in (calcifications, region, isolated)]
    assert kinds == ["129770007", "129769006", "129770007"]
    assert calcifications.TrackingUID == region.TrackingUID == image.clusters[0].tracking_uid
    assert isolated.TrackingUID not in ("", image.clusters[0].tracking_uid)
    side = region.AnatomicRegionSequence[0].AnatomicRegionModifierSequence[0]
    assert (side.CodeValue, side.CodeMeaning) == ("7771000", "Left")
    named = region.SegmentationAlgorithmIdentificationSequence[0]
    assert (named.AlgorithmName, named.AlgorithmVersion) == ("MCDetect", "0.1.0")
    assert algorithm.bundle_sha256 in named.AlgorithmParameters
    assert region.SegmentAlgorithmType == "AUTOMATIC"


def test_the_geometry_is_nominal_and_belongs_to_one_image_only(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    frames = []
    for view in ("CC", "MLO"):
        header = make_mammogram(view=view, FrameOfReferenceUID="1.2.3.4", ImagerPixelSpacing=[0.05, 0.06])
        (path,) = write_image_objects(find(header), header, algorithm, tmp_path, SEG)
        seg = dcmread(path)
        shared = seg.SharedFunctionalGroupsSequence[0]
        assert shared.PixelMeasuresSequence[0].PixelSpacing == [0.05, 0.06]
        assert shared.PixelMeasuresSequence[0].SliceThickness == 1
        assert shared.PlaneOrientationSequence[0].ImageOrientationPatient == [1, 0, 0, 0, 1, 0]
        for groups in seg.PerFrameFunctionalGroupsSequence:
            assert groups.PlanePositionSequence[0].ImagePositionPatient == [0, 0, 0]
        frames.append(seg.FrameOfReferenceUID)
    assert len({*frames, "1.2.3.4"}) == 3


def test_without_an_imager_pixel_spacing_the_spacing_of_the_findings_is_used(make_mammogram: Any, find: Any) -> None:
    header = make_mammogram()
    image = find(header)
    del header.ImagerPixelSpacing
    assert nominal_spacing(image, header) == image.spacing_mm


@pytest.mark.parametrize("laterality", ["L", "R"])
@pytest.mark.parametrize("view", ["CC", "MLO"])
@pytest.mark.parametrize("frame_of_reference", [None, "2.25.77"])
def test_dciodvfy_and_dcentvfy_find_no_fault(
    make_mammogram: Any,
    find: Any,
    with_pixels: Any,
    algorithm: Algorithm,
    faults_by_dciodvfy: Any,
    run_tool: Any,
    tmp_path: Path,
    laterality: str,
    view: str,
    frame_of_reference: str | None,
) -> None:
    header = make_mammogram(laterality, view)
    if frame_of_reference:
        header.FrameOfReferenceUID, header.PositionReferenceIndicator = frame_of_reference, ""
    (path,) = write_image_objects(find(header), header, algorithm, tmp_path, SEG)
    source = with_pixels(header, tmp_path / "source.dcm")
    assert faults_by_dciodvfy(path) == []
    # AccessionNumber belongs to the study in one edition of the standard and to the series in another.
    complaints = [line for line in run_tool("dcentvfy", path, source).splitlines() if "AccessionNumber" not in line]
    assert complaints == []


def test_the_voxels_that_slicers_reader_gets_are_those_of_the_findings(
    make_mammogram: Any, find: Any, algorithm: Algorithm, run_tool: Any, tmp_path: Path
) -> None:
    header = make_mammogram("R", "MLO")
    image = find(header)
    (path,) = write_image_objects(image, header, algorithm, tmp_path, SEG)
    folder = tmp_path / "voxels"
    folder.mkdir()
    run_tool("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", folder, "--outputType", "nii")
    described = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    expected = expected_masks(image)
    assert len(described["segmentAttributes"]) == len(expected)
    for number, mask in enumerate(expected, start=1):
        voxels = SimpleITK.ReadImage(str(folder / f"{number}.nii.gz"))
        assert voxels.GetSpacing() == pytest.approx((0.07, 0.07, 1))
        assert voxels.GetOrigin() == pytest.approx((0, 0, 0))
        array = SimpleITK.GetArrayFromImage(voxels)
        assert array.shape == (1, image.rows, image.columns)
        assert np.array_equal(array[0] > 0, mask)


def test_an_image_without_findings_gets_no_segmentation(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    assert write_image_objects(find(header, 0, 0), header, algorithm, tmp_path, SEG) == []
    assert list(tmp_path.iterdir()) == []


def test_each_segment_has_its_own_pixels_in_the_order_of_the_findings(make_mammogram: Any, find: Any) -> None:
    image = find(make_mammogram())
    segments = segments_of(image)
    assert [segment.label for segment in segments] == [
        "Cluster 1 calcifications",
        "Cluster 1 region",
        "Cluster 2 calcifications",
        "Cluster 2 region",
        "Isolated calcifications",
    ]
    for segment, expected in zip(segments, expected_masks(image), strict=True):
        assert np.array_equal(segment.mask, expected)


def test_a_lossy_source_is_said_to_be_lossy(
    make_mammogram: Any, find: Callable[..., ImageFindings], algorithm: Algorithm, tmp_path: Path
) -> None:
    header: Dataset = make_mammogram(
        LossyImageCompression="01", LossyImageCompressionRatio="12.5", LossyImageCompressionMethod="ISO_15444_1"
    )
    (path,) = write_image_objects(find(header), header, algorithm, tmp_path, SEG)
    seg = dcmread(path)
    assert (seg.LossyImageCompression, seg.LossyImageCompressionRatio) == ("01", 12.5)
    assert seg.SOPInstanceUID != stable_uid("image", "R", "CC", "1")


THIN = ((100.2, 60.3), (100.4, 160.3), (100.3, 160.4))


def test_an_outline_without_a_pixel_stands_for_its_calcifications(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    image = find(header, 1, 0)
    image = replace(image, clusters=(replace(image.clusters[0], outline=THIN, origin=Origin.READER),))
    (path,) = write_image_objects(image, header, algorithm, tmp_path, frozenset({"seg"}))
    members, region = dcmread(path).pixel_array
    assert members.any()
    assert (members == region).all()


def test_an_outline_without_a_pixel_round_nothing_is_told_with_its_cluster_and_view(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram("L", "MLO")
    image = find(header, 1, 0)
    cluster = replace(image.clusters[0], outline=THIN, member_ids=(), origin=Origin.READER)
    with pytest.raises(OutputError, match="Cluster 1 of the view L MLO has an outline that holds no pixel") as caught:
        write_image_objects(
            replace(image, clusters=(cluster,), calcifications=()), header, algorithm, tmp_path, frozenset({"seg"})
        )
    assert caught.value.code == "empty-region"
    assert list(tmp_path.iterdir()) == []


def test_a_large_segmentation_is_deflated_and_holds_the_same_pixels(
    make_mammogram: Any,
    find: Any,
    algorithm: Algorithm,
    faults_by_dciodvfy: Any,
    run_tool: Any,
    tmp_path: Path,
) -> None:
    header = make_mammogram()
    image = find(header, clusters=9, isolated=2)
    (path,) = write_image_objects(image, header, algorithm, tmp_path, SEG)
    seg = dcmread(path)
    assert seg.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian
    assert path.stat().st_size < len(seg.PixelData) / 10
    masks = highdicom.seg.segread(path).get_pixels_by_source_instance(
        [header.SOPInstanceUID], ignore_spatial_locations=True
    )
    assert np.array_equal(masks[0] > 0, np.stack(expected_masks(image), axis=-1))
    folder = tmp_path / "voxels"
    folder.mkdir()
    run_tool("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", folder, "--outputType", "nii")
    for number, mask in enumerate(expected_masks(image), start=1):
        voxels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / f"{number}.nii.gz")))
        assert np.array_equal(voxels[0] > 0, mask)
    # dciodvfy does not read this transfer syntax; the data set is the same in another one.
    seg.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    seg.save_as(tmp_path / "plain.dcm")
    assert faults_by_dciodvfy(tmp_path / "plain.dcm") == []


def test_the_check_does_not_fill_outlines_with_the_function_of_the_writer(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = make_mammogram()

    def shifted(image: ImageFindings, cluster: Any) -> Any:
        return np.roll(region_mask(image, cluster), 1, axis=1)

    for module in ("geometry", "segmentation"):
        monkeypatch.setattr(f"MCDetect.dicom.writing.{module}.region_mask", shifted)
    monkeypatch.setattr("MCDetect.dicom.writing.checks.region_mask", shifted, raising=False)
    with pytest.raises(OutputError, match="pixels of segment 2"):
        write_image_objects(find(header), header, algorithm, tmp_path, frozenset({"seg"}))


@pytest.mark.parametrize(
    "sop_class", [BreastTomosynthesisImageStorage, MultiFrameGrayscaleWordSecondaryCaptureImageStorage]
)
def test_objects_are_written_about_the_one_frame_of_a_multi_frame_image(
    make_mammogram: Any, find: Any, algorithm: Algorithm, faults_by_dciodvfy: Any, tmp_path: Path, sop_class: str
) -> None:
    """A synthesised 2D image of a tomosynthesis is one."""
    header = make_mammogram(SOPClassUID=sop_class, NumberOfFrames=1)
    image = replace(find(header, 1, 1), sop_class_uid=sop_class)
    paths = write_image_objects(image, header, algorithm, tmp_path, frozenset({"seg", "gsps"}))
    assert len(paths) == 2
    assert [fault for path in paths for fault in faults_by_dciodvfy(path)] == []
    references: list[str] = []

    def note(item: Dataset, element: Any) -> None:
        if element.keyword == "ReferencedSOPInstanceUID" and element.value == header.SOPInstanceUID:
            references.append(item.ReferencedSOPClassUID)

    for path in paths:
        dcmread(path).walk(note)
    assert len(references) >= 4
    assert set(references) == {sop_class}
