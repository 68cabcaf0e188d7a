"""Simulated calcifications of all kinds and distributions in a given mammogram, as its own tissue would show them.

They are as sharp as the mammogram is (:mod:`MCDetect.simulation.view_blur`), and each is scaled by the noise of the
tissue round it, which the maker's processing amplifies as it amplifies contrast: over a cluster that spreads through
a breast the gain differs. The halo that sharpening puts round real calcifications is not imitated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.preprocessing.intensity import local_noise
from MCDetect.preprocessing.nipple import most_anterior_point
from MCDetect.simulation.calcifications import SUPERSAMPLING, CalcificationKind, DrawnCalcification, draw_calcification
from MCDetect.simulation.clusters import ClusterMember, DrawnCluster, draw_cluster
from MCDetect.simulation.given_view import DETECTABILITY, InjectedView, coarse_depth, truth_of, unit_and_breast
from MCDetect.simulation.injection import InjectionSettings, inject_cluster
from MCDetect.simulation.placement import ISOLATED_KINDS, outline_of
from MCDetect.simulation.truth import SimulatedCalcification, SimulatedCluster
from MCDetect.simulation.view_blur import DETECTOR_BLUR, added_blur

if TYPE_CHECKING:
    from MCDetect.bi_rads import Distribution
    from MCDetect.dicom.mammogram import Mammogram

FloatImage = npt.NDArray[np.float32]

_MEAN_ISOLATED = 2.0
_MARGIN_MM = 8.0  # of the middle of a cluster from the skin line
_MEMBER_MARGIN_MM = 3.0
_SKIN_MARGIN_MM = 1.5
_GAP_MM = 25.0  # between the middles of two clusters
_ISOLATED_GAP_MM = 6.0  # to any other calcification
_INSIDE = 0.8  # share of a drawn cluster that has to lie in the breast: else it would be of another distribution
_LEAST = 3
_TRIES = 60
_REACH_MM = 2.0  # of blur and filters, beyond the outermost member


def inject_lesions(
    mammogram: Mammogram,
    seed: int,
    clusters: int = 2,
    *,
    kinds: Sequence[CalcificationKind] | None = None,
    distributions: Sequence[Distribution] | None = None,
    isolated: int | None = None,
    blur_pixels: float | None = None,
    detectability: tuple[float, float] = DETECTABILITY,
) -> InjectedView:
    """Draw clusters and isolated calcifications for a mammogram.

    Parameters
    ----------
    mammogram
        Is not changed.
    seed
        The same seed puts the same into the same picture.
    clusters
        Number of clusters; fewer when no more find a place.
    kinds, distributions
        Of each cluster; drawn when None. What is drawn and does not fit into the breast is drawn again, what was asked
        for and does not fit is left out.
    isolated
        Number of calcifications that belong to no cluster, of the kinds of
        :data:`~MCDetect.simulation.placement.ISOLATED_KINDS`; drawn when None, and then 0 without clusters.
    blur_pixels
        Sigma of the picture's blur; measured when None.
    detectability
        Range of the median response of a cluster's calcifications over the noise round them; log-uniform.

    Raises
    ------
    InputError
        ``no-breast`` when there is no tissue in the picture.
    """
    random = np.random.default_rng([seed, 22])
    unit, extent, breast = unit_and_breast(mammogram)
    own_blur = random.uniform(*DETECTOR_BLUR)  # drawn in any case: the rest of the chance stays the same
    if blur_pixels is None:
        blur_pixels = float(np.hypot(own_blur, added_blur(unit, breast) or 0.0))
    spacing = mammogram.spacing.row_mm
    depth = _depth(breast, spacing)
    canvas = _Canvas(
        noise=local_noise(unit, breast).all_rows(),
        depth_mm=depth,
        spacing_mm=spacing,
        blur_pixels=blur_pixels,
        settings=InjectionSettings(clusters=(1, 1), detectability=detectability, boosted=0.0, sparse=0.0),
        contrast=np.zeros(unit.shape, dtype=np.float32),
    )
    nipple = _nipple(breast, spacing)
    middles: list[tuple[float, float]] = []
    for number in range(clusters):
        kind = kinds[number] if kinds is not None else None
        distribution = distributions[number] if distributions is not None else None
        for _ in range(_TRIES):
            place = canvas.draw_place(random, _MARGIN_MM)
            if place is None:
                break
            if _is_near(place, middles, _GAP_MM / spacing):
                continue
            angle = float(np.arctan2(nipple[0] - place[0], nipple[1] - place[1])) + random.normal(0, 0.2)
            drawn = draw_cluster(random, kind, distribution, spacing, angle=angle)
            if canvas.put_cluster(random, drawn, place):
                middles.append(place)
                break
    if isolated is None:
        isolated = int(random.poisson(_MEAN_ISOLATED)) if clusters else 0
    names = list(ISOLATED_KINDS)
    for _ in range(isolated):
        canvas.put_isolated(random, names[int(random.choice(len(names), p=list(ISOLATED_KINDS.values())))])
    return InjectedView(
        canvas.contrast * np.float32(extent), tuple(canvas.calcifications), tuple(canvas.clusters), blur_pixels
    )


@dataclass
class _Canvas:
    """What has been put in so far, on the scale of grey values of 0 to 1."""

    noise: FloatImage
    depth_mm: FloatImage
    spacing_mm: float
    blur_pixels: float
    settings: InjectionSettings
    contrast: FloatImage
    calcifications: list[SimulatedCalcification] = field(default_factory=list)
    clusters: list[SimulatedCluster] = field(default_factory=list)

    def draw_place(self, random: np.random.Generator, margin_mm: float) -> tuple[float, float] | None:
        """Return a place as deep in the breast, None where there is none."""
        step = max(1, round(0.5 / self.spacing_mm))
        places = np.argwhere(self.depth_mm[::step, ::step] > margin_mm)
        if len(places) == 0:
            return None
        row, column = (places[int(random.integers(len(places)))] + random.uniform(0, 1, 2)) * step
        rows, columns = self.depth_mm.shape
        return min(float(row), rows - 1.0), min(float(column), columns - 1.0)  # the last step may reach beyond them

    def put_cluster(self, random: np.random.Generator, drawn: DrawnCluster, place: tuple[float, float]) -> bool:
        """Add a cluster where it fits; return whether it did."""
        inside = sum(self._depth_at(place[0] + m.row, place[1] + m.column) > _MEMBER_MARGIN_MM for m in drawn.members)
        if inside < max(_LEAST, _INSIDE * len(drawn.members)):
            return False
        members = self._put(random, drawn.members, place, _MEMBER_MARGIN_MM)
        if len(members) < _LEAST:
            return False
        shape = (self.contrast.shape[0], self.contrast.shape[1])
        self.clusters.append(
            SimulatedCluster(
                id=len(self.clusters) + 1,
                kind=drawn.kind,
                distribution=drawn.distribution,
                member_ids=tuple(member.id for member in members),
                outline=outline_of(members, self.spacing_mm, shape),
            )
        )
        return True

    def put_isolated(self, random: np.random.Generator, kind: CalcificationKind) -> None:
        """Add a calcification apart from all others, if there is room."""
        margin = _SKIN_MARGIN_MM if kind is CalcificationKind.SKIN else _MARGIN_MM
        drawn = draw_calcification(random, kind, self.spacing_mm)
        for _ in range(_TRIES):
            place = self.draw_place(random, margin)
            if place is None:
                return
            others = [(one.row, one.column) for one in self.calcifications]
            apart = not _is_near(place, others, _ISOLATED_GAP_MM / self.spacing_mm)
            if apart and self._lies_in_breast(drawn, place):  # the stem of a vessel is up to 22 mm long
                self._put(random, (ClusterMember(drawn, 0.0, 0.0),), place, margin)
                return

    def _put(
        self,
        random: np.random.Generator,
        members: Sequence[ClusterMember],
        place: tuple[float, float],
        margin_mm: float,
    ) -> list[SimulatedCalcification]:
        reach = (
            max(
                max(abs(m.row), abs(m.column)) + m.calcification.fine_thickness_mm.shape[0] / (2 * SUPERSAMPLING)
                for m in members
            )
            + _REACH_MM / self.spacing_mm
        )
        top, left = (max(0, int(c - reach)) for c in place)
        window = np.s_[top : int(place[0] + reach) + 1, left : int(place[1] + reach) + 1]
        noise = self.noise[window]
        middle = float(self.noise[round(place[0]), round(place[1])])
        injection = inject_cluster(
            members,
            (place[0] - top, place[1] - left),
            (noise.shape[0], noise.shape[1]),
            middle,
            random,
            blur=self.blur_pixels,
            mask=self.depth_mm[window] > margin_mm,
            relative_noise=noise / np.float32(middle),
            settings=self.settings,
        )
        found = truth_of(injection, noise, (top, left), len(self.calcifications), self.spacing_mm)
        if len(found) >= min(_LEAST, len(members)):
            self.contrast[window] += injection.contrast
            self.calcifications.extend(found)
            return found
        return []

    def _lies_in_breast(self, drawn: DrawnCalcification, place: tuple[float, float]) -> bool:
        top, left, thickness = drawn.at(*place)
        rows, columns = np.nonzero(thickness)
        rows, columns = rows + top, columns + left
        if min(rows.min(), columns.min()) < 0 or np.any((rows.max(), columns.max()) >= np.array(self.depth_mm.shape)):
            return False
        return bool(self.depth_mm[rows, columns].min() > 0)

    def _depth_at(self, row: float, column: float) -> float:
        i, j = round(row), round(column)
        inside = 0 <= i < self.depth_mm.shape[0] and 0 <= j < self.depth_mm.shape[1]
        return float(self.depth_mm[i, j]) if inside else 0.0


def _depth(breast: npt.NDArray[np.bool_], spacing_mm: float) -> FloatImage:
    """Return the distance to the skin line in mm of each pixel."""
    depth, step = coarse_depth(breast, spacing_mm)
    fine = np.kron(depth.astype(np.float32), np.ones((step, step), dtype=np.float32))
    return np.asarray(fine[: breast.shape[0], : breast.shape[1]])


def _nipple(breast: npt.NDArray[np.bool_], spacing_mm: float) -> tuple[float, float]:
    """Return row and column of the most anterior point; the chest wall is the side with more breast."""
    half = breast.shape[1] // 2
    points_to_last = np.count_nonzero(breast[:, :half]) >= np.count_nonzero(breast[:, half:])
    found = most_anterior_point(breast, (spacing_mm, spacing_mm), points_to_last_column=bool(points_to_last))
    return found or (breast.shape[0] / 2, float(half))


def _is_near(place: tuple[float, float], others: Sequence[tuple[float, float]], distance: float) -> bool:
    return any(np.hypot(place[0] - row, place[1] - column) < distance for row, column in others)
