"""Files of the DICOM browser: which of them are mammograms or results about mammograms, and loading them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from SlicerMCDetectLib.background import wait_answering
from SlicerMCDetectLib.logic import INSTANCE_ATTRIBUTE, PLUGIN_ATTRIBUTE, patient_of, reader

_STATUS_MS = 5000


@dataclass(frozen=True)
class Candidate:
    """Something that can be loaded: a mammogram, or the results of one series."""

    kind: str
    files: tuple[str, ...]
    name: str
    description: str
    warning: str = ""
    references: tuple[str, ...] = ()


def candidates(files: Sequence[str]) -> list[Candidate]:
    """Return what can be loaded of the files of one series; what is not ours is passed over without a word."""
    found: list[Candidate] = []
    results: list[tuple[str, tuple[str, ...]]] = []
    for file, header in zip(files, _headers(files), strict=True):
        if header is None:
            continue
        mammogram = _mammogram(file, header)
        if mammogram is not None:
            found.append(mammogram)
        elif (references := _references_of_result(header)) is not None:
            results.append((file, references))
    if results:
        found.append(
            Candidate(
                "result",
                tuple(file for file, _references in results),
                _("Findings in mammograms"),
                _("Marks and outlines, drawn over the mammograms that they speak of"),
                references=tuple(dict.fromkeys(uid for _file, references in results for uid in references)),
            )
        )
    return found


def load_mammogram(file: str, name: str) -> Any:
    """Add a mammogram to the scene as its header wants it shown, and return its volume node.

    It is read and decoded in a thread, while Slicer goes on answering.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    from MCDetect.review.overlay.nodes import make_volume

    def read() -> tuple[Any, Any]:
        from MCDetect.review.display import display_of

        mammogram = reader()(Path(file), None)
        return mammogram, display_of(mammogram)

    slicer.util.showStatusMessage(_("Reading {name}…").format(name=name), _STATUS_MS)
    mammogram, display = wait_answering(read)
    node = make_volume(slicer.mrmlScene, name, display, mammogram.spacing.millimetres)
    if mammogram.header is not None:
        node.SetAttribute(INSTANCE_ATTRIBUTE, str(mammogram.header.SOPInstanceUID))
    node.SetAttribute(PLUGIN_ATTRIBUTE, "1")
    # Slicer's own views show what was loaded last; those of an examination that is open do not take part.
    application = slicer.app.applicationLogic()
    application.GetSelectionNode().SetActiveVolumeID(node.GetID())
    application.PropagateVolumeSelection()
    return node


def load_result(files: Sequence[str]) -> None:
    """Show results over the mammograms that they speak of, in the module's panel.

    Raises
    ------
    InputError
        ``no-source-images`` when the DICOM database has none of the mammograms.
    """
    from MCDetect.errors import InputError

    references = dict.fromkeys(uid for header in _headers(files) for uid in _references_of_result(header) or ())
    files_of_images = files_of_instances(references)
    # Reports of other makers also refer to slices of a tomosynthesis, of the same class as synthesised mammograms.
    images = [
        file
        for file, header in zip(files_of_images, _headers(files_of_images), strict=True)
        if header is None or _is_mammogram(header)
    ]
    if not images:
        raise InputError(
            "no-source-images",
            _("The mammograms that these findings speak of are not in the DICOM database."),
            _("Import the images of the examination, then load the findings again."),
        )
    slicer.util.selectModule("SlicerMCDetect")
    slicer.util.getModuleWidget("SlicerMCDetect").seat.open_examination_files(images, files)


@dataclass(frozen=True)
class Wanted:
    """What is to be shown: files of mammograms of a patient, and of results about them."""

    images: tuple[str, ...]
    results: tuple[str, ...] = ()

    @staticmethod
    def joined(before: Wanted | None, now: Wanted) -> Wanted:
        """Return what is wanted now: a result of the patient who is open comes to what is open."""
        if before is None or not now.results or patient_of(before.images[0]) != patient_of(now.images[0]):
            return now
        return Wanted(
            tuple(dict.fromkeys((*before.images, *now.images))), tuple(dict.fromkeys((*before.results, *now.results)))
        )


def open_wanted(wanted: Wanted, children: Any) -> tuple[Any, Any]:
    """Return the examination of the images and the earlier results, None where there are none; for a thread.

    ``children`` are the processes that decode for it.

    Raises
    ------
    InputError
        Those of opening an examination and of reading results.
    """
    from MCDetect.review.earlier_results import read_earlier_results
    from MCDetect.review.examination import open_examination

    earlier = read_earlier_results(wanted.results, wanted.images) if wanted.results else None
    examination = open_examination(wanted.images)
    examination.read_with(reader(children))
    return examination, earlier


def begin_review(examination: Any) -> Any:
    """Return a session of an examination, with work on it that was left behind; for a thread."""
    from MCDetect.review.recovery import default_folder
    from MCDetect.review.session import ReviewSession

    return ReviewSession(examination, folder=default_folder())


def has_work_on(session: Any, examination: Any) -> bool:
    """Say whether the reader has done something with these images in a session (None: no) that was not exported."""
    return bool(
        session is not None and session.has_unsaved_changes and set(session.examination.keys) >= set(examination.keys)
    )


def files_of_instances(uids: Iterable[str]) -> list[str]:
    """Return the files of those SOP Instance UIDs that the DICOM database knows and that are there."""
    files = (slicer.dicomDatabase.fileForInstance(uid) for uid in uids)
    return [file for file in files if file and Path(file).is_file()]


def _headers(files: Sequence[str]) -> list[Any]:
    """Return the headers of files, None for what is no DICOM file; Slicer goes on answering meanwhile."""
    return list(wait_answering(lambda: [_header(file) for file in files]))


def _header(file: str) -> Any:
    from MCDetect.dicom.opening import open_dataset, readable_header
    from MCDetect.errors import InputError

    try:
        return readable_header(open_dataset(Path(file), pixels=False))[0]
    except InputError:
        return None


def _is_mammogram(header: Any) -> bool:
    from MCDetect.dicom.acceptance import Kind, kind_of

    return kind_of(header) is Kind.MAMMOGRAM


def _mammogram(file: str, header: Any) -> Candidate | None:
    from MCDetect.dicom.acceptance import require_mammogram
    from MCDetect.dicom.failures import reporting
    from MCDetect.dicom.orientation import decide_orientation
    from MCDetect.dicom.spacing import decide_spacing
    from MCDetect.dicom.synthesised import as_mammogram
    from MCDetect.errors import InputError

    if not _is_mammogram(header):
        return None
    try:
        require_mammogram(header, _("This image"))
        with reporting("cannot-read", file):
            header = as_mammogram(header)
        orientation = decide_orientation(header)
        warnings = decide_spacing(header, _("This image"))[1]
    except InputError:
        return None  # refused; Slicer's own readers may show it
    label = " ".join(part for part in (orientation.laterality, orientation.view) if part) or _("Mammogram")
    return Candidate(
        "mammogram",
        (file,),
        label,
        _("Mammogram, shown as its header says"),
        " ".join((*orientation.warnings, *warnings)),
    )


def _references_of_result(header: Any) -> tuple[str, ...] | None:
    """Return the SOP Instance UIDs of the mammograms that a result speaks of; None if it is none of ours to show."""
    from MCDetect.dicom.results.reading import kind_of_result
    from MCDetect.dicom.results.report_content import is_ours

    kind = None if header is None else kind_of_result(header)
    # A Mammography CAD report is read of any maker and is about mammograms by its class.
    if kind is None or (kind != "cad-sr" and not is_ours(header)):
        return None
    references = tuple(dict.fromkeys(_mammograms_referenced_by(header)))
    return references if references or kind == "cad-sr" else None


def _mammograms_referenced_by(header: Any) -> Iterable[str]:
    from MCDetect.dicom.acceptance import MAMMOGRAM_CLASSES

    for dataset in (header, *header.get("CurrentRequestedProcedureEvidenceSequence", ())):
        for series in dataset.get("ReferencedSeriesSequence", ()):
            instances = (*series.get("ReferencedInstanceSequence", ()), *series.get("ReferencedSOPSequence", ()))
            for instance in instances:
                if instance.get("ReferencedSOPClassUID") in MAMMOGRAM_CLASSES:
                    yield str(instance.ReferencedSOPInstanceUID)
