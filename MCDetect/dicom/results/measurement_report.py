"""What a TID 1500 measurement report of ours tells."""

from __future__ import annotations

from pydicom.dataset import Dataset

from MCDetect.descriptors import Descriptors, MorphologyProbability, Spread
from MCDetect.dicom.results.algorithms import algorithm_of, parameters_of_report
from MCDetect.dicom.results.pieces import Piece
from MCDetect.dicom.results.report_content import (
    Tree,
    below,
    coded,
    describe_entry,
    image_of,
    is_named,
    locate,
    number,
    require_items,
    review_of,
    same,
    term,
    text,
    texts,
)
from MCDetect.dicom.results.shapes import Outline, outline_of_graphic
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.content_tree import Position, all_children, content_tree
from MCDetect.dicom.writing.tracking import cluster_number
from MCDetect.findings import Decision, Origin


def read_measurement_report(report: Dataset) -> Piece:
    """Return what a measurement report tells.

    It has outlines (not of rejected clusters), sizes, scores, distribution, morphology, descriptors and all that a
    reader said; side, view, size, spacing, area of the breast and warnings of the images. It has no calcifications and
    no nipple. Reports that MCDetect wrote before speak of images with clusters only, and of all where none has one.

    Raises
    ------
    ValueError
        If it holds no measurements.
    """
    require_items(report, codes.IMAGING_MEASUREMENTS)
    tree: Tree = content_tree(report)
    piece = Piece(None)
    for position, item in tree.items():
        if is_named(item, codes.IMAGE_LIBRARY_GROUP):
            for entry in all_children(tree, position):
                uid = str(tree[entry].ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
                image = piece.image(uid)
                describe_entry(tree, entry, image)
                source = term(tree, entry, codes.SPACING_SOURCE, codes.SPACING_SOURCES)
                if source is not None:  # reports of before tell none of it
                    image.fields |= {
                        "spacing_source": source,
                        "breast_area_mm2": number(tree, entry, codes.AREA),
                        "warnings": texts(tree, entry, codes.COMMENT),
                    }
        elif is_named(item, codes.MEASUREMENT_GROUP):
            _take_group(tree, position, piece)
    locate(report, piece.images)
    piece.review = review_of(report, text(tree, (1,), codes.COMMENT))
    return piece


def _take_group(tree: Tree, position: Position, piece: Piece) -> None:
    name = text(tree, position, codes.ALGORITHM_NAME)
    if name and piece.algorithm is None:
        version = text(tree, position, codes.ALGORITHM_VERSION)
        lines = texts(tree, position, codes.ALGORITHM_PARAMETERS)
        piece.algorithm = algorithm_of(name, version, parameters_of_report(lines))
    outline: Outline | None = None
    uid = image_of(tree, position)
    if same(coded(tree, position, codes.FINDING), codes.BREAST):
        piece.image(uid).fields.setdefault("breast_area_mm2", number(tree, position, codes.AREA))
        return
    for region in below(tree, position, codes.IMAGE_REGION):
        outline = outline_of_graphic(str(tree[region].GraphicType), tree[region].GraphicData)
        uid = image_of(tree, region)
    certainty = number(tree, position, codes.CERTAINTY)
    number_of_cluster = cluster_number(text(tree, position, codes.TRACKING_IDENTIFIER))
    fields = {
        "outline": outline,
        "area_mm2": number(tree, position, codes.AREA),
        "density_per_cm2": number(tree, position, codes.DENSITY),
        "diameter_mm": number(tree, position, codes.DIAMETER),
        "count": number(tree, position, codes.NUMBER_OF_CALCIFICATIONS),
        "score": None if certainty is None else certainty / 100,
        "origin": Origin.ALGORITHM if name else Origin.READER,
        "distribution": term(tree, position, codes.CALCIFICATION_DISTRIBUTION, codes.DISTRIBUTIONS),
        "morphology": term(tree, position, codes.CALCIFICATION_TYPE, codes.MORPHOLOGIES),
        "benign_type": term(tree, position, codes.BENIGN_TYPE, codes.MORPHOLOGIES),
        "descriptors": _descriptors(tree, position),
        "assessment": term(tree, position, codes.ASSESSMENT_CATEGORY, codes.ASSESSMENTS),
        "decision": term(tree, position, codes.READERS_DECISION, codes.DECISIONS) or Decision.UNDECIDED,
        "reason": text(tree, position, codes.REASON_OF_DECISION),
        "comment": text(tree, position, codes.COMMENT),
    }
    if number_of_cluster is not None:
        fields["id"] = number_of_cluster
    piece.image(uid).clusters[text(tree, position, codes.TRACKING_UID)] = fields


def _descriptors(tree: Tree, position: Position) -> Descriptors | None:
    """Return the descriptors of a group, the most probable morphology first; None if it does not tell them all."""
    spreads = {field: [number(tree, position, name) for name in names] for field, names in codes.SPREADS.items()}
    morphologies = []
    for child in all_children(tree, position):  # the most probable first, as they are written
        for one, name in codes.PROBABILITIES.items():
            if is_named(tree[child], name):
                percent = number(tree, position, name)
                morphologies += [] if percent is None else [MorphologyProbability(one, percent / 100)]
    suspicion = number(tree, position, codes.SUSPICION)
    if suspicion is None or not morphologies or any(value is None for pair in spreads.values() for value in pair):
        return None
    return Descriptors(
        **{field: Spread(mean or 0.0, deviation or 0.0) for field, (mean, deviation) in spreads.items()},
        morphologies=tuple(morphologies),
        suspicion=suspicion / 100,
    )
