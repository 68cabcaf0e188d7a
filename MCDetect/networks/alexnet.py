"""AlexNet in its one-column form (Krizhevsky 2014), as Leong et al. 2022 use it through fastai and torchvision.

The parameters have the names and shapes of torchvision's ``alexnet`` (``torchvision/models/alexnet.py``).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class AlexNet(nn.Module):
    """Five convolutions and three dense layers; 61,100,840 parameters with 1000 classes.

    Parameters
    ----------
    classes
        Outputs.
    """

    head = "classifier.6"
    """Name of the last layer, whose shape depends on the number of classes."""

    def __init__(self, classes: int = 2) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (batch, classes) of images (batch, 3, rows, columns), published 224 x 224."""
        features = functional.adaptive_avg_pool2d(self.features(images), 6)
        logits: Tensor = self.classifier(torch.flatten(features, 1))
        return logits
