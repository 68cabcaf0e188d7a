"""What single papers show beside a trained network, as a recipe names it under ``also``.

``filters``
    Leong et al. 2022, Table 4: ``filters.json``, PSNR and MSE of three filters on the regions.
``learning-rate``
    Leong et al. 2022, Fig. 3: ``learning-rate.png`` and ``.json``, the finder's curve between the stages.
``top-losses``
    Leong et al. 2022: ``top-losses.png``, the test examples with the highest losses.
``texture``
    Singh et al. 2022, Table 4: ``texture.json``, classifiers of texture features by cross-validation.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from MCDetect.evaluation.predictions import Prediction, top_losses
from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.papers.preparation import Preparation
from MCDetect.training.papers.recipe import PaperRecipe

if TYPE_CHECKING:
    from torch import nn

    from MCDetect.training.papers.batches import Examples

_FINDER_STEPS = (10, 50)  # least and most: no more than the stage that follows has, which may be short


@dataclass(frozen=True)
class Extras:
    """What is shown beside the network of one training.

    Attributes
    ----------
    recipe, index
        What is trained, on which data.
    output
        The training's folder.
    tell
        Called with what is being done.
    """

    recipe: PaperRecipe
    index: DatasetIndex
    output: Path
    tell: Callable[[str], None]

    def between_stages(self, network: nn.Module, examples: Examples, batch: int, stage_steps: int) -> None:
        """Find a learning rate for what comes next, on a copy of the network."""
        picture = self.output / "learning-rate.png"
        if "learning-rate" not in self.recipe.also or picture.exists():
            return
        from MCDetect.training.papers.leong2022 import find_learning_rate

        self.tell("finding a learning rate")
        least, most = _FINDER_STEPS
        steps = min(max(stage_steps, least), most)
        found = find_learning_rate(copy.deepcopy(network), examples, batch, picture, steps=steps)
        self._write("learning-rate.json", {"steepest fall of the loss": found})

    def at_the_end(
        self, prepared: Preparation, predictions: Sequence[Prediction], pixels: npt.NDArray[np.uint8]
    ) -> None:
        """Write everything else.

        Parameters
        ----------
        prepared
            All examples.
        predictions, pixels
            Of the test part, in the same order; uint8 (examples, rows, columns).
        """
        also = self.recipe.also
        if "top-losses" in also:
            draw_top_losses(self.output / "top-losses.png", predictions, pixels, self.recipe.examples.classes)
        if "filters" in also and not (self.output / "filters.json").exists():
            self._compare_filters()
        if "texture" in also and not (self.output / "texture.json").exists():
            self._compare_texture(prepared)

    def _compare_filters(self) -> None:
        from MCDetect.training.papers.leong2022 import compare_filters_on

        self.tell("comparing filters")
        unfiltered = replace(self.recipe.examples, steps=())
        prepared = Preparation(self.index, unfiltered, self.output / "cache")
        self._write("filters.json", compare_filters_on(list(prepared.pixels(prepared.examples))))

    def _compare_texture(self, prepared: Preparation) -> None:
        from MCDetect.training.papers.singh2022 import compare_texture_classifiers

        self.tell("classifying texture")
        patients = [prepared.records[example.record].patient for example in prepared.examples]
        labels = [example.label for example in prepared.examples]
        try:
            found: Any = compare_texture_classifiers(prepared.pixels(prepared.examples), labels, patients)
        except ValueError as error:
            found = {"not done": str(error)}
        self._write("texture.json", found)

    def _write(self, name: str, document: Any) -> None:
        write_text_atomically(self.output / name, json.dumps(document, indent=2) + "\n")


def draw_top_losses(
    picture: Path,
    predictions: Sequence[Prediction],
    pixels: npt.NDArray[np.uint8],
    classes: Sequence[str],
    count: int = 9,
) -> None:
    """Write the examples with the highest losses under "decided/true/loss/probability of the truth", as fastai does.

    Parameters
    ----------
    picture
        PNG that is written.
    predictions, pixels
        Examples in the same order; uint8 (examples, rows, columns).
    classes
        By their numbers.
    count
        How many.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    worst = top_losses(predictions, classes, count)
    columns = min(3, len(worst))
    rows = -(-len(worst) // columns)
    figure = Figure(figsize=(3 * columns, 3.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, one in zip(figure.subplots(rows, columns, squeeze=False).ravel(), worst, strict=False):
        axes.imshow(pixels[one["number"]], cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"{one['decided']}/{one['true']}/{one['loss']:.2f}/{one['probability']:.2f}", fontsize=8)
    for axes in figure.axes:
        axes.set_axis_off()
    write_atomically(picture, figure.savefig)
