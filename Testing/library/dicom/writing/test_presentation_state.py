# ruff: noqa: PLR0917 (fixtures are arguments)
from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian

from MCDetect.dicom.export import write_image_objects
from MCDetect.findings import Algorithm

GSPS = frozenset({"gsps"})


@pytest.fixture
def write(find: Any, algorithm: Algorithm, tmp_path: Path) -> Any:
    def write_and_read(header: Dataset, clusters: int = 2, isolated: int = 3) -> Any:
        image = find(header, clusters, isolated)
        (path,) = write_image_objects(image, header, algorithm, tmp_path, GSPS)
        return image, dcmread(path), path

    return write_and_read


@pytest.mark.parametrize("laterality", ["L", "R"])
@pytest.mark.parametrize("view", ["CC", "MLO"])
@pytest.mark.parametrize("clusters", [0, 2])
def test_dcmpschk_and_dciodvfy_find_no_fault(
    make_mammogram: Any,
    write: Any,
    run_tool: Any,
    faults_by_dciodvfy: Any,
    laterality: str,
    view: str,
    clusters: int,
) -> None:
    _, state, path = write(make_mammogram(laterality, view), clusters)
    assert "Test passed" in run_tool("dcmpschk", path)
    assert faults_by_dciodvfy(path) == []
    assert state.Laterality == laterality


def test_outlines_and_marks_lie_where_the_findings_are(make_mammogram: Any, write: Any) -> None:
    image, state, _ = write(make_mammogram())
    clusters, marks = state.GraphicAnnotationSequence
    assert (clusters.GraphicLayer, marks.GraphicLayer) == ("CLUSTERS", "CALCIFICATIONS")
    for graphic, cluster in zip(clusters.GraphicObjectSequence, image.clusters, strict=True):
        points = np.reshape(graphic.GraphicData, (-1, 2))
        expected = [(column + 0.5, row + 0.5) for row, column in (*cluster.outline, cluster.outline[0])]
        assert np.allclose(points, expected, atol=1e-3)
        assert graphic.TrackingUID == cluster.tracking_uid
    for graphic, calcification in zip(marks.GraphicObjectSequence, image.calcifications, strict=True):
        center, edge = np.reshape(graphic.GraphicData, (-1, 2))
        assert center == pytest.approx((calcification.column + 0.5, calcification.row + 0.5), abs=1e-3)
        assert np.linalg.norm(edge - center) > calcification.diameter_mm / 2 / 0.07
    texts = [item.UnformattedTextValue for item in clusters.TextObjectSequence]
    assert texts[0] == f"1: {image.clusters[0].count} calcifications, score {image.clusters[0].score:.2f}"


def test_the_first_window_and_the_rescaling_of_the_image_are_kept(make_mammogram: Any, write: Any) -> None:
    _, state, _ = write(make_mammogram(RescaleIntercept="-10", RescaleSlope="2"))
    (window,) = state.SoftcopyVOILUTSequence
    assert (window.WindowCenter, window.WindowWidth) == (2000, 3000)
    assert (window.WindowCenterWidthExplanation, window.VOILUTFunction) == ("NORMAL", "LINEAR")
    assert (state.RescaleIntercept, state.RescaleSlope, state.RescaleType) == (-10, 2, "US")
    assert state.PresentationLUTShape == "IDENTITY"


@pytest.mark.parametrize(("bits", "factor"), [(16, 1.0), (12, 65535 / 4095), (10, 65535 / 1023)])
@pytest.mark.parametrize("representation", ["US", "OW"])
def test_a_lookup_table_of_the_image_is_kept_in_16_bits(
    make_mammogram: Any,
    find: Any,
    algorithm: Algorithm,
    with_pixels: Any,
    faults_by_dciodvfy: Any,
    run_tool: Any,
    tmp_path: Path,
    bits: int,
    factor: float,
    representation: str,
) -> None:
    values = np.linspace(0, 2**bits - 1, 256).astype("<u2")
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [256, 0, bits])
    table.LUTExplanation = "NORMAL"
    table.add_new("LUTData", representation, values.tolist() if representation == "US" else values.tobytes())
    header = make_mammogram(VOILUTSequence=[table], WindowCenter=None, WindowWidth=None)
    del header.WindowCenterWidthExplanation, header.VOILUTFunction
    stored = dcmread(with_pixels(header, tmp_path / "source.dcm"), stop_before_pixels=True)
    (path,) = write_image_objects(find(stored), stored, algorithm, tmp_path, GSPS)
    (kept,) = dcmread(path).SoftcopyVOILUTSequence[0].VOILUTSequence
    assert list(kept.LUTDescriptor) == [256, 0, 16]
    data = np.frombuffer(kept.LUTData, "<u2") if isinstance(kept.LUTData, bytes) else np.array(kept.LUTData)
    assert np.abs(data - values * factor).max() <= 0.5
    assert faults_by_dciodvfy(path) == []
    assert "Test passed" in run_tool("dcmpschk", path)


def test_an_inverted_image_stays_inverted(make_mammogram: Any, write: Any, run_tool: Any) -> None:
    _, state, path = write(make_mammogram(PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE"))
    assert state.PresentationLUTShape == "INVERSE"
    assert "Test passed" in run_tool("dcmpschk", path)


def test_without_window_and_rescaling_none_is_invented(
    make_mammogram: Any, write: Any, run_tool: Any, faults_by_dciodvfy: Any
) -> None:
    bare = make_mammogram(WindowCenter=None, WindowWidth=None, RescaleIntercept=None, RescaleSlope=None)
    del bare.RescaleType
    _, state, path = write(bare)
    assert "SoftcopyVOILUTSequence" not in state
    assert "RescaleSlope" not in state
    assert "Test passed" in run_tool("dcmpschk", path)
    assert faults_by_dciodvfy(path) == []


def test_pixels_that_are_not_square_are_shown_with_their_spacing(
    make_mammogram: Any, write: Any, run_tool: Any, faults_by_dciodvfy: Any
) -> None:
    _, state, path = write(make_mammogram(ImagerPixelSpacing=[0.1, 0.05]))
    (area,) = state.DisplayedAreaSelectionSequence
    assert area.PresentationPixelSpacing == [0.1, 0.05]
    assert "PresentationPixelAspectRatio" not in area
    assert area.DisplayedAreaBottomRightHandCorner == [330, 420]
    assert "Test passed" in run_tool("dcmpschk", path)
    assert faults_by_dciodvfy(path) == []


def test_pixels_of_a_film_that_are_not_square_are_shown_with_their_spacing(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram(ImagerPixelSpacing=None, NominalScannedPixelSpacing=[0.05, 0.06])
    image = replace(find(header), spacing_mm=(0.05, 0.06))
    (path,) = write_image_objects(image, header, algorithm, tmp_path, GSPS)
    (area,) = dcmread(path).DisplayedAreaSelectionSequence
    assert area.PresentationPixelSpacing == [0.05, 0.06]


def test_the_words_of_a_lookup_table_are_those_of_a_big_endian_file(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    values = np.linspace(0, 65535, 256).astype("<u2")
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [256, 0, 16])
    table.add_new("LUTData", "OW", values.astype(">u2").tobytes())
    rescaling = deepcopy(table)
    rescaling.ModalityLUTType = "US"
    header = make_mammogram(VOILUTSequence=[table], ModalityLUTSequence=[rescaling])
    header.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    (path,) = write_image_objects(find(header), header, algorithm, tmp_path, GSPS)
    state = dcmread(path)
    for kept in (state.SoftcopyVOILUTSequence[0].VOILUTSequence[0], state.ModalityLUTSequence[0]):
        assert np.array_equal(np.frombuffer(kept.LUTData, "<u2"), values)


def test_an_image_without_findings_gets_no_presentation_state(
    make_mammogram: Any, find: Any, algorithm: Algorithm, tmp_path: Path
) -> None:
    header = make_mammogram()
    assert write_image_objects(find(header, 0, 0), header, algorithm, tmp_path, GSPS) == []
