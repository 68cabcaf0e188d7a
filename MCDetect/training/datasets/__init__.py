"""Data sets that users have, one a file: each is indexed without loading pixels.

``index_dataset("inbreast", folder)`` returns a :class:`~MCDetect.training.datasets.record.DatasetIndex`. The docstring
of each file says how the data set lies on disk, and where that was read.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from MCDetect.errors import UsageError
from MCDetect.training.datasets.record import DatasetIndex

DATASETS = {
    "simulated": "simulated",
    "inbreast": "inbreast",
    "cbis-ddsm": "cbis_ddsm",
    "ddsm": "ddsm",
    "mini-mias": "mini_mias",
    "cmmd": "cmmd",
    "vindr-mammo": "vindr_mammo",
    "bmcd": "bmcd",
}
"""Names on the command line, and the module of each."""


def index_dataset(name: str, folder: Path) -> DatasetIndex:
    """Return what lies in the folder of a data set.

    Raises
    ------
    UsageError
        ``unknown-dataset`` for another name.
    InputError
        ``no-dataset`` when the folder does not hold that data set, with what is missing.
    """
    if name not in DATASETS:
        raise UsageError("unknown-dataset", f"There is no data set {name!r}.", f"Use one of {', '.join(DATASETS)}.")
    index: DatasetIndex = import_module(f"{__name__}.{DATASETS[name]}").index(folder)
    return index
