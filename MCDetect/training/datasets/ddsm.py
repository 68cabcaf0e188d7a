"""DDSM (Heath et al. 2001): 2,620 examinations of digitised film as lossless JPEG, with outlines, by its own programs.

As distributed by the University of South Florida::

    cases/cancers/cancer_01/case0001/A-0001-1.ics               the examination
    cases/cancers/cancer_01/case0001/A_0001_1.LEFT_CC.LJPEG     an image (LEFT_CC, LEFT_MLO, RIGHT_CC, RIGHT_MLO)
    cases/cancers/cancer_01/case0001/A_0001_1.LEFT_CC.OVERLAY   outlines, where something is marked
    cases/{benigns,benign_without_callbacks,normals}/...        the other examinations
    TAPE_A_0001_1.COMB.16_PGM                                   an overview; not used

- The size in the ``.ics`` file holds; that in the header of the JPEG is turned at times.
- Names have underscores where that of the ``.ics`` file has hyphens.
- An outline is "x y" of its first point and a chain of directions from 0 (up) clockwise to 7 (up and left), ended by
  "#". The first outline of an abnormality is its boundary, further ones (CORE) lie inside of it and are not used.
- One abnormality may be calcification and mass at once: it counts as calcification.
- RESOLUTION is in micrometres (42 to 50). Grey values of the four digitisers differ and are taken as they are.

Read from (GitHub, OWNER/NAME: file):

- volumes and cases, and what a case holds, from its makers: josephdviviano/pyddsm: DDSM_README (Heath, 2000)
- all folders, names of files, hyphens and underscores: multinormal/ddsm: ddsm-software/info-file.txt (a list of the FTP
  server)
- rows and columns, digitiser in the ``.ics`` file: multinormal/ddsm: ddsm-software/get-ddsm-mammo; its lines with
  bits, resolution and age: fjeg/ddsm_tools: ddsm_tools/ddsm_util.py
- lines of an overlay, boundary and cores, several LESION_TYPEs, the chain's "x y", directions and "#":
  multinormal/ddsm: ddsm-software/get_ddsm_groundtruth.m; the same directions: fjeg/ddsm_tools:
  ddsm_tools/ddsm_classes.py
- that the JPEG's own header is turned at times, and the ``.ics`` file is right: aaalgo/ljpeg: README.md
- lines of the ``.ics`` file, resolution in micrometres: www.eng.usf.edu/cvprg/Mammography/DDSM/case_description.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from MCDetect.errors import InputError
from MCDetect.training.datasets.indexing import finish, require_folder
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
from MCDetect.training.datasets.sheets import no_dataset

VIEWS = ("LEFT_CC", "LEFT_MLO", "RIGHT_CC", "RIGHT_MLO")
STEPS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""(rows, columns) of each direction of a chain."""

_VIEW = re.compile(
    rf"({'|'.join(VIEWS)}) LINES (\d+) PIXELS_PER_LINE (\d+) BITS_PER_PIXEL (\d+) RESOLUTION ([\d.]+) (NON_)?OVERLAY"
)
_PATHOLOGY = {"BENIGN": BENIGN, "BENIGN_WITHOUT_CALLBACK": WITHOUT_CALLBACK, "MALIGNANT": MALIGNANT}
_DENSITY = {"1": "a", "2": "b", "3": "c", "4": "d"}


@dataclass(frozen=True)
class FilmOfExamination:
    """What the ``.ics`` file says of one image."""

    view: str
    rows: int
    columns: int
    spacing_mm: float
    has_overlay: bool


def index(folder: Path) -> DatasetIndex:
    """Index DDSM, or any part of it that keeps the files of an examination together."""
    require_folder(folder, "ddsm")
    examinations = sorted(folder.rglob("*.ics"))
    if not examinations:
        raise no_dataset("ddsm", f"{folder} has no .ics file")
    records: list[ImageRecord] = []
    problems: list[str] = []
    files: list[Path] = []
    for path in examinations:
        files.append(path)
        films, words = read_ics(path)
        if not films:
            problems.append(f"{path} names no image; its examination is left out.")
        for film in films.values():
            image = path.with_name(f"{path.stem.replace('-', '_')}.{film.view}.LJPEG")
            overlay = image.with_suffix(".OVERLAY")
            if not image.is_file() or (film.has_overlay and not overlay.is_file()):
                missing = overlay if image.is_file() else image
                problems.append(f"{missing} is missing, though {path.name} names it; its image is left out.")
                continue
            try:
                regions = read_overlay(overlay) if film.has_overlay else ()
            except InputError as error:
                problems.append(str(error))
                continue
            files += [image, overlay] if film.has_overlay else [image]
            side, view = film.view.split("_")
            density = _DENSITY.get(words.get("DENSITY", ""), "")
            records.append(
                ImageRecord(
                    image,
                    path.stem,
                    side[0],
                    view,
                    film.spacing_mm,
                    regions,
                    age=float(words["PATIENT_AGE"]) if words.get("PATIENT_AGE", "").isdigit() else None,
                    groups={
                        "digitiser": words.get("DIGITIZER", ""),
                        **({"density": density} if density else {}),
                    },
                )
            )
    return finish("ddsm", folder, records, problems, files)


def read_ics(path: Path) -> tuple[dict[str, FilmOfExamination], dict[str, str]]:
    """Return the images of an examination by view, and its other lines by their first word."""
    text = path.read_text(encoding="latin-1")
    films = {
        found[1]: FilmOfExamination(found[1], int(found[2]), int(found[3]), float(found[5]) / 1000, not found[6])
        for found in _VIEW.finditer(" ".join(text.split()))
    }
    words = [line.strip().partition(" ") for line in text.splitlines()]
    return films, {name: rest.strip() for name, _, rest in words if name not in VIEWS}


def read_overlay(path: Path) -> tuple[Region, ...]:
    """Return the abnormalities of an overlay file.

    Raises
    ------
    InputError
        ``bad-overlay`` when it has another form, or fewer abnormalities than it says.
    """
    try:
        text = path.read_text(encoding="latin-1")
        total = int(text.split("TOTAL_ABNORMALITIES", 1)[1].split()[0])
        parts = re.split(r"^ABNORMALITY \d+", text, flags=re.MULTILINE)[1:]
        if len(parts) != total:
            raise ValueError("another number of abnormalities")
        return tuple(_abnormality(part) for part in parts)
    except (OSError, ValueError, IndexError) as error:
        raise InputError(
            "bad-overlay",
            f"{path} is not an overlay of DDSM; its image is left out.",
            "Copy the data set again.",
        ) from error


def _abnormality(text: str) -> Region:
    kinds = [line.split() for line in text.splitlines() if line.startswith("LESION_TYPE")]
    chain = text.split("BOUNDARY", 1)[1].split("#", maxsplit=1)[0].split()
    column, row, *directions = (int(word) for word in chain)
    outline = [(float(row), float(column))]
    for direction in directions:
        down, right = STEPS[direction]
        outline.append((outline[-1][0] + down, outline[-1][1] + right))
    calcifications = [words for words in kinds if words[1] == "CALCIFICATION"]
    if not calcifications:
        return Region(OTHER, tuple(outline))
    found = re.search(r"^PATHOLOGY (\w+)", text, flags=re.MULTILINE)
    is_cluster = any("CLUSTERED" in words[-1] for words in calcifications)
    return Region(CALCIFICATION, tuple(outline), _PATHOLOGY.get(found[1] if found else "", ""), is_cluster)
