"""What all data sets need while they are indexed: sentences for what is missing, tables, the checksum."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from MCDetect.errors import InputError
from MCDetect.training.datasets.record import DatasetIndex, ImageRecord


def require_folder(folder: Path, name: str) -> None:
    """Refuse a folder that is not there.

    Raises
    ------
    InputError
        ``no-dataset``.
    """
    if not folder.is_dir():
        raise _missing(name, f"{folder} is not a folder")


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
    raise _missing(dataset, f"{folder} has no {' or '.join(names)}")


def read_table(path: Path, columns: Iterable[str], dataset: str, delimiter: str = ",") -> list[dict[str, str]]:
    """Return the rows of a CSV file, stripped of blanks and quotes; names of columns in small letters.

    Raises
    ------
    InputError
        ``no-dataset`` if it cannot be read or lacks one of ``columns``.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, delimiter=delimiter)
            rows = [
                {str(name).strip().lower(): (value or "").strip() for name, value in row.items() if name is not None}
                for row in reader
            ]
            header = {str(name).strip().lower() for name in reader.fieldnames or ()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _missing(dataset, f"{path} cannot be read as a table") from error
    lacking = sorted(set(columns) - header)
    if lacking:
        raise _missing(dataset, f"{path} has no column {lacking[0]!r}")
    return rows


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
        raise _missing(name, f"{folder} has no image that can be used" + (f": {problems[0]}" if problems else ""))
    digest = hashlib.sha256()
    for path in sorted(set(files)):
        digest.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n".encode())
    return DatasetIndex(name, ordered, tuple(problems), digest.hexdigest())


def _missing(dataset: str, what: str) -> InputError:
    return InputError("no-dataset", f"{what}.", f"Give the folder of the data set {dataset} as it was distributed.")
