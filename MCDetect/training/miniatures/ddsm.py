"""A miniature of DDSM: lossless JPEG, outlines as chains of directions, the ``.ics`` file of each examination."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.training.datasets.ddsm import STEPS
from MCDetect.training.datasets.record import BENIGN, MALIGNANT, WITHOUT_CALLBACK, DatasetIndex, ImageRecord
from MCDetect.training.miniatures.lossless_jpeg import encode
from MCDetect.training.miniatures.views import age_of, clusters_of, patients_of, pixels_of

VOLUMES = {"": "normals", WITHOUT_CALLBACK: "benign_without_callbacks", BENIGN: "benigns", MALIGNANT: "cancers"}
"""By the gravest pathology of an examination, from the mildest to the gravest."""

_WORD = {BENIGN: "BENIGN", WITHOUT_CALLBACK: "BENIGN_WITHOUT_CALLBACK", MALIGNANT: "MALIGNANT"}
_DENSITY = {"a": "1", "b": "2", "c": "3", "d": "4"}


def write(folder: Path, index: DatasetIndex) -> Path:
    """Write ``cases/<volume>/<volume>_01/case<n>/`` for each patient."""
    for number, records in enumerate(patients_of(index).values(), start=1):
        found = [region.pathology for record in records for region in clusters_of(record)]
        gravest = max([*found, ""], key=list(VOLUMES).index)
        volume = VOLUMES[gravest]
        case = folder / "cases" / volume / f"{volume.removesuffix('s')}_01" / f"case{number:04d}"
        case.mkdir(parents=True, exist_ok=True)
        lines = [
            "ics_version 1.0",
            f"filename A-{number:04d}-1",
            "DATE_OF_STUDY 2 7 1995",
            f"PATIENT_AGE {age_of(number)}",
            "FILM ",
            "FILM_TYPE REGULAR",
            f"DENSITY {_DENSITY.get(records[0].groups.get('density', ''), '2')}",
            "DATE_DIGITIZED 22 7 1997",
            "DIGITIZER LUMISYS LASER",
            "SEQUENCE",
        ]
        for record in records:
            lines.append(_write_view(case / f"A_{number:04d}_1", record))
        write_text_atomically(case / f"A-{number:04d}-1.ics", "\n".join(lines) + "\n")
    return folder


def _write_view(stem: Path, record: ImageRecord) -> str:
    view = f"{'LEFT' if record.laterality == 'L' else 'RIGHT'}_{record.view}"
    pixels = pixels_of(record)
    content = encode(pixels)
    image = stem.with_name(f"{stem.name}.{view}.LJPEG")
    write_atomically(image, lambda temporary: temporary.write_bytes(content))
    clusters = clusters_of(record)
    if clusters:
        lines = [f"TOTAL_ABNORMALITIES {len(clusters)}"]
        for number, region in enumerate(clusters, start=1):
            lines += [
                f"ABNORMALITY {number}",
                "LESION_TYPE CALCIFICATION TYPE PLEOMORPHIC DISTRIBUTION CLUSTERED",
                "ASSESSMENT 4",
                "SUBTLETY 3",
                f"PATHOLOGY {_WORD[region.pathology]}",
                "TOTAL_OUTLINES 1",
                "BOUNDARY",
                _chain(region.outline),
            ]
        write_text_atomically(image.with_suffix(".OVERLAY"), "\n".join(lines) + "\n")
    size = f"LINES {pixels.shape[0]} PIXELS_PER_LINE {pixels.shape[1]} BITS_PER_PIXEL 12"
    micrometres = round(1000 * (record.spacing_mm or 0.05))
    return f"{view} {size} RESOLUTION {micrometres} {'' if clusters else 'NON_'}OVERLAY"


def _chain(outline: Sequence[tuple[float, float]]) -> str:
    """Return an outline as "x y" of its first point and steps from pixel to pixel around it."""
    points = np.rint(np.array([*outline, outline[0]])).astype(int)
    directions = []
    here = points[0].copy()
    for point in points[1:]:
        while (here != point).any():
            step = np.sign(point - here)
            directions.append(STEPS.index((int(step[0]), int(step[1]))))
            here += step
    return " ".join(map(str, (points[0][1], points[0][0], *directions))) + " #"
