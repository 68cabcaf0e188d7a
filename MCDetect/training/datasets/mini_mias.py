"""mini-MIAS (Suckling et al. 1994): 322 digitised films of one view, reduced to 0.2 mm and 1024 x 1024 pixels.

As distributed (``all-mias.tar.gz``)::

    mdb001.pgm ... mdb322.pgm      8-bit grey
    Info.txt                       a letter, then one line a finding: mdb209 G CALC M 647 503 87
    README, Licence.txt            not used

Columns of ``Info.txt``: image; background tissue (F fatty, G fatty-glandular, D dense-glandular); abnormality (CALC,
CIRC, SPIC, MISC, ARCH, ASYM, NORM); severity (B, M); x, y of the middle; radius of a circle around it, in pixels.

- The origin of x and y is the bottom-left corner.
- Films come in pairs of a patient: the letter says left for even and right for odd numbers. Which view they are is
  said nowhere in it, and stays unknown.
- For calcifications, middle and radius are of clusters. Where they are spread over the whole image, ``*NOTE 3*`` stands
  instead: such an image is not annotated, and gives no example.
- An image may have several lines.
- One of the 27 marked places (mdb212) lies in the air beside the breast; what cuts examples leaves such a mark out, and
  takes nothing of that film for normal tissue. That of mdb214 lies at the skin, far from the calcification to be seen.

Read from:

- the archive itself, with its letter (columns, pairs of films, origin of the coordinates, clusters, images without a
  place, 0.2 mm, 1024 x 1024 pixels), every line of ``Info.txt`` and all films: GitHub,
  theidentity/MammogramVisualization: data/README, data/pgm/. Read whole with this loader: 322 films of 161 patients,
  27 marked places of calcifications, three films with ``*NOTE 3*``, nothing missing
- the archive's name: GitHub, brsegmentation/brsegmentation: Codes/DownloadDataset.m

At 0.2 mm fine calcifications are smaller than a pixel: this data set says little of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from MCDetect.training.datasets.indexing import find_one, finish, require_folder
from MCDetect.training.datasets.record import (
    BENIGN,
    CALCIFICATION,
    MALIGNANT,
    OTHER,
    DatasetIndex,
    ImageRecord,
    Region,
)
from MCDetect.training.datasets.sheets import no_dataset

SIDE = 1024
SPACING_MM = 0.2

_LINE = re.compile(r"(mdb\d{3})\s+([FGD])\s+([A-Z]{4})(?:\s+([BM]))?(?:\s+(\d+)\s+(\d+)\s+(\d+))?")
_PATHOLOGY = {"B": BENIGN, "M": MALIGNANT}
_TISSUE = {"F": "fatty", "G": "fatty-glandular", "D": "dense-glandular"}
_VERTICES = 48


def index(folder: Path) -> DatasetIndex:
    """Index mini-MIAS as distributed."""
    require_folder(folder, "mini-mias")
    table = find_one(folder, ["Info.txt"], "mini-mias")
    try:
        text = table.read_text(encoding="latin-1")
    except OSError as error:
        raise no_dataset("mini-mias", f"{table} cannot be read") from error
    lines: dict[str, list[re.Match[str]]] = defaultdict(list)
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        found = _LINE.match(line.strip())
        if found is not None:
            lines[found[1]].append(found)
        elif re.match(r"mdb\d{3}\s", line):
            problems.append(f"Line {number} of {table} is not of the form of the others; it is left out.")
    records: list[ImageRecord] = []
    files = [table]
    for name, findings in lines.items():
        image = table.parent / f"{name}.pgm"
        if not image.is_file():
            problems.append(f"{image} is missing, though {table.name} names it.")
            continue
        files.append(image)
        records.append(_record(image, int(name[3:]), findings))
    return finish("mini-mias", folder, records, problems, files)


def _record(image: Path, number: int, findings: list[re.Match[str]]) -> ImageRecord:
    regions = []
    is_annotated = True
    for found in findings:
        if found[3] == "NORM":
            continue
        is_calcification = found[3] == "CALC"
        if found[5] is None:
            is_annotated &= not is_calcification
            continue
        kind = CALCIFICATION if is_calcification else OTHER
        pathology = _PATHOLOGY.get(found[4] or "", "") if is_calcification else ""
        x, y, radius = (float(found[place]) for place in (5, 6, 7))
        regions.append(Region(kind, _circle(SIDE - 1 - y, x, radius), pathology, is_cluster=is_calcification))
    return ImageRecord(
        image,
        f"pair {(number + 1) // 2:03d}",
        "L" if number % 2 == 0 else "R",
        "",
        SPACING_MM,
        tuple(regions),
        is_annotated,
        groups={"tissue": _TISSUE[findings[0][2]]},
    )


def _circle(row: float, column: float, radius: float) -> tuple[tuple[float, float], ...]:
    angles = np.linspace(0, 2 * np.pi, _VERTICES, endpoint=False)
    return tuple((float(row + radius * np.sin(a)), float(column + radius * np.cos(a))) for a in angles)
