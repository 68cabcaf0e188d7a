"""Reading back what was written: an object gets its name only when it passes.

The validators that exist for DICOM do not look at what matters most here: that a coordinate lies inside its image,
that a reference leads somewhere, that the pixels are those of the findings and that the patient is the right one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID

from MCDetect.dicom.writing.common import MANUFACTURER, PATIENT_AND_STUDY
from MCDetect.dicom.writing.geometry import region_mask
from MCDetect.dicom.writing.segmentation import nominal_spacing
from MCDetect.errors import OutputError
from MCDetect.findings import Calcification, ImageFindings


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
    """Check the nominal geometry, and that each frame holds exactly the pixels of its finding."""
    check_common(written, source)
    check_image_references(written, {image.sop_instance_uid: source})
    if written.get("FrameOfReferenceUID") in (None, "", source.get("FrameOfReferenceUID")):
        fail("the nominal geometry has no frame of reference of its own")
    measures = written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    if not np.allclose([float(value) for value in measures.PixelSpacing], nominal_spacing(image, source), rtol=1e-6):
        fail("the pixel spacing is not that of the mammogram")
    frames = written.pixel_array.reshape(-1, written.Rows, written.Columns)
    expected = _expected_pixels(image)
    if len(frames) != len(expected) or len(written.SegmentSequence) != len(expected):
        fail("the number of segments is not that of the findings")
    for frame, groups in zip(frames, written.PerFrameFunctionalGroupsSequence, strict=True):
        number = _segment_number(written, groups)
        if frame.shape != (image.rows, image.columns) or not np.array_equal(
            np.flatnonzero(frame), expected[number - 1]
        ):
            fail(f"the pixels of segment {number} are not those of its finding")
    uids = [str(item.get("TrackingUID")) for item in written.SegmentSequence]
    if uids[: 2 * len(image.clusters)] != [cluster.tracking_uid for cluster in image.clusters for _ in range(2)]:
        fail("the tracking identifiers are not those of the clusters")


def check_presentation_state(written: Dataset, image: ImageFindings, source: Dataset) -> None:
    """Check that the marks lie on the right image, inside of it, and that there is one for each finding."""
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


def _expected_pixels(image: ImageFindings) -> list[Any]:
    """Return the flat pixel indices of each segment, straight from the runs and not through the writer's masks."""
    expected = []
    for cluster in image.clusters:
        expected.append(_run_indices(image.members(cluster), image.columns))
        expected.append(np.flatnonzero(region_mask(image, cluster)))
    if image.isolated_calcifications:
        expected.append(_run_indices(image.isolated_calcifications, image.columns))
    return expected


def _run_indices(calcifications: Sequence[Calcification], columns: int) -> Any:
    pixels = {
        row * columns + column
        for calcification in calcifications
        for row, first, length in calcification.runs
        for column in range(first, first + length)
    }
    return np.array(sorted(pixels), dtype=np.int64)


def _items(written: Dataset) -> Iterator[Dataset]:
    """Yield every item of every sequence, except what was copied from the patient and the study."""
    for element in written:
        if element.VR == "SQ" and element.keyword not in PATIENT_AND_STUDY:
            for item in element.value:
                yield item
                yield from _items(item)


def _value(dataset: Dataset, keyword: str) -> Any:
    """Return the value of an element; absent and empty are the same."""
    value = dataset.get(keyword)
    return None if value is None or value == "" else value
