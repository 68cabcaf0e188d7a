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
  about the shape of the full mammogram. A mask that is a little smaller or larger is fitted to it.
- One of the two may be missing. A file alone is a mask when it is at least half as high and as wide as the full
  mammogram, and the region is then cut from that; else it is a crop, and the region is not placed.
- What files are called is not relied on (000000.dcm in the tables, 1-1.dcm on the disk of newer downloads): every DICOM
  file below the folder of a case is looked at.
- Which scanner digitised a film is not in the tables: the spacing is left unknown, whatever the headers say.
- One film may have a case among the calcifications and one among the masses, with its image twice: the first is read,
  and the masses are noted beside its calcifications. Without the tables of masses the calcifications still work.
- Columns "breast density" and "breast_density", "left or right breast" and so on: calcification tables
  have blanks where those of masses have underscores.

Read from (GitHub, OWNER/NAME: file):

- the four tables with all their rows: paths of UIDs that end in 000000.dcm, the line break in quotes, three
  pathologies, blanks and underscores in the columns' names: lazatsoc/cbis_ddsm_dataloader: resources/*.csv (read whole
  with ``read_table``: 1,872 rows of calcifications and 1,696 of masses)
- crop and mask swapped where the mask is less than half as high or wide as the image, masks a little smaller than it:
  the same: utils/ddsm_preprocessor.py
- folders and files on disk as above, 1-1.dcm and 1-2.dcm in one series: MOX1983/S3CNNM:
  scripts/converting_to_png.py; DreamnovaCesar/CBIS-DDSM-and-Mini-MIAS-using-transfer-learning-with-CNN: its tree
- the tables' names again: wiki.cancerimagingarchive.net/pages/diffpages.action?originalId=157286950&pageId=157287563
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
            about = {"kind": kind, "table": table.name}
            regions = [_region(cases, found[0], {**row, **about}, problems, files) for row in rows]
            known = tuple(region for region in regions if region is not None)
            first = rows[0]
            # Where a region could not be read or placed, nothing of the film may be taken for normal tissue.
            is_annotated = len(known) == len(rows) and all(region.mask is not None for region in known)
            film = first["patient_id"], first["left or right breast"], first["image view"]
            if film in records:
                joined = (*records[film].regions, *known)
                records[film] = replace(
                    records[film], regions=joined, is_annotated=records[film].is_annotated and is_annotated
                )
            else:
                records[film] = replace(_record(found[0], first, known, part), is_annotated=is_annotated)
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


def _region(cases: Path, image: Path, row: dict[str, str], problems: list[str], files: list[Path]) -> Region | None:
    kind, table = row["kind"], row["table"]
    case = _case(row["roi mask file path"]) or _case(row.get("cropped image file path", ""))
    pathology = _PATHOLOGY.get(row["pathology"].upper())
    if pathology is None:
        problems.append(f"{table} gives {case} the unknown pathology {row['pathology']!r}; the region is left out.")
        return None
    found = sorted((cases / case).rglob("*.dcm"))
    sized: list[tuple[tuple[int, int], Path]] = []
    for path in found:
        try:
            sized.append((_shape(path), path))
        except InputError as error:
            problems.append(str(error))
    if not sized:
        problems.append(f"{cases / case} has neither mask nor crop; the region is left out.")
        return None
    files += [path for _, path in sized]
    sized.sort(key=lambda entry: entry[0][0] * entry[0][1])
    shape, largest = sized[-1]
    try:
        whole = _shape(image)
    except InputError as error:
        problems.append(str(error))
        return None
    is_mask = 2 * shape[0] >= whole[0] and 2 * shape[1] >= whole[1]
    mask = largest if is_mask else None
    crop = sized[0][1] if len(sized) > 1 or not is_mask else None
    if mask is None:
        problems.append(f"{cases / case} has no mask as large as its mammogram; the region is not placed in it.")
    is_cluster = "CLUSTERED" in row.get("calc distribution", "").upper()
    known = pathology if kind == CALCIFICATION else ""
    return Region(kind, (), known, is_cluster, crop, mask, may_be_empty=mask is None)


def _case(path: str) -> str:
    """Return the folder of the case, which is all of a path in the tables that holds."""
    return path.strip().strip('"').split("/")[0].strip()


def _shape(path: Path) -> tuple[int, int]:
    """Return rows and columns, from the header alone."""
    from MCDetect.dicom.opening import open_dataset

    header = open_dataset(path, pixels=False)
    return int(header.get("Rows", 0)), int(header.get("Columns", 0))
