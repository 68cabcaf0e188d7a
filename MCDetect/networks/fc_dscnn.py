"""FC-DSCNN and the DCNN it is compared with (Rehman et al. 2021, Tables 2 and 3).

Tables 2 and 3 give all layers: convolutions of 3 x 3 that keep the size with ReLU and batch normalisation (in this
order), 2 x 2 maximum pooling after one, two and three of them, flattening of 30 x 40 x 128 = 153,600, dropout 0.5, a
dense layer of 256 and two outputs. The FC-DSCNN's convolutions are separable as in Keras: a filter of 3 x 3 for each
channel without bias, then 1 x 1 with bias. No activation is named for the dense layer; ReLU is taken, as
everywhere else.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

ROWS, COLUMNS = 240, 320
"""Published input; the dense layer is made for it unless told otherwise."""

_STAGES = ((32,), (64, 64), (128, 128, 128))


def _convolution(inputs: int, outputs: int, *, separable: bool) -> nn.Module:
    if not separable:
        return nn.Conv2d(inputs, outputs, 3, padding=1)
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False), nn.Conv2d(inputs, outputs, 1)
    )


class FCDSCNN(nn.Module):
    """Classifier of mammograms or regions.

    Parameters
    ----------
    separable
        True for the FC-DSCNN (39,374,973 parameters), False for the DCNN (39,748,802).
    classes
        Outputs.
    shape
        Rows and columns of the input, multiples of 8.
    """

    def __init__(self, separable: bool = True, classes: int = 2, shape: tuple[int, int] = (ROWS, COLUMNS)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for stage in _STAGES:
            for width in stage:
                layers += [_convolution(inputs, width, separable=separable), nn.ReLU(), nn.BatchNorm2d(width)]
                inputs = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5),
            nn.Linear(inputs * (shape[0] // 8) * (shape[1] // 8), 256),
            nn.ReLU(),
            nn.Linear(256, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (batch, classes) of images (batch, 3, rows, columns), published 240 x 320."""
        logits: Tensor = self.classifier(torch.flatten(self.features(images), 1))
        return logits
