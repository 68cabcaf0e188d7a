"""A real mammogram as a background to inject calcifications into, beside the simulated ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from MCDetect.dicom.reading import read_mammogram
from MCDetect.files import write_atomically
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.intensity import scale_to_unit_range
from MCDetect.preprocessing.resampling import resampled_shape, resize, resize_mask
from MCDetect.training.backgrounds import encode_view
from MCDetect.training.detection.injected_set import grey_values_hash

SHARE = 0.25
"""Of the examples of a training that are cut from the real mammogram."""

_SPACING_MM = (0.07, 0.07)


def real_background(mammogram: Path, folder: Path) -> Path:
    """Return the file of a real view, as :func:`MCDetect.training.backgrounds.prepare_backgrounds` writes others.

    Parameters
    ----------
    mammogram
        A For Presentation mammogram, without calcifications as far as anybody can see: what it holds would be taught as
        tissue.
    folder
        Where the file is kept, named by the grey values.

    Raises
    ------
    InputError
        When the file is no mammogram that can be read.
    """
    view = read_mammogram(mammogram)
    path = folder / f"{grey_values_hash(view.pixels)[:16]}.npy"
    if not path.exists():
        spacing = view.spacing.millimetres
        unit, _ = scale_to_unit_range(view.pixels, view.valid)
        shape = resampled_shape((view.pixels.shape[0], view.pixels.shape[1]), spacing, _SPACING_MM[0])
        grey = np.clip(np.rint(resize(unit, shape) * 4095), 0, 4095).astype(np.uint16)
        mask = resize_mask(breast_mask(view.pixels, spacing, view.valid), shape)
        write_atomically(path, lambda temporary: np.save(temporary, encode_view(grey, mask)))
    return path


def mixed(simulated: list[Path], real: Path) -> list[Path]:
    """Return the backgrounds with the real one so often among them that :data:`SHARE` of the examples come from it."""
    return [*simulated, *[real] * max(1, round(len(simulated) * SHARE / (1 - SHARE)))]
