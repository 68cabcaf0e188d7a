"""MobileNetV2 (Sandler et al. 2018) on one channel with the dense head of Luna-Lozoya et al. 2023; 67,797,505.

The published number is that of a trunk of 2,257,408 (Keras' trunk has 2,257,984 with three channels; the first
convolution of one channel has 576 fewer), the flattened 5 x 5 x 1280 map of a 144 x 144 patch, a dense layer of 2048
and one output. As in Keras, moving statistics of batch normalisation are counted. The trunk's parameters have the names
of torchvision's ``mobilenet_v2`` (``torchvision/models/mobilenetv2.py``).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

PATCH_SIZE = 144
"""Side of the patch: the dense layer fits no other."""

# Expansion, channels, blocks and stride of the first block (Sandler et al. 2018, Table 2).
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _unit(inputs: int, outputs: int, side: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride=stride, padding=side // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    """Expand with 1 x 1, filter each channel with 3 x 3, project with 1 x 1 (Sandler et al. 2018, Table 1)."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.has_shortcut = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            *([_unit(inputs, hidden, 1)] if expansion != 1 else []),
            _unit(hidden, hidden, 3, stride, hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the block's output, with the shortcut where the shape stays."""
        result: Tensor = self.conv(features)
        return features + result if self.has_shortcut else result


class MobileNetV2(nn.Module):
    """Patch classifier (Luna-Lozoya et al. 2023, Table 3)."""

    head = "classifier"
    """Name of the dense layers, which ImageNet files do not have."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [_unit(1, 32, 3, stride=2)]
        inputs = 32
        for expansion, outputs, count, stride in _STAGES:
            for index in range(count):
                layers.append(InvertedResidual(inputs, outputs, stride if index == 0 else 1, expansion))
                inputs = outputs
        layers.append(_unit(inputs, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(5 * 5 * 1280, 2048), nn.ReLU(), nn.Linear(2048, 1))

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits (batch,) of patches (batch, 1, 144, 144)."""
        logits: Tensor = self.classifier(torch.flatten(self.features(patches), 1))
        return logits[:, 0]
