"""Marks on whole images and the truth there, as JSON: what an FROC curve of a patch classifier is made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from MCDetect.errors import InputError
from MCDetect.evaluation.froc import RATES, ScoredImage, froc_curve, match
from MCDetect.evaluation.hits import Candidate, Truth, touches_or_centre_inside
from MCDetect.files import write_text_atomically


def write_marks(path: Path, images: Sequence[ScoredImage]) -> None:
    """Write marks and truths of images."""
    write_text_atomically(path, json.dumps([asdict(image) for image in images]) + "\n")


def read_marks(path: Path) -> list[ScoredImage]:
    """Return what :func:`write_marks` wrote.

    Raises
    ------
    InputError
        ``no-marks`` when the file is something else.
    """
    try:
        return [
            ScoredImage(
                entry["examination"],
                tuple(Candidate(_outline(one["outline"]), float(one["score"])) for one in entry["candidates"]),
                tuple(Truth(_outline(one["outline"]), bool(one["counted"])) for one in entry["truths"]),
                (float(entry["spacing_mm"][0]), float(entry["spacing_mm"][1])),
            )
            for entry in json.loads(path.read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError("no-marks", f"{path} is not a file of marks.", "Train again into a new folder.") from error


def free_response(images: Sequence[ScoredImage]) -> dict[str, Any] | None:
    """Return the FROC curve, or None without any truth that counts.

    Each positive tile is one mark, neighbours are not joined. A mark is right when it touches a region, as is taught,
    or when its middle is at most 5 mm from one. False positives are counted on all images.
    """
    matched = [match(image, touches_or_centre_inside) for image in images]
    if not any(image.truth_scores for image in matched):
        return None
    curve = froc_curve(matched)
    return {
        "images": len(images),
        "truths": sum(len(image.truth_scores) for image in matched),
        "points": [(float(x), float(y)) for x, y in zip(curve.false_positives, curve.sensitivity, strict=True)],
        "sensitivity at false positives an image": {str(rate): curve.sensitivity_at(rate) for rate in RATES},
    }


def _outline(points: Any) -> tuple[tuple[float, float], ...]:
    return tuple((float(row), float(column)) for row, column in points)
