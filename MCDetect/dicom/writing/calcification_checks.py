"""Reading back the calcifications and the nipples of the Mammography CAD report, and the breasts of measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from MCDetect.dicom.contours import runs_of_contour
from MCDetect.dicom.parts import told_by_report
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.checks import fail
from MCDetect.dicom.writing.content_tree import Position, children, code_value, named, selected_image
from MCDetect.dicom.writing.context import by_reader
from MCDetect.dicom.writing.geometry import graphic_frame, graphic_point
from MCDetect.dicom.writing.reader_texts import clean
from MCDetect.dicom.writing.tracking import calcification_number, calcification_uid
from MCDetect.findings import Calcification, Cluster, ImageFindings

Tree = Mapping[Position, Dataset]


def check_calcifications(tree: Tree, images: Sequence[ImageFindings]) -> None:
    """Check that each calcification is where it belongs, once for each of its clusters, and what is told of it.

    Raises
    ------
    OutputError
        ``invalid-object``, as from every function in this module.
    """
    expected = sorted(
        (cluster.tracking_uid if cluster else "", calcification_uid(image, one))
        for image in images
        for cluster, one in _placed(image)
    )
    found = [position for position, item in tree.items() if _is(item, codes.INDIVIDUAL_CALCIFICATION)]
    if sorted((_parent_uid(tree, position), _uid(tree, position)) for position in found) != expected:
        fail("the calcifications of the report are not those of the findings")
    by_uid = {calcification_uid(image, one): (image, one) for image in images for one in image.calcifications}
    outlined = {image.sop_instance_uid: told_by_report(image) for image in images}
    for position in found:
        image, one = by_uid[_uid(tree, position)]
        _check_place(tree, position, image, (one.row, one.column))
        _check_words(tree, position, one)
        outlines = [runs_of_contour(tree[child].GraphicData) for child in children(tree, position, codes.OUTLINE)]
        if outlines != ([one.runs] if one.id in outlined[image.sop_instance_uid] else []):
            fail("the outline of a calcification is not that of its pixels")
        if not _parent_uid(tree, position):
            _check_hidden(tree, position)


def check_nipples(tree: Tree, images: Sequence[ImageFindings]) -> None:
    """Check that the nipple of each image is told, and not drawn."""
    with_nipple = {image.sop_instance_uid: image for image in images if image.nipple is not None}
    found = [position for position, item in tree.items() if _is(item, codes.NIPPLE)]
    told = [selected_image(tree, child) for position in found for child in children(tree, position, codes.CENTER)]
    if sorted(told) != sorted(with_nipple):
        fail("the nipples of the report are not those of the findings")
    for position, uid in zip(found, told, strict=True):
        nipple = with_nipple[uid].nipple
        if nipple is not None:
            _check_place(tree, position, with_nipple[uid], nipple)
        _check_hidden(tree, position)


def check_breasts(tree: Tree, groups: set[Position], images: Sequence[ImageFindings]) -> None:
    """Check that without clusters each image has one group at ``groups`` that says so, and that the library is right.

    It has an entry for each image with the area of the breast, if that is known, where the millimetres come from, and
    the warnings.
    """
    by_uid = {image.sop_instance_uid: image for image in images}
    denied = [] if any(image.clusters for image in images) else sorted(by_uid)
    if sorted(selected_image(tree, position) for position in groups) != denied:
        fail("a report without clusters does not speak of each image once")
    for position in groups:
        image = by_uid[selected_image(tree, position)]
        if [code_value(tree[child]) for child in children(tree, position, codes.CALCIFICATION_CLUSTER)] != [
            codes.ABSENT.value
        ]:
            fail("a report without clusters does not say that there is none")
        if [str(tree[child].TextValue) for child in children(tree, position, codes.COMMENT)] != [codes.NO_CLUSTER]:
            fail("a report without clusters does not say so in words")
        if _numbers(tree, position, codes.NUMBER_OF_CALCIFICATIONS) != [len(image.calcifications)]:
            fail("the number of calcifications of an image is not that of the findings")
        _check_searched(tree, children(tree, position, codes.NUMBER_OF_CALCIFICATIONS)[0], image)
        _check_area(tree, position, image)
    entries = {
        str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID): position
        for position, item in tree.items()
        if named(tree.get(position[:-1], Dataset()), codes.IMAGE_LIBRARY_GROUP)
    }
    if entries.keys() != by_uid.keys():
        fail("the library is not that of the images")
    for uid, position in entries.items():
        image = by_uid[uid]
        source = [code_value(tree[child]) for child in children(tree, position, codes.SPACING_SOURCE)]
        if source != [codes.SPACING_SOURCES[image.spacing_source].value]:
            fail("the report does not tell where the millimetres of an image come from")
        said = [str(tree[child].TextValue) for child in children(tree, position, codes.COMMENT)]
        if said != [clean(warning) for warning in image.warnings if clean(warning)]:
            fail("the warnings about an image are not those of the findings")
        _check_area(tree, position, image)


def _check_searched(tree: Tree, number: Position, image: ImageFindings) -> None:
    regions = children(tree, number, codes.IMAGE_REGION)
    if (
        len(regions) != 1
        or not np.array_equal(np.reshape(tree[regions[0]].GraphicData, (-1, 2)), graphic_frame(image))
        or selected_image(tree, regions[0]) != image.sop_instance_uid
    ):
        fail("the number of calcifications of an image is not inferred from the whole of it")


def _check_area(tree: Tree, position: Position, image: ImageFindings) -> None:
    known = [image.breast_area_mm2] if image.breast_area_mm2 else []
    if not _near(_numbers(tree, position, codes.AREA), known, 0.51):
        fail("the area of a breast is not that of the findings")
    measured = [tree[child].MeasuredValueSequence[0] for child in children(tree, position, codes.AREA)]
    if any(one.MeasurementUnitsCodeSequence[0].CodeValue != codes.SQUARE_MILLIMETRE.value for one in measured):
        fail("the area of a breast has a wrong unit")


def _placed(image: ImageFindings) -> Iterator[tuple[Cluster | None, Calcification]]:
    for cluster in image.clusters:
        for member in image.members(cluster):
            yield cluster, member
    for one in image.isolated_calcifications:
        yield None, one


def _check_place(tree: Tree, position: Position, image: ImageFindings, place: tuple[float, float]) -> None:
    centers = children(tree, position, codes.CENTER)
    if len(centers) != 1 or selected_image(tree, centers[0]) != image.sop_instance_uid:
        fail("a calcification or a nipple lies on the wrong image")
    if not np.allclose(tree[centers[0]].GraphicData, graphic_point(image, *place), rtol=0, atol=0.01):
        fail("a calcification or a nipple is not where the findings have it")


def _check_words(tree: Tree, position: Position, one: Calcification) -> None:
    names = [str(tree[child].TextValue) for child in children(tree, position, codes.TRACKING_IDENTIFIER)]
    if [calcification_number(name) for name in names] != [one.id]:
        fail("a calcification has another number than in the findings")
    if not _near(_numbers(tree, position, codes.CERTAINTY), [] if by_reader(one) else [100 * one.score], 0.051):
        fail("the certainty of a calcification is not that of the findings")
    kinds = [code_value(tree[child]) for child in children(tree, position, codes.CALCIFICATION_TYPE)]
    if kinds != ([] if one.benign_type is None else [codes.MORPHOLOGIES[one.benign_type].value]):
        fail("the type of a calcification is not that of the findings")


def _check_hidden(tree: Tree, position: Position) -> None:
    intents = [code_value(tree[child]) for child in children(tree, position, codes.RENDERING_INTENT)]
    if intents != [codes.NOT_FOR_PRESENTATION.value]:
        fail("what is no finding for a reader would be drawn")


def _is(item: Dataset, kind: Code) -> bool:
    return named(item, codes.SINGLE_IMAGE_FINDING) and code_value(item) == kind.value


def _uid(tree: Tree, position: Position) -> str:
    found = children(tree, position, codes.TRACKING_UID)
    return str(tree[found[0]].UID) if found else ""


def _parent_uid(tree: Tree, position: Position) -> str:
    """Return the tracking UID of the cluster that a finding is nested in, or an empty text."""
    return _uid(tree, position[:-1]) if _is(tree[position[:-1]], codes.CALCIFICATION_CLUSTER) else ""


def _numbers(tree: Tree, position: Position, name: Code) -> list[float]:
    return [float(tree[child].MeasuredValueSequence[0].NumericValue) for child in children(tree, position, name)]


def _near(found: Sequence[float], expected: Sequence[float], tolerance: float) -> bool:
    return len(found) == len(expected) and np.allclose(found, expected, rtol=0, atol=tolerance)
