"""DICOM Segmentation (SEG) of one mammogram.

A projection mammogram has no position in the patient, and readers of segmentations fail without one. The object
therefore declares a *nominal geometry*: a frame of reference of its own (one per image, never shared between views),
the first pixel at the origin, rows and columns along the axes, the imager pixel spacing and a thickness of 1 mm. Its
pixel grid is that of the image, pixel by pixel. The geometry says nothing about where the breast was.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import highdicom
import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sr.coding import Code

from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.common import (
    MANUFACTURER,
    SEGMENTATION,
    algorithm_parameters,
    complete,
    detector_spacing,
    instance_uid,
    series_uid,
    stand_in,
    view_label,
)
from MCDetect.dicom.writing.geometry import Mask, calcification_mask, region_mask
from MCDetect.dicom.writing.macros import code_item
from MCDetect.findings import Algorithm, ImageFindings
from MCDetect.version import __version__

SLICE_THICKNESS_MM = 1.0
_LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")


@dataclass(frozen=True)
class Segment:
    """One segment: what its pixels are (``kind``), which finding they belong to, and the pixels, (rows, columns)."""

    label: str
    kind: Code
    tracking_uid: str
    tracking_identifier: str
    mask: Mask


def segments_of(image: ImageFindings) -> list[Segment]:
    """Return calcifications and region of every cluster, then the calcifications outside of clusters, in that order.

    Both segments of a cluster are the same finding and carry its tracking UID.
    """
    segments = []
    for cluster in image.clusters:
        name, uid = f"Cluster {cluster.id}", cluster.tracking_uid
        members = calcification_mask(image, image.members(cluster))
        segments.append(Segment(f"{name} calcifications", codes.INDIVIDUAL_CALCIFICATION, uid, name, members))
        region = region_mask(image, cluster)
        segments.append(Segment(f"{name} region", codes.CALCIFICATION_CLUSTER, uid, name, region))
    if image.isolated_calcifications:
        name, uid = "Isolated calcifications", stable_uid(image.sop_instance_uid, "isolated calcifications")
        isolated = calcification_mask(image, image.isolated_calcifications)
        segments.append(Segment(name, codes.INDIVIDUAL_CALCIFICATION, uid, name, isolated))
    return segments


def segmentation(image: ImageFindings, source: Dataset, algorithm: Algorithm) -> Dataset:
    """Return a BINARY segmentation with the segments of :func:`segments_of`.

    Parameters
    ----------
    image
        Findings with at least one calcification: DICOM has no segmentation without segments.
    source
        Header of the mammogram.
    algorithm
        What made the findings.
    """
    spacing = nominal_spacing(image, source)
    header = stand_in(source)
    header.FrameOfReferenceUID = nominal_frame_of_reference_uid(image)
    header.PositionReferenceIndicator = ""
    header.ImagePositionPatient = [0, 0, 0]
    header.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    header.PixelSpacing = list(spacing)
    header.SliceThickness = SLICE_THICKNESS_MM
    segments = segments_of(image)
    dataset: Dataset = highdicom.seg.Segmentation(
        source_images=[header],
        pixel_array=np.stack([segment.mask for segment in segments], axis=-1)[np.newaxis],
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(number, segment, image, algorithm) for number, segment in enumerate(segments, start=1)
        ],
        series_instance_uid=series_uid(SEGMENTATION, algorithm, image.sop_instance_uid),
        series_number=SEGMENTATION.series_number,
        sop_instance_uid=instance_uid(SEGMENTATION, algorithm, [image], [image.sop_instance_uid]),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=__version__,
        device_serial_number=algorithm.bundle_sha256[:16],
        content_label="CALCIFICATIONS",
        content_description="Calcifications and regions of clusters",
        pixel_measures=highdicom.PixelMeasuresSequence(pixel_spacing=spacing, slice_thickness=SLICE_THICKNESS_MM),
    )
    dimension_uid = stable_uid(image.sop_instance_uid, "dimensions")  # highdicom draws a random one
    for item in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        item.DimensionOrganizationUID = dimension_uid
    for keyword in _LOSSY:
        if source.get(keyword):
            dataset[keyword] = deepcopy(source[keyword])
    orientation = source.get("PatientOrientation")
    if isinstance(orientation, MultiValue) and len(orientation) == 2:
        dataset["PatientOrientation"] = deepcopy(source["PatientOrientation"])
    complete(dataset, SEGMENTATION, source, algorithm, view_label(image))
    return dataset


def nominal_frame_of_reference_uid(image: ImageFindings) -> str:
    """Return the identifier of the nominal geometry of ``image``."""
    return stable_uid(image.sop_instance_uid, "nominal frame of reference")


def nominal_spacing(image: ImageFindings, source: Dataset) -> tuple[float, float]:
    """Return (between rows, between columns) in mm of the nominal geometry.

    It is the imager pixel spacing, because viewers lay the mammogram itself out with that and the segmentation has to
    lie on it; without one it is the spacing of the findings. Measurements never come from here.
    """
    return detector_spacing(source) or image.spacing_mm


def _description(
    number: int, segment: Segment, image: ImageFindings, algorithm: Algorithm
) -> highdicom.seg.SegmentDescription:
    description = highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.label,
        segmented_property_category=codes.ABNORMAL_STRUCTURE,
        segmented_property_type=segment.kind,
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            name=algorithm.name,
            family=codes.ARTIFICIAL_INTELLIGENCE,
            version=algorithm.version,
            parameters=dict(algorithm_parameters(algorithm)),
        ),
        tracking_uid=segment.tracking_uid,
        tracking_id=segment.tracking_identifier,
        anatomic_regions=[codes.BREAST],
    )
    if image.laterality in codes.SIDES:
        region = description.AnatomicRegionSequence[0]
        region.AnatomicRegionModifierSequence = [code_item(codes.SIDES[image.laterality])]
    return description
