"""Laterality, view and view modifiers of a mammogram, from the header only, never from the pixels."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sr.coding import Code

VIEWS: dict[str, str] = {
    "399162004": "CC",
    "399368009": "MLO",
    "399260004": "ML",
    "399352003": "LM",
    "399099002": "LMO",
    "399196006": "FB",
    "399188001": "SIO",
    "441555000": "ISO",
    "399192008": "XCCL",
    "399101009": "XCCM",
    "127457009": "SPECIMEN",
}
"""SNOMED CT code of the view (DICOM PS3.16 CID 4014) to the abbreviation of the ACR and PS3.3 table C.8.11.7-2."""

MODIFIERS: dict[str, str] = {
    "399163009": "magnification",
    "399055006": "spot compression",
    "399161006": "cleavage",
    "399011000": "axillary tail",
    "399197002": "rolled lateral",
    "399226006": "rolled medial",
    "414493004": "rolled inferior",
    "415670009": "rolled superior",
    "399209000": "implant displaced",
    "399110001": "tangential",
    "442581004": "nipple in profile",
    "441752004": "anterior compression",
    "442593008": "infra-mammary fold",
    "442580003": "axillary tissue",
}
"""SNOMED CT code of the view modifier (DICOM PS3.16 CID 4015) to its name."""

_OTHER_SPELLINGS = {"XCC": "XCCL", "CCL": "XCCL", "RMLO": "MLO", "LMLO": "MLO", "RCC": "CC", "LCC": "CC"}
_AXES = {letter: axis for axis in ("AP", "LR", "FH") for letter in axis}
_DIRECTIONS = frozenset(_AXES)
_FROM_ABOVE_OR_BELOW = frozenset({"CC", "FB", "XCCL", "XCCM"})
_FROM_THE_SIDE = frozenset({"MLO", "ML", "LM", "LMO", "SIO", "ISO"})
_LONGEST_TOLD = 8
_KNOWN_VIEWS = frozenset(VIEWS.values())


@dataclass(frozen=True)
class Orientation:
    """Which breast, seen from where; unknown is empty.

    ``modifiers`` are names from :data:`MODIFIERS`; ``warnings`` are sentences about contradictions in the header.
    """

    laterality: str
    view: str
    modifiers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def decide_orientation(header: Dataset) -> Orientation:
    """Return laterality, view and modifiers.

    ImageLaterality (of the image) decides before Laterality (of the series), and ViewCodeSequence before
    ViewPosition; what contradicts them becomes a warning. ``"B"`` (both breasts) is no laterality of a view.
    """
    warnings: list[str] = []
    of_image, of_series = _side(header, "ImageLaterality"), _side(header, "Laterality")
    if of_image and of_series and of_image != of_series:
        warnings.append(
            f"The header contradicts itself: ImageLaterality says {of_image}, Laterality says {of_series}; "
            f"{of_image} is used."
        )
    warnings += [
        f"{keyword} says {_told(header, keyword)}, which is no side of a view."
        for keyword in ("ImageLaterality", "Laterality")
        if header.get(keyword) and not _side(header, keyword)
    ]
    coded, modifiers = _coded_view(header)
    position = _view_position(header)
    if coded and position and coded != position:
        warnings.append(
            f"The header contradicts itself: the view code says {coded}, ViewPosition says {position}; {coded} is used."
        )
    if header.get("PatientOrientation") and not _directions(header):
        warnings.append(f"PatientOrientation says {_told(header, 'PatientOrientation')}, which are no directions.")
    contradiction = _contradicting_directions(header, coded or position)
    if contradiction:
        warnings.append(contradiction)
    unknown = [
        name
        for name, known in (("which breast", of_image or of_series), ("which view", coded or position))
        if not known
    ]
    if unknown:
        warnings.append(f"The header does not say {' and '.join(unknown)} it shows.")
    return Orientation(of_image or of_series, coded or position, modifiers, tuple(warnings))


def _contradicting_directions(header: Dataset, view: str) -> str:
    """Return a warning where PatientOrientation shows the breast from another direction than the view does.

    One axis of the image runs between front and back in every view. The other runs between left and right in a view
    from above or below, and between head and foot in one from the side (PS3.3, section C.8.11.7.1.2). Which of the
    two ends comes first is up to the maker.
    """
    directions = _directions(header)
    if not directions:
        return ""
    axes = [_AXES[one[0]] for one in directions]
    expected = "LR" if view in _FROM_ABOVE_OR_BELOW else "FH" if view in _FROM_THE_SIDE else ""
    if not expected or sorted(axes) == sorted(("AP", expected)):
        return ""
    told = "\\".join(directions)
    return f"The header contradicts itself: the view is {view}, but PatientOrientation says {told}."


def _directions(header: Dataset) -> list[str]:
    """Return the two directions of PatientOrientation; empty when it is absent or makes no sense."""
    value = header.get("PatientOrientation")
    directions = [str(one).strip().upper() for one in value] if isinstance(value, MultiValue) else []
    is_sensible = len(directions) == 2 and all(one and set(one) <= _DIRECTIONS for one in directions)
    return directions if is_sensible else []


def _told(header: Dataset, keyword: str) -> str:
    """Return a value for a sentence; only a few letters, for a wrong value may be anything."""
    value = header.get(keyword)
    text = "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)
    return repr(text) if len(text) <= _LONGEST_TOLD and text.isprintable() else "something else"


def _side(header: Dataset, keyword: str) -> str:
    value = header.get(keyword)
    text = value.strip().upper() if isinstance(value, str) else ""
    return text if text in ("L", "R") else ""


def _view_position(header: Dataset) -> str:
    value = header.get("ViewPosition")
    text = value.strip().upper() if isinstance(value, str) else ""
    text = _OTHER_SPELLINGS.get(text, text)
    return text if text in _KNOWN_VIEWS else ""


def _coded_view(header: Dataset) -> tuple[str, tuple[str, ...]]:
    items = header.get("ViewCodeSequence") or []
    if not items:
        return "", ()
    modifiers = [_name(item, MODIFIERS) for item in items[0].get("ViewModifierCodeSequence") or []]
    return _name(items[0], VIEWS), tuple(name for name in modifiers if name)


def _name(item: Dataset, names: dict[str, str]) -> str:
    """Return the name of a coded entry; SNOMED-RT codes (SRT) of older equipment are known by their SCT equivalent."""
    value, scheme = item.get("CodeValue"), item.get("CodingSchemeDesignator")
    if not isinstance(value, str) or not isinstance(scheme, str):
        return ""
    scheme = "SRT" if scheme in ("SNM3", "99SDM") else scheme
    coded = Code(value, scheme, "")
    return next((name for code, name in names.items() if coded == Code(code, "SCT", "")), "")


def points_to_last_column(header: Dataset | None) -> bool | None:
    """Return whether the breast points toward growing columns, by the Patient Orientation; None if it does not say."""
    value = None if header is None else header.get("PatientOrientation")
    if value is None or isinstance(value, str) or len(value) != 2:
        return None
    directions = [letter for letter in str(value[0]).strip().upper() if letter in "AP"]
    return None if not directions else directions[0] == "A"
