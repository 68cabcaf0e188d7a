"""What a detector must beat: a Laplacian of Gaussian in several sizes, and the patch network alone.

Both look at the same normalised view as the shipped networks, and are calibrated on the same simulated views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.evaluation.hits import Candidate
from MCDetect.findings import Calcification

if TYPE_CHECKING:
    from MCDetect.bundles.store import Bundle
    from MCDetect.networks.shallow_cnn import ShallowCNN
    from MCDetect.preprocessing.prepared import PreparedView

FloatImage = npt.NDArray[np.float32]

SIGMAS = (1.0, 1.5, 2.2, 3.3, 5.0)
"""Pixels of 0.07 mm: bright discs of 0.2 to 1 mm (diameter = 2 * sqrt(2) * sigma)."""

_STRONGEST_MARKS = 400
_SUPPRESSION = 5  # pixels: of neighbouring peaks the highest counts
_STRONGEST_PATCHES = 40
_PLATEAU = 43  # pixels, 3 mm: neighbouring patches with the same cluster have the same maximum; its middle is wanted


def laplacian_marks(
    prepared: PreparedView, spacing_mm: tuple[float, float], shape: tuple[int, int]
) -> tuple[Calcification, ...]:
    """Return the strongest peaks of the scale-normalised Laplacian of Gaussian (Lindeberg 1998), highest first.

    Parameters
    ----------
    prepared
        The view as the networks see it.
    spacing_mm, shape
        Of the stored image; marks are in its pixels.

    Returns
    -------
    tuple of Calcification
        ``score`` is the response, which has no upper limit; a mark is a disc of the size that responds most.
    """
    window = _breast_window(prepared.mask)
    best, size = laplacian_response(prepared.normalised[window])
    scale = np.array(shape) / np.array(prepared.mask.shape)
    peaks = (best == ndimage.maximum_filter(best, size=_SUPPRESSION)) & prepared.mask[window] & (best > 0)
    rows, columns = np.nonzero(peaks)
    values = best[rows, columns]
    order = np.argsort(-values, kind="stable")[:_STRONGEST_MARKS]
    pitch = spacing_mm[0] * scale[0]
    marks = []
    for number, index in enumerate(order, start=1):
        row, column = int(rows[index]), int(columns[index])
        diameter = float(2 * np.sqrt(2) * size[row, column] * pitch)
        place = (np.array([row + window[0].start, column + window[1].start]) + 0.5) * scale - 0.5
        marks.append(
            Calcification(
                id=number,
                row=float(place[0]),
                column=float(place[1]),
                area_mm2=float(np.pi / 4 * diameter**2),
                diameter_mm=diameter,
                score=float(values[index]),
                runs=(),
            )
        )
    return tuple(marks)


def laplacian_response(image: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Return the highest scale-normalised response of :data:`SIGMAS` in each pixel, and the sigma that gives it."""
    best = np.full(image.shape, -np.inf, dtype=np.float32)
    size = np.zeros(image.shape, dtype=np.float32)
    for sigma in SIGMAS:
        response = -np.float32(sigma**2) * ndimage.gaussian_laplace(image, sigma, truncate=3.0)
        larger = response > best
        best[larger], size[larger] = response[larger], sigma
    return best, size


def patch_candidates(bundle: Bundle, prepared: PreparedView, shape: tuple[int, int]) -> tuple[Candidate, ...]:
    """Return the peaks of the patch network over every patch of a view, as squares of 1 cm, highest first.

    Parameters
    ----------
    bundle
        Whose patch network it is.
    prepared
        The view as the networks see it.
    shape
        Of the stored image; outlines are in its pixels.

    Returns
    -------
    tuple of Candidate
        ``score`` is the logit.
    """
    import torch

    from MCDetect.inference.dense_patches import dense_patch_logits

    device = torch.device("cpu")
    network: ShallowCNN = bundle.load_network("patch_network", "patch_classifier.pt", device)  # type: ignore[assignment]
    half = network.patch_size // 2
    window = _breast_window(prepared.mask)
    image, mask = np.pad(prepared.normalised[window], half), prepared.mask[window]
    wanted = np.pad(mask, [(0, 1), (0, 1)])
    logits = dense_patch_logits(network, image, wanted, device=device, patch_size=network.patch_size)
    logits = np.where(mask, logits[: mask.shape[0], : mask.shape[1]], np.float32(np.nan_to_num(logits).min()))
    scale = np.array(shape) / np.array(prepared.mask.shape)
    smooth = ndimage.uniform_filter(logits, _PLATEAU, mode="nearest")
    peaks = (smooth == ndimage.maximum_filter(smooth, size=2 * half + 1)) & mask
    rows, columns = np.nonzero(peaks)
    order = np.argsort(-smooth[rows, columns], kind="stable")[:_STRONGEST_PATCHES]
    found = []
    for index in order:
        row, column = int(rows[index]), int(columns[index])
        centre = np.array([row + window[0].start, column + window[1].start], dtype=float)
        corners = centre + half * np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)])
        outline = tuple((float(r), float(c)) for r, c in (corners + 0.5) * scale - 0.5)
        found.append(Candidate(outline, float(logits[row, column])))
    return tuple(found)


def _breast_window(mask: npt.NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
