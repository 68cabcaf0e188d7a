"""Scores on real patches (:mod:`MCDetect.training.real_patches`): the networks of a bundle, and filters beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.preprocessing.intensity import normalise_by_local_noise, scale_to_unit_range
from MCDetect.preprocessing.resampling import resampled_shape, resize
from MCDetect.training.real_patches import RealPatches, high_pass_deviation

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

FloatImage = npt.NDArray[np.float32]

PATCH_SPACING_MM = 0.085
GAUSSIANS = (1.4, 2.8)
"""Deviations in pixels. Of seven pairs that were tried on the real patches the best: chosen in favour of the filter."""

_SUPPRESSION = 5  # pixels: of neighbouring peaks the highest counts


def score_patches(detector: Detector, folder: Path, repeats: int = 1000) -> dict[str, Any]:
    """Return areas under the ROC curve of both networks, with bootstrap intervals over cases.

    A patch's score is the sum of the calcification probabilities of its peaks (the expected number of calcifications),
    and the logit of the patch network; beside them the filters of :data:`CLASSICAL`. Each is also taken after rescaling
    every patch to the same high-pass deviation.

    Parameters
    ----------
    detector
        Whose networks are scored.
    folder
        See :mod:`MCDetect.training.real_patches`.
    repeats
        Of the bootstrap.

    Raises
    ------
    InputError
        ``no-patches`` if the folder lacks one of the classes.
    """
    import torch

    patches = RealPatches.read(folder)
    plain, equal = patches.as_they_are, patches.equalised
    network = detector.bundle.load_network("patch_network", "patch_classifier.pt", torch.device("cpu"))
    scores = {
        "calcification network": [calcification_sum(detector, patch) for patch in plain],
        "calcification network, equal high-pass deviation": [calcification_sum(detector, patch) for patch in equal],
        "patch network": [patch_logit(network, patch) for patch in plain],
        "patch network, equal high-pass deviation": [patch_logit(network, patch) for patch in equal],
        **{name: [judge(patch) for patch in plain] for name, judge in CLASSICAL.items()},
        **{f"{name}, equal high-pass deviation": [judge(p) for p in equal] for name, judge in CLASSICAL.items()},
        "high-pass deviation alone": [high_pass_deviation(patch) for patch in plain],
    }
    document: dict[str, Any] = {
        "with_cluster": sum(patches.labels),
        "normal": len(patches.labels) - sum(patches.labels),
        "cases": len(set(patches.cases)),
    }
    for name, values in scores.items():
        area = patches.area(values, repeats)
        document[name] = {"area_under_curve": {**area.rounded(), "level": area.level}}
    return document


def calcification_sum(detector: Detector, patch: FloatImage, spacing_mm: float = PATCH_SPACING_MM) -> float:
    """Return the sum of the probabilities at the local maxima of the probability map."""
    probability = detector.probability_map(patch, spacing_mm)
    peaks = probability == ndimage.maximum_filter(probability, size=_SUPPRESSION)
    return float(probability[peaks].sum())


def patch_logit(
    network: Any, patch: FloatImage, spacing_mm: float = PATCH_SPACING_MM, side: int | None = None
) -> float:
    """Return a patch network's logit of a patch.

    The patch may be smaller than those the bundle's own was trained on. For a network that takes one size only, it is
    mirrored at its edges to ``side`` pixels.
    """
    import torch

    image = _as_networks_see_it(patch, spacing_mm)
    if side is not None:
        missing = [max(0, side - have) for have in image.shape]
        image = np.pad(image, [(less // 2, less - less // 2) for less in missing], mode="symmetric")
    with torch.inference_mode():
        return float(network(torch.from_numpy(image)[None, None])[0])


def laplacian_score(patch: FloatImage, spacing_mm: float = PATCH_SPACING_MM) -> float:
    """Return the mean of the three highest peaks of the Laplacian of Gaussian that whole views are judged with.

    :func:`MCDetect.training.detection.baselines.laplacian_response`: five sizes, after normalisation by local noise.
    Three, since that many calcifications make a cluster.
    """
    from MCDetect.training.detection.baselines import laplacian_response

    return _mean_of_three(laplacian_response(_as_networks_see_it(patch, spacing_mm))[0])


def difference_of_gaussians_score(patch: FloatImage) -> float:
    """Return the mean of the three highest peaks of a difference of Gaussians (:data:`GAUSSIANS`) of the grey values.

    Nothing is divided by the noise and nothing resampled: contrast itself counts, which tells these patches apart well,
    and says little of mammograms whose contrast and noise differ.
    """
    narrow, wide = (ndimage.gaussian_filter(patch, sigma) for sigma in GAUSSIANS)
    return _mean_of_three(narrow - wide)


CLASSICAL: Mapping[str, Callable[[FloatImage], float]] = {
    "Laplacian of Gaussian": laplacian_score,
    "difference of Gaussians, not divided by the noise": difference_of_gaussians_score,
}
"""Filters without anything learnt, that any network ought to beat."""


def _mean_of_three(response: FloatImage) -> float:
    peaks = np.sort(response[response == ndimage.maximum_filter(response, size=_SUPPRESSION)])
    return float(peaks[-3:].mean())


def _as_networks_see_it(patch: FloatImage, spacing_mm: float) -> FloatImage:
    unit, grey_step = scale_to_unit_range(patch)
    shape = resampled_shape((patch.shape[0], patch.shape[1]), (spacing_mm, spacing_mm), 0.07)
    return normalise_by_local_noise(resize(unit, shape), None, grey_step)
