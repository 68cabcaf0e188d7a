"""What a segmentation of ours tells: the exact pixels of calcifications and the regions of clusters."""

from __future__ import annotations

import re
from typing import Any

from pydicom.dataset import Dataset
from pydicom.pixels.utils import iter_pixels

from MCDetect.dicom.parts import parts_of
from MCDetect.dicom.pixels import LARGEST_COUNT
from MCDetect.dicom.results.algorithms import algorithm_of, parameters_of_segment
from MCDetect.dicom.results.pieces import MaskPiece, Piece
from MCDetect.dicom.results.report_content import same
from MCDetect.dicom.results.shapes import outline_of_mask
from MCDetect.dicom.writing import codes
from MCDetect.findings import Algorithm, Origin

_MOST_FRAMES = 4096
_SIDES = {code: side for side, code in codes.SIDES.items()}


def read_segmentation(dataset: Dataset) -> Piece:
    """Return what a segmentation tells.

    It has exact pixels (calcifications that touch are one), tracking UIDs, numbers of clusters, side, model and who
    drew a segment. It has no view, no numbers or scores of calcifications, no outline (the convex hull of the region
    stands for it), nothing that a reader said, and nothing of rejected clusters.

    Raises
    ------
    ValueError
        If it is not a segmentation of a single image with the grid of that image.
    """
    if dataset.SegmentationType != "BINARY":
        raise ValueError("not a segmentation of single bits")
    frames = int(dataset.get("NumberOfFrames", 1))
    if int(dataset.Rows) * int(dataset.Columns) > LARGEST_COUNT or frames > _MOST_FRAMES:
        raise ValueError("impossible size")
    (series,) = dataset.ReferencedSeriesSequence
    (reference,) = series.ReferencedInstanceSequence
    segments = {int(segment.SegmentNumber): segment for segment in dataset.SegmentSequence}
    piece = Piece(_algorithm(list(segments.values())))
    image = piece.image(str(reference.ReferencedSOPInstanceUID))
    spacing = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    image.fields |= {
        "sop_class_uid": str(reference.ReferencedSOPClassUID),
        "series_instance_uid": str(series.SeriesInstanceUID),
        "study_instance_uid": str(dataset.StudyInstanceUID),
        "rows": int(dataset.Rows),
        "columns": int(dataset.Columns),
        "nominal_spacing_mm": (float(spacing[0]), float(spacing[1])),
    }
    for groups, mask in zip(dataset.PerFrameFunctionalGroupsSequence, iter_pixels(dataset), strict=True):
        # A single segment is named once for all frames.
        holder = groups if "SegmentIdentificationSequence" in groups else dataset.SharedFunctionalGroupsSequence[0]
        segment = segments[int(holder.SegmentIdentificationSequence[0].ReferencedSegmentNumber)]
        _take(piece, image.sop_instance_uid, segment, mask)
    return piece


def _take(piece: Piece, uid: str, segment: Dataset, mask: Any) -> None:
    image = piece.image(uid)
    label, tracking = str(segment.SegmentLabel), str(segment.get("TrackingUID") or "")
    number = re.match(r"Cluster (\d+)", label)
    origin = Origin.READER if segment.SegmentAlgorithmType == "MANUAL" else Origin.ALGORITHM
    for region in segment.get("AnatomicRegionSequence") or []:
        for modifier in region.get("AnatomicRegionModifierSequence") or []:
            image.fields["laterality"] = next((side for code, side in _SIDES.items() if same(modifier, code)), "")
    if same(segment.SegmentedPropertyTypeCodeSequence[0], codes.CALCIFICATION_CLUSTER):
        cluster = image.clusters.setdefault(tracking, {})
        cluster |= {"hull": outline_of_mask(mask), "origin": origin}
    else:
        image.masks.append(MaskPiece(parts_of(mask), origin, tracking if number else None))
    if number:
        image.clusters.setdefault(tracking, {})["id"] = int(number[1])


def _algorithm(segments: list[Dataset]) -> Algorithm | None:
    for segment in segments:
        for item in segment.get("SegmentationAlgorithmIdentificationSequence") or []:
            parameters = parameters_of_segment(str(item.get("AlgorithmParameters") or ""))
            return algorithm_of(str(item.AlgorithmName), str(item.AlgorithmVersion), parameters)
    return None  # all drawn by a reader
