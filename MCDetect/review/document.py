"""The state of a review as a JSON document, for recovery after a crash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from MCDetect.dicom.results.predecessors import Report, report_of
from MCDetect.findings import Algorithm, Findings
from MCDetect.inference.correspondence import ordered
from MCDetect.review.outcome import NO_ALGORITHM
from MCDetect.review.state import ReviewState


@dataclass(frozen=True)
class Kept:
    """What is kept of a review: its state, what it was looked at with, and which earlier reports it replaces."""

    state: ReviewState
    algorithm: Algorithm | None
    operating_point: str
    threshold: float
    reader: str
    reports: Mapping[str, Report] = field(default_factory=dict)


def to_document(kept: Kept) -> dict[str, Any]:
    """Return the document."""
    state = kept.state
    findings = Findings(kept.algorithm or NO_ALGORITHM, state.images, correspondences=state.correspondences)
    return {
        "findings": json.loads(findings.to_json(indent=None)),
        "has_algorithm": kept.algorithm is not None,
        "analysed": sorted(state.analysed),
        "touched": sorted(state.touched),
        "declined": sorted(list(pair) for pair in state.declined),
        "comment": state.comment,
        "complete": state.complete,
        "edited": state.edited,
        "operating_point": kept.operating_point,
        "threshold": kept.threshold,
        "reader": kept.reader,
        "reports": {uid: asdict(report) for uid, report in kept.reports.items()},
    }


def from_document(document: dict[str, Any]) -> Kept:
    """Return what :func:`to_document` wrote.

    Raises
    ------
    ValueError
        If something is missing or malformed.
    """
    try:
        findings = Findings.from_json(json.dumps(document["findings"]))
        state = ReviewState(
            images=findings.images,
            analysed=frozenset(map(str, document["analysed"])),
            touched=frozenset(map(str, document["touched"])),
            correspondences=findings.correspondences,
            declined=frozenset(ordered(str(one), str(other)) for one, other in document["declined"]),
            comment=str(document["comment"]),
            complete=bool(document["complete"]),
            edited=bool(document.get("edited", True)),  # older ones do not say it; untouched reviews are not kept
        )
        return Kept(
            state,
            findings.algorithm if document["has_algorithm"] else None,
            str(document["operating_point"]),
            float(document["threshold"]),
            str(document["reader"]),
            _reports(document.get("reports", {})),  # older ones have none
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"the kept review is malformed: {error}") from error


def _reports(told: Mapping[str, Any]) -> dict[str, Report]:
    """Return the reports; older documents name their files."""
    found = [Report(**one) if isinstance(one, dict) else report_of(Path(one)) for one in told.values()]
    return {report.sop_instance_uid: report for report in found if report is not None}
