"""Findings from a file that people may have edited."""

from __future__ import annotations

from pathlib import Path

from MCDetect.errors import InputError
from MCDetect.findings import Findings, ImageFindings

_GIVE_FINDINGS = "Give a findings.json that MCDetect wrote, and keep to findings.schema.json when you edit it."


def read_findings(path: Path) -> Findings:
    """Return the findings of a file.

    Raises
    ------
    InputError
        ``no-such-file``, ``cannot-read`` or ``not-findings``.
    """
    try:
        return Findings.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError("no-such-file", f"{path} does not exist.", "Check the path.") from error
    except OSError as error:
        raise InputError("cannot-read", f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (ValueError, LookupError, AttributeError, RecursionError) as error:
        raise InputError(
            "not-findings", f"{path} does not hold findings that can be read ({type(error).__name__}).", _GIVE_FINDINGS
        ) from error


def require_consistent(image: ImageFindings) -> None:
    """Refuse findings that contradict themselves.

    Raises
    ------
    InputError
        ``invalid-findings``, with the view and the cluster.
    """
    label = label_of_image(image)
    numbers = [calcification.id for calcification in image.calcifications]
    if len(set(numbers)) < len(numbers):
        raise _invalid(f"Two calcifications of the view {label} have the same number.")
    uids = [cluster.tracking_uid for cluster in image.clusters]
    if len(set(uids)) < len(uids):
        raise _invalid(f"Two clusters of the view {label} have the same tracking UID.")
    for cluster in image.clusters:
        name = f"Cluster {cluster.id} of the view {label}"
        if not set(cluster.member_ids) <= set(numbers):
            raise _invalid(f"{name} has a calcification that is not among those of the view.")
        if len(cluster.outline) < 3:
            raise _invalid(f"{name} has an outline of fewer than three vertices.")
    for calcification in image.calcifications:
        for row, first, length in calcification.runs:
            if not (0 <= row < image.rows and first >= 0 and length > 0 and first + length <= image.columns):
                raise _invalid(f"Calcification {calcification.id} of the view {label} lies outside of it.")


def label_of_image(image: ImageFindings) -> str:
    """Return ``"R CC"``; ``"without a name"`` when neither side nor view is known."""
    return " ".join(part for part in (image.laterality, image.view) if part) or "without a name"


def _invalid(message: str) -> InputError:
    return InputError("invalid-findings", message, "Correct the findings, or take those of the detection again.")
