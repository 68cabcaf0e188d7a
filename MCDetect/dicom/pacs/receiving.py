"""Writing what came from a PACS: whole or not at all, never over another content, named without patient data."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Collection
from io import BytesIO
from pathlib import Path

from pydicom import dcmread

from MCDetect.dicom.failures import reporting
from MCDetect.dicom.opening import open_dataset
from MCDetect.dicom.pacs.reports import Failure, Progress, StoppedError, Tell
from MCDetect.errors import InputError, MCDetectError, OutputError
from MCDetect.files import write_atomically

DAMAGED = ("damaged", "An object from the PACS is damaged and was not kept.", "Fetch it again.")


class Receiver:
    """Takes objects, from any thread, and writes each into ``study_<digest>/<modality>_<digest>.dcm``.

    Parameters
    ----------
    output
        The folder.
    studies
        Study Instance UIDs that were asked for; an object of another one is refused.
    tell
        Told of each object.
    is_cancelled
        Asked whether nothing more is wanted.

    Attributes
    ----------
    written, known
        New files, and files that were there already with the same content.
    taken
        SOP Instance UIDs of all that is on the disk now.
    expected
        How many objects are to come; 0 while it is not known.
    refusals
        How often something was refused, each time counted.
    """

    def __init__(
        self, output: Path, studies: Collection[str], tell: Tell, is_cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        self.output = output
        self.written: list[Path] = []
        self.known: list[Path] = []
        self._failed: dict[str, Failure] = {}
        self.taken: set[str] = set()
        self.expected = 0
        self.refusals = 0
        self._studies = frozenset(studies)
        self._tell = tell
        self._is_cancelled = is_cancelled
        self._lock = threading.Lock()

    @property
    def failed(self) -> list[Failure]:
        """What could not be written, each reason once."""
        return list(self._failed.values())

    def take(self, content: bytes) -> None:
        """Write an object.

        Parameters
        ----------
        content
            In the file format of PS3.10.

        Raises
        ------
        OutputError
            ``cannot-write``, or ``other-content`` where the file is there with another content.
        InputError
            ``damaged`` or ``not-asked-for``.
        """
        with self._lock:
            try:
                self._take(content)
            except MCDetectError as error:
                self.refuse(error)
                raise
            self._tell(Progress(len(self.taken), self.expected, "receiving"))

    def require_wanted(self) -> None:
        """Raise :class:`StoppedError` once nothing more is wanted; asked between objects."""
        if self._is_cancelled():
            raise StoppedError("stopped", "Fetching was stopped.", "What came is kept; fetch again to have the rest.")

    def refuse(self, error: MCDetectError) -> None:
        """Remember why something did not come; once, however often it is tried."""
        self.refusals += 1
        self._failed[error.message] = Failure(None, error)

    def _take(self, content: bytes) -> None:
        with reporting(*DAMAGED):
            header = dcmread(BytesIO(content), stop_before_pixels=True)
            study, instance = str(header.StudyInstanceUID), str(header.SOPInstanceUID)
            modality = re.sub(r"[^A-Z0-9]", "", str(header.get("Modality") or "").upper())[:16] or "OT"
        if study not in self._studies:
            raise InputError("not-asked-for", "The PACS sent an object of a study that was not asked for; not kept.")
        path = self.output / f"study_{short_digest(study)}" / f"{modality}_{short_digest(instance)}.dcm"
        if path.exists():
            if not is_same(path, content):
                raise OutputError(
                    "other-content",
                    f"{path} is there already with another content; it was kept as it is.",
                    "Choose another --output folder to have what the PACS holds now.",
                )
            if instance not in self.taken:
                self.known.append(path)
        else:
            write_atomically(path, lambda temporary: _write_whole(temporary, content))
            self.written.append(path)
        self.taken.add(instance)


def _write_whole(path: Path, content: bytes) -> None:
    """Write an object and make sure that it can be read to its end."""
    path.write_bytes(content)
    try:
        open_dataset(path)
    except InputError as error:
        raise InputError(*DAMAGED) from error


def short_digest(identifier: str) -> str:
    """Return sixteen hexadecimal digits that stand for an identifier in a file name."""
    return hashlib.sha256(identifier.encode()).hexdigest()[:16]


def is_same(path: Path, content: bytes) -> bool:
    """Say whether a file holds the same data set; who wrote the file meta information does not matter."""
    try:
        there = path.read_bytes()
    except OSError as error:
        raise OutputError("cannot-write", f"{path} is there and cannot be read: {error.strerror}.") from error
    if there == content:
        return True
    try:
        return _body(there) == _body(content)
    except InputError:
        return False


def _body(content: bytes) -> tuple[str, bytes]:
    """Return the transfer syntax and the encoded data set of a file."""
    with reporting("damaged", "A file is no DICOM object."):
        end = _end_of_meta(content)
        meta = dcmread(BytesIO(content[:end]), force=True).file_meta
        return str(meta.TransferSyntaxUID), content[end:]


def _end_of_meta(content: bytes) -> int:
    """Return where the data set begins: after the group length's value (PS3.10 Table 7.1-1)."""
    if content[128:132] != b"DICM" or content[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        raise ValueError("no file meta information")
    return 144 + int.from_bytes(content[140:144], "little")
