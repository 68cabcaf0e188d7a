"""What a Mammography CAD report tells, of MCDetect or of another maker."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from MCDetect.bi_rads import Morphology
from MCDetect.dicom.contours import runs_of_contour
from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.results.algorithms import algorithm_of, parameters_of_report
from MCDetect.dicom.results.pieces import ImagePiece, Piece, PointPiece
from MCDetect.dicom.results.report_content import (
    Tree,
    below,
    coded,
    describe_entry,
    image_of,
    is_named,
    is_ours,
    locate,
    number,
    require_items,
    review_of,
    same,
    target,
    term,
    text,
    texts,
)
from MCDetect.dicom.results.shapes import Outline, outline_of_graphic
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.cad_findings import correspondence_uid
from MCDetect.dicom.writing.cad_mentions import is_mention
from MCDetect.dicom.writing.content_tree import Position, all_children, content_tree
from MCDetect.dicom.writing.context import READER_ALGORITHM
from MCDetect.dicom.writing.tracking import calcification_number, cluster_number, comes_first, is_confirmed
from MCDetect.findings import Correspondence, Decision, Origin, Refusal

_OTHER_TYPES = {code: term_ for term_, others in codes.OTHER_MORPHOLOGIES.items() for code in others}


class CadReport:
    """A report while it is being read; the result is :attr:`piece`."""

    def __init__(self, report: Dataset) -> None:
        self.report = report
        self.tree: Tree = content_tree(report)
        self.is_ours = is_ours(report)
        name, version, parameters = self._algorithm()
        self.piece = Piece(algorithm_of(name, version, parameters))
        self._members: set[Position] = set()
        self._names: dict[str, str] = {}  # tracking identifiers of clusters by tracking UID
        self._left_out: dict[str, list[int]] = {}
        self._read_library()
        findings = [position for position, item in self.tree.items() if is_named(item, codes.SINGLE_IMAGE_FINDING)]
        # Clusters first: what they are inferred from is no finding of its own.
        for position in sorted(findings, key=lambda position: not self._is_cluster(position)):
            self._read_finding(position)
        for position, item in self.tree.items():
            if is_named(item, codes.COMPOSITE_FEATURE):
                self._read_composite(position)
        locate(report, self.piece.images)
        self.piece.review = review_of(report)
        for uid, (others, hidden) in self._left_out.items():
            self._warn(self.piece.image(uid), others, hidden)

    @staticmethod
    def _warn(image: ImagePiece, others: int, hidden: int) -> None:
        if others:
            image.warnings.append(f"Findings of the report that are no calcifications were left out: {others}.")
        if hidden:
            image.warnings.append(f"Findings of the report that are not for presentation were left out: {hidden}.")

    def _algorithm(self) -> tuple[str, str, dict[str, str]]:
        """Return name, version and parameters: of the detection performed, else of the first finding."""
        for concept in (codes.DETECTION_PERFORMED, codes.SINGLE_IMAGE_FINDING):
            told = [position for position, item in self.tree.items() if is_named(item, concept)]
            # A device may look for masses by another algorithm; that of the calcifications is asked for.
            for position in sorted(told, key=lambda position: not self._is_of_calcifications(position)):
                name = text(self.tree, position, codes.ALGORITHM_NAME)
                if name and name != READER_ALGORITHM:
                    version = text(self.tree, position, codes.ALGORITHM_VERSION)
                    lines = texts(self.tree, position, codes.ALGORITHM_PARAMETERS)
                    return name, version, parameters_of_report(lines)
        return str(self.report.get("Manufacturer") or ""), "", {}

    def _read_library(self) -> None:
        """Take the images of the library; those on which the detection failed become refusals."""
        failed = {
            target(self.tree, child)
            for position, item in self.tree.items()
            if is_named(item, codes.FAILED_DETECTIONS)
            for performed in below(self.tree, position, codes.DETECTION_PERFORMED)
            for child in all_children(self.tree, performed)
        }
        for position, item in self.tree.items():
            if not is_named(item, codes.IMAGE_LIBRARY):
                continue
            for entry in all_children(self.tree, position):
                if self.tree[entry].get("ValueType") != "IMAGE":
                    continue
                uid = str(self.tree[entry].ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
                image = ImagePiece(uid)
                describe_entry(self.tree, entry, image)
                if entry in failed:
                    view = " ".join(filter(None, (image.fields.get("laterality"), image.fields.get("view"))))
                    message = f"The analysis of {f'the view {view}' if view else 'an image'} failed."
                    self.piece.refused[uid] = Refusal("", "analysis-failed", message)
                else:
                    self.piece.images[uid] = image

    def _is_cluster(self, position: Position) -> bool:
        kind = self.tree[position].get("ConceptCodeSequence")
        return bool(kind) and same(kind[0], codes.CALCIFICATION_CLUSTER)

    def _is_of_calcifications(self, position: Position) -> bool:
        kind = self.tree[position].get("ConceptCodeSequence")
        return self._is_cluster(position) or (bool(kind) and same(kind[0], codes.INDIVIDUAL_CALCIFICATION))

    def _read_finding(self, position: Position) -> None:
        tree = self.tree
        kind = (tree[position].get("ConceptCodeSequence") or [None])[0]
        centre, outline, uid = self._geometry(position)
        if not uid:
            return
        hidden = same(coded(tree, position, codes.RENDERING_INTENT), codes.NOT_FOR_PRESENTATION)
        is_cluster = self._is_cluster(position)
        if same(kind, codes.NIPPLE):
            self.piece.image(uid).fields["nipple"] = centre
        elif not is_cluster and not same(kind, codes.INDIVIDUAL_CALCIFICATION):
            self._left_out.setdefault(uid, [0, 0])[0] += 1
        elif hidden and not self.is_ours:
            # Of another maker's device, which did not think it worth showing: no reader has rejected it.
            self._left_out.setdefault(uid, [0, 0])[1] += is_cluster
        elif is_cluster and self.is_ours and is_mention(tree, position):
            pass
        elif is_cluster:
            self._read_cluster(position, uid, outline, hidden)
        elif centre is not None and position not in self._members:
            self.piece.image(uid).points.append(self._point(position, centre, None))

    def _read_cluster(self, position: Position, uid: str, outline: Outline | None, rejected: bool) -> None:
        tree, image = self.tree, self.piece.image(uid)
        path = ".".join(map(str, position))
        tracking = text(tree, position, codes.TRACKING_UID) or stable_uid(str(self.report.SOPInstanceUID), path)
        fields = image.clusters.setdefault(tracking, {})
        name = text(tree, position, codes.TRACKING_IDENTIFIER)
        self._names[tracking] = name
        said = name.partition(", ")[2]
        benign_type = next((one for one in Morphology if self.is_ours and one.value == said), None)
        number_of_cluster = cluster_number(name)
        if self.is_ours and number_of_cluster is not None:
            fields["id"] = number_of_cluster
        kind = self._morphology(position)
        members = list(below(tree, position, codes.SINGLE_IMAGE_FINDING))
        for member in members:
            centre, _, _ = self._geometry(member)
            if centre is not None:
                self._members.add(member)
                image.points.append(self._point(member, centre, tracking))
        fields |= {
            "outline": outline,
            "centre": self._geometry(position)[0],
            "score": _fraction(number(tree, position, codes.CERTAINTY)),
            "count": number(tree, position, codes.NUMBER_OF_CALCIFICATIONS),
            "origin": self._origin(position),
            "distribution": term(tree, position, codes.CALCIFICATION_DISTRIBUTION, codes.DISTRIBUTIONS),
            "morphology": None if benign_type is not None and kind is benign_type else kind,
            "benign_type": benign_type,
        }
        if rejected:
            fields["decision"] = Decision.REJECTED

    def _morphology(self, position: Position) -> object:
        found = term(self.tree, position, codes.CALCIFICATION_TYPE, codes.MORPHOLOGIES)
        value = coded(self.tree, position, codes.CALCIFICATION_TYPE)
        return found or next((other for code, other in _OTHER_TYPES.items() if same(value, code)), None)

    def _geometry(self, position: Position) -> tuple[tuple[float, float] | None, Outline | None, str]:
        """Return centre (row, column), outline and image of a finding (template 4021), as far as they are there."""
        centre, outline, uid = None, None, ""
        for child in below(self.tree, position, codes.CENTER, codes.OUTLINE):
            item = self.tree[child]
            uid = uid or image_of(self.tree, child)
            if is_named(item, codes.OUTLINE):
                outline = outline_of_graphic(str(item.GraphicType), item.GraphicData)
            elif np.isfinite(np.array(item.GraphicData, dtype=np.float64)).all():
                centre = (float(item.GraphicData[1]) - 0.5, float(item.GraphicData[0]) - 0.5)
        return centre, outline, uid

    def _point(self, position: Position, centre: tuple[float, float], cluster: str | None) -> PointPiece:
        score = _fraction(number(self.tree, position, codes.CERTAINTY))
        point = PointPiece(*centre, score, self._origin(position), cluster)
        if self.is_ours:
            point.benign_type = term(self.tree, position, codes.CALCIFICATION_TYPE, codes.MORPHOLOGIES)
            point.number = calcification_number(text(self.tree, position, codes.TRACKING_IDENTIFIER))
            for outline in below(self.tree, position, codes.OUTLINE):
                point.runs = runs_of_contour(self.tree[outline].GraphicData)
        return point

    def _origin(self, position: Position) -> Origin:
        drawn = self.is_ours and text(self.tree, position, codes.ALGORITHM_NAME) == READER_ALGORITHM
        return Origin.READER if drawn else Origin.ALGORITHM

    def _read_composite(self, position: Position) -> None:
        sides = [
            self._leaves(child, set())
            for child in below(self.tree, position, codes.SINGLE_IMAGE_FINDING, codes.COMPOSITE_FEATURE)
        ]
        pairs = [(one, other) for one in (sides or [[]])[0] for side in sides[1:] for other in side]
        uid = text(self.tree, position, codes.TRACKING_UID)
        pairs = [pair for pair in pairs if correspondence_uid(*pair) == uid] or pairs[:1]
        if not pairs:
            return
        certainty = _fraction(number(self.tree, position, codes.CERTAINTY_OF_FEATURE))
        required = same(coded(self.tree, position, codes.RENDERING_INTENT), codes.PRESENTATION_REQUIRED)
        label = text(self.tree, position, codes.TRACKING_IDENTIFIER)
        confirmed = self.is_ours and (required or is_confirmed(label))
        first, second = pairs[0]
        if comes_first(self._names.get(second, ""), label):
            first, second = second, first
        score = 1.0 if certainty is None else certainty
        self.piece.correspondences.append(Correspondence((first, second), score, confirmed))

    def _leaves(self, position: Position, seen: set[Position]) -> list[str]:
        """Return the tracking UIDs of the clusters of a composite feature; references may not lead in a circle."""
        if position in seen:
            return []
        seen.add(position)
        if is_named(self.tree[position], codes.SINGLE_IMAGE_FINDING):
            path = ".".join(map(str, position))
            uid = text(self.tree, position, codes.TRACKING_UID) or stable_uid(str(self.report.SOPInstanceUID), path)
            return [uid] if any(uid in image.clusters for image in self.piece.images.values()) else []
        children = below(self.tree, position, codes.SINGLE_IMAGE_FINDING, codes.COMPOSITE_FEATURE)
        return [uid for child in children for uid in self._leaves(child, seen)]


def read_cad_report(report: Dataset) -> Piece:
    """Return what a Mammography CAD report tells.

    It has number, centre, score, benign type and origin of every calcification, the pixels of those that a segmentation
    does not tell; number, outline, score, distribution and morphology of clusters and which of them were rejected;
    side, view, spacing and nipple of the images, failed analyses, correspondences and the reader's name. It has no
    other pixels, no sizes, no descriptors, no assessment, reason or comment. Reports that MCDetect wrote before have
    numbers of clusters only, and nothing outside of clusters.

    Raises
    ------
    ValueError
        If it lacks what every report has: a file that was cut must not be taken for one without findings.
    """
    require_items(report, codes.IMAGE_LIBRARY, codes.FINDINGS_SUMMARY, codes.SUMMARY_OF_DETECTIONS)
    return CadReport(report).piece


def _fraction(percent: float | None) -> float | None:
    return None if percent is None else min(max(percent / 100, 0.0), 1.0)
