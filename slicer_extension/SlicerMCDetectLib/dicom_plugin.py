"""What Slicer's DICOM module asks: which files are ours, and please load them.

Mammograms are read by MCDetect and shown as their header says; Slicer's own reader knows neither the VOI LUT sequence
nor the rules for spacing and polarity. Results (Mammography CAD SR of any maker, segmentations and measurement reports
of mammograms) become overlays of the mammograms that they speak of.
"""

from __future__ import annotations

from typing import Any

import slicer
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _

from SlicerMCDetectLib.library import find_library

NAME = "MCDetectDICOMPlugin"
CONFIDENCE = 0.97
"""Above the 0.95 of Slicer's own readers of segmentations and reports, which cannot show them on a projection."""

_SOP_CLASS = "0008,0016"
_MODALITY = "0008,0060"
_OF_INTEREST = frozenset({"MG", "SR", "SEG", "CR", "DX", "OT"})


class MCDetectDICOMPlugin(DICOMPlugin):  # type: ignore[misc]
    """Reader of mammograms and of results about them."""

    def __init__(self) -> None:
        super().__init__()
        self.loadType = _("Mammogram (MCDetect)")
        self.tags["modality"] = _MODALITY
        self.tags["sopClass"] = _SOP_CLASS

    def examineForImport(self, fileLists: list[list[str]]) -> list[Any]:
        """Return what can be loaded of lists of files, one list for each series."""
        find_library()
        return [loadable for files in fileLists for loadable in self._examine_series(files)]

    def load(self, loadable: Any) -> bool:
        """Load one of them; what goes wrong is shown as a sentence."""
        find_library()
        from SlicerMCDetectLib import loading
        from SlicerMCDetectLib.telling import tell_exception

        try:
            if loadable.mcdetect_kind == "mammogram":
                node = loading.load_mammogram(loadable.files[0], loadable.name)
                self.addSeriesInSubjectHierarchy(loadable, node)
            else:
                loading.load_result(loadable.files)
        except Exception as error:  # noqa: BLE001 -- the user is told, whatever it is
            tell_exception(error)
            return False
        return True

    def _examine_series(self, files: list[str]) -> list[Any]:
        # The database knows the modality of each file; others are not opened.
        interesting = [file for file in files if slicer.dicomDatabase.fileValue(file, _MODALITY) in _OF_INTEREST]
        from SlicerMCDetectLib.loading import Candidate, candidates

        return [self._loadable(candidate) for candidate in candidates(interesting) if isinstance(candidate, Candidate)]

    def _loadable(self, candidate: Any) -> Any:
        loadable = DICOMLoadable()
        loadable.files = list(candidate.files)
        loadable.name = candidate.name
        loadable.tooltip = candidate.description
        loadable.warning = candidate.warning
        loadable.selected = True
        loadable.confidence = CONFIDENCE
        loadable.referencedInstanceUIDs = list(candidate.references)
        loadable.mcdetect_kind = candidate.kind
        return loadable


def register() -> None:
    """Let the DICOM module find the plugin."""
    if not hasattr(slicer.modules, "dicomPlugins"):
        slicer.modules.dicomPlugins = {}
    slicer.modules.dicomPlugins[NAME] = MCDetectDICOMPlugin
