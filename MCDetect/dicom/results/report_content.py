"""Reading the content of structured reports of any maker: concepts in old and new coding schemes, references, numbers.

Equipment of before 2017 codes with SNOMED RT (``SRT``, ``SNM3``, ``99SDM``), that of today with SNOMED CT (``SCT``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from enum import Enum
from functools import lru_cache
from typing import TypeVar

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from MCDetect.dicom.identifiers import MANUFACTURER
from MCDetect.dicom.orientation import VIEWS
from MCDetect.dicom.results.pieces import ImagePiece
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.content_tree import Position, all_children
from MCDetect.findings import Review

Tree = Mapping[Position, Dataset]
Term = TypeVar("Term", bound=Enum)

_KEPT = "_mcdetect_concept"
_IN_MILLIMETRES = {"mm": 1.0, "um": 0.001}


def is_ours(dataset: Dataset) -> bool:
    """Say whether MCDetect wrote the object."""
    return str(dataset.get("Manufacturer")) == MANUFACTURER


def same(item: Dataset | None, code: Code) -> bool:
    """Say whether an item of a code sequence means ``code``, also in an older version of its scheme."""
    if item is None:
        return False
    return _means(*_value_and_scheme(item), code.value, code.scheme_designator)


@lru_cache(maxsize=4096)
def _means(value: str, scheme: str, wanted: str, wanted_scheme: str) -> bool:
    scheme = "SRT" if scheme in ("SNM3", "99SDM") else scheme
    return bool(Code(value, scheme, "") == Code(wanted, wanted_scheme, ""))


def _value_and_scheme(item: Dataset) -> tuple[str, str]:
    return str(item.get("CodeValue") or ""), str(item.get("CodingSchemeDesignator") or "")


def is_named(item: Dataset, *names: Code) -> bool:
    """Say whether a content item is of one of the concepts ``names``."""
    # Each item is asked some ten times, and pydicom looks every keyword up anew: what it says is kept with it.
    kept = vars(item)
    if _KEPT not in kept:
        concept = item.get("ConceptNameCodeSequence")
        kept[_KEPT] = _value_and_scheme(concept[0]) if concept else None
    known = kept[_KEPT]
    return known is not None and any(_means(*known, name.value, name.scheme_designator) for name in names)


def require_items(report: Dataset, *names: Code) -> None:
    """Raise ValueError unless every concept of ``names`` stands directly below the root."""
    content = report.get("ContentSequence") or []
    missing = [name.meaning for name in names if not any(is_named(item, name) for item in content)]
    if missing:
        raise ValueError(f"the report has no {missing[0]}")


def target(tree: Tree, position: Position) -> Position | None:
    """Return where a relationship leads: the item itself, or the one it refers to; None if that is not there."""
    reference = tree[position].get("ReferencedContentItemIdentifier")
    if reference is None:
        return position
    found = tuple(int(number) for number in ([reference] if isinstance(reference, int) else reference))
    return found if found in tree else None


def below(tree: Tree, position: Position, *names: Code) -> Iterator[Position]:
    """Yield the items of the concepts ``names`` directly below ``position``, by value or by reference."""
    for child in all_children(tree, position):
        found = target(tree, child)
        if found is not None and is_named(tree[found], *names):
            yield found


def coded(tree: Tree, position: Position, name: Code) -> Dataset | None:
    """Return the code of the first CODE ``name`` below ``position``."""
    for child in below(tree, position, name):
        values = tree[child].get("ConceptCodeSequence")
        if values:
            return values[0]  # type: ignore[no-any-return]
    return None


def term(tree: Tree, position: Position, name: Code, terms: Mapping[Term, Code]) -> Term | None:
    """Return the term that the CODE ``name`` below ``position`` stands for."""
    value = coded(tree, position, name)
    return next((one for one, code in terms.items() if same(value, code)), None)


def text(tree: Tree, position: Position, name: Code) -> str:
    """Return the first TEXT or UIDREF ``name`` below ``position``, or an empty text."""
    for child in below(tree, position, name):
        value = tree[child].get("TextValue") or tree[child].get("UID")
        if value:
            return str(value)
    return ""


def texts(tree: Tree, position: Position, name: Code) -> list[str]:
    """Return every TEXT ``name`` below ``position``."""
    return [str(tree[child].get("TextValue") or "") for child in below(tree, position, name)]


def number(tree: Tree, position: Position, name: Code) -> float | None:
    """Return the first NUM ``name`` below ``position``, as exactly as it is told."""
    for child in below(tree, position, name):
        measured = tree[child].get("MeasuredValueSequence")
        if measured and measured[0].get("NumericValue") is not None:
            return _value(measured[0])
    return None


def _value(measured: Dataset) -> float:
    """Return a measured value; the text of it may be rounded for people (PS3.3, section C.18.1)."""
    exact = measured.get("FloatingPointValue")
    return float(measured.NumericValue if exact is None or not math.isfinite(exact) else exact)


def millimetres(tree: Tree, position: Position, name: Code) -> float | None:
    """Return the first NUM ``name`` below ``position``, a length; template 4020 takes micrometres too."""
    for child in below(tree, position, name):
        measured = tree[child].get("MeasuredValueSequence")
        if measured and measured[0].get("NumericValue") is not None:
            units = measured[0].get("MeasurementUnitsCodeSequence")
            factor = _IN_MILLIMETRES.get(str(units[0].get("CodeValue"))) if units else None
            return None if factor is None else _value(measured[0]) * factor
    return None


def image_of(tree: Tree, position: Position) -> str:
    """Return the SOP Instance UID of the image that coordinates are selected from, or an empty text."""
    for child in all_children(tree, position):
        found = target(tree, child)
        if found is not None and tree[found].get("ValueType") == "IMAGE":
            return str(tree[found].ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
    return ""


def describe_entry(tree: Tree, position: Position, image: ImagePiece) -> None:
    """Take what an entry of an image library says: class, side, view, spacing and size."""
    image.fields["sop_class_uid"] = str(tree[position].ReferencedSOPSequence[0].ReferencedSOPClassUID)
    side = coded(tree, position, codes.IMAGE_LATERALITY)
    for sides in (codes.BREASTS, codes.SIDES):
        for letter, code in sides.items():
            if same(side, code):
                image.fields["laterality"] = letter
    view = coded(tree, position, codes.IMAGE_VIEW)
    for value, name in VIEWS.items():
        if same(view, Code(value, "SCT", "")):
            image.fields["view"] = name
    names = (codes.VERTICAL_PIXEL_SPACING, codes.HORIZONTAL_PIXEL_SPACING)
    spacing = [millimetres(tree, position, name) for name in names]
    if spacing[0] and spacing[1]:
        image.fields["spacing_mm"] = (spacing[0], spacing[1])
    for field, concept in (("rows", codes.PIXEL_ROWS), ("columns", codes.PIXEL_COLUMNS)):
        pixels = number(tree, position, concept)
        if pixels:
            image.fields[field] = int(pixels)


def locate(report: Dataset, images: Mapping[str, ImagePiece]) -> None:
    """Give images the study and series that the evidence of the report names."""
    for keyword in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in report.get(keyword) or []:
            for series in study.ReferencedSeriesSequence:
                for instance in series.ReferencedSOPSequence:
                    image = images.get(str(instance.ReferencedSOPInstanceUID))
                    if image is not None:
                        image.fields["study_instance_uid"] = str(study.StudyInstanceUID)
                        image.fields["series_instance_uid"] = str(series.SeriesInstanceUID)
                        image.fields["sop_class_uid"] = str(instance.ReferencedSOPClassUID)


def review_of(report: Dataset, comment: str = "") -> Review | None:
    """Return who reviewed the findings of a report of ours; other makers' reports name no reader of findings."""
    for person in report.get("ParticipantSequence") or []:
        if is_ours(report) and person.get("ObserverType") == "PSN":
            predecessors = tuple(
                str(instance.ReferencedSOPInstanceUID)
                for study in report.get("PredecessorDocumentsSequence") or []
                for series in study.ReferencedSeriesSequence
                for instance in series.ReferencedSOPSequence
            )
            return Review(
                reader=str(person.get("PersonName") or ""),
                reviewed_at=_iso_time(str(person.get("ParticipationDateTime") or "")),
                complete=report.get("CompletionFlag") == "COMPLETE",
                comment=comment,
                predecessor_uids=predecessors,
            )
    return None


def _iso_time(value: str) -> str:
    for form in ("%Y%m%d%H%M%S.%f%z", "%Y%m%d%H%M%S%z", "%Y%m%d%H%M%S"):
        try:
            moment = datetime.strptime(value, form)
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).isoformat()
    return value
