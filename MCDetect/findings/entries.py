"""Findings from the objects of a JSON document; what older versions do not say has its default value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar

from MCDetect.bi_rads import AssessmentCategory, Distribution, Morphology
from MCDetect.descriptors import Descriptors
from MCDetect.findings import (
    Algorithm,
    Calcification,
    Cluster,
    Correspondence,
    Decision,
    Findings,
    ImageFindings,
    Origin,
    Refusal,
    Review,
    SpacingSource,
)

Term = TypeVar("Term", bound=Enum)


def findings_of(document: Mapping[str, Any]) -> Findings:
    """Return the findings of a JSON object of a readable version.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a field is missing, unknown or malformed.
    """
    return Findings(
        algorithm=Algorithm(**document["algorithm"]),
        images=tuple(_image(entry) for entry in document["images"]),
        refused=tuple(Refusal(**entry) for entry in document["refused"]),
        correspondences=tuple(_correspondence(entry) for entry in document.get("correspondences", ())),
        review=_review(document.get("review")),
    )


def _pairs(entries: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(tuple(entry) for entry in entries)


def _image(entry: Mapping[str, Any]) -> ImageFindings:
    values = dict(entry)
    values["spacing_mm"] = tuple(values["spacing_mm"])
    values["spacing_source"] = SpacingSource(values["spacing_source"])
    values["warnings"] = tuple(values["warnings"])
    values["nipple"] = None if values.get("nipple") is None else tuple(values["nipple"])
    values["calcifications"] = tuple(_calcification(calcification) for calcification in values["calcifications"])
    values["clusters"] = tuple(_cluster(cluster) for cluster in values["clusters"])
    return ImageFindings(**values)


def _calcification(entry: Mapping[str, Any]) -> Calcification:
    values = {**entry, "runs": _pairs(entry["runs"]), "origin": Origin(entry.get("origin", Origin.ALGORITHM))}
    values["benign_type"] = _term(Morphology, entry.get("benign_type"))
    return Calcification(**values)


def _term(terms: type[Term], value: Any) -> Term | None:
    return None if value is None else terms(value)


def _cluster(entry: Mapping[str, Any]) -> Cluster:
    values = dict(entry)
    values.pop("count", None)
    values["member_ids"] = tuple(values["member_ids"])
    values["outline"] = _pairs(values["outline"])
    values["distribution"] = Distribution(values["distribution"])
    values["origin"] = Origin(values.get("origin", Origin.ALGORITHM))
    values["decision"] = Decision(values.get("decision", Decision.UNDECIDED))
    values["morphology"] = _term(Morphology, values.get("morphology"))
    values["assessment"] = _term(AssessmentCategory, values.get("assessment"))
    values["benign_type"] = _term(Morphology, values.get("benign_type"))
    values["descriptors"] = Descriptors.from_dictionary(values.get("descriptors"))
    if not values["member_ids"] and values["origin"] is Origin.READER:
        values.setdefault("told_count", 0)  # before 1.4 nothing else had no members
    return Cluster(**values)


def _correspondence(entry: Mapping[str, Any]) -> Correspondence:
    values = dict(entry)
    first, second = values["tracking_uids"]
    values["tracking_uids"] = (first, second)
    return Correspondence(**values)


def _review(entry: Mapping[str, Any] | None) -> Review | None:
    if entry is None:
        return None
    return Review(**{**entry, "predecessor_uids": tuple(entry.get("predecessor_uids", ()))})
