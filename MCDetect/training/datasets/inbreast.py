"""INbreast (Moreira et al. 2012): 410 full-field mammograms as DICOM, outlines as XML, a table.

As distributed ("INbreast Release 1.0")::

    AllDICOMs/20586908_6c613a14b80a8591_MG_R_CC_ANON.dcm   image, patient, modality, side, view (CC or ML)
    AllXML/20586908.xml                                    outlines, for images with findings only
    INbreast.csv                                           separated by semicolons; or INbreast.xls, with more columns
    AllROI/, MedicalReports/, PectoralMuscle/              not used

The XML is a property list of OsiriX: ``Images[0].ROIs[]`` with ``Name`` and ``Point_px``, texts "(x, y)" in pixels; the
points in millimetres beside them are all 0. A calcification of one point is one pixel. Columns of the table: Patient ID
and Patient age (both "removed"), Laterality, View, Acquisition date, File Name, ACR (density 1 to 4, blank for some),
Bi-Rads (1 to 6 with 4a to 4c). "ML" in names means the mediolateral oblique view.

- Names are spelt in several ways: Calcification, Calcifications, Cluster, Mass, Spiculated Region, Espiculated Region,
  Distortion, Asymmetry, Assymetry; what begins with "calcif" or "cluster" is a calcification. Some say nothing
  (Unnamed, Point 1, Point 3, or no name at all). They are taken for calcifications, so that none becomes normal tissue,
  and the index says how many there are.
- The spacing is that of the header. Where the header has none it is 0.07 mm.

Read from (GitHub, OWNER/NAME: file):

- the table with separator, header and values as above, "4a", blank ACR: wentaozhu/deep-mil-for-whole-mammogram-
  classification: INbreast.csv; the spreadsheet, two rows of totals below it: KP-AROB/AROB-Breast-Datasets:
  src/datasets/inbreast.py, jddomingues-fcul/MultiBreast: data_preprocessing/dto/inbreast.py
- AllDICOMs, AllXML, the names of their files: leo-pires/dummy-scratch: mammo_dataset.py
- all folders, the table as a part of the spreadsheet: pablogiaccaglia/Breast-Cancer-Segmentation-Datasets: README.md
- every key of the XML in its order, points in millimetres of 0: the same: INbreast/original/AllXML/20587080.xml
- marks of one or two points: the same: INbreast/refactorINbreast.py, and MultiBreast, as above
- the names in all their spellings, some empty: leo-pires/dummy-scratch: mammo_dataset.py
- 0.07 mm: Luna-Lozoya et al. 2023 ("Shallow Convolutional Neural Network ..."), section 3

There is no pathology of each finding: BI-RADS 1 to 3 of the image is taken for benign and 4 to 6 for malignant, as
leo-pires/dummy-scratch does.
"""

from __future__ import annotations

import plistlib
import re
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from MCDetect.errors import InputError
from MCDetect.training.datasets.indexing import find_one, finish, read_header, require_folder
from MCDetect.training.datasets.record import (
    BENIGN,
    CALCIFICATION,
    MALIGNANT,
    OTHER,
    DatasetIndex,
    ImageRecord,
    Region,
)
from MCDetect.training.datasets.sheets import read_table

SPACING_MM = 0.07
"""Where the header of an image has none."""

_NAME = re.compile(r"(\d+)_([0-9a-fA-F]+)_MG_([LR])_(CC|MLO?|FB)_ANON\.dcm", re.IGNORECASE)
_POINT = re.compile(r"\(\s*([-+0-9.eE]+)\s*,\s*([-+0-9.eE]+)\s*\)")
_DENSITY = {"1": "a", "2": "b", "3": "c", "4": "d"}
_SAYS_NOTHING = re.compile(r"(unnamed|point \d+)?")


def index(folder: Path) -> DatasetIndex:
    """Index INbreast as distributed."""
    require_folder(folder, "inbreast")
    images, outlines = (find_one(folder, [name], "inbreast") for name in ("AllDICOMs", "AllXML"))
    table = find_one(folder, ["INbreast.csv", "INbreast.xls"], "inbreast")
    # The spreadsheet ends in two rows that name no file.
    rows = {
        row["file name"]: row
        for row in read_table(table, ("file name", "acr", "bi-rads"), "inbreast")
        if row["file name"].isdigit()
    }
    records: list[ImageRecord] = []
    problems: list[str] = []
    files = [table]
    for image in sorted(images.glob("*.dcm")):
        parts = _NAME.fullmatch(image.name)
        if parts is None:
            problems.append(f"{image} is not named as INbreast names its images.")
            continue
        number, patient, side, view = parts.groups()
        row = rows.pop(number, None)
        if row is None:
            problems.append(f"{image} has no row in {table.name}.")
            continue
        try:
            spacing = read_header(image).spacing_mm or SPACING_MM
        except InputError as error:
            problems.append(str(error))
            continue
        files.append(image)
        xml = outlines / f"{number}.xml"
        regions: tuple[Region, ...] = ()
        if xml.is_file():
            files.append(xml)
            try:
                regions, unnamed = read_outlines(xml, _pathology(row["bi-rads"]))
            except (OSError, ExpatError, plistlib.InvalidFileException, KeyError, IndexError, TypeError, ValueError):
                problems.append(f"{xml} is not a list of outlines; its image is left out.")
                continue
            if unnamed:
                problems.append(f"{xml} does not say what {unnamed} of its marks are; they count as calcifications.")
        density = _DENSITY.get(row["acr"].rstrip("."), "")
        records.append(
            ImageRecord(
                image,
                patient,
                side.upper(),
                "CC" if view.upper() == "CC" else "MLO",
                spacing,
                regions,
                groups={"density": density} if density else {},
            )
        )
    problems += [f"{images / number}_*.dcm is missing, though {table.name} names it." for number in sorted(rows)]
    return finish("inbreast", folder, records, problems, files)


def read_outlines(xml: Path, pathology: str) -> tuple[tuple[Region, ...], int]:
    """Return the regions of an XML file, and how many of them have a name that says nothing.

    Coordinates are texts "(x, y)", hence (column, row).
    """
    with xml.open("rb") as stream:
        document: dict[str, Any] = plistlib.load(stream)
    regions = []
    unnamed = 0
    for roi in document["Images"][0]["ROIs"]:
        points = [_POINT.fullmatch(text.strip()) for text in roi["Point_px"]]
        outline = tuple((float(point[2]), float(point[1])) for point in points if point is not None)
        if len(outline) < len(points) or not outline:
            raise ValueError("a point is not written as (x, y)")
        name = str(roi.get("Name", "")).strip().lower()
        says_nothing = _SAYS_NOTHING.fullmatch(name) is not None
        unnamed += says_nothing
        is_cluster = name.startswith("cluster")
        kind = CALCIFICATION if is_cluster or says_nothing or name.startswith("calcif") else OTHER
        regions.append(Region(kind, outline, pathology if kind == CALCIFICATION else "", is_cluster))
    return tuple(regions), unnamed


def _pathology(bi_rads: str) -> str:
    grade = bi_rads[:1]
    return BENIGN if grade in "123" and grade else MALIGNANT if grade in "456" and grade else ""
