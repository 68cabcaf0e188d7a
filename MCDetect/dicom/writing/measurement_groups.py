"""Groups of measurements in a TID 1500 report: one for each cluster, or one for each image where no cluster stands.

DICOM PS3.16: template 1410 for a cluster with its outline; template 1501, which has no region, for the breast of an
image and for a cluster that a reader rejected.

What a reader rejected stands apart from the Imaging Measurements, in a container of its own (template 1500 is
extensible). Software that knows the standard and not our code for the decision would count it as a finding otherwise,
and would draw it if it had a region. In OHIF 3.12 a group without coordinates among the Imaging Measurements also ends
the loading of the report with an error, and nothing of it is shown. Hence the number of calcifications of a breast is
inferred from a region too (template 300), which is the whole image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import highdicom
from pydicom.sr.coding import Code

from MCDetect.descriptors import Descriptors, Spread
from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing import content_items as items
from MCDetect.dicom.writing.algorithm_texts import parameter_lines
from MCDetect.dicom.writing.context import ReportContext, by_reader, shown
from MCDetect.dicom.writing.geometry import Coordinates, graphic_frame, graphic_outline
from MCDetect.dicom.writing.reader_texts import clean
from MCDetect.dicom.writing.tracking import tracking_identifier, view_label
from MCDetect.findings import Algorithm, Cluster, Decision, ImageFindings

Group: TypeAlias = (
    highdicom.sr.PlanarROIMeasurementsAndQualitativeEvaluations | highdicom.sr.MeasurementsAndQualitativeEvaluations
)


def groups_of(images: Sequence[ImageFindings], algorithm: Algorithm, context: ReportContext) -> list[Group]:
    """Return a group for each cluster that nobody rejected, or for each breast where there is no such cluster.

    Either all of them have a region or none has.
    """
    left = [shown(image) for image in images]
    groups = [_group(image, cluster, algorithm, context) for image in left for cluster in image.clusters]
    return groups or [_breast(image, algorithm) for image in left]


def rejected_groups_of(images: Sequence[ImageFindings], algorithm: Algorithm, context: ReportContext) -> list[Group]:
    """Return a group without a region for each cluster that a reader rejected."""
    return [
        _group(image, cluster, algorithm, context)
        for image in images
        for cluster in image.clusters
        if cluster.decision is Decision.REJECTED
    ]


def _group(image: ImageFindings, cluster: Cluster, algorithm: Algorithm, context: ReportContext) -> Group:
    described: dict[str, Any] = {
        "tracking_identifier": highdicom.sr.TrackingIdentifier(
            cluster.tracking_uid, tracking_identifier(image, cluster)
        ),
        "finding_type": codes.CALCIFICATION_CLUSTER,
        "finding_sites": [_site(image)],
        "measurements": _measurements(cluster),
        "qualitative_evaluations": [
            highdicom.sr.QualitativeEvaluation(name, value) for name, value in _evaluations(cluster, context)
        ],
    }
    if not by_reader(cluster):
        described["algorithm_id"] = _identification(algorithm)
    if cluster.decision is Decision.REJECTED:
        group = highdicom.sr.MeasurementsAndQualitativeEvaluations(source_images=[_whole(image)], **described)
    else:
        region = _region(image, graphic_outline(image, cluster))
        group = highdicom.sr.PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region, **described)
    return _with_texts(group, (codes.REASON_OF_DECISION, cluster.reason), (codes.COMMENT, cluster.comment))


def _breast(image: ImageFindings, algorithm: Algorithm) -> Group:
    count = _measurement(codes.NUMBER_OF_CALCIFICATIONS, len(image.calcifications), codes.NO_UNITS, 0)
    region = _region(image, graphic_frame(image))
    region.RelationshipType = highdicom.sr.RelationshipTypeValues.INFERRED_FROM.value
    items.add(count[0], region)
    measurements = [count]
    if image.breast_area_mm2:  # unknown where the findings were read from objects that do not tell it
        measurements.insert(0, _measurement(codes.AREA, image.breast_area_mm2, codes.SQUARE_MILLIMETRE, 0))
    group = highdicom.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=highdicom.sr.TrackingIdentifier(
            stable_uid(image.sop_instance_uid, "breast"), f"{view_label(image)} breast"
        ),
        algorithm_id=_identification(algorithm),
        finding_type=codes.BREAST,
        finding_sites=[_site(image)],
        measurements=measurements,
        qualitative_evaluations=[highdicom.sr.QualitativeEvaluation(codes.CALCIFICATION_CLUSTER, codes.ABSENT)],
        source_images=[_whole(image)],
    )
    return _with_texts(group, (codes.COMMENT, codes.NO_CLUSTER))


def _with_texts(group: Group, *texts: tuple[Code, str]) -> Group:
    contains = highdicom.sr.RelationshipTypeValues.CONTAINS
    for name, said in texts:
        if clean(said):
            group[0].ContentSequence.append(highdicom.sr.TextContentItem(name, clean(said), contains))
    return group


def _site(image: ImageFindings) -> highdicom.sr.FindingSite:
    return highdicom.sr.FindingSite(codes.BREAST, laterality=codes.SIDES.get(image.laterality))


def _region(image: ImageFindings, polyline: Coordinates) -> highdicom.sr.ImageRegion:
    return highdicom.sr.ImageRegion(
        graphic_type=highdicom.sr.GraphicTypeValues.POLYLINE,
        graphic_data=polyline,
        source_image=highdicom.sr.SourceImageForRegion(image.sop_class_uid, image.sop_instance_uid),
    )


def _whole(image: ImageFindings) -> highdicom.sr.SourceImageForMeasurementGroup:
    return highdicom.sr.SourceImageForMeasurementGroup(image.sop_class_uid, image.sop_instance_uid)


def _identification(algorithm: Algorithm) -> highdicom.sr.AlgorithmIdentification:
    return highdicom.sr.AlgorithmIdentification(
        name=algorithm.name,
        version=algorithm.version,
        parameters=parameter_lines(algorithm),
    )


def _measurements(cluster: Cluster) -> list[highdicom.sr.Measurement]:
    measurements = [
        _measurement(codes.AREA, cluster.area_mm2, codes.SQUARE_MILLIMETRE, 2),
        _measurement(codes.DIAMETER, cluster.diameter_mm, codes.MILLIMETRE, 2),
    ]
    if cluster.count is not None:
        measurements += [
            _measurement(codes.NUMBER_OF_CALCIFICATIONS, cluster.count, codes.NO_UNITS, 0),
            _measurement(codes.DENSITY, cluster.density_per_cm2, codes.PER_SQUARE_CENTIMETRE, 1),
        ]
    if not by_reader(cluster):
        measurements.append(_measurement(codes.CERTAINTY, 100 * cluster.score, codes.PERCENT, 1))
    if cluster.descriptors is not None:
        measurements += [_measurement(name, value, unit, 4) for name, value, unit in described(cluster.descriptors)]
    return measurements


def described(descriptors: Descriptors) -> Iterator[tuple[Code, float, Code]]:
    """Yield name, value and unit of each figure of the descriptors, the most probable morphology first."""
    for field, (mean, deviation) in codes.SPREADS.items():
        unit = codes.MILLIMETRE if field.endswith("_mm") else codes.NO_UNITS
        spread: Spread = getattr(descriptors, field)
        yield mean, spread.mean, unit
        yield deviation, spread.deviation, unit
    for one in descriptors.morphologies:
        yield codes.PROBABILITIES[one.morphology], 100 * one.probability, codes.PERCENT
    yield codes.SUSPICION, 100 * descriptors.suspicion, codes.PERCENT


def _evaluations(cluster: Cluster, context: ReportContext) -> list[tuple[Code, Code]]:
    evaluations = [(codes.CALCIFICATION_DISTRIBUTION, codes.DISTRIBUTIONS[cluster.distribution])]
    if cluster.morphology is not None:
        evaluations.append((codes.CALCIFICATION_TYPE, codes.MORPHOLOGIES[cluster.morphology]))
    if cluster.benign_type is not None:
        evaluations.append((codes.BENIGN_TYPE, codes.MORPHOLOGIES[cluster.benign_type]))
    if cluster.assessment is not None:
        evaluations.append((codes.ASSESSMENT_CATEGORY, codes.ASSESSMENTS[cluster.assessment]))
    if context.review is not None or cluster.decision is not Decision.UNDECIDED:
        evaluations.append((codes.READERS_DECISION, codes.DECISIONS[cluster.decision]))
    return evaluations


def _measurement(name: Code, value: float, unit: Code, digits: int) -> highdicom.sr.Measurement:
    measurement = highdicom.sr.Measurement(name, value, unit)
    # highdicom writes a count as 6.0 and a length with all its digits; this text is what viewers show.
    measurement[0].MeasuredValueSequence[0].NumericValue = f"{value:.{digits}f}"
    return measurement
