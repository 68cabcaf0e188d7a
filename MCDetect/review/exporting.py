"""What leaves a review: DICOM objects, findings.json and pictures in a folder, and the page with pictures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from MCDetect.dicom.results.predecessors import Report, predecessors_of, report_of
from MCDetect.errors import MCDetectError
from MCDetect.findings import Findings
from MCDetect.outputs import FORMATS, check_output_folder
from MCDetect.results import ResultWriter
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
    """What was written: the files, what could not be made, sentences to read once, and the reports among the files.

    Whoever exports the same review again says that the new reports replace ``reports``.
    """

    folder: Path
    files: tuple[Path, ...]
    problems: tuple[MCDetectError, ...] = ()
    notes: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()

    @property
    def dicom_files(self) -> tuple[Path, ...]:
        """Those that a PACS takes."""
        return tuple(path for path in self.files if path.suffix == ".dcm")


def export(
    findings: Findings,
    examination: Examination,
    folder: Path,
    formats: Collection[str] = FORMATS,
    reports: Sequence[Report] = (),
    *,
    report: Callable[[float], object] = lambda done: None,
) -> Exported:
    """Write findings; reads pixels that are not in memory, so call it in a thread.

    ``reports`` are earlier reports; those that the review names are replaced by the new ones. ``report`` takes
    the fraction that is done.

    Raises
    ------
    OutputError
        ``cannot-write`` when the folder cannot be written (no permission, disk full).
    """
    check_output_folder(folder)
    predecessors, missing = predecessors_of(findings, reports)
    writer = ResultWriter(
        folder,
        findings.algorithm,
        formats,
        correspondences=findings.correspondences,
        review=findings.review,
        predecessors=predecessors,
    )
    for number, image in enumerate(findings.images, start=1):
        writer.add(examination.view(image.sop_instance_uid).mammogram(), image)
        report(number / (len(findings.images) + 1))  # the reports of the studies are as long as one image
    for refusal in findings.refused:
        writer.refuse(refusal)
    files = writer.finish()
    notes = writer.notes
    if missing:
        notes = [
            *notes,
            f"{missing} of the replaced reports are no longer there, so that the new ones do not name them.",
        ]
    written = tuple(filter(None, (report_of(path) for path in files if "-sr_" in path.name)))
    return Exported(folder, tuple(files), tuple(writer.problems), tuple(notes), written)


def what_was_written(files: Sequence[Path]) -> list[tuple[int, str]]:
    """Return how many files of which kind there are, in the order of :data:`KINDS`."""
    counted = [(sum(path.name.startswith(beginning) for path in files), one, many) for beginning, one, many in KINDS]
    return [(count, one if count == 1 else many) for count, one, many in counted if count]
