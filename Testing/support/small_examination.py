"""Two mammograms of a few pixels with a reviewed cluster each, and every object that can be read back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian

from MCDetect.bi_rads import AssessmentCategory, Distribution, Morphology
from MCDetect.dicom.export import FORMATS, write_study_objects
from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing.cad_report import cad_report
from MCDetect.dicom.writing.context import RAW, ReportContext
from MCDetect.dicom.writing.measurement_report import measurement_report
from MCDetect.dicom.writing.segmentation import segmentation
from MCDetect.findings import (
    Algorithm,
    Calcification,
    Cluster,
    Correspondence,
    Decision,
    ImageFindings,
    Review,
    SpacingSource,
)

ROWS, COLUMNS = 40, 32
ALGORITHM = Algorithm("MCDetect", "0.1.0", "default", "c0ffee" * 10 + "beef", "balanced", 0.375, "cpu")
STUDY = stable_uid("small study")
VIEWS = (("R", "CC", "399162004"), ("R", "MLO", "399368009"), ("L", "CC", "399162004"))


def small_header(
    number: int = 0, shape: tuple[int, int] = (ROWS, COLUMNS), spacing_mm: tuple[float, float] = (0.07, 0.07)
) -> Dataset:
    """Return the header of the mammogram ``number`` of a study: of all that objects about it are made of."""
    laterality, _, view = VIEWS[number]
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SpecificCharacterSet = "ISO_IR 100"
    image.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    image.StudyInstanceUID = STUDY
    image.SeriesInstanceUID = stable_uid("small series", str(number))
    image.SOPInstanceUID = stable_uid("small image", str(number))
    image.Modality, image.PresentationIntentType = "MG", "FOR PRESENTATION"
    image.PatientName, image.PatientID, image.Manufacturer = "Secret^Name", "SECRET-1", "Maker"
    image.ImageLaterality = laterality
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = view, "SCT", "view"
    code.ViewModifierCodeSequence = []
    image.ViewCodeSequence = [code]
    image.Rows, image.Columns = shape
    image.ImagerPixelSpacing = list(spacing_mm)
    return image


def small_mammogram(number: int = 0) -> Dataset:
    """Return a mammogram of 40 x 32 pixels that the reader takes."""
    image = small_header(number)
    image.PatientOrientation = ["P", "L"] if number == 0 else ["P", "F"]
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    image.WindowCenter, image.WindowWidth, image.VOILUTFunction = 2000, 3000, "SIGMOID"
    pixels = np.arange(ROWS * COLUMNS, dtype="<u2").reshape(ROWS, COLUMNS)
    pixels = pixels if number == 0 else pixels[::-1]  # no view looks like the other
    image.PixelData = pixels.tobytes()
    return image


def identity(header: Dataset) -> dict[str, Any]:
    """Return what findings take over from the header of their image, but for the spacing."""
    view = header.ViewCodeSequence[0].CodeValue
    return {
        "sop_instance_uid": str(header.SOPInstanceUID),
        "sop_class_uid": str(header.SOPClassUID),
        "series_instance_uid": str(header.SeriesInstanceUID),
        "study_instance_uid": str(header.StudyInstanceUID),
        "laterality": str(header.get("ImageLaterality", "")),
        "view": next(name for _, name, code in VIEWS if code == view),
        "rows": int(header.Rows),
        "columns": int(header.Columns),
    }


def small_findings(number: int = 0) -> ImageFindings:
    """Return a cluster of two calcifications that was accepted, a rejected one, and an isolated calcification."""
    header = small_mammogram(number)
    places = ((5, 5), (8, 9), (20, 20), (22, 24), (35, 3))
    calcifications = tuple(
        Calcification(index, row + 0.5, column + 0.5, 0.0196, 0.2, 0.5, ((row, column, 2), (row + 1, column, 2)))
        for index, (row, column) in enumerate(places, start=1)
    )
    clusters = tuple(
        Cluster(
            id=index,
            member_ids=members,
            outline=((top, top), (top, top + 9.0), (top + 9.0, top + 9.0), (top + 9.0, top)),
            area_mm2=0.4,
            diameter_mm=0.5,
            density_per_cm2=500.0,
            score=0.8,
            distribution=Distribution.LINEAR,
            tracking_uid=stable_uid("small cluster", str(number), str(index)),
            decision=decision,
            comment="nothing like it before",
            morphology=Morphology.ROUND,
            assessment=AssessmentCategory.BENIGN,
        )
        for index, members, top, decision in (
            (1, (1, 2), 3.0, Decision.ACCEPTED),
            (2, (3, 4), 18.0, Decision.REJECTED),
        )
    )
    return ImageFindings(
        **identity(header),
        spacing_mm=(0.07, 0.07),
        spacing_source=SpacingSource.AT_DETECTOR,
        score=0.8,
        breast_area_mm2=5.0,
        calcifications=calcifications,
        clusters=clusters,
    )


def small_objects() -> dict[str, Dataset]:
    """Return ``seg``, ``cad-sr`` and ``measurements-sr`` of two views, and one of the mammograms."""
    images = [small_findings(0), small_findings(1)]
    sources = {image.sop_instance_uid: small_mammogram(number) for number, image in enumerate(images)}
    same = Correspondence((images[0].clusters[0].tracking_uid, images[1].clusters[0].tracking_uid), 0.7, confirmed=True)
    context = ReportContext(Review("Reader^Rita", "2026-11-21T14:00:00+00:00", complete=True), (same,))
    return {
        "mammogram": small_mammogram(0),
        "seg": segmentation(images[0], small_mammogram(0), ALGORITHM, context),
        "cad-sr": cad_report(images, sources, {}, ALGORITHM, context),
        "measurements-sr": measurement_report(images, sources, ALGORITHM, context),
    }


def stored_study(
    images: Sequence[ImageFindings], folder: Path, context: ReportContext = RAW, **changes: str
) -> list[Dataset]:
    """Store both mammograms and the two reports about findings of them in a new folder, and return all as read again.

    ``changes`` are attributes of the mammograms; ``view 0`` and ``view 1`` are their series.
    """
    headers = [small_mammogram(number) for number in (0, 1)]
    folder.mkdir()
    for number, header in enumerate(headers):
        header.SeriesDescription = f"view {number}"
        for keyword, value in changes.items():
            setattr(header, keyword, value)
        header.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    sources = {str(header.SOPInstanceUID): header for header in headers}
    write_study_objects(images, sources, ALGORITHM, {}, folder, FORMATS, context)
    return [dcmread(path) for path in sorted(folder.iterdir())]
