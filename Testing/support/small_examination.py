"""A small examination of four views on disk, with a cluster of bright spots in each left view."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from support.sample_files import CLUSTER, bright_pixels, mammogram_dataset

VIEWS = {
    ("R", "CC"): ["P", "L"],
    ("L", "CC"): ["A", "R"],
    ("R", "MLO"): ["P", "F"],
    ("L", "MLO"): ["A", "F"],
}
"""PatientOrientation of views that hang right as they are stored."""

_BRIGHTNESS = {"CC": 1.0, "MLO": 0.3}  # scores of about 0.99 and 0.7
_CODES = {"CC": ("399162004", "cranio-caudal"), "MLO": ("399368009", "medio-lateral oblique")}


def write_examination(folder: Path, **changes: Any) -> Path:
    """Write the four views into ``folder``; ``changes`` are attributes of all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, ((side, view), orientation) in enumerate(VIEWS.items()):
        pixels = bright_pixels((), seed=number).astype(float)
        if side == "L":
            pixels += _BRIGHTNESS[view] * (bright_pixels(CLUSTER, seed=number) - pixels)
        if side == "L":
            pixels = pixels[:, ::-1]
        values = {
            "ImageLaterality": side,
            "ViewPosition": view,
            "PatientOrientation": orientation,
            "InstanceNumber": number + 1,
            **changes,
        }
        dataset = mammogram_dataset(np.ascontiguousarray(pixels).astype(np.uint16), **values)
        code = dataset.ViewCodeSequence[0]
        code.CodeValue, code.CodeMeaning = _CODES[view]
        dataset.save_as(folder / f"{side}{view}.dcm", enforce_file_format=True)
    return folder
