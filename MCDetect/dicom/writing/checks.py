"""Reading back what was written: an object gets its name only when it passes.

The validators that exist for DICOM do not look at what matters most here: that a coordinate lies inside its image,
that a reference leads somewhere, that the pixels are those of the findings and that the patient is the right one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.uid import UID

from MCDetect.dicom.identifiers import MANUFACTURER
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.context import shown
from MCDetect.dicom.writing.frames import pixels_of_frames
from MCDetect.dicom.writing.patient import PATIENT_AND_STUDY
from MCDetect.dicom.writing.segmentation import nominal_frame_of_reference_uid, nominal_spacing
from MCDetect.errors import OutputError
from MCDetect.findings import Calcification, Cluster, ImageFindings

_TRIFLE = 1e-6  # of a pixel; outlines are known far better


def fail(fault: str) -> NoReturn:
    """Raise the ``invalid-object`` :class:`OutputError` that names ``fault``."""
    raise OutputError(
        "invalid-object",
        f"A DICOM object was not kept because it failed its check: {fault}.",
        "Please report this; the other results are not affected.",
    )


def check_common(written: Dataset, source: Dataset) -> None:
    """Check patient, study, equipment and identifiers against the mammogram's header.

    Raises
    ------
    OutputError
        ``invalid-object``, as from every function in this module.
    """
    for keyword in PATIENT_AND_STUDY:
        if _value(written, keyword) != _value(source, keyword):
            fail(f"{keyword} is not that of the mammogram")
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID"):
        if not UID(str(written.get(keyword, ""))).is_valid or written[keyword].value == source[keyword].value:
            fail(f"{keyword} is not an identifier of its own")
    if written.file_meta.MediaStorageSOPInstanceUID != written.SOPInstanceUID:
        fail("the file is labelled with another identifier than its content")
    if written.get("Manufacturer") != MANUFACTURER or not written.get("SoftwareVersions"):
        fail("the software that made it is not named")


def check_image_references(written: Dataset, sources: Mapping[str, Dataset]) -> None:
    """Check that every instance referred to is one of ``sources`` (by SOP Instance UID), and of the right class."""
    for item in _items(written):
        uid = item.get("ReferencedSOPInstanceUID")
        if uid is not None:
            source = sources.get(str(uid))
            if source is None:
                fail("a reference leads to no image of this study")
            if item.get("ReferencedSOPClassUID") != source.SOPClassUID:
                fail("a reference names the wrong class of image")


def check_segmentation(written: Dataset, image: ImageFindings, source: Dataset) -> None:
    """Check the nominal geometry, and that each frame holds exactly the pixels of its finding; nothing rejected."""
    image = shown(image)
    check_common(written, source)
    check_image_references(written, {image.sop_instance_uid: source})
    check_nominal_geometry(written, image, source)
    if (written.Rows, written.Columns) != (image.rows, image.columns):
        fail("its frames are not of the size of the mammogram")
    try:
        frames = pixels_of_frames(written)
    except ValueError:
        fail("its pixels are not frames of single bits")
    expected = _expected_pixels(image)
    if len(frames) != len(expected) or len(written.SegmentSequence) != len(expected):
        fail("the number of segments is not that of the findings")
    for frame, groups in zip(frames, written.PerFrameFunctionalGroupsSequence, strict=True):
        number = _segment_number(written, groups)
        if not expected[number - 1].are(frame):
            fail(f"the pixels of segment {number} are not those of its finding")
    kinds = [str(item.SegmentedPropertyTypeCodeSequence[0].CodeValue) for item in written.SegmentSequence]
    if kinds != _expected_kinds(image):
        fail("a segment is of another kind than its finding")
    uids = [str(item.get("TrackingUID")) for item in written.SegmentSequence]
    wanted = [cluster.tracking_uid for cluster in image.clusters for _ in range(2 if cluster.member_ids else 1)]
    if uids[: len(wanted)] != wanted:
        fail("the tracking identifiers are not those of the clusters")


def check_nominal_geometry(written: Dataset, image: ImageFindings, source: Dataset) -> None:
    """Check frame of reference and pixel spacing of a segmentation."""
    if written.get("FrameOfReferenceUID") != nominal_frame_of_reference_uid(image):
        fail("the nominal geometry has no frame of reference of its own")
    measures = written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    if not np.allclose([float(value) for value in measures.PixelSpacing], nominal_spacing(image, source), rtol=1e-6):
        fail("the pixel spacing is not that of the mammogram")


def check_presentation_state(written: Dataset, image: ImageFindings, source: Dataset) -> None:
    """Check that the marks lie on the right image, inside of it, and that there is one for each finding shown."""
    image = shown(image)
    check_common(written, source)
    check_image_references(written, {image.sop_instance_uid: source})
    layers = {item.GraphicLayer for item in written.GraphicLayerSequence}
    graphics = []
    for annotation in written.GraphicAnnotationSequence:
        if annotation.GraphicLayer not in layers:
            fail("marks are on a layer that does not exist")
        if len(annotation.get("ReferencedImageSequence", [])) != 1:
            fail("marks belong to no image")
        graphics += annotation.GraphicObjectSequence
    for graphic in graphics:
        if graphic.GraphicAnnotationUnits != "PIXEL":
            fail("marks are not in pixels")
        check_graphic(graphic.GraphicData, graphic.GraphicType, source)
    outlined = [str(graphic.get("TrackingUID", "")) for graphic in graphics if graphic.GraphicType == "POLYLINE"]
    circles = sum(graphic.GraphicType == "CIRCLE" for graphic in graphics)
    if outlined != [cluster.tracking_uid for cluster in image.clusters] or circles != len(image.calcifications):
        fail("the marks are not those of the findings")


def check_graphic(coordinates: Sequence[float], graphic_type: str, source: Dataset) -> None:
    """Check that ``coordinates`` (column, row, column, row, ...) lie in the image and that a polyline is closed."""
    points = np.asarray(coordinates, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(points).all() or (points < 0).any() or (points > (source.Columns, source.Rows)).any():
        fail("a coordinate lies outside its image")
    expected_points = {"POINT": len(points) == 1, "CIRCLE": len(points) == 2, "POLYLINE": len(points) > 3}
    if not expected_points.get(graphic_type, False):
        fail(f"a {graphic_type} has {len(points)} points")
    if graphic_type == "POLYLINE" and not np.array_equal(points[0], points[-1]):
        fail("an outline is not closed")


def _segment_number(written: Dataset, groups: Dataset) -> int:
    for item in (groups, written.SharedFunctionalGroupsSequence[0]):
        if "SegmentIdentificationSequence" in item:
            return int(item.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
    fail("a frame does not say which segment it shows")


@dataclass(frozen=True)
class _Pixels:
    """Flat indices: those a segment has to hold, and all that it may hold."""

    needed: Any
    allowed: Any

    def are(self, held: Any) -> bool:
        return bool(held.size and np.isin(self.needed, held).all() and np.isin(held, self.allowed).all())


def _expected_pixels(image: ImageFindings) -> list[_Pixels]:
    """Return the pixels of each segment, straight from runs and outlines and not through the writer's masks."""
    expected = []
    for cluster in image.clusters:
        members = _run_pixels(image.members(cluster), image.columns)
        region = _region_pixels(image, cluster)
        if cluster.member_ids:
            expected.append(members)
        # An outline too thin to hold a pixel for certain may stand for its calcifications.
        allowed = region.allowed if region.needed.size else np.union1d(members.allowed, region.allowed)
        expected.append(replace(region, allowed=allowed))
    if image.isolated_calcifications:
        expected.append(_run_pixels(image.isolated_calcifications, image.columns))
    return expected


def _expected_kinds(image: ImageFindings) -> list[str]:
    kinds = []
    for cluster in image.clusters:
        kinds += [codes.INDIVIDUAL_CALCIFICATION.value] if cluster.member_ids else []
        kinds.append(codes.CALCIFICATION_CLUSTER.value)
    return kinds + ([codes.INDIVIDUAL_CALCIFICATION.value] if image.isolated_calcifications else [])


def _run_pixels(calcifications: Sequence[Calcification], columns: int) -> _Pixels:
    pixels = {
        row * columns + column
        for calcification in calcifications
        for row, first, length in calcification.runs
        for column in range(first, first + length)
    }
    indices = np.array(sorted(pixels), dtype=np.int64)
    return _Pixels(indices, indices)


def _region_pixels(image: ImageFindings, cluster: Cluster) -> _Pixels:
    """Return the pixels with their centre inside the outline; a centre on the outline may count as either.

    Every row of pixels is looked at a trifle above and below its centres, where the line meets no vertex.
    """
    rows = np.array([row for row, _ in cluster.outline])
    last = min(image.rows - 1, math.ceil(rows.max()))
    columns = _columns_round(cluster, image.columns)
    needed, allowed = [], []
    for row in range(max(0, math.floor(rows.min())), last + 1):
        lines = [_crossings(cluster, row + trifle) for trifle in (-_TRIFLE, _TRIFLE)]
        inner = [_between(columns, line, -_TRIFLE) for line in lines]
        outer = [_between(columns, line, _TRIFLE) for line in lines]
        needed.append(row * image.columns + columns[inner[0] & inner[1]])
        allowed.append(row * image.columns + columns[outer[0] | outer[1]])
    nothing = np.array([], dtype=np.int64)
    return _Pixels(np.concatenate([nothing, *needed]), np.concatenate([nothing, *allowed]))


def _columns_round(cluster: Cluster, count: int) -> Any:
    """Return the columns of an image of ``count`` that an outline may reach."""
    reached = [column for _, column in cluster.outline]
    return np.arange(max(0, math.floor(min(reached)) - 1), min(count, math.ceil(max(reached)) + 2))


def _crossings(cluster: Cluster, row: float) -> list[float]:
    """Return the columns at which the outline crosses a line along ``row``, ascending."""
    outline = cluster.outline
    return sorted(
        column + (row - at) / (next_at - at) * (next_column - column)
        for (at, column), (next_at, next_column) in zip(outline, (*outline[1:], outline[0]), strict=True)
        if (at <= row) != (next_at <= row)
    )


def _between(columns: Any, crossings: Sequence[float], wider: float) -> Any:
    """Say which columns lie between the first and second, third and fourth, ... crossing."""
    inside = np.zeros(len(columns), dtype=bool)
    for left, right in zip(crossings[::2], crossings[1::2], strict=True):
        inside |= (columns >= left - wider) & (columns <= right + wider)
    return inside


def _items(written: Dataset) -> Iterator[Dataset]:
    """Yield every item of every sequence, except what was copied from the patient and the study."""
    for tag in written.keys():  # noqa: SIM118 (a data set is walked element by element, which reads them all)
        if written.get_item(tag).VR == "SQ" and keyword_for_tag(tag) not in PATIENT_AND_STUDY:
            for item in written[tag].value:
                yield item
                yield from _items(item)


def _value(dataset: Dataset, keyword: str) -> Any:
    """Return the value of an element; absent and empty are the same."""
    value = dataset.get(keyword)
    return None if value is None or value == "" else value
