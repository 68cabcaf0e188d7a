"""Which earlier reports the reports of reviewed findings replace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from MCDetect.dicom.opening import open_dataset, readable_header
from MCDetect.dicom.results.reading import TELLING_THE_RESULT, kind_of_result
from MCDetect.dicom.results.report_content import is_ours
from MCDetect.errors import InputError
from MCDetect.findings import Findings

_REPORTS = frozenset({"cad-sr", "measurements-sr"})


@dataclass(frozen=True)
class Report:
    """A report of MCDetect as others refer to it, whatever becomes of its file."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str

    def header(self) -> Dataset:
        """Return a header that can be referred to."""
        header = Dataset()
        header.SOPClassUID, header.SOPInstanceUID = self.sop_class_uid, self.sop_instance_uid
        header.SeriesInstanceUID, header.StudyInstanceUID = self.series_instance_uid, self.study_instance_uid
        return header


def report_of(path: Path) -> Report | None:
    """Return the report in a file; None for everything else, also for what cannot be opened."""
    try:
        header, _ = readable_header(open_dataset(path, pixels=False), (*TELLING_THE_RESULT, "SeriesInstanceUID"))
    except InputError:
        return None
    if kind_of_result(header) not in _REPORTS or not is_ours(header):
        return None
    keywords = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
    uids = [str(header.get(keyword) or "") for keyword in keywords]
    return Report(*uids) if all(uids) else None


def predecessors_of(findings: Findings, reports: Iterable[Report]) -> tuple[tuple[Dataset, ...], int]:
    """Return the headers of the replaced reports, and how many that the review names are not among ``reports``.

    Those are replaced that the review names; where it names none, all reports about the same studies. Findings that
    nobody has reviewed replace nothing: they are the same findings.
    """
    if findings.review is None:
        return (), 0
    named = set(findings.review.predecessor_uids)
    studies = {image.study_instance_uid for image in findings.images}
    found = {
        report.sop_instance_uid: report.header()
        for report in reports
        if report.sop_instance_uid in named or (not named and report.study_instance_uid in studies)
    }
    return tuple(found.values()), len(named - found.keys())
