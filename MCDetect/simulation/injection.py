"""Simulated calcifications put into any background at a controlled detectability, with their truth.

What decides whether a calcification can be seen is not its contrast but its contrast over the noise around it. Each
cluster is therefore scaled so that the median response of its calcifications to a matched filter is a chosen multiple
of the background's noise; calcifications that fall below the noise are neither taught as present nor as absent.
The regime is that of detectors trained only on synthetic calcifications in calcification-free tissue (SPIE 12927,
2024).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.bi_rads import Distribution
from MCDetect.preprocessing.median import median_in_place
from MCDetect.simulation.calcifications import CalcificationKind
from MCDetect.simulation.clusters import ClusterMember, draw_cluster
from MCDetect.simulation.matched_filter import peak_responses
from MCDetect.simulation.stamps import Stamp

FloatImage = npt.NDArray[np.float32]

KIND_SHARES: Mapping[CalcificationKind, float] = MappingProxyType(
    {
        CalcificationKind.FINE_PLEOMORPHIC: 0.27,
        CalcificationKind.PUNCTATE: 0.25,
        CalcificationKind.FINE_LINEAR_BRANCHING: 0.17,
        CalcificationKind.AMORPHOUS: 0.12,
        CalcificationKind.COARSE_HETEROGENEOUS: 0.10,
        CalcificationKind.POPCORN: 0.05,
        CalcificationKind.RIM: 0.04,
    }
)
"""How often each morphology leads an injected cluster: rods, popcorn and rims more often than in a breast, because
networks trained on the natural shares mark only their ends and edges."""

_CORE, _HALO = 0.4, 0.15  # of a calcification's own peak: inside the mask; neither mask nor tissue
_MAXIMUM_SATURATION = 0.7  # contrast that no calcification exceeds, in units of the grey range


@dataclass(frozen=True)
class InjectionSettings:
    """What is put in.

    Attributes
    ----------
    clusters
        Smallest and largest number of clusters.
    detectability
        Range of the cluster's median peak response over the noise; log-uniform.
    boosted
        Probability that the detectability is three times higher (conspicuous clusters).
    sparse
        Probability of 1 or 2 calcifications instead of a cluster.
    """

    clusters: tuple[int, int] = (1, 3)
    detectability: tuple[float, float] = (2.5, 20.0)
    boosted: float = 0.08
    sparse: float = 0.12


@dataclass(frozen=True)
class Injection:
    """Calcifications to be added to an image.

    Attributes
    ----------
    contrast
        float32 (rows, columns): what is added to the image, in its units.
    core
        int32 (rows, columns): number (from 1) of the calcification whose mask holds the pixel, 0 for none. A pixel
        belongs to the mask where the calcification reaches 40 % of its own peak.
    halo
        bool (rows, columns): flanks, 15 to 40 % of the peak, which are neither mask nor tissue.
    cluster_of
        For each calcification, in order, the number (from 0) of its cluster.
    kinds
        For each calcification, in order, its morphology.
    """

    contrast: FloatImage
    core: npt.NDArray[np.int32]
    halo: npt.NDArray[np.bool_]
    cluster_of: tuple[int, ...]
    kinds: tuple[CalcificationKind, ...] = ()


def noise_level(image: FloatImage, mask: npt.NDArray[np.bool_] | None = None) -> float:
    """Return 1.4826 times the median absolute response to a difference of Gaussians of 1 and 2 pixels.

    The unit in which detectability is given; the same measure as
    :func:`MCDetect.preprocessing.intensity.local_noise`, over the whole (masked) image.
    """
    response = np.abs(_difference_of_gaussians(image, 1.0, 2.0))
    values = response.ravel() if mask is None or not mask.any() else response[mask]
    return max(1.4826 * median_in_place(values), 1e-6)


def draw_injection(
    shape: tuple[int, int],
    noise: float,
    random: np.random.Generator,
    *,
    spacing_mm: float = 0.07,
    mask: npt.NDArray[np.bool_] | None = None,
    settings: InjectionSettings | None = None,
) -> Injection:
    """Draw clusters of calcifications for an image.

    Parameters
    ----------
    shape
        (rows, columns) of the image.
    noise
        Its :func:`noise_level`.
    random
        Every choice is drawn from it.
    spacing_mm
        Pixel spacing of the image.
    mask
        Where calcifications may lie (the breast); everywhere when None. Nothing is drawn for an empty mask.
    settings
        What is put in; the defaults of :class:`InjectionSettings` when None.

    Returns
    -------
    Injection
        To be added to the image: ``image + injection.contrast``.
    """
    chosen = settings or InjectionSettings()
    canvas = _Canvas.of(shape)
    allowed = np.flatnonzero(mask) if mask is not None else np.arange(shape[0] * shape[1])
    if allowed.size == 0:
        return canvas.injection()
    for _ in range(int(random.integers(chosen.clusters[0], chosen.clusters[1] + 1))):
        row, column = divmod(int(random.choice(allowed)), shape[1])
        members = _draw_members(random, spacing_mm, chosen.sparse)
        blur = random.uniform(0.4, 1.1)
        canvas.put(members, (row, column), noise, random, blur=blur, mask=mask, settings=chosen)
    return canvas.injection()


def inject_cluster(
    members: Sequence[ClusterMember],
    place: tuple[float, float],
    shape: tuple[int, int],
    noise: float,
    random: np.random.Generator,
    *,
    blur: float,
    mask: npt.NDArray[np.bool_],
    relative_noise: FloatImage,
    settings: InjectionSettings,
) -> Injection:
    """Put one cluster that has been drawn into an image.

    Parameters
    ----------
    members
        Of the cluster.
    place
        Row and column of its middle.
    shape, noise, random, mask
        As for :func:`draw_injection`.
    blur
        Sigma of the picture's blur, in pixels.
    relative_noise
        float32 (rows, columns): the local noise over ``noise``. What is put where it is 2 gets twice the contrast: the
        processing of a mammogram amplifies contrast and noise together, here more and there less.
    settings
        How conspicuous.
    """
    canvas = _Canvas.of(shape)
    canvas.put(members, place, noise, random, blur=blur, mask=mask, settings=settings, relative_noise=relative_noise)
    return canvas.injection()


def _difference_of_gaussians(image: FloatImage, fine: float, coarse: float) -> FloatImage:
    difference: FloatImage = ndimage.gaussian_filter(image, fine, truncate=3.0) - ndimage.gaussian_filter(
        image, coarse, truncate=3.0
    )
    return difference


def _draw_members(random: np.random.Generator, spacing_mm: float, sparse: float) -> tuple[ClusterMember, ...]:
    kinds = list(KIND_SHARES)
    kind = kinds[int(random.choice(len(kinds), p=np.array(list(KIND_SHARES.values()))))]
    count = int(random.integers(1, 3)) if random.random() < sparse else None
    return draw_cluster(random, kind, Distribution.GROUPED, spacing_mm, count=count).members


def _lies_inside(place: tuple[float, float], shape: tuple[int, int], mask: npt.NDArray[np.bool_] | None) -> bool:
    row, column = round(place[0]), round(place[1])
    if not (0 <= row < shape[0] and 0 <= column < shape[1]):
        return False
    return mask is None or bool(mask[row, column])


@dataclass
class _Canvas:
    """An injection in the making; see :class:`Injection`."""

    contrast: FloatImage
    core: npt.NDArray[np.int32]
    halo: npt.NDArray[np.bool_]
    cluster_of: list[int]
    kinds: list[CalcificationKind]
    clusters: int = 0

    @classmethod
    def of(cls, shape: tuple[int, int]) -> _Canvas:
        """Return an empty one."""
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.int32), np.zeros(shape, bool), [], [])

    def injection(self) -> Injection:
        """Return what was put in."""
        return Injection(self.contrast, self.core, self.halo, tuple(self.cluster_of), tuple(self.kinds))

    def put(
        self,
        members: Sequence[ClusterMember],
        place: tuple[float, float],
        noise: float,
        random: np.random.Generator,
        *,
        blur: float,
        mask: npt.NDArray[np.bool_] | None,
        settings: InjectionSettings,
        relative_noise: FloatImage | None = None,
    ) -> None:
        """Add a cluster, scaled by the noise."""
        shape = (self.contrast.shape[0], self.contrast.shape[1])
        single = np.zeros(shape, dtype=np.float32)
        first = len(self.cluster_of) + 1
        exponent = random.uniform(0.0, 3.0)
        for member in members:
            identifier = len(self.cluster_of) + 1
            own_place = (place[0] + member.row, place[1] + member.column)
            if not _lies_inside(own_place, shape, mask):
                continue
            stamp = Stamp.of(member, own_place, shape, blur=blur, exponent=exponent)
            if stamp is None:
                continue
            single[stamp.window] += stamp.contrast
            peak = stamp.contrast.max()
            self.core[stamp.window][stamp.contrast >= _CORE * peak] = identifier
            self.halo[stamp.window] |= stamp.contrast >= _HALO * peak
            self.cluster_of.append(self.clusters)
            self.kinds.append(member.calcification.kind)
        self.clusters += 1
        if len(self.cluster_of) < first:
            return
        peaks = peak_responses(single, self.core, len(self.cluster_of))[first - 1 :]
        wanted = np.exp(random.uniform(*np.log(settings.detectability)))
        if random.random() < settings.boosted:
            wanted *= 3.0
        gain = np.float32(wanted * noise / max(float(np.median(peaks)), 1e-9))
        if relative_noise is not None:
            single *= relative_noise
        # A detector and a display saturate; how early differs, and the network must not learn one way.
        ceiling = np.float32(random.uniform(0.15, _MAXIMUM_SATURATION))
        self.contrast += ceiling * np.tanh(gain * single / ceiling)
