"""Operating points of the Mammography CAD report: which findings a workstation draws at which sensitivity.

A detector has several named operating points, each the least score of a cluster. Their numbers begin at 0 with the
strictest and end with the one of the run, which is the recommended one: findings below it are not in the report. A
finding that reaches the strictest is to be presented always ("required"); any other is "optional" and tells from which
number on it is to be drawn (DICOM PS3.17, section E.4; PS3.16, templates 4006 and 4023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydicom.dataset import Dataset

from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing import content_items as items
from MCDetect.dicom.writing.context import by_reader
from MCDetect.findings import Algorithm, Cluster, Decision


class OperatingPoint(NamedTuple):
    """A name, and the least score of a cluster from 0 to 1."""

    name: str
    threshold: float


def operating_points(algorithm: Algorithm, named: Mapping[str, float]) -> tuple[OperatingPoint, ...]:
    """Return the points of a report: those of ``named`` that are stricter than that of the run, then the run's.

    Parameters
    ----------
    algorithm
        What made the findings, with the operating point of the run.
    named
        Thresholds of the model by name; empty where they are not known.
    """
    stricter = [OperatingPoint(name, least) for name, least in named.items() if least > algorithm.threshold]
    stricter.sort(key=lambda point: -point.threshold)
    return (*stricter, OperatingPoint(algorithm.operating_point, algorithm.threshold))


def number_of(cluster: Cluster, points: Sequence[OperatingPoint]) -> int:
    """Return the number of the strictest point at which a cluster is drawn.

    It is 0 for what a reader drew or accepted. A score below all thresholds, which only edited findings have, counts
    as one that the point of the run lets through: it is in the findings.
    """
    if by_reader(cluster) or cluster.decision is Decision.ACCEPTED:
        return 0
    reached = (number for number, point in enumerate(points) if cluster.score >= point.threshold)
    return next(reached, len(points) - 1)


def need_not_be_drawn(cluster: Cluster) -> bool:
    """Tell whether a cluster is typically benign and nobody has said otherwise: it may be drawn, at any point."""
    return cluster.is_typically_benign and cluster.decision is Decision.UNDECIDED


def intent_item(cluster: Cluster, points: Sequence[OperatingPoint]) -> Dataset:
    """Return the rendering intent of a cluster (CID 6034), with the operating point from which on it is drawn."""
    number, benign = number_of(cluster, points), need_not_be_drawn(cluster)
    if cluster.decision is Decision.REJECTED:
        intent = codes.NOT_FOR_PRESENTATION
    else:
        intent = codes.PRESENTATION_OPTIONAL if number or benign else codes.PRESENTATION_REQUIRED
    item = items.code(items.HAS_CONCEPT_MODIFIER, codes.RENDERING_INTENT, intent)
    if benign or intent is not codes.PRESENTATION_OPTIONAL:
        return item
    return items.add(item, items.number(items.HAS_PROPERTIES, codes.OPERATING_POINT, number, codes.FROM_1))


def operating_point_items(points: Sequence[OperatingPoint]) -> list[Dataset]:
    """Return template 4023: how many points there are, and which is that of the run."""
    last = len(points) - 1
    return [
        items.number(items.HAS_PROPERTIES, codes.MAXIMUM_OPERATING_POINT, last, codes.ARBITRARY_UNIT),
        items.number(items.HAS_PROPERTIES, codes.RECOMMENDED_OPERATING_POINT, last, codes.FROM_0),
    ]


def parameter_items(points: Sequence[OperatingPoint]) -> list[Dataset]:
    """Return what each operating point means, as parameters of the algorithm.

    Template 4023 has a table for it. Its container below a code is refused by validators that know the relationships
    of the report (PS3.3, section A.35.5.3.1.2), so that it is left out.
    """
    return [
        items.text(items.HAS_PROPERTIES, codes.ALGORITHM_PARAMETERS, told_in_words(number, point))
        for number, point in enumerate(points)
    ]


def told_in_words(number: int, point: OperatingPoint) -> str:
    """Return what an operating point means, for people."""
    return f"CAD operating point {number}: {point.name}, cluster score at least {point.threshold:.6g}"
