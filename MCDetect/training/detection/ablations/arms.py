"""The arms: the recipe as it is, and with one part changed each, in training and where it applies in detection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from MCDetect.inference.detector import Detector
from MCDetect.preprocessing.intensity import contrast_deviation, normalise_by_one_scale, scale_to_unit_range
from MCDetect.preprocessing.prepared import PreparedView
from MCDetect.preprocessing.resampling import resampled_shape, resize, resize_mask
from MCDetect.training.recipe import NetworkRecipe


class OneScaleDetector(Detector):
    """A detector that divides a view by one scale instead of its local noise, as its network was trained."""

    def _prepare(
        self,
        pixels: npt.NDArray[np.float32],
        valid: npt.NDArray[np.bool_],
        mask: npt.NDArray[np.bool_],
        spacing_mm: tuple[float, float],
    ) -> PreparedView:
        unit, _ = scale_to_unit_range(pixels, valid)
        shape = resampled_shape((pixels.shape[0], pixels.shape[1]), spacing_mm, self._settings.spacing_mm)
        unit, mask = resize(unit, shape), resize_mask(mask, shape)
        return PreparedView(normalise_by_one_scale(unit, contrast_deviation(unit, mask)), mask)


@dataclass(frozen=True)
class Arm:
    """One training: the recipe with a part left out, or with one that it leaves out.

    Attributes
    ----------
    name
        In the document and, with hyphens, of the folder.
    meaning
        What is left out or added, in a sentence.
    crop
        Changes of :class:`MCDetect.training.default_data.CropSettings`.
    detector
        What prepares views as the training did; None is the usual one.
    real
        Whether examples are cut from a real mammogram too (:mod:`.real_background`).
    """

    name: str
    meaning: str
    crop: Mapping[str, Any] = field(default_factory=dict)
    detector: type[Detector] | None = None
    real: bool = False

    def recipe(self, recipe: NetworkRecipe, steps: int) -> NetworkRecipe:
        """Return the recipe of this arm, of so many steps; the averaged weights forget within a tenth of them."""
        decay = 1 - 1 / max(2.0, steps / 10)
        trainer = replace(recipe.trainer, steps=steps, minutes=None, average_decay=decay, validate_every=steps)
        return replace(recipe, minutes=None, crop=replace(recipe.crop, **self.crop), trainer=trainer)


REFERENCE = Arm("reference", "The recipe of the default bundle, of which the others change one part each.")

ARMS = (
    REFERENCE,
    Arm(
        "without local noise normalisation",
        "The background is removed and a view divided by one scale, the robust deviation of its contrast, instead of "
        "by the noise of each place; in training and in detection.",
        MappingProxyType({"local_noise": False}),
        OneScaleDetector,
    ),
    Arm(
        "without hard negatives",
        "No pixel defects, strands, tram tracks, edges and lumps in the examples.",
        MappingProxyType({"distractors": False}),
    ),
    Arm(
        "without degradations",
        "No random blur, noise, resampling, display (window, gamma, saturation) and quantisation of the examples; "
        "magnification stays, and what calcifications look like.",
        MappingProxyType({"degradations": False}),
    ),
    Arm(
        "with a real background",
        "A quarter of the examples are cut from one real mammogram that looks free of calcifications, the others from "
        "simulated views as always.",
        real=True,
    ),
)
