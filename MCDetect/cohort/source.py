"""The source of a batch: which files it holds, and which examination each belongs to.

A study may be spread over any folders, so all files are looked at before the first examination is processed. Headers
are read by the workers, without pixels, and what was learnt is kept in the manifest: the next start asks the file
system only for sizes and times.
"""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from MCDetect.cohort.records import FileRecord
from MCDetect.errors import InputError
from MCDetect.files import readable_name, telling_why_unread
from MCDetect.findings import Refusal

Item = TypeVar("Item")

CHUNK = 64
"""Headers read by one task."""


class Source:
    """A folder tree, or a CSV file whose first column (or column ``path``) names files and folders.

    Parameters
    ----------
    path
        The folder or CSV file.
    passed_over
        A folder to leave out: the output folder may lie inside the source.

    Attributes
    ----------
    problems
        Folders and paths that could not be read, as refusals; complete once :meth:`files` has ended.

    Raises
    ------
    InputError
        ``no-such-file``, ``no-permission``, ``cannot-read`` or ``not-a-source``.
    """

    def __init__(self, path: Path, passed_over: Path) -> None:
        self._passed_over = os.path.realpath(passed_over)
        self.problems: list[Refusal] = []
        self._is_folder = _is_folder(path)
        if not self._is_folder and path.suffix.lower() != ".csv":
            raise InputError(
                "not-a-source",
                f"{path} is neither a folder nor a CSV file.",
                "Give a folder tree or a CSV file of paths; 'mcdetect detect' takes single images.",
            )
        self.path = path

    def files(self) -> Iterator[tuple[str, int, int]]:
        """Yield (path, size, time of change in ns) of each file, each once."""
        seen: set[str] = set()
        roots = [str(self.path)] if self._is_folder else self._listed()
        for root in roots:
            for path, status in self._below(root):
                if len(roots) > 1:  # within one tree no file comes twice
                    identity = os.path.realpath(path)
                    if identity in seen:
                        continue
                    seen.add(identity)
                yield path, status.st_size, status.st_mtime_ns

    def _below(self, root: str) -> Iterator[tuple[str, os.stat_result]]:
        try:
            # A name that is not valid text cannot be written down.
            root.encode()
            status = Path(root).stat()
            if not stat.S_ISDIR(status.st_mode):
                yield root, status
                return
            if os.path.realpath(root) == self._passed_over:
                return
            with os.scandir(root) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except (OSError, UnicodeEncodeError) as error:
            self._problem(root, error)
            return
        for entry in ordered:
            if not entry.name.startswith(".") and not _is_link_to_folder(entry):
                yield from self._below(entry.path)

    def _listed(self) -> list[str]:
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as stream:
                rows = [[cell.strip() for cell in row] for row in csv.reader(stream) if any(map(str.strip, row))]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InputError(
                "cannot-read", f"{self.path} cannot be read as CSV in UTF-8.", "Check the file."
            ) from error
        heading = [cell.lower() for cell in rows[0]] if rows else []
        column = heading.index("path") if "path" in heading else 0
        paths = [row[column] for row in rows["path" in heading :] if len(row) > column and row[column]]
        if not paths:
            raise InputError("no-mammograms", f"{self.path} names no files.", "Give one path a line.")
        return [os.path.normpath(self.path.parent / path) for path in paths]

    def _problem(self, path: str, error: Exception) -> None:
        name = readable_name(path)
        if isinstance(error, UnicodeEncodeError):
            self.problems.append(Refusal(name, "file-name", f"The name of {name} is not valid text.", "Rename it."))
        elif isinstance(error, FileNotFoundError):
            self.problems.append(Refusal(name, "no-such-file", f"{name} does not exist.", "Check the path."))
        else:
            reason = getattr(error, "strerror", None) or "the path is not valid"
            self.problems.append(
                Refusal(name, "cannot-read", f"{name} cannot be read: {reason}.", "Check its permissions and the disk.")
            )


def _is_folder(path: Path) -> bool:
    with telling_why_unread(path):
        try:
            return stat.S_ISDIR(path.stat().st_mode)
        except NotADirectoryError as error:  # below a file there is nothing
            raise FileNotFoundError(path) from error


def _is_link_to_folder(entry: os.DirEntry[str]) -> bool:
    """Say so of a link that may lead back up: its files are found where they are."""
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError:  # a link in a circle, or to where this user may not look: reading it tells
        return False


def read_headers(files: Sequence[tuple[str, int, int]]) -> list[FileRecord]:
    """Say of each file (path, size, time of change in ns) which study it belongs to; run by a worker."""
    return [_record(*file) for file in files]


def _record(path: str, size: int, modified_ns: int) -> FileRecord:
    from MCDetect.dicom.acceptance import Kind, kind_of
    from MCDetect.dicom.failures import reporting
    from MCDetect.dicom.opening import open_dataset
    from MCDetect.dicom.recognition import is_part_10, looks_like_bare_dataset, read_beginning

    try:
        beginning = read_beginning(Path(path))
        if not (is_part_10(beginning) or looks_like_bare_dataset(beginning)):
            return FileRecord(path, size, modified_ns)
        header = open_dataset(Path(path), pixels=False)
        with reporting("damaged", f"The DICOM header of {path} is damaged.", "Copy or export the file again."):
            if kind_of(header) is Kind.OTHER:
                return FileRecord(path, size, modified_ns)
            study = str(header.get("StudyInstanceUID") or "").strip()
    except InputError as error:
        if error.code == "not-dicom":
            return FileRecord(path, size, modified_ns)
        return FileRecord(path, size, modified_ns, "", Refusal(path, error.code, error.message, error.hint))
    if not study:
        refusal = Refusal(
            path,
            "no-study",
            f"{path} names no study, so it cannot be put with the other views of its examination.",
            "Export it again, or give it to 'mcdetect detect'.",
        )
        return FileRecord(path, size, modified_ns, "", refusal)
    return FileRecord(path, size, modified_ns, study)


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Yield lists of ``size`` items."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


SearchReport = Callable[[int], None]
"""Told how many files were looked at."""
