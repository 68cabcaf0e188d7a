"""VinDr-Mammo (Nguyen et al. 2023): 5,000 examinations of four digital views, with boxes, from PhysioNet.

As distributed (version 1.0.0)::

    finding_annotations.csv          one row a finding, and one for each image without
    breast-level_annotations.csv     BI-RADS and density of each image (not used: the table above repeats them)
    metadata.csv                     attributes of the DICOM headers, one row an image
    images/<study_id>/<image_id>.dicom

Columns of ``finding_annotations.csv``: study_id, series_id, image_id, laterality, view_position, height, width,
breast_birads ("BI-RADS 4"), breast_density ("DENSITY C"), finding_categories (a Python list: "['Suspicious
Calcification', 'Mass']", "['No Finding']"), finding_birads, xmin, ymin, xmax, ymax, split.

- Boxes reach over the edge of the image in places; they are clipped.
- Only findings above BI-RADS 2 are marked: benign calcifications are not. Normal tissue is therefore taken from images
  of BI-RADS 1 alone.
- There is no pathology: BI-RADS 3 of the finding is taken for benign, 4 and 5 for malignant.
- One study is one patient.
- Age and spacing are taken from ``metadata.csv`` ("Patient's Age": "053Y"; "Imager Pixel Spacing": "[0.085, 0.085]").
  Met, not relied on: that table, and how its columns are written. The one with the images' names is found by what it
  holds, the others by their letters. Without them the spacing is read from the headers of the images, and the age stays
  unknown.
- breast_density, finding_birads and split may be missing.

Read from (GitHub, OWNER/NAME: file):

- the table with all its rows, values and boxes over the edge: NicolaTodaro/generative-breast-cancer-imaging:
  finding_annotations.csv (commit b472890)
- ``images/<study_id>/<image_id>.dicom``: KP-AROB/AROB-Breast-Datasets: src/datasets/vindr.py, and its makers' own
  vinbigdata-medical/vindr-mammo: visualize.py
- that only findings which are not benign are marked: Nguyen et al. 2023, Scientific Data 10:277 (abstract); which ask
  for further examination: physionet.org/content/vindr-mammo (abstract)
- ``metadata.csv`` with "SOP Instance UID" as the image_id: furkanaktayy/vindr-mammo-furkanaktay: src/expand_subset.py;
  ``breast-level_annotations.csv``: the same, and iCARE-Lab/vindr-mammo-dual-view-classification: README.md
- the attributes that were kept, in words as in the columns above: vinbigdata-medical/vindr-mammo: tags.csv
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

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
from MCDetect.training.datasets.sheets import no_dataset, read_table

_BOX = ("xmin", "ymin", "xmax", "ymax")
_COLUMNS = ("study_id", "image_id", "laterality", "view_position", "breast_birads", "finding_categories", *_BOX)
_CALCIFICATION = "Suspicious Calcification"


def index(folder: Path) -> DatasetIndex:
    """Index VinDr-Mammo as distributed."""
    require_folder(folder, "vindr-mammo")
    table = find_one(folder, ["finding_annotations.csv"], "vindr-mammo")
    images = find_one(folder, ["images"], "vindr-mammo")
    rows: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in read_table(table, _COLUMNS, "vindr-mammo"):
        rows[row["study_id"], row["image_id"]].append(row)
    attributes = table.with_name("metadata.csv")
    headers: dict[str, dict[str, str]] = {}
    records: list[ImageRecord] = []
    problems: list[str] = []
    if attributes.is_file():
        try:
            headers = _headers(attributes, {name for _, name in rows})
        except InputError as error:  # it helps, and is not needed
            problems.append(str(error))
    files = [path for path in (table, attributes) if path.is_file()]
    for (study, name), findings in rows.items():
        image = images / study / f"{name}.dicom"
        if not image.is_file():
            problems.append(f"{image} is missing, though {table.name} names it.")
            continue
        files.append(image)
        header = headers.get(name, {})
        try:
            regions = tuple(region for row in findings for region in _regions(row))
            spacing = _number(header, "imagerpixelspacing", "pixelspacing") or read_header(image).spacing_mm
        except InputError as error:
            problems.append(str(error))
            continue
        except (ValueError, SyntaxError):
            problems.append(f"{table} has a row of {image.name} that cannot be read; the image is left out.")
            continue
        first = findings[0]
        density = first.get("breast_density", "")[-1:].lower()
        records.append(
            ImageRecord(
                image,
                study,
                first["laterality"],
                first["view_position"],
                spacing,
                regions,
                is_annotated=first["breast_birads"].endswith("1"),
                age=_number(header, "patientsage", "patientage", "age"),
                groups={
                    "published part": first.get("split", ""),
                    **({"density": density} if density in ("a", "b", "c", "d") else {}),
                },
            )
        )
    return finish("vindr-mammo", folder, records, problems, files)


def _regions(row: dict[str, str]) -> list[Region]:
    categories = ast.literal_eval(row["finding_categories"])
    if not row["xmin"] or categories == ["No Finding"]:
        return []
    left, top, right, bottom = (max(0.0, float(row[name])) for name in _BOX)
    outline = ((top, left), (top, right), (bottom, right), (bottom, left))
    if _CALCIFICATION not in categories:
        return [Region(OTHER, outline)]
    grade = row.get("finding_birads", "")[-1:]
    pathology = BENIGN if grade == "3" else MALIGNANT if grade in ("4", "5") else ""
    return [Region(CALCIFICATION, outline, pathology, is_cluster=True)]


def _headers(path: Path, images: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the rows of a table by image; names of columns in small letters without anything else.

    Raises
    ------
    InputError
        ``no-dataset`` when it cannot be read, or no column has the name of an image.
    """
    found: dict[str, dict[str, str]] = {}
    for row in read_table(path, (), "vindr-mammo"):
        image = next((cell for cell in row.values() if cell in images), None)
        if image is not None:
            found[image] = {re.sub(r"[^a-z]", "", name): cell for name, cell in row.items()}
    if not found:
        raise no_dataset("vindr-mammo", f"{path} names none of the images")
    return found


def _number(header: dict[str, str], *names: str) -> float | None:
    for name in names:
        found = re.search(r"\d+(?:\.\d+)?", header.get(name, ""))
        if found and float(found[0]):
            return float(found[0])
    return None
