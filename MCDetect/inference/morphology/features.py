"""What can be measured of a single calcification: figures that anyone can check in the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from MCDetect.findings import Calcification
from MCDetect.inference.morphology.bodies import Body, bounding, solidity

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]

FEATURES = (
    "log_length",
    "log_width",
    "elongation",
    "solidity",
    "fill",
    "log_contrast",
    "log_contrast_to_noise",
    "log_steepness",
    "plateau",
    "hollowness",
    "unevenness",
    "log_skin_depth",
    "chain",
    "chain_alignment",
    "parallels",
)
"""Names of the features of one calcification, in the order of the model.

log_length, log_width
    Logarithm of the axes, in mm, of the ellipse of equal second moments.
elongation
    1 less width over length: 0 for a disc, near 1 for a thread.
solidity, fill
    Share of the convex hull, and of the circle over the longest axis, that the body fills.
log_contrast
    Logarithm of its height over the background, over the range (5 % to 95 %) of grey values of the breast.
log_contrast_to_noise
    Logarithm of its height over the robust deviation of what lies round it.
log_steepness
    Logarithm of the median slope of its edge, in heights a mm.
plateau
    Pixels above 0.8 of its height over those above half of it: near 1 for a dense body with an edge, small for a haze.
hollowness
    Mean of the outer half of its depth, without the pixels of its border, less that of the inner third, in heights:
    positive for a rim. 0 for a body that is nowhere 0.21 mm deep, or has no pixel between its border and half of its
    depth.
unevenness
    Deviation of its inner values, in heights.
log_skin_depth
    Logarithm of the distance to the skin line in mm.
chain
    How well the marks within 6 mm lie on a line (1 less the ratio of the principal deviations); 0 with fewer than two.
chain_alignment
    Chain, times how well the body's long axis lies along that line.
parallels
    Chain, times the share of those marks that lie 0.3 to 2 mm beside the line through the body: the other wall.
"""

_CHAIN_MM = 6.0
_PARALLEL_MM = (0.3, 2.0)
_EDGE_MM = 0.05
_HOLLOW_MM = 0.21
_ROUNDING = 1e-9  # mm
_COARSE = 8  # pixels: a distance to the skin needs no more
_LEAST_MM = 0.05
_MOST_HEIGHTS = 2.0  # a mark that hardly rises over what lies round it differs by any number of its heights


class ViewContext:
    """What the features need of the whole view: distances to the skin, the range of grey values, all marks.

    Parameters
    ----------
    picture
        float32 (rows, columns), bright is attenuating, on any linear scale.
    mask
        The breast.
    spacing_mm
        (between rows, between columns).
    marks
        All calcifications of the view.
    """

    def __init__(
        self,
        picture: FloatImage,
        mask: BoolImage,
        spacing_mm: tuple[float, float],
        marks: Sequence[Calcification],
    ) -> None:
        self.spacing_mm = spacing_mm
        thinned = mask[::_COARSE, ::_COARSE]
        values = picture[::_COARSE, ::_COARSE][thinned]
        low, high = np.percentile(values, (5, 95)) if values.size else (0.0, 1.0)
        self.grey_range = max(float(high - low), 1e-9)
        sampling = [spacing * _COARSE for spacing in spacing_mm]
        self._skin_mm: npt.NDArray[np.float64] = np.full(thinned.shape, 1e3)
        if not thinned.all():
            self._skin_mm = ndimage.distance_transform_edt(thinned, sampling=sampling)
        self.points = np.array([(m.row * spacing_mm[0], m.column * spacing_mm[1]) for m in marks]).reshape(-1, 2)
        self._tree = cKDTree(self.points) if len(marks) else None

    def skin_depth_mm(self, mark: Calcification) -> float:
        """Return the distance of a mark to the skin line."""
        rows, columns = self._skin_mm.shape
        row, column = (int(place) // _COARSE for place in (mark.row, mark.column))
        return float(self._skin_mm[min(row, rows - 1), min(column, columns - 1)])

    def neighbours(self, mark: Calcification) -> npt.NDArray[np.float64]:
        """Return (n, 2): where the other marks within 6 mm lie from this one, in mm."""
        here = np.array([mark.row * self.spacing_mm[0], mark.column * self.spacing_mm[1]])
        if self._tree is None:
            return np.empty((0, 2))
        near = self.points[self._tree.query_ball_point(here, _CHAIN_MM)] - here
        others: npt.NDArray[np.float64] = near[np.hypot(near[:, 0], near[:, 1]) > 1e-6]
        return others


def features_of(mark: Calcification, body: Body, context: ViewContext) -> dict[str, float]:
    """Return the features of one calcification by the names of :data:`FEATURES`."""
    length, width, axis = _axes(body)
    relative = body.relative
    inside = body.mask
    values = relative[inside]
    return {
        "log_length": math.log(length),
        "log_width": math.log(width),
        "elongation": 1 - width / length,
        "solidity": solidity(inside),
        "fill": min(1.5, np.count_nonzero(inside) * math.prod(body.spacing_mm) / (math.pi / 4 * length**2)),
        "log_contrast": math.log(max(body.height / context.grey_range, 1e-3)),
        "log_contrast_to_noise": math.log(min(max(body.height / body.noise, 0.1), 1e3)),
        "log_steepness": math.log(min(max(_steepness(relative, inside, body.spacing_mm), 0.5), 20.0)),
        "plateau": float((values > 0.8).sum()) / max(1.0, float((values > 0.5).sum())),
        "hollowness": _hollowness(relative, inside, body.spacing_mm),
        "unevenness": min(float(values.std()), _MOST_HEIGHTS),
        "log_skin_depth": math.log(max(context.skin_depth_mm(mark), 0.3)),
        **_chain(context.neighbours(mark), axis, 1 - width / length),
    }


def feature_matrix(
    marks: Sequence[Calcification], bodies: Mapping[int, Body], context: ViewContext
) -> npt.NDArray[np.float64]:
    """Return (marks, features) in the order of :data:`FEATURES`."""
    measured = [features_of(mark, bodies[mark.id], context) for mark in marks]
    rows = [[one[name] for name in FEATURES] for one in measured]
    return np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES))


def _axes(body: Body) -> tuple[float, float, npt.NDArray[np.float64]]:
    """Return length and width in mm, and the direction of the length (down, right)."""
    spacing = np.asarray(body.spacing_mm)
    points = np.argwhere(body.mask) * spacing
    # A pixel is an area and no point: its own second moment is added.
    moments = np.cov(points.T, bias=True) + np.diag(spacing**2 / 12) if len(points) > 1 else np.diag(spacing**2 / 12)
    variances, directions = np.linalg.eigh(moments)
    width, length = (max(4 * math.sqrt(v), _LEAST_MM) for v in variances)
    return length, width, directions[:, 1]


def _steepness(relative: FloatImage, inside: BoolImage, spacing_mm: tuple[float, float]) -> float:
    sigma = [_EDGE_MM / spacing for spacing in spacing_mm]
    window = bounding(inside, 4)
    near, mask = relative[window], inside[window]
    down, right = (ndimage.gaussian_filter(near, sigma, order=order) for order in ((1, 0), (0, 1)))
    slope = np.hypot(down / spacing_mm[0], right / spacing_mm[1])
    return float(np.median(slope[mask & ~ndimage.binary_erosion(mask)]))


def _hollowness(relative: FloatImage, inside: BoolImage, spacing_mm: tuple[float, float]) -> float:
    window = bounding(inside, 1)
    values, mask = relative[window], inside[window]
    depth = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=spacing_mm)[1:-1, 1:-1]
    deepest = float(depth.max())
    if deepest < _HOLLOW_MM - _ROUNDING:  # too small to have an inside
        return 0.0
    border = max(spacing_mm) + _ROUNDING
    is_outer = (depth <= 0.5 * deepest + _ROUNDING) & (depth > border)
    inner, outer = values[mask & (depth > 0.66 * deepest)], values[mask & is_outer]
    if not inner.size or not outer.size:
        return 0.0
    return min(max(float(outer.mean() - inner.mean()), -_MOST_HEIGHTS), _MOST_HEIGHTS)


def _chain(others: npt.NDArray[np.float64], axis: npt.NDArray[np.float64], elongation: float) -> dict[str, float]:
    if len(others) < 2:
        return {"chain": 0.0, "chain_alignment": 0.0, "parallels": 0.0}
    points = np.vstack([others, [0.0, 0.0]])
    _, deviations, directions = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    chain = 1 - float(deviations[1] / max(deviations[0], 1e-9))
    along = directions[0]
    beside = np.abs(others @ np.array([-along[1], along[0]]))
    walls = float(np.mean((beside > _PARALLEL_MM[0]) & (beside < _PARALLEL_MM[1])))
    return {
        "chain": chain,
        "chain_alignment": chain * elongation * abs(float(axis @ along)),
        "parallels": chain * walls,
    }
