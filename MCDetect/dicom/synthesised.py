"""Synthesised 2D images of a tomosynthesis study that are stored as a tomosynthesis of one frame.

They are mammograms in another dress: side, spacing, rescale and window stand in functional groups (DICOM PS3.3,
section A.55) and not where a mammogram has them.
"""

from __future__ import annotations

from copy import deepcopy

from pydicom.dataset import Dataset
from pydicom.uid import BreastTomosynthesisImageStorage

_LIFTED = (
    ("FrameAnatomySequence", {"FrameLaterality": "ImageLaterality"}),
    ("PixelMeasuresSequence", {"PixelSpacing": "PixelSpacing"}),
    (
        "PixelValueTransformationSequence",
        {"RescaleIntercept": "RescaleIntercept", "RescaleSlope": "RescaleSlope", "RescaleType": "RescaleType"},
    ),
    (
        "FrameVOILUTSequence",
        {"WindowCenter": "WindowCenter", "WindowWidth": "WindowWidth", "VOILUTFunction": "VOILUTFunction"},
    ),
)


def is_synthesised(header: Dataset) -> bool:
    """Say whether a tomosynthesis object is a single image that was computed to be read like a mammogram."""
    kinds = header.get("ImageType") or []
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    return (
        header.get("SOPClassUID") == BreastTomosynthesisImageStorage
        and str(header.get("NumberOfFrames", 1)) == "1"
        and any("GENERATED_2D" in str(kind).upper() for kind in kinds)
    )


def as_mammogram(header: Dataset) -> Dataset:
    """Return ``header`` with what stands in its functional groups also where a mammogram has it; others unchanged.

    The spacing of a frame is that of the reconstructed plane, so it is a calibrated one.
    """
    if not is_synthesised(header):
        return header
    lifted = deepcopy(header)  # a copy made by pydicom shares its elements with the original
    for holder in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for groups in (header.get(holder) or [])[:1]:
            for sequence, keywords in _LIFTED:
                for item in (groups.get(sequence) or [])[:1]:
                    for keyword, target in keywords.items():
                        if item.get(keyword) is not None and header.get(target) is None:
                            setattr(lifted, target, item[keyword].value)
    if lifted.get("PixelSpacing") is not None and header.get("PixelSpacing") is None:
        lifted.PixelSpacingCalibrationType = "GEOMETRY"
    return lifted
