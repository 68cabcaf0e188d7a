"""Findings to DICOM files: the one way in for everything that wants to write objects.

File names say what an object is and never whose: ``seg_R_CC_1f3a9c20.dcm`` has kind, laterality, view and eight
hexadecimal digits of the hash of the mammogram's SOP Instance UID, so that two images of the same view never meet and
a second run replaces the files of the first; one that the second run has nothing to put into is removed, for the
folder goes to the PACS as a whole. Objects of a study carry the hash of its Study Instance UID:
``cad-sr_77b01e5d.dcm``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom import dcmread
from pydicom.dataset import Dataset

from MCDetect.dicom.writing.cad_report import cad_report
from MCDetect.dicom.writing.checks import check_presentation_state, check_segmentation
from MCDetect.dicom.writing.common import (
    CAD_REPORT,
    MEASUREMENT_REPORT,
    PRESENTATION_STATE,
    PROBABILITY_MAP,
    SECONDARY_CAPTURE,
    SEGMENTATION,
    Kind,
    check_identity,
    check_source,
    name_of,
)
from MCDetect.dicom.writing.context import RAW, ReportContext, shown
from MCDetect.dicom.writing.damage import damage_told_plainly
from MCDetect.dicom.writing.measurement_report import measurement_report
from MCDetect.dicom.writing.presentation_state import presentation_state
from MCDetect.dicom.writing.probability_map import check_probability_map, probability_map
from MCDetect.dicom.writing.report_checks import check_cad_report, check_measurement_report
from MCDetect.dicom.writing.secondary_capture import check_secondary_capture, secondary_capture
from MCDetect.dicom.writing.segmentation import segmentation
from MCDetect.errors import OutputError
from MCDetect.files import remove_file, write_atomically
from MCDetect.findings import Algorithm, ImageFindings

FORMATS = frozenset(kind.name for kind in (SEGMENTATION, PRESENTATION_STATE, CAD_REPORT, MEASUREMENT_REPORT))


def write_image_objects(  # noqa: PLR0917
    image: ImageFindings,
    source: Dataset,
    algorithm: Algorithm,
    folder: Path,
    formats: frozenset[str],
    context: ReportContext = RAW,
) -> list[Path]:
    """Write the segmentation and the presentation state of one mammogram.

    An image without findings, or with rejected ones only, gets neither: DICOM has no segmentation without segments,
    and marks without marks say nothing. That nothing was found is said by the Mammography CAD report of
    :func:`write_study_objects`.

    Parameters
    ----------
    image
        What was found.
    source
        Header of the mammogram; pixel data is not needed.
    algorithm
        What found it.
    folder
        Where the files go; created if need be.
    formats
        Any of :data:`FORMATS`; those of whole studies are ignored here.
    context
        Whether the findings were reviewed.

    Returns
    -------
    list of Path
        The files, each whole and checked.

    Raises
    ------
    OutputError
        ``incomplete-source`` or ``wrong-source`` when ``source`` cannot be referred to, ``unwritable-source`` when its
        values cannot be stored, ``empty-region`` when an outline holds no pixel, ``cannot-write`` when the folder
        cannot be written, ``invalid-object`` when an object fails its check.
    """
    check_source(image, source)
    paths: list[Path] = []
    for kind, make, check in (
        (SEGMENTATION, segmentation, check_segmentation),
        (PRESENTATION_STATE, presentation_state, check_presentation_state),
    ):
        if kind.name not in formats:
            continue
        path = folder / _image_file_name(kind, image)
        drawn = shown(image)
        if not drawn.calcifications and not drawn.clusters:
            remove_file(path)
            continue
        with damage_told_plainly(name_of(source)):
            dataset = make(image, source, algorithm, context)
        _write(dataset, path, partial(check, image=image, source=source), name_of(source))
        paths.append(path)
    return paths


def write_secondary_capture(  # noqa: PLR0917
    image: ImageFindings,
    picture: npt.NDArray[np.uint8],
    source: Dataset,
    algorithm: Algorithm,
    folder: Path,
    context: ReportContext = RAW,
) -> Path:
    """Write the overlay ``picture``, uint8 (rows, columns, 3), as a Secondary Capture and return its file.

    Raises
    ------
    OutputError
        As :func:`write_image_objects`.
    """
    make = partial(secondary_capture, image, picture, source, algorithm, context)
    check = partial(check_secondary_capture, image=image, picture=picture, source=source)
    return _write_about_image(SECONDARY_CAPTURE, image, source, folder, make, check)


def write_probability_map(  # noqa: PLR0917
    image: ImageFindings,
    probability: npt.NDArray[np.float32],
    source: Dataset,
    algorithm: Algorithm,
    folder: Path,
    context: ReportContext = RAW,
) -> Path:
    """Write ``probability``, (rows, columns) and 0 to 1, as a FRACTIONAL segmentation and return its file.

    Raises
    ------
    OutputError
        As :func:`write_image_objects`.
    """
    make = partial(probability_map, image, probability, source, algorithm, context)
    check = partial(check_probability_map, image=image, probability=probability, source=source)
    return _write_about_image(PROBABILITY_MAP, image, source, folder, make, check)


def _write_about_image(  # noqa: PLR0917
    kind: Kind,
    image: ImageFindings,
    source: Dataset,
    folder: Path,
    make: Callable[[], Dataset],
    check: Callable[[Dataset], None],
) -> Path:
    check_source(image, source)
    path = folder / _image_file_name(kind, image)
    with damage_told_plainly(name_of(source)):
        dataset = make()
    _write(dataset, path, check, name_of(source))
    return path


def write_study_objects(  # noqa: PLR0917
    images: Sequence[ImageFindings],
    sources: Mapping[str, Dataset],
    algorithm: Algorithm,
    refused_uids: Mapping[str, Dataset],
    folder: Path,
    formats: frozenset[str],
    context: ReportContext = RAW,
) -> list[Path]:
    """Write the Mammography CAD report and the measurement report of one study.

    Both are written also when nothing was found; the measurement report not when every analysis failed, for then there
    is nothing it could speak of.

    Parameters
    ----------
    images
        What was found, an entry for each image of the study that was analysed.
    sources
        Headers of these images by SOP Instance UID.
    algorithm
        What found it.
    refused_uids
        Headers of the mammograms of the study whose analysis failed, by SOP Instance UID.
    folder
        Where the files go; created if need be.
    formats
        Any of :data:`FORMATS`; those of single images are ignored here.
    context
        Who reviewed the findings, which clusters are the same, and which reports are replaced.

    Returns
    -------
    list of Path
        The files, each whole and checked; empty when there are neither images nor refused ones.

    Raises
    ------
    OutputError
        As :func:`write_image_objects`; also ``mixed-studies`` when the images are not of one study and one patient.
    """
    # The same image may have been given twice; the report speaks of it once.
    images = list({image.sop_instance_uid: image for image in reversed(images)}.values())[::-1]
    for image in images:
        check_source(image, sources[image.sop_instance_uid])
    for source in refused_uids.values():
        check_identity(source)
    analysed = {image.sop_instance_uid for image in images}
    refused = {str(source.SOPInstanceUID): source for source in refused_uids.values()}
    refused = {uid: source for uid, source in refused.items() if uid not in analysed}
    everything = [*(sources[image.sop_instance_uid] for image in images), *refused.values()]
    paths: list[Path] = []
    if not everything:
        return paths
    if len({(str(source.StudyInstanceUID), str(source.get("PatientID") or "")) for source in everything}) > 1:
        raise OutputError("mixed-studies", "A report cannot be written about images of several studies or patients.")
    study_uid = str(everything[0].StudyInstanceUID)
    what = "the study" if len(everything) > 1 else name_of(everything[0])
    if CAD_REPORT.name in formats:
        with damage_told_plainly(what):
            dataset = cad_report(images, sources, refused, algorithm, context)
        check = partial(
            check_cad_report, images=images, sources=sources, refused=refused, algorithm=algorithm, context=context
        )
        paths.append(folder / f"{CAD_REPORT.name}_{_short_hash(study_uid)}.dcm")
        _write(dataset, paths[-1], check, what)
    if MEASUREMENT_REPORT.name in formats:
        path = folder / f"{MEASUREMENT_REPORT.name}_{_short_hash(study_uid)}.dcm"
        if not images:
            remove_file(path)
            return paths
        with damage_told_plainly(what):
            dataset = measurement_report(images, sources, algorithm, context)
        _write(dataset, path, partial(check_measurement_report, images=images, sources=sources, context=context), what)
        paths.append(path)
    return paths


def _write(dataset: Dataset, path: Path, check: Callable[[Dataset], None], what: str) -> None:
    def write_and_check(temporary: Path) -> None:
        with damage_told_plainly(what):
            dataset.save_as(temporary, enforce_file_format=True)
            check(dcmread(temporary))

    write_atomically(path, write_and_check)


def objects_about(uids: Iterable[str], folder: Path) -> list[Path]:
    """Return the results in a folder, of any run, about images or studies (SOP or Study Instance UIDs)."""
    return sorted(path for uid in uids for path in folder.glob(f"*_{_short_hash(uid)}.dcm"))


def _image_file_name(kind: Kind, image: ImageFindings) -> str:
    # A view comes from a header: nothing in it may become part of a path.
    parts = [re.sub(r"[^A-Za-z0-9]", "", part) for part in (image.laterality, image.view)]
    return "_".join([kind.name, *filter(None, parts), _short_hash(image.sop_instance_uid)]) + ".dcm"


def _short_hash(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:8]
