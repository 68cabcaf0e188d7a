"""Writing all results again from findings: what ``mcdetect report`` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.errors import InputError, MCDetectError
from MCDetect.findings import Findings, ImageFindings, Refusal, SpacingSource
from MCDetect.findings.reading import label_of_image, require_consistent

if TYPE_CHECKING:
    from MCDetect.dicom.mammogram import Mammogram
    from MCDetect.results import ResultWriter

_NEVER_ANALYSED = frozenset({"unsuitable-view"})
_ONLY_KEPT = "its findings stay in findings.json, and nothing else was written about it"


def write_again(findings: Findings, inputs: Sequence[str], writer: ResultWriter) -> list[str]:
    """Write everything about ``findings`` and return what the user has to be told.

    Parameters
    ----------
    findings
        Edited or reviewed.
    inputs
        Files, folders and DICOMDIRs with the mammograms; those that the findings do not speak of are passed over.
    writer
        Takes the results; :meth:`MCDetect.results.ResultWriter.finish` is called here.

    Raises
    ------
    InputError
        ``invalid-findings`` when a cluster names a calcification that is not there, or two findings have one identity;
        ``no-sources`` when none of the mammograms is among ``inputs``.
    """
    from MCDetect.dicom.inputs import find_inputs

    for image in findings.images:
        require_consistent(image)
    notes: list[str] = []
    files = {_identity(file): file for file in find_inputs(inputs)}
    if findings.images and not any(image.sop_instance_uid in files for image in findings.images):
        raise InputError(
            "no-sources", "None of the mammograms of the findings is among the sources.", "Give them with --source."
        )
    for image in findings.images:
        source = files.pop(image.sop_instance_uid, None)
        if source is None:
            writer.unwritten.append(image)  # what a reader said of it must not be lost where FINDINGS is replaced
            notes.append(f"The view {label_of_image(image)} is not among the sources; {_ONLY_KEPT}.")
            continue
        try:
            mammogram = _read(source, image)
        except MCDetectError as error:
            writer.unwritten.append(image)
            notes.append(str(error))
            continue
        if mammogram.shape != (image.rows, image.columns):
            writer.unwritten.append(image)
            notes.append(f"{source} has another size than the image of its findings; {_ONLY_KEPT}.")
            continue
        writer.add(mammogram, image)
    _refuse_again(findings, list(files.values()), writer, notes)
    writer.finish()
    return notes


def _refuse_again(findings: Findings, left: list[Path], writer: ResultWriter, notes: list[str]) -> None:
    """Say again which images failed; their files are where they were, or among the sources without findings."""
    for refusal in findings.refused:
        by_name = [file for file in left if file.name == Path(refusal.source).name]
        if refusal.source and Path(refusal.source).is_file():
            writer.refuse(refusal)
        elif by_name or (left and not refusal.source):
            file = (by_name or left)[0]
            left.remove(file)
            writer.refuse(replace(refusal, source=str(file)))
        else:
            writer.refuse(refusal)
            if refusal.code not in _NEVER_ANALYSED:
                notes.append(f"Not among the sources, so that no report tells that it failed: {_told(refusal)}")


def _told(refusal: Refusal) -> str:
    return f"{refusal.source}." if refusal.source else refusal.message


def _identity(file: Path) -> str:
    from MCDetect.dicom.identifiers import picture_uid
    from MCDetect.dicom.opening import open_dataset, readable_header
    from MCDetect.dicom.pictures import read_picture
    from MCDetect.dicom.recognition import is_picture, read_beginning

    try:
        if not is_picture(read_beginning(file)):
            return str(readable_header(open_dataset(file, pixels=False))[0].get("SOPInstanceUID") or "")
        # A picture has no identifier but one made of its content; its spacing does not matter for that.
        return picture_uid("sop_instance_uid", read_picture(file, 0.1).pixels)
    except InputError:
        return str(file)


def _read(file: Path, image: ImageFindings) -> Mammogram:
    from MCDetect.dicom.reading import read_mammogram

    given = image.spacing_mm[0] if image.spacing_source is SpacingSource.GIVEN_BY_USER else None
    return read_mammogram(file, given)
