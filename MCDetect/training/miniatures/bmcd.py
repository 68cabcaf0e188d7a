"""A miniature of BMCD: two rounds of a breast, marks in red on pictures, the workbook with two sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from MCDetect.files import write_atomically
from MCDetect.training.datasets.bmcd import SHEETS
from MCDetect.training.datasets.pixels import mask_of, to_8_bit
from MCDetect.training.datasets.record import DatasetIndex, ImageRecord
from MCDetect.training.miniatures.views import age_of, clusters_of, is_malignant, patients_of, pixels_of, write_dicom

COLUMNS = (
    "Folder #",
    "Breast (Right/Left)",
    "Age (at the time of the recent mammogram)",
    "BI-RADS categories for breast density",
    "BI-RADS categories for classification ",
    "Biopsy results",
)


def write(folder: Path, index: DatasetIndex) -> Path:
    """Write one folder a patient; a view of the other breast stands in for the earlier round."""
    import openpyxl

    book = openpyxl.Workbook()
    normal, suspicious = book.worksheets[0], book.create_sheet(SHEETS[1])
    normal.title = SHEETS[0]
    for sheet in (normal, suspicious):
        for row in ((sheet.title.replace("_", " "),), (), COLUMNS):
            sheet.append(row)
    written = dict.fromkeys(SHEETS, 0)
    for number, records in enumerate(patients_of(index).values(), start=1):
        name = SHEETS[any(is_malignant(record) for record in records)]
        written[name] += 1
        seen: set[str] = set()
        for record in records:
            time = "prior" if record.view in seen else "recent"
            ending = "DCM" if number % 4 == 0 else "dcm"  # as some of the real ones
            stem = folder / "Dataset" / name / str(written[name]) / f"{record.view}_{time}"
            write_dicom(stem.with_suffix(f".{ending}"), pixels_of(record), record)
            _write_marks(stem.with_name(f"{stem.name}_GT.jpg"), record)
            seen.add(record.view)
        grade = "BI-RADS 5" if name == SHEETS[1] else "BI-RADS 2" if any(map(clusters_of, records)) else "BI-RADS 1"
        biopsy = "Malignant" if name == SHEETS[1] else None
        density = records[0].groups.get("density", "b").upper()
        case = (written[name], records[0].laterality, age_of(number), f"BI-RADS {density}", grade, biopsy)
        (normal, suspicious)[name == SHEETS[1]].append(case)
    write_atomically(folder / "Description.xlsx", book.save)
    return folder


def _write_marks(path: Path, record: ImageRecord) -> None:
    grey = to_8_bit(pixels_of(record).astype(np.float32))
    colours = np.stack([grey] * 3, axis=-1)
    for region in clusters_of(record):
        placed = mask_of(region, (grey.shape[0], grey.shape[1]))
        rows, columns = placed.mask.shape
        inside = colours[placed.top : placed.top + rows, placed.left : placed.left + columns]
        inside[placed.mask] = (255, 0, 0)
    write_atomically(path, lambda temporary: Image.fromarray(colours).save(temporary, "JPEG", quality=92))
