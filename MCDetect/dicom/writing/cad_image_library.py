"""Image library of the Mammography CAD report (DICOM PS3.16, template 4020): the mammograms it speaks of.

Everything is taken from the headers as it is there; what a header does not say is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sr.coding import Code

from MCDetect.dicom.orientation import VIEWS, decide_orientation
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing import content_items as items
from MCDetect.findings import ImageFindings


def image_library(
    images: Sequence[ImageFindings], sources: Mapping[str, Dataset], refused: Mapping[str, Dataset]
) -> Dataset:
    """Return the library: the analysed images in the order of ``images``, then the refused ones."""
    library = items.container(items.CONTAINS, codes.IMAGE_LIBRARY)
    for image in images:
        items.add(library, library_entry(image, sources[image.sop_instance_uid]))
    for source in refused.values():
        orientation = decide_orientation(source)
        items.add(library, _entry(source, orientation.laterality, codes.BREASTS, orientation.view))
    return library


def library_entry(image: ImageFindings, source: Dataset, sides: Mapping[str, Code] = codes.BREASTS) -> Dataset:
    """Return the entry of an analysed image; its pixel spacing is that of the findings, at the breast.

    ``sides`` are the codes of left and right, which are others in the library of measurement reports.
    """
    spacing = [
        items.number(items.HAS_ACQUISITION_CONTEXT, name, value, codes.MILLIMETRE, digits=6)
        for name, value in zip(
            (codes.VERTICAL_PIXEL_SPACING, codes.HORIZONTAL_PIXEL_SPACING), image.spacing_mm, strict=True
        )
    ]
    return items.add(_entry(source, image.laterality, sides, image.view), *reversed(spacing))


def _entry(source: Dataset, laterality: str, sides: Mapping[str, Code], named_view: str = "") -> Dataset:
    entry = items.image(items.CONTAINS, source)
    if laterality in sides:
        items.add(entry, items.code(items.HAS_ACQUISITION_CONTEXT, codes.IMAGE_LATERALITY, sides[laterality]))
    view = _first_code(source, "ViewCodeSequence")
    if view is not None:
        modifiers = view.get("ViewModifierCodeSequence") or []
        view_item = items.code(items.HAS_ACQUISITION_CONTEXT, codes.IMAGE_VIEW, _code_only(view))
        for modifier in modifiers:
            if modifier.get("CodeValue"):
                coded = _code_only(modifier)
                items.add(view_item, items.code(items.HAS_CONCEPT_MODIFIER, codes.IMAGE_VIEW_MODIFIER, coded))
        items.add(entry, view_item)
    elif named_view in _VIEWS:  # the header has another word for it than a code
        items.add(entry, items.code(items.HAS_ACQUISITION_CONTEXT, codes.IMAGE_VIEW, _VIEWS[named_view]))
    orientation = source.get("PatientOrientation")
    if isinstance(orientation, MultiValue) and len(orientation) == 2:
        row, column = codes.PATIENT_ORIENTATION_ROW, codes.PATIENT_ORIENTATION_COLUMN
        items.add(entry, items.text(items.HAS_ACQUISITION_CONTEXT, row, str(orientation[0])))
        items.add(entry, items.text(items.HAS_ACQUISITION_CONTEXT, column, str(orientation[1])))
    if source.get("StudyDate"):
        items.add(entry, items.date(items.HAS_ACQUISITION_CONTEXT, codes.STUDY_DATE, source.StudyDate))
    if source.get("StudyTime"):
        items.add(entry, items.time(items.HAS_ACQUISITION_CONTEXT, codes.STUDY_TIME, source.StudyTime))
    if source.get("ContentDate"):
        items.add(entry, items.date(items.HAS_ACQUISITION_CONTEXT, codes.CONTENT_DATE, source.ContentDate))
    if source.get("ContentTime"):
        items.add(entry, items.time(items.HAS_ACQUISITION_CONTEXT, codes.CONTENT_TIME, source.ContentTime))
    return entry


def _first_code(source: Dataset, keyword: str) -> Dataset | None:
    sequence = source.get(keyword)
    return sequence[0] if sequence and all(sequence[0].get(part) for part in _CODE) else None


def _code_only(item: Dataset) -> Dataset:
    """Return the code of an item that may hold other attributes too."""
    coded = Dataset()
    for keyword in _CODE:
        if item.get(keyword):
            coded[keyword] = item[keyword]
    return coded


_CODE = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
_VIEWS = {name: Code(value, "SCT", name) for value, name in VIEWS.items()}
