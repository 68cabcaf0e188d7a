"""The images of one call by their SOP Instance UIDs: one given twice is reported once, and no two may share one."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from MCDetect.findings import ImageFindings, Refusal

if TYPE_CHECKING:
    from MCDetect.dicom.mammogram import Mammogram


class KnownImages:
    """What has come so far; images without a UID are all different."""

    def __init__(self) -> None:
        self._digests: dict[str, int] = {}
        self._added: set[str] = set()

    def refusal_of(self, mammogram: Mammogram, image: ImageFindings) -> Refusal | None:
        """Return the refusal of an image with the UID of another one; results would be attached to the wrong one."""
        if not image.sop_instance_uid:
            return None
        digest = zlib.crc32(mammogram.pixels.ravel().data)  # against mistakes, not against forgery
        if self._digests.setdefault(image.sop_instance_uid, digest) == digest:
            return None
        return Refusal(
            mammogram.source,
            "duplicate-identifier",
            f"{mammogram.source} has the SOP Instance UID of another image of this call.",
            "Export the images again; results would be attached to the wrong one.",
        )

    def holds(self, image: ImageFindings) -> bool:
        """Say whether the image has been added."""
        return image.sop_instance_uid in self._added

    def add(self, image: ImageFindings) -> None:
        """Take note that the image is reported."""
        if image.sop_instance_uid:
            self._added.add(image.sop_instance_uid)
