"""CMMD (Cui et al. 2021): 1,775 Chinese patients, digital mammograms with biopsy results, without any marks.

As the NBIA Data Retriever writes it::

    CMMD_clinicaldata_revision.xlsx                          or the same as .csv
    CMMD/D1-0001/<date>-NA-NA-<n>/1.000000-NA-<n>/1-1.dcm    views of one or both breasts of a patient

Columns of the table: ID1 (patient), LeftRight, Age, number, abnormality (calcification, mass, both), classification
(Benign, Malignant), subtype. One row is one breast; a patient whose both breasts were biopsied has two.

- What lies between a patient's folder and its images is not relied on, nor what these are called (00000001.dcm from the
  archive's service): every DICOM file below the folder of a patient is read.
- Two pairs of patients have images with the same pixels, and the archive does not know which are right: each pair
  counts as one patient, so that a split does not part them.
- Which file is which breast and view stands in its header alone (ImageLaterality, ViewCodeSequence).
- Nothing is marked: for recipes that look at regions the whole breast is the region; for recipes that look at tiles
  this data set has no examples, and they say so. Breasts without a row were not biopsied and are left out.

Read from (GitHub, OWNER/NAME: file):

- the table with all its rows, as CSV: briggyx/mammogram_classification: data/CMMD_clinicaldata_revision.csv
- workbook or CSV beside the folder ``CMMD`` with one folder a patient, side and view from (0020,0062) and (0054,0220):
  BiomedSciAI/fuse-med-ml: fuseimg/datasets/cmmd.py
- 1-1.dcm and 00000001.dcm, patients with the same pixels: lejeunel/breast-cancer-cmmd: breastclf/cmmd.py
"""

from __future__ import annotations

from pathlib import Path

from MCDetect.errors import InputError
from MCDetect.training.datasets.indexing import find_one, finish, read_header, require_folder
from MCDetect.training.datasets.record import (
    BENIGN,
    CALCIFICATION,
    MALIGNANT,
    DatasetIndex,
    ImageRecord,
    Region,
)
from MCDetect.training.datasets.sheets import read_table

_TABLES = ["CMMD_clinicaldata_revision.xlsx", "CMMD_clinicaldata_revision.csv"]
_COLUMNS = ("id1", "leftright", "age", "abnormality", "classification")
_PATHOLOGY = {"benign": BENIGN, "malignant": MALIGNANT}
_SAME_PIXELS = {"D2-0284": "D1-0202", "D1-1292": "D1-0808"}


def index(folder: Path) -> DatasetIndex:
    """Index CMMD as distributed."""
    require_folder(folder, "cmmd")
    table = find_one(folder, _TABLES, "cmmd")
    images = find_one(folder, ["CMMD"], "cmmd")
    records: list[ImageRecord] = []
    problems: list[str] = []
    files = [table]
    breasts: dict[str, dict[str, dict[str, str]]] = {}
    for row in read_table(table, _COLUMNS, "cmmd"):
        breasts.setdefault(row["id1"], {})[row["leftright"]] = row
    for patient, rows in breasts.items():
        found = sorted((images / patient).rglob("*.dcm"))
        if not found:
            problems.append(f"{images / patient} has no image, though {table.name} names it.")
        for image in found:
            try:
                header = read_header(image)
            except InputError as error:
                problems.append(str(error))
                continue
            files.append(image)
            of_breast = rows.get(header.laterality)
            if not header.laterality:
                problems.append(f"{image} does not say which breast it shows; it is left out.")
            elif of_breast is not None:
                records.append(
                    ImageRecord(
                        image,
                        _SAME_PIXELS.get(patient, patient),
                        header.laterality,
                        header.view,
                        header.spacing_mm,
                        _regions(of_breast),
                        is_annotated=False,
                        age=float(of_breast["age"]) if of_breast["age"].isdigit() else None,
                        groups={"abnormality": of_breast["abnormality"]},
                    )
                )
    return finish("cmmd", folder, records, problems, files)


def _regions(row: dict[str, str]) -> tuple[Region, ...]:
    if row["abnormality"].lower() not in ("calcification", "both"):
        return ()
    return (Region(CALCIFICATION, (), _PATHOLOGY.get(row["classification"].lower(), ""), is_whole_breast=True),)
