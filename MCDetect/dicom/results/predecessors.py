"""Which earlier reports the reports of reviewed findings replace."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage, MammographyCADSRStorage

from MCDetect.dicom.opening import open_dataset, readable_header
from MCDetect.dicom.results.reading import TELLING_THE_RESULT
from MCDetect.dicom.results.report_content import is_ours
from MCDetect.errors import InputError
from MCDetect.findings import Findings


def predecessors_of(findings: Findings, files: Iterable[Path]) -> tuple[tuple[Dataset, ...], int]:
    """Return the headers of the replaced reports, and how many that the review names are not among ``files``.

    Those are replaced that the review names; where it names none, all reports of ours about the same studies. Findings
    that nobody has reviewed replace nothing: they are the same findings.
    """
    if findings.review is None:
        return (), 0
    named = set(findings.review.predecessor_uids)
    studies = {image.study_instance_uid for image in findings.images}
    found: dict[str, Dataset] = {}
    for path in files:
        try:
            dataset = open_dataset(path, pixels=False)
        except InputError:
            continue
        report, _ = readable_header(dataset, TELLING_THE_RESULT)
        if report.get("SOPClassUID") not in (MammographyCADSRStorage, ComprehensiveSRStorage) or not is_ours(report):
            continue
        uid = str(report.get("SOPInstanceUID") or "")
        if uid in named or (not named and str(report.get("StudyInstanceUID")) in studies):
            found[uid] = readable_header(dataset)[0]
    return tuple(found.values()), len(named - found.keys())
