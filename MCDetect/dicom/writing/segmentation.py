"""DICOM Segmentation (SEG) of one mammogram.

A projection mammogram has no position in the patient, and readers of segmentations fail without one. The object
therefore declares a *nominal geometry*: a frame of reference of its own (one per image, never shared between views),
the first pixel at the origin, rows and columns along the axes, the imager pixel spacing and a thickness of 1 mm. Its
pixel grid is that of the image, pixel by pixel. The geometry says nothing about where the breast was.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import highdicom
import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sr.coding import Code
from pydicom.uid import DeflatedExplicitVRLittleEndian

from MCDetect.dicom.identifiers import MANUFACTURER, stable_uid
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.algorithm_texts import algorithm_parameters
from MCDetect.dicom.writing.common import (
    SEGMENTATION,
    Kind,
    complete,
    detector_spacing,
    instance_uid,
    name_sop_class,
    series_uid,
    stand_in_of_one_frame,
)
from MCDetect.dicom.writing.context import RAW, ReportContext, by_reader, shown
from MCDetect.dicom.writing.frames import overlap, packed_frames
from MCDetect.dicom.writing.geometry import Mask, calcification_mask, region_mask
from MCDetect.dicom.writing.macros import code_item
from MCDetect.dicom.writing.tracking import tracking_identifier, view_label
from MCDetect.errors import OutputError
from MCDetect.findings import Algorithm, Calcification, Cluster, ImageFindings
from MCDetect.version import __version__

SLICE_THICKNESS_MM = 1.0
MOST_PLAIN_SEGMENTS = 16
"""Segments of a segmentation that is stored plainly. With more frames of single bits it would be larger than its
mammogram of 16 bits, and is deflated.

Most archives and dciodvfy take uncompressed objects only, so that the others stay so. RLE is not for single bits
(PS3.5, section 8.2.2), and viewers need frames of the size of the mammogram.
"""

_LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")


@dataclass(frozen=True)
class Segment:
    """One segment: what its pixels are (``kind``), which finding they belong to, and the pixels, (rows, columns).

    ``made_by`` is AUTOMATIC where the algorithm drew all of it, MANUAL where a reader did, and SEMIAUTOMATIC for both.
    """

    label: str
    kind: Code
    tracking_uid: str
    tracking_identifier: str
    mask: Mask
    made_by: highdicom.seg.SegmentAlgorithmTypeValues


def segments_of(image: ImageFindings) -> list[Segment]:
    """Return calcifications and region of every cluster, then the calcifications outside of clusters, in that order.

    Both segments of a cluster are the same finding and carry its tracking UID. What a reader rejected has no segment;
    a cluster that a reader drew round nothing has only its region.

    Raises
    ------
    OutputError
        ``empty-region`` for a cluster without a pixel: an outline so thin that no pixel has its centre in it, round
        no calcification.
    """
    image = shown(image)
    segments = []
    for cluster in image.clusters:
        name, uid, tracked = f"Cluster {cluster.id}", cluster.tracking_uid, tracking_identifier(image, cluster)
        members = image.members(cluster)
        mask = calcification_mask(image, members)
        if members:
            kind = codes.INDIVIDUAL_CALCIFICATION
            segments.append(Segment(f"{name} calcifications", kind, uid, tracked, mask, _made_by(members)))
        region = region_or_members(region_mask(image, cluster), mask)
        if not region.any():
            raise OutputError(
                "empty-region",
                f"Cluster {cluster.id} of the view {view_label(image)} has an outline that holds no pixel.",
                "Draw it larger, or remove the cluster.",
            )
        kind = codes.CALCIFICATION_CLUSTER
        segments.append(Segment(f"{name} region", kind, uid, tracked, region, _made_by([cluster])))
    isolated = image.isolated_calcifications
    if isolated:
        name, uid = "Isolated calcifications", stable_uid(image.sop_instance_uid, "isolated calcifications")
        mask = calcification_mask(image, isolated)
        segments.append(Segment(name, codes.INDIVIDUAL_CALCIFICATION, uid, name, mask, _made_by(isolated)))
    return segments


def region_or_members(region: Mask, members: Mask) -> Mask:
    """Return the pixels of an outline, or those of its calcifications where it is too thin to hold any."""
    return region if region.any() else members


def _made_by(parts: Sequence[Cluster | Calcification]) -> highdicom.seg.SegmentAlgorithmTypeValues:
    readers = [by_reader(part) for part in parts]
    if all(readers):
        return highdicom.seg.SegmentAlgorithmTypeValues.MANUAL
    if any(readers):
        return highdicom.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC
    return highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC


def segmentation(image: ImageFindings, source: Dataset, algorithm: Algorithm, context: ReportContext = RAW) -> Dataset:
    """Return a BINARY segmentation with the segments of :func:`segments_of`.

    Parameters
    ----------
    image
        Findings with at least one calcification or cluster that is not rejected: DICOM has no segmentation without
        segments.
    source
        Header of the mammogram.
    algorithm
        What made the findings.
    context
        Whether they were reviewed.
    """
    segments = segments_of(image)
    masks = [segment.mask for segment in segments]
    dataset = object_of_masks(
        SEGMENTATION,
        image,
        source,
        algorithm,
        context,
        pixel_data=packed_frames(masks),
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(number, segment, image, algorithm) for number, segment in enumerate(segments, start=1)
        ],
        content_label="CALCIFICATIONS",
        content_description="Calcifications and regions of clusters",
    )
    dataset.SegmentsOverlap = "YES" if overlap(masks) else "NO"
    if len(segments) > MOST_PLAIN_SEGMENTS:
        dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return dataset


def object_of_masks(
    kind: Kind,
    image: ImageFindings,
    source: Dataset,
    algorithm: Algorithm,
    context: ReportContext,
    *,
    pixel_data: bytes,
    segment_descriptions: Sequence[highdicom.seg.SegmentDescription],
    **content: Any,
) -> Dataset:
    """Return a segmentation object of one mammogram in its nominal geometry, with a frame for each segment.

    highdicom looks at every pixel of every segment several times, and nearly all of them are empty. So it is given a
    picture of one row in which each segment has one pixel, and what it makes of that gets the true size and pixels.

    Parameters
    ----------
    kind, image, source, algorithm, context
        As of :func:`segmentation`.
    pixel_data
        The frames in the order of the segments.
    segment_descriptions
        What the segments are.
    **content
        The other arguments of :class:`highdicom.seg.Segmentation` about pixels and segments.
    """
    spacing = nominal_spacing(image, source)
    one_pixel_each = np.eye(len(segment_descriptions), dtype=np.uint8)[np.newaxis, np.newaxis]
    header = stand_in_of_one_frame(source)
    header.Rows, header.Columns = one_pixel_each.shape[1:3]
    header.FrameOfReferenceUID = nominal_frame_of_reference_uid(image)
    header.PositionReferenceIndicator = ""
    header.ImagePositionPatient = [0, 0, 0]
    header.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    header.PixelSpacing = list(spacing)
    header.SliceThickness = SLICE_THICKNESS_MM
    dataset: Dataset = highdicom.seg.Segmentation(
        source_images=[header],
        pixel_array=one_pixel_each,
        segment_descriptions=segment_descriptions,
        series_instance_uid=series_uid(kind, algorithm, image.sop_instance_uid, context),
        series_number=kind.series_number,
        sop_instance_uid=instance_uid(kind, algorithm, [image], [image.sop_instance_uid], context),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=__version__,
        device_serial_number=algorithm.bundle_sha256[:16],
        pixel_measures=highdicom.PixelMeasuresSequence(pixel_spacing=spacing, slice_thickness=SLICE_THICKNESS_MM),
        **content,
    )
    dataset.Rows, dataset.Columns, dataset.PixelData = image.rows, image.columns, pixel_data
    name_sop_class(dataset, source)
    dimension_uid = stable_uid(image.sop_instance_uid, "dimensions")  # highdicom draws a random one
    for item in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        item.DimensionOrganizationUID = dimension_uid
    for keyword in _LOSSY:
        if source.get(keyword):
            dataset[keyword] = deepcopy(source[keyword])
    orientation = source.get("PatientOrientation")
    if isinstance(orientation, MultiValue) and len(orientation) == 2:
        dataset["PatientOrientation"] = deepcopy(source["PatientOrientation"])
    complete(dataset, kind, source, algorithm, view_label(image), context=context)
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
    is_manual = segment.made_by is highdicom.seg.SegmentAlgorithmTypeValues.MANUAL
    description = highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.label,
        segmented_property_category=codes.ABNORMAL_STRUCTURE,
        segmented_property_type=segment.kind,
        algorithm_type=segment.made_by,
        algorithm_identification=None if is_manual else identification(algorithm),
        tracking_uid=segment.tracking_uid,
        tracking_id=segment.tracking_identifier,
        anatomic_regions=[codes.BREAST],
    )
    name_side(description, image)
    return description


def identification(algorithm: Algorithm) -> highdicom.AlgorithmIdentificationSequence:
    """Return what software and model drew a segment."""
    return highdicom.AlgorithmIdentificationSequence(
        name=algorithm.name,
        family=codes.ARTIFICIAL_INTELLIGENCE,
        version=algorithm.version,
        parameters=dict(algorithm_parameters(algorithm)),
    )


def name_side(description: highdicom.seg.SegmentDescription, image: ImageFindings) -> None:
    """Say of a segment in which breast it is."""
    if image.laterality in codes.SIDES:
        region = description.AnatomicRegionSequence[0]
        region.AnatomicRegionModifierSequence = [code_item(codes.SIDES[image.laterality])]
