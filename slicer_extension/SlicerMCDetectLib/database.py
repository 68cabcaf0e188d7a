"""Results into Slicer's DICOM database, so that they stand beside their examination in the DICOM browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ctk
import slicer
from DICOMLib import DICOMUtils
from slicer.i18n import tr as _


class DatabaseImport:
    """Copies files into the database in the background, one call after the other."""

    def __init__(self) -> None:
        self._indexer: Any = None
        self._waiting: list[tuple[Sequence[Path], Callable[[str], object]]] = []

    def add(self, files: Sequence[Path], say: Callable[[str], object]) -> None:
        """Add DICOM files; ``say`` gets a sentence about what is in the database when it is done."""
        if not slicer.dicomDatabase.isOpen:
            say(_("3D Slicer has no DICOM database, so nothing was added to it."))
            return
        self._waiting.append((files, say))
        if len(self._waiting) == 1:
            self._start()

    def _start(self) -> None:
        if self._indexer is None:
            self._indexer = ctk.ctkDICOMIndexer()
            self._indexer.backgroundImportEnabled = True  # a property of CTK: PythonQt has no setter for it
            self._indexer.setDatabase(slicer.dicomDatabase)
            self._indexer.connect("indexingComplete(int,int,int,int)", lambda *_counts: self._done())
        self._indexer.addListOfFiles([str(file) for file in self._waiting[0][0]], True)

    def _done(self) -> None:
        if not self._waiting:
            return
        files, say = self._waiting.pop(0)
        DICOMUtils.refreshDICOMWidget()
        there = [file for file in files if slicer.dicomDatabase.fileForInstance(_instance_uid(file))]
        text = _("Added to 3D Slicer's DICOM database: {count} of {total} objects.")
        say(text.format(count=len(there), total=len(files)))
        if self._waiting:
            self._start()


def _instance_uid(file: Path) -> str:
    from pydicom import dcmread

    return str(dcmread(file, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID)
