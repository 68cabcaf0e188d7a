"""What leaves a review: DICOM objects, findings.json and pictures in a folder, and the page with pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from MCDetect.errors import MCDetectError
from MCDetect.findings import Findings
from MCDetect.results import FORMATS, ResultWriter, check_output_folder
from MCDetect.review.examination import Examination

KINDS = (
    ("seg_", "segmentation (DICOM SEG)", "segmentations (DICOM SEG)"),
    ("cad-sr_", "Mammography CAD report (DICOM SR)", "Mammography CAD reports (DICOM SR)"),
    ("measurements-sr_", "measurement report (DICOM SR, TID 1500)", "measurement reports (DICOM SR, TID 1500)"),
    ("gsps_", "presentation state (DICOM GSPS)", "presentation states (DICOM GSPS)"),
    ("overlay_", "picture", "pictures"),
    ("findings.json", "file of findings (findings.json)", "files of findings (findings.json)"),
)
"""How the name of a file begins, and what one and several are called."""


@dataclass(frozen=True)
class Exported:
    """What was written: the files, what could not be made, and sentences to read once."""

    folder: Path
    files: tuple[Path, ...]
    problems: tuple[MCDetectError, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def dicom_files(self) -> tuple[Path, ...]:
        """Those that a PACS takes."""
        return tuple(path for path in self.files if path.suffix == ".dcm")


def export(findings: Findings, examination: Examination, folder: Path, formats: Collection[str] = FORMATS) -> Exported:
    """Write findings; reads pixels that are not in memory, so call it in a thread.

    Raises
    ------
    OutputError
        ``cannot-write`` when the folder cannot be written (no permission, disk full).
    """
    check_output_folder(folder)
    writer = ResultWriter(folder, findings.algorithm, formats)
    writer.correspondences = findings.correspondences
    writer.review = findings.review
    for image in findings.images:
        writer.add(examination.view(image.sop_instance_uid).mammogram(), image)
    for refusal in findings.refused:
        writer.refuse(refusal)
    files = writer.finish()
    return Exported(folder, tuple(files), tuple(writer.problems), tuple(writer.notes))


def what_was_written(files: Sequence[Path]) -> list[tuple[int, str]]:
    """Return how many files of which kind there are, in the order of :data:`KINDS`."""
    counted = [(sum(path.name.startswith(beginning) for path in files), one, many) for beginning, one, many in KINDS]
    return [(count, one if count == 1 else many) for count, one, many in counted if count]
