"""Reading back what a reader said: decisions and intents, descriptors, what belongs together, who reviewed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.cad_findings import Feature, correspondence_uid, features_of
from MCDetect.dicom.writing.cad_mentions import mentioned
from MCDetect.dicom.writing.checks import fail
from MCDetect.dicom.writing.content_tree import Position, children, code_value, named
from MCDetect.dicom.writing.context import ReportContext, by_reader
from MCDetect.dicom.writing.operating_points import OperatingPoint
from MCDetect.dicom.writing.reader_texts import clean, person_name
from MCDetect.findings import Cluster, Decision, ImageFindings


def check_review(written: Dataset, predecessors: Sequence[Dataset], context: ReportContext) -> None:
    """Check completion, the person and what is replaced.

    Raises
    ------
    OutputError
        ``invalid-object``, as from every function in this module.
    """
    review = context.review
    if written.CompletionFlag != ("COMPLETE" if review is None or review.complete else "PARTIAL"):
        fail("the report does not tell whether the review is complete")
    if (review is not None) != ("reviewed" in str(written.SeriesDescription)):
        fail("the series does not tell whether its findings were reviewed")
    people = [str(person.get("PersonName", "")) for person in written.get("ParticipantSequence", [])]
    expected = [] if review is None or not person_name(review.reader) else [person_name(review.reader)]
    if people != expected:
        fail("the person who reviewed the findings is not named as in them")
    if (written.VerificationFlag == "VERIFIED") != bool(written.get("VerifyingObserverSequence")):
        fail("the report does not tell who verified it")
    replaced = {
        str(instance.ReferencedSOPInstanceUID)
        for study in written.get("PredecessorDocumentsSequence", [])
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }
    if replaced != {str(earlier.SOPInstanceUID) for earlier in predecessors}:
        fail("the report does not name the reports that it replaces")


def check_presentation(
    tree: Mapping[Position, Dataset], position: Position, cluster: Cluster, points: Sequence[OperatingPoint]
) -> None:
    """Check from which operating point on a finding of the CAD report is to be drawn, and how certain it is."""
    rejected = cluster.decision is Decision.REJECTED
    is_readers = by_reader(cluster) or cluster.decision is Decision.ACCEPTED
    benign = cluster.is_typically_benign and cluster.decision is Decision.UNDECIDED
    missed = sum(cluster.score < point.threshold for point in points[:-1])
    number = 0 if rejected or is_readers or benign else missed
    intent = codes.PRESENTATION_OPTIONAL if number or benign else codes.PRESENTATION_REQUIRED
    _expect(tree, position, codes.RENDERING_INTENT, codes.NOT_FOR_PRESENTATION if rejected else intent)
    told = [
        float(tree[child].MeasuredValueSequence[0].NumericValue)
        for modifier in children(tree, position, codes.RENDERING_INTENT)
        for child in children(tree, modifier, codes.OPERATING_POINT)
    ]
    if told != ([number] if number else []):
        fail("a finding names another operating point than its score reaches")
    _expect(tree, position, codes.CALCIFICATION_DISTRIBUTION, codes.DISTRIBUTIONS[cluster.distribution])
    kind = cluster.morphology or cluster.benign_type
    _expect(tree, position, codes.CALCIFICATION_TYPE, None if kind is None else codes.MORPHOLOGIES[kind])
    _check_certainty(tree, position, cluster)


def check_statements(
    tree: Mapping[Position, Dataset], position: Position, cluster: Cluster, context: ReportContext
) -> None:
    """Check what a group of measurements says of its cluster besides the numbers."""
    if (cluster.decision is Decision.REJECTED) == bool(children(tree, position, codes.IMAGE_REGION)):
        fail("a rejected cluster has a region, or another one has none")
    _expect(tree, position, codes.FINDING, codes.CALCIFICATION_CLUSTER)
    is_decided = context.review is not None or cluster.decision is not Decision.UNDECIDED
    _expect(tree, position, codes.CALCIFICATION_DISTRIBUTION, codes.DISTRIBUTIONS[cluster.distribution])
    kind = None if cluster.morphology is None else codes.MORPHOLOGIES[cluster.morphology]
    _expect(tree, position, codes.CALCIFICATION_TYPE, kind)
    benign = None if cluster.benign_type is None else codes.MORPHOLOGIES[cluster.benign_type]
    _expect(tree, position, codes.BENIGN_TYPE, benign)
    assessment = None if cluster.assessment is None else codes.ASSESSMENTS[cluster.assessment]
    _expect(tree, position, codes.ASSESSMENT_CATEGORY, assessment)
    _expect(tree, position, codes.READERS_DECISION, codes.DECISIONS[cluster.decision] if is_decided else None)
    for name, said in ((codes.REASON_OF_DECISION, cluster.reason), (codes.COMMENT, cluster.comment)):
        texts = [str(tree[child].TextValue) for child in children(tree, position, name)]
        if texts != ([clean(said)] if clean(said) else []):
            fail("what the reader wrote about a cluster is not as in the findings")
    for name, value, unit in (
        (codes.AREA, cluster.area_mm2, codes.SQUARE_MILLIMETRE),
        (codes.DIAMETER, cluster.diameter_mm, codes.MILLIMETRE),
    ):
        _check_number(tree, position, name, value, unit, 0.0051)
    if cluster.count is not None:
        _check_number(tree, position, codes.DENSITY, cluster.density_per_cm2, codes.PER_SQUARE_CENTIMETRE, 0.051)
    elif children(tree, position, codes.DENSITY):
        fail("a cluster of which no calcification is told has a density")
    _check_certainty(tree, position, cluster)


def check_composites(tree: Mapping[Position, Dataset], images: Sequence[ImageFindings], context: ReportContext) -> None:
    """Check that what corresponds is joined, and that each joint tells its two targets."""
    expected = [correspondence_uid(*one.tracking_uids) for one in mentioned(images, context.correspondences)]
    pending = list(features_of(images, context.correspondences))
    while pending:
        feature: Feature = pending.pop()
        pending += feature.joined
        if feature.correspondence is not None:
            expected.append(correspondence_uid(*feature.correspondence.tracking_uids))
    found = [position for position, item in tree.items() if named(item, codes.COMPOSITE_FEATURE)]
    uids = [str(tree[child].UID) for position in found for child in children(tree, position, codes.TRACKING_UID)]
    if sorted(uids) != sorted(expected):
        fail("the clusters that correspond are not those of the findings")
    for position in found:
        targets = [
            *children(tree, position, codes.SINGLE_IMAGE_FINDING),
            *children(tree, position, codes.COMPOSITE_FEATURE),
        ]
        if len(targets) != 2:
            fail("a composite feature does not have two targets")


def _check_certainty(tree: Mapping[Position, Dataset], position: Position, cluster: Cluster) -> None:
    if by_reader(cluster):
        if children(tree, position, codes.CERTAINTY):
            fail("what a reader drew has a certainty of the algorithm")
        return
    _check_number(tree, position, codes.CERTAINTY, 100 * cluster.score, codes.PERCENT, 0.051)


def _check_number(  # noqa: PLR0917
    tree: Mapping[Position, Dataset], position: Position, name: Code, value: float, unit: Code, tolerance: float
) -> None:
    found = [tree[child].MeasuredValueSequence[0] for child in children(tree, position, name)]
    if len(found) != 1 or abs(float(found[0].NumericValue) - value) > tolerance:
        fail(f"the {name.meaning} of a cluster is not that of the findings")
    units = found[0].MeasurementUnitsCodeSequence[0]
    if (units.CodeValue, units.CodingSchemeDesignator) != (unit.value, unit.scheme_designator):
        fail(f"the {name.meaning} of a cluster has a wrong unit")


def _expect(tree: Mapping[Position, Dataset], position: Position, name: Code, value: Code | None) -> None:
    found = [code_value(tree[child]) for child in children(tree, position, name)]
    if found != ([] if value is None else [value.value]):
        fail(f"the {name.meaning} of a cluster is not that of the findings")
