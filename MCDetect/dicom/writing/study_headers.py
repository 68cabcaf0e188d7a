"""Headers of the images of a call, by study: each study gets reports of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from MCDetect.findings import Refusal

_NOT_ATTEMPTED = frozenset({"unsuitable-view"})
_ANY_PICTURE = frozenset({"colour-image", "no-spacing"})
"""Of a secondary capture: it may be a screen, a page or our own overlay, and is a mammogram only to who says so."""


class StudyHeaders:
    """Headers of the images that were analysed, and of those that should have been, by SOP Instance UID."""

    def __init__(self) -> None:
        self._analysed: dict[str, Dataset] = {}
        self._refused: dict[str, Dataset] = {}

    def __getitem__(self, sop_instance_uid: str) -> Dataset:
        """Return the header of an image that was analysed."""
        return self._analysed[sop_instance_uid]

    def add(self, sop_instance_uid: str, header: Dataset) -> None:
        """Take the header of an image that was analysed."""
        self._analysed[sop_instance_uid] = header

    def forget(self, sop_instance_uid: str) -> None:
        """Take an image back whose results could not be written: a report must not say that nothing was found in it."""
        self._analysed.pop(sop_instance_uid, None)

    def refuse(self, refusal: Refusal) -> None:
        """Take the header of an input that gave no findings, if it is a mammogram that should have been analysed."""
        from MCDetect.dicom.acceptance import SECONDARY_CAPTURES, mammogram_header

        header = None if refusal.code in _NOT_ATTEMPTED else mammogram_header(Path(refusal.source))
        if header is None or (header.SOPClassUID in SECONDARY_CAPTURES and refusal.code in _ANY_PICTURE):
            return
        self._refused[str(header.SOPInstanceUID)] = header

    @property
    def studies(self) -> list[str]:
        """Study Instance UIDs, those of analysed images first."""
        return list(dict.fromkeys(map(_study_of, (*self._analysed.values(), *self._refused.values()))))

    def analysed(self, study: str) -> dict[str, Dataset]:
        """Return the headers of the images of a study that were analysed."""
        return {uid: header for uid, header in self._analysed.items() if _study_of(header) == study}

    def failed(self, study: str) -> dict[str, Dataset]:
        """Return the headers of the images of a study whose analysis failed.

        An image that was analysed after all (given twice, once damaged) did not fail.
        """
        return {
            uid: header
            for uid, header in self._refused.items()
            if _study_of(header) == study and uid not in self._analysed
        }


def _study_of(header: Dataset) -> str:
    return str(header.get("StudyInstanceUID") or "")
