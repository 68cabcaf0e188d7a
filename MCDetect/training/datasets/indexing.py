"""What all data sets need while they are indexed: sentences for what is missing, the header of images, the checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from MCDetect.errors import InputError
from MCDetect.training.datasets.record import DatasetIndex, ImageRecord
from MCDetect.training.datasets.sheets import no_dataset


def require_folder(folder: Path, name: str) -> None:
    """Refuse a folder that is not there.

    Raises
    ------
    InputError
        ``no-dataset``.
    """
    if not folder.is_dir():
        raise no_dataset(name, f"{folder} is not a folder")


def find_one(folder: Path, names: Sequence[str], dataset: str) -> Path:
    """Return the first of these files or folders, directly in ``folder`` or one folder deeper.

    Raises
    ------
    InputError
        ``no-dataset`` if there is none.
    """
    for name in names:
        for path in (folder / name, *sorted(folder.glob(f"*/{name}"))):
            if path.exists():
                return path
    raise no_dataset(dataset, f"{folder} has no {' or '.join(names)}")


@dataclass(frozen=True)
class Header:
    """What the header of a DICOM image says; empty or None where it does not."""

    laterality: str
    view: str
    spacing_mm: float | None


def read_header(path: Path) -> Header:
    """Return what a DICOM file says of its side, view and spacing; pixels are not read.

    Raises
    ------
    InputError
        When it is missing, damaged or no DICOM file.
    """
    from MCDetect.dicom.opening import open_dataset, readable_header
    from MCDetect.dicom.orientation import decide_orientation
    from MCDetect.dicom.spacing import decide_spacing

    header = readable_header(open_dataset(path, pixels=False))[0]
    orientation = decide_orientation(header)
    try:
        spacing: float | None = decide_spacing(header, str(path))[0].row_mm
    except InputError:
        spacing = None
    return Header(orientation.laterality, orientation.view, spacing)


def finish(
    name: str, folder: Path, records: Iterable[ImageRecord], problems: Sequence[str], files: Iterable[Path]
) -> DatasetIndex:
    """Return the index.

    Raises
    ------
    InputError
        ``no-dataset`` if there is no image at all.
    """
    ordered = tuple(sorted(records, key=lambda record: str(record.image)))
    if not ordered:
        raise no_dataset(name, f"{folder} has no image that can be used" + (f": {problems[0]}" if problems else ""))
    digest = hashlib.sha256()
    for path in sorted(set(files)):
        digest.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n".encode())
    return DatasetIndex(name, ordered, tuple(problems), digest.hexdigest())
