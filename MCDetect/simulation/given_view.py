"""Simulated calcifications in a given mammogram, with their truth, as they are in the frozen injected test set.

Each cluster is scaled by the noise of the tissue it is put into, so it stands out as far in a noisy picture as in a
quiet one, whatever the maker's processing does to contrast. All are grouped, and blur is drawn, not measured:
:mod:`MCDetect.simulation.given_lesions`, which ``mcdetect simulate --into`` uses, does more. Nothing here may change
what the same seed gives, or scores on the frozen set would not be comparable; the breast mask
(:mod:`MCDetect.preprocessing.breast_mask`) decides with it which places there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.bi_rads import Distribution
from MCDetect.errors import InputError
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.intensity import scale_to_unit_range
from MCDetect.runs import runs_of_mask
from MCDetect.simulation.injection import Injection, InjectionSettings, draw_injection, noise_level
from MCDetect.simulation.labels import calcification_responses
from MCDetect.simulation.placement import outline_of
from MCDetect.simulation.truth import SimulatedCalcification, SimulatedCluster, longest_extent

if TYPE_CHECKING:
    from MCDetect.dicom.mammogram import Mammogram

FloatImage = npt.NDArray[np.float32]

DETECTABILITY = (3.0, 20.0)
"""Median response of a cluster's calcifications over the noise around it; log-uniform."""

_FIELD_MM = 12.0  # radius of the disc in which a cluster lies
_MARGIN_MM = 8.0  # from the skin line
_GAP_MM = 25.0  # between the middles of two clusters
_LEAST = 3
_TRIES = 60


@dataclass(frozen=True)
class InjectedView:
    """What was put into a mammogram.

    Attributes
    ----------
    contrast
        float32 (rows, columns): added modality values, never negative; 0 away from the calcifications.
    calcifications, clusters
        The truth, in pixels of the stored image. ``contrast`` of a calcification is a share of the image's whole range
        of grey values; its pixels are those above 40 % of its peak.
    blur_pixels
        Sigma of the blur they were given, where all were given the same.
    """

    contrast: FloatImage
    calcifications: tuple[SimulatedCalcification, ...]
    clusters: tuple[SimulatedCluster, ...]
    blur_pixels: float | None = None


def inject_into(
    mammogram: Mammogram, seed: int, clusters: int = 2, detectability: tuple[float, float] = DETECTABILITY
) -> InjectedView:
    """Draw clusters for a mammogram.

    Parameters
    ----------
    mammogram
        Is not changed.
    seed
        The same seed puts the same into the same picture.
    clusters
        Number of clusters; fewer when no more find a place.
    detectability
        See :data:`DETECTABILITY`.

    Raises
    ------
    InputError
        ``no-breast`` when there is no tissue in the picture.
    """
    random = np.random.default_rng([seed, 21])
    unit, extent, breast = unit_and_breast(mammogram)
    row_mm = mammogram.spacing.row_mm
    middles = _middles(random, breast, row_mm, clusters)
    contrast = np.zeros(unit.shape, dtype=np.float32)
    settings = InjectionSettings(clusters=(1, 1), detectability=detectability, boosted=0.0, sparse=0.0)
    calcifications: list[SimulatedCalcification] = []
    found: list[SimulatedCluster] = []
    reach, radius = round(2 * _FIELD_MM / row_mm), _FIELD_MM / row_mm
    for row, column in middles:
        top, left = max(0, row - reach), max(0, column - reach)
        window = np.s_[top : min(row + reach + 1, unit.shape[0]), left : min(column + reach + 1, unit.shape[1])]
        rows, columns = np.ogrid[window]
        field = breast[window] & (np.hypot(rows - row, columns - column) < radius)
        noise = noise_level(unit[window], field)
        injection = draw_injection(field.shape, noise, random, spacing_mm=row_mm, mask=field, settings=settings)
        members = truth_of(injection, noise, (top, left), len(calcifications), row_mm)
        if len(members) < _LEAST:
            continue
        contrast[window] += injection.contrast * np.float32(extent)
        calcifications.extend(members)
        kinds = [member.kind for member in members]
        found.append(
            SimulatedCluster(
                id=len(found) + 1,
                kind=max(kinds, key=kinds.count),
                distribution=Distribution.GROUPED,
                member_ids=tuple(member.id for member in members),
                outline=outline_of(members, row_mm, (unit.shape[0], unit.shape[1])),
            )
        )
    return InjectedView(contrast, tuple(calcifications), tuple(found))


def unit_and_breast(mammogram: Mammogram) -> tuple[FloatImage, float, npt.NDArray[np.bool_]]:
    """Return the grey values in [0, 1], how many modality values 1 stands for, and where the breast is.

    Raises
    ------
    InputError
        ``no-breast`` when there is no tissue in the picture.
    """
    unit, _ = scale_to_unit_range(mammogram.pixels, mammogram.valid)
    breast = breast_mask(mammogram.pixels, mammogram.spacing.millimetres, mammogram.valid)
    if not breast.any():
        raise InputError(
            "no-breast", f"No breast was recognised in {mammogram.source}.", "Give a mammogram that shows one."
        )
    shown = mammogram.pixels[mammogram.valid]
    return unit, float(shown.max() - shown.min()), breast


def coarse_depth(breast: npt.NDArray[np.bool_], spacing_mm: float) -> tuple[npt.NDArray[np.float64], int]:
    """Return the distance to the skin line in mm at every so-many-th row and column, and how many that is.

    The chest wall at the picture's border is no skin line.
    """
    step = max(1, round(0.5 / spacing_mm))
    coarse = np.pad(breast[::step, ::step], 1, mode="edge")
    depth: npt.NDArray[np.float64] = ndimage.distance_transform_edt(coarse)[1:-1, 1:-1] * step * spacing_mm
    return depth, step


def _middles(
    random: np.random.Generator, breast: npt.NDArray[np.bool_], spacing_mm: float, count: int
) -> list[tuple[int, int]]:
    """Return places deep enough in the breast and far enough from each other."""
    depth, step = coarse_depth(breast, spacing_mm)
    places = np.argwhere(depth > _MARGIN_MM) * step
    chosen: list[tuple[int, int]] = []
    for _ in range(_TRIES * count):
        if len(chosen) == count or len(places) == 0:
            break
        row, column = (int(value) for value in places[int(random.integers(len(places)))])
        if all(np.hypot(row - r, column - c) * spacing_mm > _GAP_MM for r, c in chosen):
            chosen.append((row, column))
    return chosen


def truth_of(
    injection: Injection, noise: float | FloatImage, corner: tuple[int, int], before: int, spacing_mm: float
) -> list[SimulatedCalcification]:
    """Return the truth of what is put into a window of a mammogram.

    Parameters
    ----------
    noise
        Of the tissue around, or of each pixel of the window.
    corner
        Row and column of the image where the window begins.
    before
        Number of calcifications that the image has already.
    """
    responses = calcification_responses(injection)
    members: list[SimulatedCalcification] = []
    for number, (kind, response) in enumerate(zip(injection.kinds, responses, strict=True), start=1):
        mask = injection.core == number
        if not mask.any():  # wholly covered by another
            continue
        row, column = np.argwhere(mask).mean(axis=0) + corner
        own_noise = noise if isinstance(noise, float) else float(noise[mask].mean())
        members.append(
            SimulatedCalcification(
                id=before + len(members) + 1,
                row=float(row),
                column=float(column),
                kind=kind,
                diameter_mm=longest_extent(mask) * spacing_mm,
                area_mm2=int(np.count_nonzero(mask)) * spacing_mm**2,
                contrast=float(injection.contrast[mask].max()),
                signal_to_noise=float(response) / own_noise,
                runs=runs_of_mask(mask, *corner),
            )
        )
    return members
