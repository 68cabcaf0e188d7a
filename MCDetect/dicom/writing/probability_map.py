"""FRACTIONAL segmentation of one mammogram: the probability of each pixel to belong to a calcification.

It is what the detector saw before any threshold, for research and for looking at what was missed. It has the nominal
geometry of the other segmentation, one segment, and no findings: nothing is read back from it.
"""

from __future__ import annotations

import highdicom
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.checks import check_common, check_image_references, check_nominal_geometry, fail
from MCDetect.dicom.writing.common import PROBABILITY_MAP
from MCDetect.dicom.writing.context import RAW, ReportContext
from MCDetect.dicom.writing.segmentation import identification, name_side, object_of_masks
from MCDetect.findings import Algorithm, ImageFindings

LARGEST_VALUE = 255
"""The stored value that stands for a probability of 1."""


def probability_map(
    image: ImageFindings,
    probability: npt.NDArray[np.float32],
    source: Dataset,
    algorithm: Algorithm,
    context: ReportContext = RAW,
) -> Dataset:
    """Return a FRACTIONAL segmentation of ``probability``, (rows, columns) of the mammogram, 0 to 1."""
    description = highdicom.seg.SegmentDescription(
        segment_number=1,
        segment_label="Calcification probability",
        segmented_property_category=codes.ABNORMAL_STRUCTURE,
        segmented_property_type=codes.INDIVIDUAL_CALCIFICATION,
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=identification(algorithm),
        tracking_uid=stable_uid(image.sop_instance_uid, "probability of calcifications"),
        tracking_id="Calcification probability",
        anatomic_regions=[codes.BREAST],
    )
    name_side(description, image)
    stored = np.rint(np.clip(probability, 0.0, 1.0) * np.float32(LARGEST_VALUE)).astype(np.uint8).tobytes()
    return object_of_masks(
        PROBABILITY_MAP,
        image,
        source,
        algorithm,
        context,
        pixel_data=stored + b"\0" * (len(stored) % 2),
        segmentation_type=highdicom.seg.SegmentationTypeValues.FRACTIONAL,
        fractional_type=highdicom.seg.SegmentationFractionalTypeValues.PROBABILITY,
        max_fractional_value=LARGEST_VALUE,
        omit_empty_frames=False,
        segment_descriptions=[description],
        content_label="PROBABILITY",
        content_description="Probability of calcification",
    )


def check_probability_map(
    written: Dataset, image: ImageFindings, probability: npt.NDArray[np.float32], source: Dataset
) -> None:
    """Check whose it is, its geometry, and that its pixels are those of the map.

    Raises
    ------
    OutputError
        ``invalid-object``.
    """
    check_common(written, source)
    check_image_references(written, {image.sop_instance_uid: source})
    check_nominal_geometry(written, image, source)
    stored = written.pixel_array.astype(np.float64) / LARGEST_VALUE
    expected = np.clip(probability, 0.0, 1.0)
    if stored.shape != expected.shape or np.abs(stored - expected).max() > 0.51 / LARGEST_VALUE:
        fail("the probabilities are not those of the detector")
