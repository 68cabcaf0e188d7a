"""Macros of DICOM PS3.3 that several objects use: references, evidence and codes."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.sr.coding import Code


def evidence(sources: Iterable[Dataset]) -> DicomSequence:
    """Return items that list ``sources`` as study, series and instance (Hierarchical SOP Instance Reference macro)."""
    studies: dict[str, dict[str, dict[str, Dataset]]] = {}
    for source in sources:
        series = studies.setdefault(str(source.StudyInstanceUID), {}).setdefault(str(source.SeriesInstanceUID), {})
        series[str(source.SOPInstanceUID)] = reference(source)
    items = []
    for study_uid, series_of_study in studies.items():
        item = Dataset()
        item.StudyInstanceUID = study_uid
        item.ReferencedSeriesSequence = []
        for uid, instances in series_of_study.items():
            entry = Dataset()
            entry.SeriesInstanceUID = uid
            entry.ReferencedSOPSequence = list(instances.values())
            item.ReferencedSeriesSequence.append(entry)
        items.append(item)
    return DicomSequence(items)


def reference(source: Dataset) -> Dataset:
    """Return an item with the SOP class and SOP instance UID of ``source``."""
    item = Dataset()
    item.ReferencedSOPClassUID = source.SOPClassUID
    item.ReferencedSOPInstanceUID = source.SOPInstanceUID
    return item


def code_item(code: Code) -> Dataset:
    """Return ``code`` as an item of a code sequence."""
    item = Dataset()
    item.CodeValue = code.value
    item.CodingSchemeDesignator = code.scheme_designator
    if code.scheme_version:
        item.CodingSchemeVersion = code.scheme_version
    item.CodeMeaning = code.meaning
    return item
