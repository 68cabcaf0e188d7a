"""VGG16 (Simonyan and Zisserman 2015, configuration D), as Leong et al. 2022 use it.

The parameters have the names and shapes of torchvision's ``vgg16`` (``torchvision/models/vgg.py``).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class VGG16(nn.Module):
    """13 convolutions of 3 x 3 and three dense layers; 138,357,544 parameters with 1000 classes.

    Parameters
    ----------
    classes
        Outputs.
    """

    head = "classifier.6"
    """Name of the last layer, whose shape depends on the number of classes."""

    def __init__(self, classes: int = 2) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for stage in _WIDTHS:
            for width in stage:
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
                inputs = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, classes),
        )
        for module in self.features:
            if isinstance(module, nn.Conv2d):
                # Without normalisation and from scratch, Kaiming's start is what lets 13 convolutions learn.
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (batch, classes) of images (batch, 3, rows, columns), published 224 x 224."""
        features = functional.adaptive_avg_pool2d(self.features(images), 7)
        logits: Tensor = self.classifier(torch.flatten(features, 1))
        return logits
