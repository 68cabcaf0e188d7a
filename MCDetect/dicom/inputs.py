"""Finding the mammograms among the files, folders and DICOMDIRs that a user gives."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet

from MCDetect.dicom.acceptance import SECONDARY_CAPTURES, TELLING_THE_KIND, Kind, kind_of
from MCDetect.dicom.failures import reporting
from MCDetect.dicom.opening import open_dataset, readable_header
from MCDetect.dicom.orientation import decide_orientation
from MCDetect.dicom.pictures import PICTURE_SUFFIXES
from MCDetect.dicom.recognition import is_dicomdir, is_part_10, is_picture, looks_like_bare_dataset, read_beginning
from MCDetect.dicom.synthesised import as_mammogram
from MCDetect.errors import InputError

_WORTH_TELLING = frozenset({"truncated", "no-permission", "no-such-file", "cannot-read", "is-a-folder"})
"""Failures to open a file of a folder that the user must hear of; a file that is not DICOM is none.

A folder is among the files only where it could not be searched.
"""


class _View(NamedTuple):
    """What an image shows; unknown is empty."""

    study: str
    laterality: str
    view: str

    def may_be(self, other: _View) -> bool:
        """Say whether nothing that is known of both contradicts their being the same view."""
        return self.study == other.study and all(
            not mine or not theirs or mine == theirs for mine, theirs in zip(self[1:], other[1:], strict=True)
        )


def find_inputs(paths: Sequence[str | Path], others: Collection[Path] = ()) -> list[Path]:
    """Return the files to read, each once, in the order of the paths and inside a folder in natural order.

    Files stay as they were given, whatever they hold: reading them will tell. A folder is searched with its
    sub-folders, without hidden files, for mammograms. Other objects (segmentations, reports, other modalities) are
    passed over; For Processing images and tomosyntheses are returned only when there is no For Presentation image of
    the same study, laterality and view, so that their refusal is told; so are files that cannot be opened. Pictures
    (PNG, TIFF) are taken from a folder that holds no DICOM at all. The files that a DICOMDIR lists are searched in the
    same way, and its images that are missing are returned; where it is damaged, its folder is searched.

    Parameters
    ----------
    paths
        Files, folders and DICOMDIRs.
    others
        DICOM files in these folders that are known to be no mammograms; they are not opened again.

    Raises
    ------
    InputError
        ``no-such-file``, ``no-permission`` or ``cannot-read`` for a path that cannot be opened; ``no-mammograms`` for
        a folder or DICOMDIR without any.
    """
    found: dict[str, Path] = {}
    for given in paths:
        path = Path(given)
        if is_folder(path):
            files = choose_mammograms(files_below(path), str(given), "folder", others)
        elif is_dicomdir(read_beginning(path)):
            files = choose_mammograms(_files_listed(path), str(given), "DICOMDIR")
        else:
            files = [path]
        for file in files:
            found.setdefault(os.path.realpath(file), file)
    return list(found.values())


def natural_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sorting key in which ``image 2`` comes before ``image 10``, whatever the case of letters."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts if part)


def files_below(folder: Path) -> list[Path]:
    """Return the files of a folder and its sub-folders in natural order, without hidden ones.

    What cannot be looked at, be it a file or a sub-folder, is returned like a file: opening it tells why.

    Raises
    ------
    InputError
        ``no-permission`` or ``cannot-read`` for the folder itself.
    """
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    except PermissionError as error:
        raise InputError(
            "no-permission", f"{folder} may not be read by this user.", "Change its permissions."
        ) from error
    except OSError as error:
        raise InputError("cannot-read", f"{folder} cannot be read: {error.strerror}.", "Check the disk.") from error
    files: list[Path] = []
    for entry in sorted(entries, key=lambda entry: natural_order(entry.name)):
        try:
            if entry.is_dir():
                # A link to a folder may lead back up; its files are found where they are.
                files.extend([] if entry.is_symlink() else files_below(entry))
            elif entry.is_file():
                files.append(entry)
        except (OSError, InputError):  # one that may not be entered must not cost the others
            files.append(entry)
    return files


def is_folder(path: Path) -> bool:
    """Say whether a path is a folder; of one that cannot be looked at, opening it as a file will tell why."""
    try:
        return path.is_dir()
    except OSError:  # no permission to enter the folder it is in, a name that is too long
        return False


def _files_listed(dicomdir: Path) -> list[Path]:
    try:
        with reporting("cannot-read", f"The DICOMDIR {dicomdir} is damaged."):
            # pydicom leaves out what is missing, and then the loss of a view would not be told.
            return [Path(instance.path) for instance in FileSet(dicomdir)] + _missing_images(dicomdir)
    except InputError:
        return files_below(dicomdir.parent)


def _missing_images(dicomdir: Path) -> list[Path]:
    missing = []
    for record in dcmread(dicomdir).DirectoryRecordSequence:
        parts = record.get("ReferencedFileID")
        if record.DirectoryRecordType == "IMAGE" and record.get("RecordInUseFlag") != 0 and parts:
            path = dicomdir.parent.joinpath(*([parts] if isinstance(parts, str) else parts))
            missing.extend([] if path.exists() else [path])
    return missing


def choose_mammograms(files: Iterable[Path], given: str, what: str, others: Collection[Path] = ()) -> list[Path]:
    """Return those of ``files`` to read, as :func:`find_inputs` takes them from a folder.

    ``given`` and ``what`` name where the files are from, for the message; ``others`` are known to be no mammograms.

    Raises
    ------
    InputError
        ``no-mammograms`` if there are none.
    """
    found: list[tuple[Path, _View | None]] = []  # with the view of those that need not be told if it is there already
    usable: list[_View] = []
    pictures: list[Path] = []
    holds_dicom = False
    for file in files:
        if file in others:
            holds_dicom = True
            continue
        try:
            beginning = read_beginning(file)
            if is_picture(beginning):
                pictures.extend([file] if file.suffix.lower() in PICTURE_SUFFIXES else [])
                continue
            if not (is_part_10(beginning) or looks_like_bare_dataset(beginning)):
                continue
            dataset = open_dataset(file, pixels=False)
            holds_dicom = True
            if kind_of(readable_header(dataset, TELLING_THE_KIND)[0]) is Kind.OTHER:
                continue
            header, _ = readable_header(dataset)
            kind = kind_of(header)
            with reporting("cannot-read", f"The DICOM header of {file} is damaged."):
                view = _view_of(as_mammogram(header))
        except InputError as error:
            if error.code in _WORTH_TELLING:
                found.append((file, None))
            continue
        # A secondary capture may show anything: only one that says which view it is stands for that view.
        if kind is Kind.MAMMOGRAM and (all(view[1:]) or header.get("SOPClassUID") not in SECONDARY_CAPTURES):
            usable.append(view)
        found.append((file, view if kind is Kind.REFUSED else None))
    chosen = [file for file, view in found if view is None or not any(view.may_be(other) for other in usable)]
    chosen = chosen or ([] if holds_dicom else pictures)
    if not chosen:
        raise InputError(
            "no-mammograms", f"The {what} {given} holds no mammograms.", "Give a file or folder with DICOM MG images."
        )
    return chosen


def _view_of(header: Dataset) -> _View:
    orientation = decide_orientation(header)
    return _View(str(header.get("StudyInstanceUID") or ""), orientation.laterality, orientation.view)
