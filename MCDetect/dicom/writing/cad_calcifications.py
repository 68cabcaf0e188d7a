"""Single calcifications and the nipple in the Mammography CAD report.

DICOM PS3.16: template 4006 single image finding with 4009 (calcification), 4019 (algorithm), 4021 (geometry) and 4108
(tracking). Calcifications of a cluster are nested in it. What an image has besides its clusters is in an impression of
its own and not for presentation: it is there for other software and for reading back, and nobody is alarmed by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from MCDetect.bi_rads import Morphology
from MCDetect.dicom.contours import contour_of_runs
from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing import content_items as items
from MCDetect.dicom.writing.algorithm_texts import parameter_lines
from MCDetect.dicom.writing.context import READER_ALGORITHM, by_reader
from MCDetect.dicom.writing.geometry import Coordinates, graphic_point
from MCDetect.dicom.writing.operating_points import OperatingPoint
from MCDetect.dicom.writing.tracking import calcification_identifier, calcification_uid, view_label
from MCDetect.findings import Algorithm, Calcification, Cluster, ImageFindings
from MCDetect.version import __version__

Positions = Mapping[str, Sequence[int]]
"""Where in the report the library entry of each image stands, by SOP Instance UID."""


class Setting(NamedTuple):
    """What holds for all findings of a report.

    ``outlined`` are the numbers of the calcifications of each image that the segmentation does not tell.
    """

    algorithm: Algorithm
    positions: Positions
    points: Sequence[OperatingPoint]
    outlined: Mapping[str, frozenset[int]]


def impression_of_image(image: ImageFindings, setting: Setting) -> Dataset | None:
    """Return the impression of an image with its nipple and its calcifications outside of clusters, None without."""
    findings = [] if image.nipple is None else [_nipple(image, image.nipple, setting)]
    findings += [
        calcification_item(items.CONTAINS, image, one, codes.NOT_FOR_PRESENTATION, setting)
        for one in image.isolated_calcifications
    ]
    if not findings:
        return None
    intent = items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, codes.NOT_FOR_PRESENTATION)
    return items.add(items.container(items.INFERRED_FROM, codes.INDIVIDUAL_IMPRESSION), intent, *findings)


def calcification_item(
    relationship: str, image: ImageFindings, calcification: Calcification, intent: Code, setting: Setting
) -> Dataset:
    """Return the finding of one calcification, outlined where the segmentation does not tell its pixels."""
    point = graphic_point(image, calcification.row, calcification.column)
    item = items.add(
        items.code(relationship, codes.SINGLE_IMAGE_FINDING, codes.INDIVIDUAL_CALCIFICATION),
        items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, intent),
        *tracking_items(calcification_identifier(image, calcification), calcification_uid(image, calcification)),
        *algorithm_items(setting.algorithm, is_readers=by_reader(calcification)),
        *certainty_items(calcification),
        center_item(point, image, setting),
    )
    if calcification.id in setting.outlined[image.sop_instance_uid]:
        contour = contour_of_runs(calcification.runs)
        items.add(item, _on_image(codes.OUTLINE, "POLYLINE", contour, image, setting))
    return items.add(item, *type_items(calcification.benign_type))


def _nipple(image: ImageFindings, nipple: tuple[float, float], setting: Setting) -> Dataset:
    return items.add(
        items.code(items.CONTAINS, codes.SINGLE_IMAGE_FINDING, codes.NIPPLE),
        items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, codes.NOT_FOR_PRESENTATION),
        *tracking_items(f"{view_label(image)} nipple", stable_uid(image.sop_instance_uid, "nipple")),
        *algorithm_items(setting.algorithm),
        center_item(graphic_point(image, *nipple), image, setting),
    )


def center_item(point: Coordinates, image: ImageFindings, setting: Setting) -> Dataset:
    """Return the centre of a finding, selected from its image."""
    return _on_image(codes.CENTER, "POINT", point, image, setting)


def _on_image(name: Code, graphic_type: str, points: Coordinates, image: ImageFindings, setting: Setting) -> Dataset:
    drawn = items.coordinates(items.HAS_PROPERTIES, name, graphic_type, points)
    return items.add(drawn, items.by_reference(items.SELECTED_FROM, setting.positions[image.sop_instance_uid]))


def tracking_items(identifier: str, uid: str) -> list[Dataset]:
    """Return template 4108: what people call a finding, and what software does."""
    return [
        items.text(items.HAS_OBSERVATION_CONTEXT, codes.TRACKING_IDENTIFIER, identifier),
        items.uid(items.HAS_OBSERVATION_CONTEXT, codes.TRACKING_UID, uid),
    ]


def type_items(term: Morphology | None) -> list[Dataset]:
    """Return the calcification type (CID 6010), or nothing."""
    if term is None:
        return []
    return [items.code(items.HAS_PROPERTIES, codes.CALCIFICATION_TYPE, codes.MORPHOLOGIES[term])]


def certainty_items(one: Cluster | Calcification) -> list[Dataset]:
    """Return the certainty of what the algorithm found; nothing for what a reader drew."""
    if by_reader(one):
        return []
    return [items.number(items.HAS_PROPERTIES, codes.CERTAINTY, 100 * one.score, codes.PERCENT, digits=1)]


def algorithm_items(algorithm: Algorithm, *, with_parameters: bool = False, is_readers: bool = False) -> list[Dataset]:
    """Return name and version, which every finding has to have, and the parameters where they are told once."""
    name, version = (READER_ALGORITHM, __version__) if is_readers else (algorithm.name, algorithm.version)
    lines = parameter_lines(algorithm) if with_parameters else []
    return [
        items.text(items.HAS_PROPERTIES, codes.ALGORITHM_NAME, name),
        items.text(items.HAS_PROPERTIES, codes.ALGORITHM_VERSION, version),
        *(items.text(items.HAS_PROPERTIES, codes.ALGORITHM_PARAMETERS, line) for line in lines),
    ]
