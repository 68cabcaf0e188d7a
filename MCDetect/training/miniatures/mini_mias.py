"""A miniature of mini-MIAS: PGM of 1024 x 1024 pixels and ``Info.txt``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.training.datasets.mini_mias import SIDE
from MCDetect.training.datasets.pixels import to_8_bit
from MCDetect.training.datasets.record import MALIGNANT, DatasetIndex, ImageRecord
from MCDetect.training.miniatures.views import clusters_of, patients_of, pixels_of

_LETTER = "Films are listed in pairs of a patient: even numbers left, odd numbers right.\n\n"
_TISSUE = {"a": "F", "b": "G", "c": "D", "d": "D"}


def write(folder: Path, index: DatasetIndex) -> Path:
    """Write one film of each breast; pixels are not made larger, so everything is smaller than it says."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for pair, records in enumerate(patients_of(index).values(), start=1):
        for number, side in ((2 * pair - 1, "R"), (2 * pair, "L")):
            of_side = [record for record in records if record.laterality == side]
            if of_side:
                lines += _write_film(folder, f"mdb{number:03d}", of_side[-1])
    write_text_atomically(folder / "Info.txt", _LETTER + "\n".join(lines) + "\n")
    return folder


def _write_film(folder: Path, name: str, record: ImageRecord) -> list[str]:
    grey = to_8_bit(pixels_of(record).astype(np.float32))[:SIDE, :SIDE]
    film = np.zeros((SIDE, SIDE), dtype=np.uint8)
    top = (SIDE - grey.shape[0]) // 2
    left = 0 if record.laterality == "L" else SIDE - grey.shape[1]
    film[top : top + grey.shape[0], left : left + grey.shape[1]] = grey
    write_atomically(folder / f"{name}.pgm", lambda temporary: Image.fromarray(film).save(temporary, "PPM"))
    tissue = _TISSUE.get(record.groups.get("density", ""), "G")
    lines = []
    for region in clusters_of(record):
        points = np.array(region.outline)
        middle = points.mean(axis=0)
        radius = float(np.linalg.norm(points - middle, axis=1).max())
        x, y = round(left + middle[1]), SIDE - 1 - round(top + middle[0])
        severity = "M" if region.pathology == MALIGNANT else "B"
        lines.append(f"{name} {tissue} CALC {severity} {x} {y} {round(radius)}")
    return lines or [f"{name} {tissue} NORM"]
