"""What was put into a simulated view: the exact answer that detectors are trained for and judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import spatial

from MCDetect.bi_rads import Distribution
from MCDetect.runs import Runs
from MCDetect.simulation.calcifications import CalcificationKind


@dataclass(frozen=True)
class SimulatedCalcification:
    """One calcification of a simulated view.

    Attributes
    ----------
    id
        Number within the view, from 1.
    row, column
        Centre of the mask, sub-pixel; the centre of the first pixel of the image is (0, 0).
    kind
        Morphology.
    diameter_mm, area_mm2
        Longest extent and area of the mask.
    contrast
        Peak of the calcification's share of the detected signal, after the detector's blur: 0 to 1.
    signal_to_noise
        Peak response of the calcification alone to a difference of Gaussians, over the robust deviation (1.4826 times
        the median absolute value) of the same filter in the noisy picture within 40 pixels, both before the vendor's
        processing; the better of the filters of 1 and 2 and of 2 and 4 pixels.
    runs
        Pixels whose blurred calcium signal exceeds half of its peak: (row, first column, number), sorted.
    detectability
        d' of an ideal observer who knows the calcification, its place and the tissue, in the noise of the acquisition;
        None where that noise is not known, as in a given mammogram.
    """

    id: int
    row: float
    column: float
    kind: CalcificationKind
    diameter_mm: float
    area_mm2: float
    contrast: float
    signal_to_noise: float
    runs: Runs
    detectability: float | None = None


@dataclass(frozen=True)
class SimulatedCluster:
    """A cluster of a simulated view.

    Attributes
    ----------
    id
        Number within the view, from 1.
    kind
        Morphology of most members.
    distribution
        How they lie.
    member_ids
        Calcifications of the cluster.
    outline
        Convex polygon (row, column) around the masks with a margin of 1 mm, the last vertex joined to the first.
    breast_cluster
        Number of the cluster in the breast, from 1, the same in both views; None in a view that was simulated alone.
    """

    id: int
    kind: CalcificationKind
    distribution: Distribution
    member_ids: tuple[int, ...]
    outline: tuple[tuple[float, float], ...]
    breast_cluster: int | None = None


def mirrored_runs(runs: Runs, columns: int) -> Runs:
    """Return the runs of the left-right mirrored image of that many columns."""
    return tuple(sorted((row, columns - first - count, count) for row, first, count in runs))


def longest_extent(mask: npt.NDArray[np.bool_]) -> float:
    """Return the largest caliper width of a mask in pixels; 1 for a single pixel."""
    rows, columns = np.nonzero(mask)
    angles = np.linspace(0, np.pi, 24, endpoint=False)
    projections = np.outer(np.sin(angles), rows) + np.outer(np.cos(angles), columns)
    return float(np.max(projections.max(axis=1) - projections.min(axis=1))) + 1.0


def cluster_outline(
    members: Sequence[SimulatedCalcification], margin: float, shape: tuple[int, int]
) -> tuple[tuple[float, float], ...]:
    """Return the convex polygon around the members' masks and ``margin`` pixels more, cut at the image's borders."""
    ends = np.array(
        [(row, column) for m in members for row, first, count in m.runs for column in (first, first + count - 1)],
        dtype=float,
    )
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    circle = margin * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    points = (ends[:, None, :] + circle[None, :, :]).reshape(-1, 2)
    np.clip(points, -0.5, np.array(shape) - 0.5, out=points)
    hull = points[spatial.ConvexHull(points).vertices]
    return tuple((float(row), float(column)) for row, column in hull)
