"""DICOM results in, findings out: segmentations and reports of MCDetect, Mammography CAD reports of any maker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage, MammographyCADSRStorage, SegmentationStorage

from MCDetect.dicom.failures import reporting
from MCDetect.dicom.opening import open_dataset, readable_header
from MCDetect.dicom.results.assembly import assembled, merged
from MCDetect.dicom.results.cad_report import read_cad_report
from MCDetect.dicom.results.measurement_report import read_measurement_report
from MCDetect.dicom.results.pieces import UNKNOWN, UNKNOWN_SHA256, Piece
from MCDetect.dicom.results.report_content import is_ours
from MCDetect.dicom.results.segmentation import read_segmentation
from MCDetect.errors import InputError, UsageError
from MCDetect.findings import Algorithm, Correspondence, Findings, Review

Object = str | Path | Dataset

# In the order in which they are read: where two tell something, the later one decides.
_READERS: dict[str, tuple[str, Callable[[Dataset], Piece]]] = {
    SegmentationStorage: ("seg", read_segmentation),
    MammographyCADSRStorage: ("cad-sr", read_cad_report),
    ComprehensiveSRStorage: ("measurements-sr", read_measurement_report),
}
_ORDER = [kind for kind, _ in _READERS.values()]
NOBODY = Algorithm(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN_SHA256, UNKNOWN, 0.0, UNKNOWN)
"""In findings of objects that name no algorithm: all is by a reader."""


TELLING_THE_RESULT = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "Manufacturer", "SegmentationType")
"""What of a header tells what result of whom an object is, and which."""


def kind_of_result(header: Dataset) -> str | None:
    """Return ``"seg"``, ``"cad-sr"`` or ``"measurements-sr"`` for what may be read back, None for anything else."""
    found = _READERS.get(str(header.get("SOPClassUID") or ""))
    return None if found is None or header.get("SegmentationType") == "FRACTIONAL" else found[0]


def read_results(objects: Sequence[Object], sources: Iterable[Object] = ()) -> Findings:
    """Read results and put together what they tell.

    Parameters
    ----------
    objects
        Files or data sets of one call of MCDetect, or of one CAD device: segmentations, Mammography CAD reports,
        measurement reports, in any mix. What each kind tells stands in ``docs/dicom_conformance.md``.
    sources
        Files or headers of the mammograms, as far as they are at hand; others are passed over.

    Returns
    -------
    Findings
        Equal to those that were written where ``objects`` are all segmentations and both reports of a call, but for the
        paths of files, the reasons of refusals and what ``docs/dicom_conformance.md`` says of rounding. Of fewer
        objects: an entry for each image that one speaks of, in the order of the objects; what none tells is computed
        where it can be, else scores and the area of the breast are 0 and the model is "unknown"; calcifications are
        numbered anew if no CAD report of ours is among them.

    Raises
    ------
    InputError
        ``not-a-result`` for what is neither; ``damaged-result``; ``no-spacing``; those of
        :func:`MCDetect.dicom.opening.open_dataset` for files that cannot be opened.
    UsageError
        ``no-inputs``; ``mixed-results`` when the objects come from different models or operating points.
    """
    if not objects:
        raise UsageError("no-inputs", "There is nothing to read: no result was given.")
    headers = {str(header.get("SOPInstanceUID") or ""): header for header in map(_header, sources)}
    pieces = [_read(one) for one in objects]
    pieces.sort(key=lambda entry: _ORDER.index(entry[0]))
    told = [piece for _, piece in pieces]
    algorithms = [piece.algorithm for piece in told if piece.algorithm is not None]
    # Images of one call may have been analysed on several computers, and objects of before do not name theirs.
    if len({replace(one, device=UNKNOWN, calcification_threshold=0.0) for one in algorithms}) > 1:
        raise UsageError(
            "mixed-results",
            "The results come from different models or operating points.",
            "Read those of each in a call of its own.",
        )
    uids = dict.fromkeys(uid for piece in told for uid in piece.images)
    # The library of a CAD report has the images in the order of the findings; it decides where there is one.
    first = [uid for kind, piece in pieces if kind == "cad-sr" for uid in piece.images]
    images = []
    for uid in dict.fromkeys([*first, *uids]):
        of_image = merged([piece.images[uid] for piece in told if uid in piece.images])
        with reporting("damaged-result", "A result is damaged: its content makes no sense.", "Ask for another copy."):
            images.append(assembled(of_image, headers.get(uid)))
    refused = {uid: refusal for piece in told for uid, refusal in piece.refused.items()}
    return Findings(
        algorithm=max(algorithms, key=lambda one: one.device != UNKNOWN, default=NOBODY),
        images=tuple(images),
        refused=tuple(refused.values()),
        correspondences=_correspondences(told),
        review=_review(told),
    )


def _correspondences(pieces: Sequence[Piece]) -> tuple[Correspondence, ...]:
    found = {frozenset(c.tracking_uids): c for piece in pieces for c in piece.correspondences}
    return tuple(found.values())


def _review(pieces: Sequence[Piece]) -> Review | None:
    """Return the review; a comment is in the measurement report, and each report names its own predecessors."""
    reviews = [piece.review for piece in pieces if piece.review is not None]
    if not reviews:
        return None
    replaced = dict.fromkeys(uid for review in reviews for uid in review.predecessor_uids)
    told = max(reviews, key=lambda review: len(review.comment))
    return replace(told, predecessor_uids=tuple(replaced))


def _read(one: Object) -> tuple[str, Piece]:
    name = _name_of(one)
    dataset = one if isinstance(one, Dataset) else open_dataset(Path(one))
    with reporting("damaged-result", f"{name} is damaged: its content cannot be understood.", "Copy it again."):
        found = _READERS.get(str(dataset.get("SOPClassUID") or ""))
        if found is None:
            raise InputError(
                "not-a-result",
                f"{name} is neither a segmentation nor a report of findings.",
                "Give SEG, Mammography CAD SR or measurement SR files.",
            )
        kind, read = found
        if kind_of_result(dataset) is None:
            raise InputError(
                "not-a-result",
                f"{name} is a map of probabilities, which holds no findings.",
                "Give the segmentation of the same image.",
            )
        if kind != "cad-sr" and not is_ours(dataset):
            raise InputError(
                "not-a-result",
                f"{name} was not made by MCDetect; of other makers only Mammography CAD reports are read.",
                "Give the CAD report of the study.",
            )
        return kind, read(dataset)


def _header(one: Object) -> Dataset:
    dataset = one if isinstance(one, Dataset) else open_dataset(Path(one), pixels=False)
    return dataset if not hasattr(dataset, "file_meta") else readable_header(dataset)[0]


def _name_of(one: Object) -> str:
    return str(getattr(one, "filename", None) or "The data set") if isinstance(one, Dataset) else str(one)
