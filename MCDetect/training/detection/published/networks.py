"""The papers' networks as judges of patches: which there are, on what they look, and how they are trained here.

All get what the bundle's own patch network gets: its examples, loss, schedule and averaged weights. From its paper each
keeps the architecture, the size of its input and the highest learning rate. What the papers add beyond that (weights of
ImageNet, frozen layers, rotations by 45 degrees, dropout schedules) is in their recipes, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from MCDetect.training.papers.building import build_network
from MCDetect.training.papers.recipe import load_paper_recipe
from MCDetect.training.recipe import NetworkRecipe

if TYPE_CHECKING:
    from MCDetect.training.detection.published.judge import JudgeOfPatches

TILE = 224
"""Side in pixels of 0.07 mm (1.6 cm) of what all networks see that do not ask for patches of 1 cm."""


@dataclass(frozen=True)
class PublishedNetwork:
    """A network of a paper.

    Attributes
    ----------
    name
        In the document and, with hyphens, of the folder.
    paper
        Name of the paper's recipe.
    key
        Name of the network in that recipe.
    """

    name: str
    paper: str
    key: str

    @property
    def definition(self) -> Mapping[str, Any]:
        """Class in :mod:`MCDetect.networks` and its arguments, for two classes."""
        definition = dict(load_paper_recipe(self.paper).networks[self.key])
        return definition | ({"classes": 2} if "classes" in definition else {})

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, rows and columns that the network takes."""
        recipe = load_paper_recipe(self.paper)
        return recipe.input.channels, recipe.examples.rows, recipe.examples.columns

    @property
    def side(self) -> int:
        """Side of a patch in pixels of 0.07 mm; where it is not the network's own input size, it is resized to that."""
        _, rows, columns = self.input_shape
        return min(TILE, rows) if rows == columns else TILE

    def recipe(self, patches: NetworkRecipe, steps: int, precision: str) -> NetworkRecipe:
        """Return the recipe of the bundle's patch network with this network's patches and learning rate.

        Parameters
        ----------
        patches
            Of the default recipe.
        steps
            Number of steps; the averaged weights forget within a tenth of them.
        precision
            As in :class:`MCDetect.training.trainer_settings.TrainerSettings`.
        """
        rate = load_paper_recipe(self.paper).stages[-1].learning_rate
        trainer = replace(
            patches.trainer,
            steps=steps,
            learning_rate=rate,
            average_decay=1 - 1 / max(2.0, steps / 10),
            validate_every=steps,
            precision=precision,
        )
        return replace(patches, minutes=None, crop=replace(patches.crop, size=self.side), trainer=trainer)

    def build(self, seed: int) -> JudgeOfPatches:
        """Return the untrained network: logits (batch,) of patches (batch, 1, side, side)."""
        import torch

        from MCDetect.training.detection.published.judge import JudgeOfPatches

        torch.manual_seed(seed)
        return JudgeOfPatches(build_network(self.definition), self.input_shape)


NETWORKS = (
    PublishedNetwork("shallow CNN", "lunalozoya2023", "shallow-cnn"),
    PublishedNetwork("LeNet-5", "lunalozoya2023", "lenet5"),
    PublishedNetwork("MobileNetV2", "lunalozoya2023", "mobilenet-v2"),
    PublishedNetwork("ResNet-50", "shirikahnouei2022", "resnet-50"),
    PublishedNetwork("AlexNet", "leong2022", "alexnet"),
    PublishedNetwork("ResNet-34", "leong2022", "resnet-34"),
    PublishedNetwork("DCNN", "rehman2021", "dcnn"),
    PublishedNetwork("FC-DSCNN", "rehman2021", "fc-dscnn"),
    PublishedNetwork("InceptionResNetV2", "singh2022", "inception-resnet-v2"),
    PublishedNetwork("VGG16", "leong2022", "vgg16"),
)
"""All networks of the five papers, but for ResNet-50 of Leong et al., which is that of Shiri Kahnouei et al."""
