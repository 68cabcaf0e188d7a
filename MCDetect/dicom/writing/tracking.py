"""What findings are called in every object: tracking identifiers, which people read and which hold our numbers.

DICOM PS3.16, template 4108: an identifier for people and a unique identifier (UID).
"""

from __future__ import annotations

import re

from MCDetect.dicom.identifiers import stable_uid
from MCDetect.findings import Calcification, Cluster, ImageFindings

_JOINT = " and "
_CONFIRMED = ", confirmed by a reader"


def view_label(image: ImageFindings) -> str:
    """Return e.g. ``R CC``, or ``image`` when neither side nor view is known."""
    return _view(image) or "image"


def tracking_identifier(image: ImageFindings, cluster: Cluster) -> str:
    """Return what people call a cluster, the same in every object: e.g. ``L CC cluster 1``.

    Viewers list the findings of all views of a study together, so that a number alone would stand for several. A benign
    type that the algorithm recognised is added: the calcification type of the CAD report says the reader's word where
    there is one, and a reader of the report learns from here what the algorithm said.
    """
    name = _named(image, "cluster", cluster.id)
    return f"{name}, {cluster.benign_type.value}" if cluster.benign_type else name


def cluster_number(identifier: str) -> int | None:
    """Return the number of a cluster from its tracking identifier, or None where it is not one of ours."""
    found = re.search(r"\bcluster (\d+)(?:, .*)?$", identifier, re.IGNORECASE)
    return int(found[1]) if found else None


def calcification_identifier(image: ImageFindings, calcification: Calcification) -> str:
    """Return what people call a calcification: e.g. ``L CC calcification 12``."""
    return _named(image, "calcification", calcification.id)


def calcification_number(identifier: str) -> int | None:
    """Return the number of a calcification from its tracking identifier, or None where it is not one of ours."""
    found = re.search(r"\bcalcification (\d+)$", identifier, re.IGNORECASE)
    return int(found[1]) if found else None


def calcification_uid(image: ImageFindings, calcification: Calcification) -> str:
    """Return the tracking UID of a calcification: the same wherever the same pixels have the same number."""
    pixels = " ".join(f"{row},{first},{length}" for row, first, length in calcification.runs)
    return stable_uid(image.sop_instance_uid, "calcification", str(calcification.id), pixels)


def joint_identifier(first: str, second: str, *, confirmed: bool) -> str:
    """Return what two clusters are called that are the same, from their own tracking identifiers."""
    return first + _JOINT + second + (_CONFIRMED if confirmed else "")


def is_confirmed(joint: str) -> bool:
    """Say whether :func:`joint_identifier` tells that a reader has confirmed it."""
    return joint.endswith(_CONFIRMED)


def comes_first(identifier: str, joint: str) -> bool:
    """Say whether the cluster ``identifier`` is the first of those that ``joint`` names."""
    return joint.startswith(identifier + _JOINT)


def _named(image: ImageFindings, kind: str, number: int) -> str:
    label = _view(image)
    return f"{label} {kind} {number}" if label else f"{kind.capitalize()} {number}"


def _view(image: ImageFindings) -> str:
    return " ".join(part for part in (image.laterality, image.view) if part)
