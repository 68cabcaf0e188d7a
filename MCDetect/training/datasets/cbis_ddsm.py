"""CBIS-DDSM (Lee et al. 2017): digitised films with regions, masks and pathology, from The Cancer Imaging Archive.

As the NBIA Data Retriever writes it::

    calc_case_description_train_set.csv   calc_case_description_test_set.csv
    mass_case_description_train_set.csv   mass_case_description_test_set.csv
    CBIS-DDSM/Calc-Training_P_00005_RIGHT_CC/<date>-DDSM-<n>/1.000000-full mammogram images-<n>/1-1.dcm
    CBIS-DDSM/Calc-Training_P_00005_RIGHT_CC_1/<date>-DDSM-<n>/1.000000-ROI mask images-<n>/1-1.dcm, 1-2.dcm

Known oddities, all met here:

- The paths in the tables are made of UIDs (``Calc-Training_P_00005_RIGHT_CC/1.3.6.../1.3.6.../000000.dcm``) and exist
  on no disk: only their first folder holds. Some end in a line break inside quotes.
- The columns "cropped image file path" and "ROI mask file path" are swapped for many rows, and crop and mask lie in one
  series ("ROI mask images" or "cropped images") or in two, in either order. The mask is the larger of the two: it has
  the shape of the full mammogram.
- The image of a region may be missing (e.g. Calc-Training_P_00474_LEFT_MLO_1 has a mask alone): it is then cut from the
  full mammogram.
- Older downloads name files 000000.dcm; newer ones 1-1.dcm.
- The headers have no pixel spacing, and call the images secondary captures. Films were digitised at 0.042 to 0.05 mm,
  and which scanner was used is not in the tables: the spacing is left unknown.
- One film may have a case among the calcifications and one among the masses, with its image twice: the first is read,
  and the masses are noted beside its calcifications. Without the tables of masses the calcifications still work.
- Columns "breast density" and "breast_density", "left or right breast" and so on: calcification tables
  have blanks where those of masses have underscores.

Read from (GitHub, OWNER/NAME: file):

- header and rows of the tables, paths of UIDs, the line break in quotes, three pathologies, blanks in the columns'
  names: Slaysenfite/CBIS-DDSM-PNG: calc_case_description_train_set.csv (there with .png in place of the DICOM files)
- the four tables' names, and crop and mask swapped where the mask has another size than the image:
  lazatsoc/cbis_ddsm_dataloader: utils/ddsm_preprocessor.py
- folders and files on disk as above, 1-1.dcm and 1-2.dcm in one series: MOX1983/S3CNNM:
  scripts/converting_to_png.py; DreamnovaCesar/CBIS-DDSM-and-Mini-MIAS-using-transfer-learning-with-CNN: its tree
- not traced to a named file: 000000.dcm and the missing image of P_00474_LEFT_MLO_1 (seen in loaders whose repository
  is not known), underscores in the tables of masses, what the headers lack, how finely films were digitised (cited from
  Lee et al. 2017, Scientific Data 4:170177); each is met, not relied on
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from MCDetect.errors import InputError
from MCDetect.training.datasets.indexing import find_one, finish, require_folder
from MCDetect.training.datasets.record import (
    BENIGN,
    CALCIFICATION,
    MALIGNANT,
    OTHER,
    WITHOUT_CALLBACK,
    DatasetIndex,
    ImageRecord,
    Region,
)
from MCDetect.training.datasets.sheets import read_table

_PARTS = {"training": "train", "test": "test"}
_COLUMNS = ("patient_id", "left or right breast", "image view", "pathology", "image file path", "roi mask file path")
_PATHOLOGY = {
    "BENIGN": BENIGN,
    "BENIGN_WITHOUT_CALLBACK": WITHOUT_CALLBACK,
    "MALIGNANT": MALIGNANT,
}
_DENSITY = {"1": "a", "2": "b", "3": "c", "4": "d"}


def index(folder: Path) -> DatasetIndex:
    """Index CBIS-DDSM: the films with calcifications and, where their tables are there, those with masses."""
    require_folder(folder, "cbis-ddsm")
    cases = find_one(folder, ["CBIS-DDSM"], "cbis-ddsm")
    records: dict[tuple[str, str, str], ImageRecord] = {}
    problems: list[str] = []
    files: list[Path] = []
    for kind, part, table in _tables(folder):
        files.append(table)
        images: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in read_table(table, _COLUMNS, "cbis-ddsm"):
            images[_case(row["image file path"])].append(row)
        for case, rows in images.items():
            found = sorted((cases / case).rglob("*.dcm"))
            if not found:
                problems.append(f"{cases / case} has no image, though {table.name} names it.")
                continue
            files.append(found[0])
            regions = [_region(cases, {**row, "kind": kind, "table": table.name}, problems, files) for row in rows]
            known = tuple(region for region in regions if region is not None)
            first = rows[0]
            film = first["patient_id"], first["left or right breast"], first["image view"]
            if film in records:
                records[film] = replace(records[film], regions=(*records[film].regions, *known))
            else:
                records[film] = _record(found[0], first, known, part)
    return finish("cbis-ddsm", folder, records.values(), problems, files)


def _tables(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Give kind, part and file of each table; the calcifications first, so that masses join their films."""
    for part, name in _PARTS.items():
        yield CALCIFICATION, part, find_one(folder, [f"calc_case_description_{name}_set.csv"], "cbis-ddsm")
    for part, name in _PARTS.items():
        file = f"mass_case_description_{name}_set.csv"
        for table in (folder / file, *sorted(folder.glob(f"*/{file}"))):
            if table.is_file():
                yield OTHER, part, table
                break


def _record(image: Path, row: dict[str, str], regions: tuple[Region, ...], part: str) -> ImageRecord:
    density = _DENSITY.get(row.get("breast density", row.get("breast_density", "")), "")
    return ImageRecord(
        image,
        row["patient_id"],
        row["left or right breast"][:1],
        row["image view"],
        None,
        regions,
        groups={"published part": part, **({"density": density} if density else {})},
    )


def _region(cases: Path, row: dict[str, str], problems: list[str], files: list[Path]) -> Region | None:
    kind, table = row["kind"], row["table"]
    case = _case(row["roi mask file path"]) or _case(row.get("cropped image file path", ""))
    pathology = _PATHOLOGY.get(row["pathology"].upper())
    if pathology is None:
        problems.append(f"{table} gives {case} the unknown pathology {row['pathology']!r}; the region is left out.")
        return None
    found = sorted((cases / case).rglob("*.dcm"))
    sized: list[tuple[int, Path]] = []
    for path in found:
        try:
            sized.append((_pixels(path), path))
        except InputError as error:
            problems.append(str(error))
    if not sized:
        problems.append(f"{cases / case} has neither mask nor crop; the region is left out.")
        return None
    files += [path for _, path in sized]
    sized.sort(key=lambda entry: entry[0])
    # One file alone is the mask: without it the region could not be placed, and crops are what is missing at times.
    mask, crop = sized[-1][1], sized[0][1] if len(sized) > 1 else None
    is_cluster = "CLUSTERED" in row.get("calc distribution", "").upper()
    return Region(kind, (), pathology if kind == CALCIFICATION else "", is_cluster, crop, mask)


def _case(path: str) -> str:
    """Return the folder of the case, which is all of a path in the tables that holds."""
    return path.strip().strip('"').split("/")[0].strip()


def _pixels(path: Path) -> int:
    """Return the number of pixels, from the header alone."""
    from MCDetect.dicom.opening import open_dataset

    header = open_dataset(path, pixels=False)
    return int(header.get("Rows", 0)) * int(header.get("Columns", 0))
