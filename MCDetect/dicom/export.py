"""Findings to DICOM files: the one way in for everything that wants to write objects.

File names say what an object is and never whose: ``seg_R_CC_1f3a9c20.dcm`` has kind, laterality, view and eight
hexadecimal digits of the hash of the mammogram's SOP Instance UID, so that two images of the same view never meet and
a second run replaces the files of the first. Objects of a study carry the hash of its Study Instance UID:
``cad-sr_77b01e5d.dcm``.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from MCDetect.dicom.writing import checks
from MCDetect.dicom.writing.common import SEGMENTATION, check_source
from MCDetect.dicom.writing.segmentation import segmentation
from MCDetect.errors import OutputError
from MCDetect.files import write_atomically
from MCDetect.findings import Algorithm, ImageFindings

FORMATS = frozenset({"seg", "gsps", "cad-sr", "measurements-sr"})


def write_image_objects(
    image: ImageFindings, source: Dataset, algorithm: Algorithm, folder: Path, formats: frozenset[str]
) -> list[Path]:
    """Write the segmentation and the presentation state of one mammogram.

    An image without findings gets neither: DICOM has no segmentation without segments, and marks without marks say
    nothing. That nothing was found is said by the Mammography CAD report of :func:`write_study_objects`.

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

    Returns
    -------
    list of Path
        The files, each whole and checked.

    Raises
    ------
    OutputError
        ``incomplete-source`` or ``wrong-source`` when ``source`` cannot be referred to, ``unwritable-source`` when its
        values cannot be stored, ``cannot-write`` when the folder cannot be written, ``invalid-object`` when an object
        fails its check.
    """
    check_source(image, source)
    paths: list[Path] = []
    if not image.calcifications:
        return paths
    if "seg" in formats:
        path = folder / _image_file_name(SEGMENTATION.name, image)
        with _sources_named():
            dataset = segmentation(image, source, algorithm)
        _write(dataset, path, lambda written: checks.check_segmentation(written, image, source))
        paths.append(path)
    return paths


def _write(dataset: Dataset, path: Path, check: Callable[[Dataset], None]) -> None:
    def write_and_check(temporary: Path) -> None:
        with _sources_named():
            dataset.save_as(temporary, enforce_file_format=True)
        check(dcmread(temporary))

    write_atomically(path, write_and_check)


@contextmanager
def _sources_named() -> Iterator[None]:
    """Turn what pydicom and highdicom raise about values of the source into an error for the user.

    Their messages quote the value, which may be a name or a date, so they are not passed on.
    """
    try:
        yield
    except (ValueError, struct.error) as error:
        raise OutputError(
            "unwritable-source",
            f"DICOM results cannot be written because the header of the mammogram is damaged ({type(error).__name__}).",
            "Leave the DICOM formats out with --formats json,png.",
        ) from error


def _image_file_name(kind: str, image: ImageFindings) -> str:
    # A view comes from a header: nothing in it may become part of a path.
    parts = [re.sub(r"[^A-Za-z0-9]", "", part) for part in (image.laterality, image.view)]
    return "_".join([kind, *filter(None, parts), _short_hash(image.sop_instance_uid)]) + ".dcm"


def _short_hash(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:8]
