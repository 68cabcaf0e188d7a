"""Putting together what several objects tell of one image.

Pixels come from the segmentation, centres, scores and numbers from the CAD report, sizes and what a reader said from
the measurement report. What no object tells is computed where it can be, else it has a value that says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from MCDetect.bi_rads import Distribution
from MCDetect.dicom.failures import reporting
from MCDetect.dicom.orientation import decide_orientation
from MCDetect.dicom.results.calcifications import calcifications_of
from MCDetect.dicom.results.pieces import ImagePiece
from MCDetect.dicom.results.shapes import Outline, area_of, longest_across, longest_extent, outline_round
from MCDetect.dicom.spacing import decide_spacing
from MCDetect.errors import InputError
from MCDetect.findings import Calcification, Cluster, ImageFindings, Origin, SpacingSource, score_of

_MARGIN_MM = 2.0
_OF_A_CLUSTER = (
    "distribution",
    "morphology",
    "benign_type",
    "descriptors",
    "assessment",
    "decision",
    "reason",
    "comment",
    "origin",
)


def merged(pieces: Sequence[ImagePiece]) -> ImagePiece:
    """Return one piece of several about the same image; a later one decides where both tell something."""
    whole = ImagePiece(pieces[0].sop_instance_uid)
    for piece in pieces:
        whole.fields |= {name: value for name, value in piece.fields.items() if value is not None}
        for uid, told in piece.clusters.items():
            fields = whole.clusters.setdefault(uid, {})
            fields |= {name: value for name, value in told.items() if value is not None}
        whole.points += piece.points
        whole.masks += piece.masks
        whole.warnings += [warning for warning in piece.warnings if warning not in whole.warnings]
    return whole


def assembled(piece: ImagePiece, source: Dataset | None) -> ImageFindings:
    """Return the findings of an image.

    Parameters
    ----------
    piece
        All that the objects tell of it.
    source
        Header of the image, if it is at hand: identifiers, side, view, size and spacing are taken from it.

    Raises
    ------
    InputError
        ``no-spacing`` when nothing tells how many millimetres a pixel measures; ``damaged-result`` when a coordinate
        lies outside the image.
    """
    fields, warnings = dict(piece.fields), [*piece.fields.get("warnings", ()), *piece.warnings]
    if source is not None:
        warnings += _take_header(fields, source, piece.sop_instance_uid)
    spacing = fields.get("spacing_mm") or fields.get("nominal_spacing_mm")
    if spacing is None:
        raise InputError(
            "no-spacing",
            "The result does not say how many millimetres a pixel of its image measures.",
            "Give the mammogram with --source.",
        )
    if "spacing_source" not in fields:
        warnings.append("The result does not say where its pixel spacing comes from.")
    if "rows" not in fields or "columns" not in fields:
        _guess_size(fields, piece)
        warnings.append("The result does not say how large its image is; the size is the least that holds it.")
    calcifications, members = calcifications_of(piece, spacing, (fields["rows"], fields["columns"]))
    by_number = {one.id: one for one in calcifications}
    clusters = tuple(
        _cluster(number, uid, told, [by_number[one] for one in members.get(uid, ())], spacing)
        for number, (uid, told) in enumerate(_in_order(piece.clusters), start=1)
    )
    _require_inside(fields["rows"], fields["columns"], calcifications)
    return ImageFindings(
        sop_instance_uid=piece.sop_instance_uid,
        sop_class_uid=fields.get("sop_class_uid", ""),
        series_instance_uid=fields.get("series_instance_uid", ""),
        study_instance_uid=fields.get("study_instance_uid", ""),
        laterality=fields.get("laterality", ""),
        view=fields.get("view", ""),
        rows=fields["rows"],
        columns=fields["columns"],
        spacing_mm=spacing,
        spacing_source=fields.get("spacing_source", SpacingSource.AT_DETECTOR),
        score=score_of(clusters),
        breast_area_mm2=fields.get("breast_area_mm2", 0.0),
        calcifications=calcifications,
        clusters=clusters,
        warnings=tuple(warnings),
        nipple=fields.get("nipple"),
    )


def _take_header(fields: dict[str, Any], source: Dataset, uid: str) -> list[str]:
    with reporting("damaged-result", "The header of a mammogram given with --source is damaged.", "Copy it again."):
        orientation = decide_orientation(source)
        fields |= {"laterality": orientation.laterality, "view": orientation.view}
        fields |= {"rows": int(source.Rows), "columns": int(source.Columns)}
        for name, keyword in (
            ("sop_class_uid", "SOPClassUID"),
            ("series_instance_uid", "SeriesInstanceUID"),
            ("study_instance_uid", "StudyInstanceUID"),
        ):
            fields[name] = str(source.get(keyword) or "")
    if "spacing_source" in fields:  # told with the spacing and the warnings
        return []
    try:
        spacing, warnings = decide_spacing(source, uid)
    except InputError:
        fields.setdefault("spacing_source", SpacingSource.GIVEN_BY_USER)
        return []
    told = fields.get("spacing_mm")
    if told is not None and not np.allclose(told, spacing.millimetres, rtol=1e-3):
        fields["spacing_source"] = SpacingSource.GIVEN_BY_USER
        return []
    fields |= {"spacing_mm": spacing.millimetres, "spacing_source": spacing.source}
    return [*orientation.warnings, *warnings]


def _guess_size(fields: dict[str, Any], piece: ImagePiece) -> None:
    points = [(point.row, point.column) for point in piece.points]
    points += [vertex for told in piece.clusters.values() for vertex in told.get("outline") or ()]
    corners = [(row, first + n - 1) for point in piece.points for row, first, n in point.runs or ()]
    points += [(float(row), float(column)) for row, column in corners]
    rows, columns = np.array(points or [(0.0, 0.0)]).max(axis=0)
    fields |= {"rows": max(1, int(np.ceil(rows + 0.5))), "columns": max(1, int(np.ceil(columns + 0.5)))}


def _in_order(clusters: Mapping[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Return clusters by their numbers, those without one last."""
    return sorted(clusters.items(), key=lambda entry: entry[1].get("id", float("inf")))


def _cluster(
    number: int,
    uid: str,
    told: Mapping[str, Any],
    members: Sequence[Calcification],
    spacing: tuple[float, float],
) -> Cluster:
    outline = told.get("outline") or _outline(told, members, spacing)
    area = told.get("area_mm2") or area_of(outline) * spacing[0] * spacing[1]
    runs = [run for c in members for run in c.runs]
    extent = longest_extent(runs, spacing) if runs else longest_across(outline, spacing)
    named = len(members)
    said = told.get("count")
    counted = round(said) if said is not None and math.isfinite(said) else -1
    # A report may tell more than it names, or tell that there is none; where it names all, they are the number.
    told_count = counted if counted > named or counted == named == 0 else None
    count = told_count or named
    origin = told.get("origin", Origin.ALGORITHM)
    score = told.get("score")
    return Cluster(
        id=told.get("id", number),
        member_ids=tuple(c.id for c in members),
        outline=outline,
        area_mm2=area,
        diameter_mm=told.get("diameter_mm", extent),
        density_per_cm2=told.get("density_per_cm2", count / (area / 100) if area else 0.0),
        score=score if score is not None else (1.0 if origin is Origin.READER else 0.0),
        tracking_uid=uid,
        told_count=told_count,
        **{"distribution": Distribution.GROUPED, **{name: told[name] for name in _OF_A_CLUSTER if name in told}},
    )


def _outline(told: Mapping[str, Any], members: Sequence[Calcification], spacing: tuple[float, float]) -> Outline:
    """Return an outline of a cluster that has none: round its pixels, its calcifications or its centre."""
    if told.get("hull"):
        hull: Outline = told["hull"]
        return hull
    points = [(c.row, c.column) for c in members] or [told.get("centre") or (0.0, 0.0)]
    return outline_round(np.array(points), _MARGIN_MM / min(spacing))


def _require_inside(rows: int, columns: int, calcifications: Iterable[Calcification]) -> None:
    """Refuse pixels outside the image; outlines have a margin that may leave it."""
    for calcification in calcifications:
        for row, first, length in calcification.runs:
            if not (0 <= row < rows and first >= 0 and first + length <= columns):
                raise InputError(
                    "damaged-result", "A finding of the result lies outside its image.", "Ask for another copy of it."
                )
