"""BMCD (Loizidou et al. 2021): two rounds of two digital views of 100 breasts, each calcification marked.

As distributed (Zenodo 5036062: Description.xlsx and Dataset.zip)::

    Description.xlsx                               sheets Normal_cases and Suspicious_cases
    Dataset/Normal_cases/1/CC_recent.dcm           CC and MLO, recent and prior; some end in .DCM
    Dataset/Normal_cases/1/CC_recent_GT.jpg        the view with every calcification in colour
    Dataset/Suspicious_cases/1/...

Columns of both sheets, below two rows of titles: "Folder #", "Breast (Right/Left)", "Age (at the time of the recent
mammogram)", "BI-RADS categories for breast density", "BI-RADS categories for classification " (with that blank, values
1 to 5 with 4a, 4b and 4c); the suspicious ones have "Biopsy results", which 32 of the 50 cases have. What is not known
is empty or "NOT AVAILABLE". Only the folder and the classification are needed.

- Both rounds show the same breast of one patient; the classification is that of the recent one.
- Which sheet has a folder's row follows from its parent: folders are numbered from 1 in both.
- Where a cell with the result of the biopsy says malignant or benign, that is the pathology; else BI-RADS 1 to 3 is
  taken for benign and 4 to 6 for malignant.
- Marks of one view are one region, since single calcifications are not grouped; in suspicious cases it counts as a
  cluster.
- A view without any mark (BI-RADS 1, and prior views of some suspicious cases) is normal.
- The pictures may have another size than the images: marks are fitted to it.

Met, not relied on: what the folder above both kinds of cases is called, and its letters' case; what a picture of marks
is called beyond the name of its image, and its format; red as the colour of the marks (anything coloured counts, or
white where a picture is black and white alone); brackets in the columns' names. Any column is taken for that of the
biopsy whose name says so. An image without such a picture is left out, and that is told.

Read from (GitHub, OWNER/NAME: file):

- both sheets with two rows above the header, "Folder #", "BI-RADS categories for breast density": loioladev/breast-
  density-classification: src/datasets/bmcd_converter.py
- the other columns (there without brackets), "NOT AVAILABLE", "biopsy results", the four images of a folder, endings in
  capitals: jddomingues-fcul/MultiBreast: data_preprocessing/dto/breast_micro_calc.py
- 100 pairs, BI-RADS of both kinds of cases, biopsies of 32, an image of marks for each view: the description at Zenodo
  5036062 as quoted by Antonie433/breast-cancer-microcalcification-: README.md
- the archive, the workbook's name, the folder ``Dataset``: loioladev/breast-density-classification:
  src/datasets/README.md, src/datasets/bmcd_converter.py
"""

from __future__ import annotations

from pathlib import Path

from MCDetect.errors import InputError
from MCDetect.training.datasets.indexing import find_one, finish, read_header, require_folder
from MCDetect.training.datasets.pixels import PICTURES
from MCDetect.training.datasets.record import (
    BENIGN,
    CALCIFICATION,
    MALIGNANT,
    DatasetIndex,
    ImageRecord,
    Region,
)
from MCDetect.training.datasets.sheets import read_table

SHEETS = ("Normal_cases", "Suspicious_cases")

_FOLDER, _GRADE = "folder #", "bi-rads categories for classification"
_DENSITY, _AGE = "bi-rads categories for breast density", "age at the time of the recent mammogram"


def index(folder: Path) -> DatasetIndex:
    """Index BMCD as distributed."""
    require_folder(folder, "bmcd")
    table = find_one(folder, ["Description.xlsx"], "bmcd")
    records: list[ImageRecord] = []
    problems: list[str] = []
    files = [table]
    for sheet in SHEETS:
        cases = _folder_of(sheet, folder, table.with_name(sheet))
        for row in read_table(table, (_FOLDER, _GRADE), "bmcd", sheet):
            row = {_without_brackets(name): value for name, value in row.items()}  # noqa: PLW2901
            if not row[_FOLDER].isdigit():
                continue
            case = cases / row[_FOLDER]
            images = sorted(path for path in case.glob("*") if path.suffix.lower() == ".dcm")
            if not images:
                problems.append(f"{case} has no image, though {table.name} names it.")
            for image in images:
                marks = _marks_of(image)
                if marks is None:
                    problems.append(f"{image} has no picture of its marks beside it; it is left out.")
                    continue
                try:
                    records.append(_record(image, marks, sheet, row))
                except InputError as error:
                    problems.append(str(error))
                    continue
                files += [image, marks]
    return finish("bmcd", folder, records, problems, files)


def _folder_of(sheet: str, folder: Path, otherwise: Path) -> Path:
    """Return the folder of the cases of a sheet, whatever its letters' case, or ``otherwise`` if there is none."""
    found = (path for path in (*folder.glob("*"), *folder.glob("*/*"), *folder.glob("*/*/*")) if path.is_dir())
    return next((path for path in sorted(found) if path.name.lower() == sheet.lower()), otherwise)


def _marks_of(image: Path) -> Path | None:
    """Return the picture beside an image whose name is that of the image and more; of several the one with "GT".

    A picture of the same name is the image itself, converted: without marks it would make all of it normal tissue.
    """
    named = image.stem.lower()
    pictures = [
        path
        for path in sorted(image.parent.glob("*"))
        if path.suffix.lower() in PICTURES and path.stem.lower().startswith(named) and path.stem.lower() != named
    ]
    return min(pictures, key=lambda path: "gt" not in path.stem.lower()[len(named) :], default=None)


def _without_brackets(name: str) -> str:
    return " ".join(name.replace("(", " ").replace(")", " ").split())


def _record(image: Path, marks: Path, sheet: str, row: dict[str, str]) -> ImageRecord:
    header = read_header(image)
    view, _, time = image.stem.partition("_")
    age, density = row.get(_AGE, ""), row.get(_DENSITY, "").strip().lower()[-1:]
    is_suspicious = sheet == "Suspicious_cases"
    region = Region(CALCIFICATION, (), _pathology(row), is_cluster=is_suspicious, mask=marks, may_be_empty=True)
    return ImageRecord(
        image,
        f"{sheet} {row[_FOLDER]}",
        header.laterality,
        view.upper(),
        header.spacing_mm,
        (region,),
        age=float(age) if age.isdigit() else None,
        groups={"round": time.lower(), **({"density": density} if density in ("a", "b", "c", "d") else {})},
    )


def _pathology(row: dict[str, str]) -> str:
    biopsy = " ".join(value.lower() for name, value in row.items() if "biopsy" in name)
    if "malignant" in biopsy or "benign" in biopsy:
        return MALIGNANT if "malignant" in biopsy else BENIGN
    grade = next((letter for letter in row[_GRADE] if letter.isdigit()), "")
    return BENIGN if grade in ("1", "2", "3") else MALIGNANT if grade in ("4", "5", "6") else ""
