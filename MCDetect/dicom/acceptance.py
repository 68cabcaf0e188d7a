"""Which DICOM objects the detector is made for, which are read with a warning, and which are refused."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    BreastProjectionXRayImageStorageForPresentation,
    BreastProjectionXRayImageStorageForProcessing,
    BreastTomosynthesisImageStorage,
    ComputedRadiographyImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalMammographyXRayImageStorageForProcessing,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
)

from MCDetect.dicom.failures import reporting
from MCDetect.dicom.identifiers import MANUFACTURER
from MCDetect.dicom.mammogram import Spacing
from MCDetect.dicom.opening import open_dataset, readable_header
from MCDetect.dicom.orientation import Orientation
from MCDetect.dicom.spacing import LARGEST_MAGNIFICATION
from MCDetect.dicom.synthesised import as_mammogram, is_synthesised
from MCDetect.errors import InputError
from MCDetect.findings import SpacingSource

SECONDARY_CAPTURES = frozenset(
    {
        SecondaryCaptureImageStorage,
        MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
        MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    }
)
"""Classes of scanned films and converted pictures."""

_FOR_PROCESSING = frozenset(
    {
        DigitalMammographyXRayImageStorageForProcessing,
        DigitalXRayImageStorageForProcessing,
        BreastProjectionXRayImageStorageForProcessing,
    }
)
_GENERAL_RADIOGRAPHS = frozenset({ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation})
MAMMOGRAM_CLASSES = (
    SECONDARY_CAPTURES
    | _GENERAL_RADIOGRAPHS
    | {
        DigitalMammographyXRayImageStorageForPresentation,
        BreastProjectionXRayImageStorageForPresentation,
        BreastTomosynthesisImageStorage,
    }
)
"""Classes of which an object can be :attr:`Kind.MAMMOGRAM`; whether it is one, its header tells."""

_NEEDS_A_WORD = SECONDARY_CAPTURES | _GENERAL_RADIOGRAPHS | _FOR_PROCESSING
"""Classes that are also used for mammograms; modality or body part must say so."""

_UNSUITABLE_IMAGE_TYPES = {
    "LOCALIZER": "a localiser",
    "SCOUT": "a scout image",
    "STEREO": "a stereotactic image",
    "SPECIMEN": "an image of a specimen",
}
_MAGNIFIED = 1.3  # contact views lie below 1.1, magnification views above 1.4
_BEHIND_THE_BREAST = (SpacingSource.AT_DETECTOR, SpacingSource.UNCALIBRATED, SpacingSource.FILM_DIGITISER)
"""Spacings of the detector or the film, which no magnification has been taken out of."""

_GIVE_MAMMOGRAM = "Give a full-field mammogram (MG, For Presentation)."


def require_mammogram(header: Dataset, source: str) -> None:
    """Refuse an object that is not a mammogram of the kind the detector is made for.

    Raises
    ------
    InputError
        ``tomosynthesis``, ``for-processing``, ``not-a-mammogram`` or ``multi-frame``.
    """
    sop_class = UID(str(header.get("SOPClassUID") or ""))
    if sop_class == BreastTomosynthesisImageStorage and not is_synthesised(header):
        raise InputError(
            "tomosynthesis",
            f"{source} is a breast tomosynthesis, not a mammogram.",
            "Give the two-dimensional mammogram of the same view.",
        )
    if not _is_of_the_breast(header, sop_class):
        if sop_class in _NEEDS_A_WORD:
            raise InputError(
                "not-a-mammogram", f"{source} does not say that it is a mammogram or shows a breast.", _GIVE_MAMMOGRAM
            )
        raise InputError(
            "not-a-mammogram", f"{source} is not a mammogram but {_what(header, sop_class)}.", _GIVE_MAMMOGRAM
        )
    if is_picture_of_findings(header):
        raise InputError(
            "not-a-mammogram",
            f"{source} is a picture of findings that MCDetect made, not a mammogram.",
            _GIVE_MAMMOGRAM,
        )
    if sop_class in _FOR_PROCESSING or _text(header, "PresentationIntentType") == "FOR PROCESSING":
        raise InputError(
            "for-processing",
            f"{source} is a For Processing (raw) mammogram, but the model was made for For Presentation ones.",
            "Give the For Presentation image of the same view.",
        )
    if _whole_number(header, "NumberOfFrames", 1) > 1:
        raise InputError(
            "multi-frame",
            f"{source} holds {_whole_number(header, 'NumberOfFrames', 1)} frames, and a mammogram has one.",
            _GIVE_MAMMOGRAM,
        )


def is_picture_of_findings(header: Dataset) -> bool:
    """Say whether an object is a secondary capture of ours, which hangs with the mammograms and looks like one."""
    made_here = _text(header, "Manufacturer") == MANUFACTURER.upper() and "FINDINGS" in _image_types(header)
    return header.get("SOPClassUID") in SECONDARY_CAPTURES and made_here


def require_suitable_view(header: Dataset, orientation: Orientation, source: str) -> None:
    """Refuse views without a whole breast to look at.

    Raises
    ------
    InputError
        ``unsuitable-view`` for localisers, stereotactic images and specimens.
    """
    kinds = _image_types(header)
    unsuitable = [name for word, name in _UNSUITABLE_IMAGE_TYPES.items() if any(word in kind for kind in kinds)]
    if orientation.view == "SPECIMEN":
        unsuitable.append(_UNSUITABLE_IMAGE_TYPES["SPECIMEN"])
    if unsuitable:
        raise InputError("unsuitable-view", f"{source} is {unsuitable[0]}, not a view of the breast.", _GIVE_MAMMOGRAM)


def warnings_of_view(header: Dataset, orientation: Orientation, spacing: Spacing) -> tuple[str, ...]:
    """Return sentences about what is unusual in a view that is not refused, with the spacing that was decided."""
    warnings = []
    kinds = _image_types(header)
    magnification = _number(header, "EstimatedRadiographicMagnificationFactor")
    is_factor_stated = _MAGNIFIED <= magnification <= LARGEST_MAGNIFICATION
    if is_factor_stated or "magnification" in orientation.modifiers:
        is_uncorrected = not is_factor_stated and spacing.source in _BEHIND_THE_BREAST
        factor = " without a stated factor, so its millimetres are too large" if is_uncorrected else ""
        warnings.append(f"This is a magnification view{factor}; the model was made for contact views.")
    if "spot compression" in orientation.modifiers:
        warnings.append("This is a spot compression view; it shows only a part of the breast.")
    if _text(header, "PartialView") == "YES":
        warnings.append("This is a partial view of the breast.")
    if _text(header, "BreastImplantPresent") == "YES" or "implant displaced" in orientation.modifiers:
        warnings.append("The breast has an implant; its edge may look like calcifications and hide others.")
    if any("GENERATED_2D" in kind or "TOMOSYNTHESIS" in kind for kind in kinds):
        warnings.append("This image was computed from a tomosynthesis; the model was made for exposed mammograms.")
    if any(kind in ("SUBTRACTION", "RECOMBINED") for kind in kinds):
        warnings.append("This is a contrast-enhanced subtraction; the model was made for plain mammograms.")
    if _text(header, "LossyImageCompression") == "01":
        warnings.append("The image was compressed with loss; fine calcifications may be missing from it.")
    if _text(header, "BurnedInAnnotation") == "YES":
        warnings.append("The image has text burned into it.")
    if _text(header, "ConversionType") == "DF" or header.get("NominalScannedPixelSpacing"):
        warnings.append(
            "This is a digitised film; the model was made for digital mammography, so scratches, dust and the film's "
            "edges may be marked."
        )
    sop_class = UID(str(header.get("SOPClassUID") or ""))
    if sop_class in SECONDARY_CAPTURES:
        warnings.append("This is a secondary capture, not an image from a mammography system.")
    elif sop_class in _GENERAL_RADIOGRAPHS or not sop_class:
        warnings.append("The image is not stored as a mammography object; its header says less than usual.")
    return tuple(warnings)


TELLING_THE_KIND = ("SOPClassUID", "Modality", "BodyPartExamined", "ImageType", "Manufacturer")
"""What of a header tells whether an object is :attr:`Kind.OTHER`."""


class Kind(Enum):
    """What a DICOM object is to the detector."""

    MAMMOGRAM = "mammogram"
    REFUSED = "of the breast, but of a kind that is refused"
    OTHER = "other"


def kind_of(header: Dataset) -> Kind:
    """Sort an object of a folder by its header."""
    try:
        require_mammogram(header, "")
    except InputError as error:
        return Kind.OTHER if error.code == "not-a-mammogram" else Kind.REFUSED
    return Kind.MAMMOGRAM


def mammogram_header(path: Path) -> Dataset | None:
    """Return the header of a file if it can be read and is of a mammogram that can be referred to."""
    try:
        header, _ = readable_header(open_dataset(path, pixels=False))
        with reporting("cannot-read", f"The DICOM header of {path} is damaged."):
            header = as_mammogram(header)
    except InputError:
        return None
    # The class for presentation says enough: one of several frames is refused too, and nobody has looked at its view.
    is_one = header.get("SOPClassUID") == DigitalMammographyXRayImageStorageForPresentation
    is_one = is_one or kind_of(header) is Kind.MAMMOGRAM
    identifiers = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    return header if is_one and all(header.get(name) for name in identifiers) else None


def _is_of_the_breast(header: Dataset, sop_class: UID) -> bool:
    if sop_class in (
        BreastTomosynthesisImageStorage,
        DigitalMammographyXRayImageStorageForPresentation,
        DigitalMammographyXRayImageStorageForProcessing,
        BreastProjectionXRayImageStorageForPresentation,
        BreastProjectionXRayImageStorageForProcessing,
    ):
        return True
    if sop_class and sop_class not in _NEEDS_A_WORD:
        return False
    return _text(header, "Modality") == "MG" or "BREAST" in _text(header, "BodyPartExamined")


def _what(header: Dataset, sop_class: UID) -> str:
    modality = _text(header, "Modality")
    if sop_class and sop_class.name != sop_class:
        return f"an object of the kind {sop_class.name}"
    return f"an image of the modality {modality}" if modality.isalnum() else "an object of an unknown kind"


def _image_types(header: Dataset) -> list[str]:
    return [str(value).upper() for value in _values(header, "ImageType")]


def _text(header: Dataset, keyword: str) -> str:
    value = header.get(keyword)
    return value.strip().upper() if isinstance(value, str) else ""


def _values(header: Dataset, keyword: str) -> list[object]:
    value = header.get(keyword)
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _number(header: Dataset, keyword: str) -> float:
    try:
        return float(header.get(keyword))
    except (TypeError, ValueError):
        return 0.0


def _whole_number(header: Dataset, keyword: str, default: int) -> int:
    try:
        return int(header.get(keyword))
    except (TypeError, ValueError):
        return default
