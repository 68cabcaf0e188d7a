"""The self test: a mammogram goes through the plugin into the scene, findings into the views. It needs no internet."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from SlicerMCDetectLib.dicom_plugin import CONFIDENCE, NAME
from SlicerMCDetectLib.library import find_library

SHAPE = (640, 480)
SPACING_MM = 0.1
PLACES = ((300, 300), (310, 320), (330, 305), (325, 325))


def run(test: Any) -> None:
    """Run all, as ``test`` (a unittest.TestCase)."""
    find_library()
    folder = Path(tempfile.mkdtemp(prefix="MCDetect"))
    try:
        file = str(write_mammogram(folder / "R_CC.dcm"))
        check_plugin(test, file)
        check_review(test, file, write_report(file, folder / "results"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_plugin(test: Any, file: str) -> None:
    """Check that the plugin offers the mammogram above all other readers and loads it with its own display."""
    from SlicerMCDetectLib import loading

    test.assertIn(NAME, slicer.modules.dicomPlugins)
    test.assertGreater(CONFIDENCE, 0.95)
    (candidate,) = loading.candidates([file])
    test.assertEqual((candidate.kind, candidate.name), ("mammogram", "R CC"))
    node = loading.load_mammogram(file, candidate.name)
    np.testing.assert_allclose(node.GetSpacing()[:2], [SPACING_MM] * 2)
    test.assertEqual(node.GetImageData().GetDimensions(), (SHAPE[1], SHAPE[0], 1))
    test.assertFalse(node.GetDisplayNode().GetAutoWindowLevel())
    slicer.mrmlScene.RemoveNode(node)


def check_review(test: Any, file: str, report: str) -> None:
    """Check that a report is drawn in the view that shows the mammogram, and that accepting a finding can be undone."""
    widget = slicer.util.getModuleWidget("SlicerMCDetect")
    slicer.util.selectModule("SlicerMCDetect")
    seat = widget.seat
    seat.open_examination_files([file], [report])
    _wait(test, lambda: seat.session is not None and bool(_shown_models()))
    ((_key, cluster),) = seat.session.shown_findings()
    seat.session.select(cluster.tracking_uid)
    seat.panel.accept()
    test.assertEqual(seat.session.shown_findings()[0][1].decision.value, "accepted")
    seat.panel.undo()
    test.assertEqual(seat.session.shown_findings()[0][1].decision.value, "undecided")
    seat.session.close(keep_work=False)
    seat.close_examination()
    test.assertEqual(_shown_models(), [])


def write_mammogram(path: Path) -> Path:
    """Write a right craniocaudal view: a half ellipse with four bright points."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

    row, column = np.mgrid[: SHAPE[0], : SHAPE[1]]
    tissue = ((row - SHAPE[0] / 2) / (0.45 * SHAPE[0])) ** 2 + ((SHAPE[1] - column) / (0.8 * SHAPE[1])) ** 2 < 1
    pixels = np.where(tissue, 1500, 0).astype(np.uint16)
    for place in PLACES:
        pixels[place[0] - 1 : place[0] + 2, place[1] - 1 : place[1] + 2] = 3800
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    values = {
        "SOPClassUID": DigitalMammographyXRayImageStorageForPresentation,
        "SOPInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "Modality": "MG",
        "PresentationIntentType": "FOR PRESENTATION",
        "ImageType": ["ORIGINAL", "PRIMARY", ""],
        "BodyPartExamined": "BREAST",
        "ImageLaterality": "R",
        "ViewPosition": "CC",
        "PatientOrientation": ["P", "L"],
        "PatientID": "MCDetect self test",
        "ImagerPixelSpacing": [SPACING_MM] * 2,
        "Rows": SHAPE[0],
        "Columns": SHAPE[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": 1,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
        "RescaleType": "US",
        "WindowCenter": 2048,
        "WindowWidth": 4096,
        "PixelData": pixels.tobytes(),
    }
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_report(
    file: str, folder: Path, shape: tuple[int, int] = SHAPE, places: Sequence[tuple[int, int]] = PLACES
) -> str:
    """Write a Mammography CAD report of :func:`findings_of` a mammogram, and return its file."""
    from MCDetect.dicom.reading import read_mammogram
    from MCDetect.results import ResultWriter

    findings = findings_of(file, shape, places)
    writer = ResultWriter(folder, findings.algorithm, {"cad-sr"})
    writer.add(read_mammogram(file), findings.images[0])
    return next(str(path) for path in writer.finish() if path.suffix == ".dcm")


def findings_of(file: str, shape: tuple[int, int] = SHAPE, places: Sequence[tuple[int, int]] = PLACES) -> Any:
    """Return findings of one cluster of the calcifications at ``places`` (row, column) of a mammogram."""
    from MCDetect.bi_rads import Distribution
    from MCDetect.dicom.reading import read_mammogram
    from MCDetect.findings import Algorithm, Calcification, Cluster, Findings, ImageFindings

    mammogram = read_mammogram(file)
    header: Any = mammogram.header
    calcifications = tuple(
        Calcification(i, float(r), float(c), 0.09, 0.42, 0.9, tuple((r + d, c - 1, 3) for d in (-1, 0, 1)))
        for i, (r, c) in enumerate(places, start=1)
    )
    rows, columns = zip(*places, strict=True)
    top, bottom, left, right = min(rows) - 15.0, max(rows) + 15.0, min(columns) - 15.0, max(columns) + 15.0
    outline = ((top, left), (top, right), (bottom, right), (bottom, left))
    cluster = Cluster(1, (1, 2, 3, 4), outline, 33.0, 4.0, 12.1, 0.9, Distribution.GROUPED, "2.25.1")
    image = ImageFindings(
        sop_instance_uid=str(header.SOPInstanceUID),
        sop_class_uid=str(header.SOPClassUID),
        series_instance_uid=str(header.SeriesInstanceUID),
        study_instance_uid=str(header.StudyInstanceUID),
        laterality="R",
        view="CC",
        rows=shape[0],
        columns=shape[1],
        spacing_mm=mammogram.spacing.millimetres,
        spacing_source=mammogram.spacing.source,
        score=0.9,
        breast_area_mm2=100.0,
        calcifications=calcifications,
        clusters=(cluster,),
    )
    return Findings(Algorithm("MCDetect", "self test", "none", "0" * 64, "custom", 0.0, "cpu"), (image,))


def _shown_models() -> list[Any]:
    scene = slicer.mrmlScene
    models = [
        scene.GetNthNodeByClass(i, "vtkMRMLModelNode") for i in range(scene.GetNumberOfNodesByClass("vtkMRMLModelNode"))
    ]
    ours = [model for model in models if model.GetName().startswith("R CC")]
    return [model for model in ours if model.GetPolyData() is not None and model.GetPolyData().GetNumberOfLines()]


def _wait(test: Any, condition: Any, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        test.assertLess(time.monotonic(), deadline, "the examination was not shown in time")
        slicer.app.processEvents()
