"""What all miniatures need: the views by patient, DICOM files, pictures, stand-ins for what the simulator lacks."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DigitalMammographyXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from MCDetect.files import write_atomically
from MCDetect.training.datasets.pixels import mask_of, read_pixels_of
from MCDetect.training.datasets.record import CALCIFICATION, MALIGNANT, DatasetIndex, ImageRecord, Region

_VIEW_CODES = {"CC": ("399162004", "cranio-caudal"), "MLO": ("399368009", "medio-lateral oblique")}
_YOUNGEST, _STEP, _SPAN = 35, 11, 45


def patients_of(index: DatasetIndex) -> dict[str, list[ImageRecord]]:
    """Return the images of each patient."""
    found: dict[str, list[ImageRecord]] = defaultdict(list)
    for record in index.records:
        found[record.patient].append(record)
    return dict(sorted(found.items()))


def clusters_of(record: ImageRecord) -> list[Region]:
    """Return the outlined clusters of an image."""
    return [region for region in record.regions if region.kind == CALCIFICATION and region.is_cluster]


def is_malignant(record: ImageRecord) -> bool:
    """Return whether any cluster is."""
    return any(region.pathology == MALIGNANT for region in clusters_of(record))


def age_of(number: int) -> int:
    """Return an age for a patient: simulated ones have none."""
    return _YOUNGEST + number * _STEP % _SPAN


def code(text: str, letters: int) -> str:
    """Return hexadecimal letters that are always the same for the same text, as the identifiers of data sets are."""
    return hashlib.sha256(text.encode()).hexdigest()[:letters]


def pixels_of(record: ImageRecord) -> npt.NDArray[np.uint16]:
    """Return the grey values as they were simulated."""
    return read_pixels_of(record.image).astype(np.uint16)


def box_of(region: Region, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return first row, first column, one past the last row and column of a region."""
    placed = mask_of(region, shape)
    rows, columns = placed.mask.shape
    return placed.top, placed.left, placed.top + rows, placed.left + columns


def write_dicom(path: Path, pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], record: ImageRecord | None) -> None:
    """Write a mammogram with side, view and spacing; without a record a secondary capture that says nothing.

    Unique identifiers are made from the path, so that the same examination gives the same bytes.
    """
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.Modality = "MG"
    place = "/".join(path.parts[-4:])
    digits = [str(int(code(f"{place} {what}", 20), 16)) for what in ("study", "series", "image")]
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = (f"2.25.{one}" for one in digits)
    if record is not None:
        dataset.SOPClassUID = DigitalMammographyXRayImageStorageForPresentation
        dataset.ImageLaterality = record.laterality
        item = Dataset()
        item.CodeValue, item.CodeMeaning = _VIEW_CODES[record.view]
        item.CodingSchemeDesignator = "SCT"
        dataset.ViewCodeSequence = [item]
        if record.spacing_mm is not None:
            dataset.ImagerPixelSpacing = [record.spacing_mm, record.spacing_mm]
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.set_pixel_data(np.ascontiguousarray(pixels), "MONOCHROME2", 8 if pixels.dtype == np.uint8 else 16)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda temporary: dataset.save_as(temporary, enforce_file_format=True))


def csv_lines(header: str, rows: Sequence[Mapping[str, object]]) -> str:
    """Return a CSV file with these columns; what a row lacks is empty."""
    names = header.split(",")
    quoted = [
        [f'"{row.get(n, "")}"' if "," in str(row.get(n, "")) else str(row.get(n, "")) for n in names] for row in rows
    ]
    return "\n".join([header, *(",".join(cells) for cells in quoted)]) + "\n"
