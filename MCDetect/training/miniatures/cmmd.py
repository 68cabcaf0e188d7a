"""A miniature of CMMD: DICOM by patient and the workbook of breasts, without any marks."""

from __future__ import annotations

from pathlib import Path

from MCDetect.files import write_atomically
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.miniatures.views import age_of, clusters_of, is_malignant, patients_of, pixels_of, write_dicom

COLUMNS = ("ID1", "LeftRight", "Age", "number", "abnormality", "classification", "subtype")


def write(folder: Path, index: DatasetIndex) -> Path:
    """Write all views of all patients; breasts without clusters have no row, as those without a biopsy."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(COLUMNS)
    for number, records in enumerate(patients_of(index).values(), start=1):
        patient = f"D1-{number:04d}"
        series = folder / "CMMD" / patient / "07-18-2010-NA-NA-79377" / "1.000000-NA-70244"
        for place, record in enumerate(records, start=1):
            write_dicom(series / f"1-{place}.dcm", pixels_of(record), record)
        for side in "LR":
            affected = [record for record in records if record.laterality == side and clusters_of(record)]
            if affected:
                verdict = "Malignant" if any(map(is_malignant, affected)) else "Benign"
                sheet.append((patient, side, age_of(number), len(affected), "calcification", verdict, None))
    write_atomically(folder / "CMMD_clinicaldata_revision.xlsx", book.save)
    return folder
