"""Simulated examinations written as public data sets are distributed: names, folders, columns and file formats.

``write_miniature("inbreast", folder, index)`` writes what :func:`MCDetect.training.datasets.index_dataset` reads. What
each layout is and where that was read stands in the module of the same name in :mod:`MCDetect.training.datasets`. They
let every loader and recipe be run without the data set, and hold nothing of it.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from MCDetect.training.datasets.record import DatasetIndex

LAYOUTS = ("inbreast", "cbis-ddsm", "ddsm", "mini-mias", "cmmd", "vindr-mammo", "bmcd")
"""Names of the data sets that can be written."""


def write_miniature(name: str, folder: Path, index: DatasetIndex) -> Path:
    """Write the images of an index in the layout of a data set.

    Parameters
    ----------
    name
        One of :data:`LAYOUTS`.
    folder
        Where; made when it is not there.
    index
        Of simulated examinations: images with outlined clusters.

    Returns
    -------
    Path
        The folder to index.
    """
    written: Path = import_module(f"{__name__}.{name.replace('-', '_')}").write(folder, index)
    return written
