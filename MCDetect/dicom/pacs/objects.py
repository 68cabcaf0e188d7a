"""The DICOM objects among the files and folders that are to be sent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID

from MCDetect.dicom.inputs import natural_order
from MCDetect.dicom.opening import open_dataset
from MCDetect.dicom.pacs.reports import Failure, Progress, Tell
from MCDetect.dicom.recognition import is_dicomdir, is_part_10, read_beginning
from MCDetect.errors import InputError, MCDetectError


@dataclass(frozen=True)
class StoredObject:
    """A whole DICOM object in a file.

    Attributes
    ----------
    path
        The file.
    sop_class, sop_instance, transfer_syntax
        UIDs.
    is_complete
        Whether the file has the file meta information of PS3.10 and it agrees with the object, so that the file can be
        sent as it stands.
    digest
        SHA-256 of the file.
    """

    path: Path
    sop_class: UID
    sop_instance: UID
    transfer_syntax: UID
    is_complete: bool
    digest: str


@dataclass(frozen=True)
class Found:
    """What was found: objects, files that cannot be sent, and how many files are no DICOM objects."""

    objects: tuple[StoredObject, ...]
    failed: tuple[Failure, ...]
    passed_over: int


def find_objects(paths: Sequence[Path], tell: Tell) -> Found:
    """Return the DICOM objects of files and folders, each once, in natural order.

    Every file is read to its end, so that one that was cut short is told here and not half sent. Of a folder, files
    that are not DICOM, hidden files and DICOMDIRs are passed over; a file that was named itself must be an object.

    Raises
    ------
    InputError
        ``no-such-file``, or ``nothing-to-send`` where there is no DICOM object at all.
    """
    files = _files(paths)
    objects: dict[str, StoredObject] = {}
    failed: list[Failure] = []
    passed_over = 0
    for number, (file, is_named) in enumerate(files.items()):
        tell(Progress(number, len(files), "reading"))
        try:
            found = _read(file)
        except InputError as error:
            if error.code == "not-dicom" and not is_named:
                passed_over += 1
            else:
                failed.append(Failure(file, error))
            continue
        other = objects.setdefault(found.sop_instance, found)
        if other.digest != found.digest:
            failed.append(Failure(file, _shared_identifier(file, other.path)))
    if not objects and not failed:
        raise InputError(
            "nothing-to-send", f"There is no DICOM object in {', '.join(map(str, paths))}.", "Name another folder."
        )
    return Found(tuple(objects.values()), tuple(failed), passed_over)


def _files(paths: Sequence[Path]) -> dict[Path, bool]:
    """Return the files, and whether they were named themselves."""
    files: dict[Path, bool] = {}
    for path in paths:
        if not path.exists():
            raise InputError("no-such-file", f"There is no {path}.", "Check the name.")
        if not path.is_dir():
            files[path] = True
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_order)
            for name in sorted(names, key=natural_order):
                if not name.startswith("."):
                    files.setdefault(Path(folder) / name, False)
    return files


def _read(file: Path) -> StoredObject:
    beginning = read_beginning(file)
    if is_dicomdir(beginning):
        raise InputError("not-dicom", f"{file} is a DICOMDIR, which is not sent.", "Give the files it lists.")
    dataset = open_dataset(file)
    sop_class, sop_instance = str(dataset.get("SOPClassUID", "")), str(dataset.get("SOPInstanceUID", ""))
    if not UID(sop_class).is_valid or not UID(sop_instance).is_valid or not dataset.get("StudyInstanceUID"):
        raise InputError(
            "not-an-object",
            f"{file} is DICOM, but has no valid SOP Class, SOP Instance and Study Instance UID.",
            "A PACS cannot keep it; export it again.",
        )
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError("cannot-read", f"{file} cannot be read: {error.strerror}.", "Check the disk.") from error
    return StoredObject(
        file,
        UID(sop_class),
        UID(sop_instance),
        UID(str(dataset.file_meta.TransferSyntaxUID)),
        is_part_10(beginning) and _agrees(dataset),
        digest,
    )


def _agrees(dataset: Dataset) -> bool:
    meta = dataset.file_meta
    return bool(
        meta.get("MediaStorageSOPClassUID") == dataset.SOPClassUID
        and meta.get("MediaStorageSOPInstanceUID") == dataset.SOPInstanceUID
    )


def _shared_identifier(file: Path, other: Path) -> MCDetectError:
    return InputError(
        "duplicate-identifier",
        f"{file} has the SOP Instance UID of {other.name} and another content.",
        "A PACS would keep only one of them; export them again.",
    )
