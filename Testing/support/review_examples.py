"""Small examinations and findings for tests of the review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from support.sample_files import mammogram_dataset

from MCDetect.findings import Algorithm, Calcification, Cluster, ImageFindings
from MCDetect.inference.calcifications import measure_calcification
from MCDetect.inference.clusters import describe_cluster
from MCDetect.review.examination import View

STANDARD = {("R", "CC"): ["P", "L"], ("L", "CC"): ["A", "R"], ("R", "MLO"): ["P", "FL"], ("L", "MLO"): ["A", "FR"]}
"""PatientOrientation of views that are stored as they hang."""

ALGORITHM = Algorithm("MCDetect", "0.1.0", "default", "a" * 64, "balanced", 0.3, "cpu")


def write_view(
    path: Path, pixels: npt.NDArray[np.uint16], laterality: str = "R", view: str = "CC", **changes: Any
) -> Path:
    """Write a view of any laterality and name; ``changes`` are attributes."""
    values = {
        "ImageLaterality": laterality,
        "ViewPosition": view,
        "PatientOrientation": STANDARD.get((laterality, view)),
        **changes,
    }
    dataset = mammogram_dataset(pixels, **values)
    del dataset.ViewCodeSequence  # always craniocaudal there
    dataset.save_as(path, enforce_file_format=True)
    return path


def tissue(shape: tuple[int, int] = (300, 240), seed: int = 0) -> npt.NDArray[np.uint16]:
    """Return a noisy plain image."""
    return np.random.default_rng(seed).integers(390, 410, shape).astype(np.uint16)


def blob(
    number: int, row: int, column: int, shape: tuple[int, int], spacing_mm: tuple[float, float], *, score: float = 0.9
) -> Calcification:
    """Return an L-shaped calcification, two pixels thick, whose upper end is at (row, column)."""
    rows, columns = shape
    upright = {(row + i, column + j) for i in range(rows) for j in (0, 1)}
    pixels = upright | {(row + rows - i, column + j) for i in (1, 2) for j in range(columns)}
    return measure_calcification(number, np.array(sorted(pixels)), np.ones(len(pixels)), spacing_mm, score)


def with_blobs(
    pixels: npt.NDArray[np.uint16], calcifications: Sequence[Calcification], value: int = 1400
) -> npt.NDArray[np.uint16]:
    """Return an image with the masks of calcifications bright."""
    bright = pixels.copy()
    for calcification in calcifications:
        for row, column, length in calcification.runs:
            bright[row, column : column + length] = value
    return bright


def findings_of(
    view: View, groups: Sequence[tuple[float, Sequence[Calcification]]], isolated: Sequence[Calcification] = ()
) -> ImageFindings:
    """Return findings of a view with a cluster of the given score for each group."""
    image = view.empty_findings()
    clusters = []
    for number, (score, members) in enumerate(groups, start=1):
        geometry = describe_cluster(tuple(members), image.spacing_mm, (image.rows, image.columns))
        clusters.append(
            Cluster(
                id=number,
                member_ids=tuple(member.id for member in members),
                outline=geometry.outline,
                area_mm2=geometry.area_mm2,
                diameter_mm=geometry.diameter_mm,
                density_per_cm2=geometry.density_per_cm2,
                score=score,
                distribution=geometry.distribution,
                tracking_uid=f"2.25.{abs(hash(view.key)) % 10**9}.{number}",
            )
        )
    every = (*(member for _, members in groups for member in members), *isolated)
    return replace(
        image, calcifications=every, clusters=tuple(clusters), score=max((s for s, _ in groups), default=0.0),
        breast_area_mm2=200.0, warnings=(),
    )  # fmt: skip


def many_findings(view: View, count: int = 24) -> ImageFindings:
    """Return findings of a view of at least 300 x 240 pixels with ``count`` clusters of three calcifications each."""
    groups = []
    for number in range(count):
        row, column = 20 + 40 * (number // 4 % 6), 20 + 50 * (number % 4)
        members = [
            blob(3 * number + n + 1, row + 8 * n, column + 6 * n, (4, 4), view.spacing.millimetres) for n in range(3)
        ]
        groups.append((0.95 - 0.01 * number, members))
    return findings_of(view, groups)
