"""InceptionResNetV2 (Szegedy et al. 2017) with the head of Singh et al. 2022.

The trunk's parameters have the names and shapes of timm's ``inception_resnet_v2``
(``timm/models/inception_resnet_v2.py``; a unit is ``conv`` and ``bn``), so ImageNet weights of that project load.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

Side = int | tuple[int, int]


class ConvolutionUnit(nn.Module):
    """Convolution without bias, batch normalisation, ReLU; "same" padding unless ``valid``."""

    def __init__(self, inputs: int, outputs: int, side: Side, *, stride: int = 1, valid: bool = False) -> None:
        super().__init__()
        sides = (side, side) if isinstance(side, int) else side
        padding = (0, 0) if valid else (sides[0] // 2, sides[1] // 2)
        self.conv = nn.Conv2d(inputs, outputs, sides, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, features: Tensor) -> Tensor:
        """Return the activated features."""
        return functional.relu(self.bn(self.conv(features)))


def _chain(inputs: int, *steps: tuple[int, Side]) -> nn.Sequential:
    units: list[nn.Module] = []
    for outputs, side in steps:
        units.append(ConvolutionUnit(inputs, outputs, side))
        inputs = outputs
    return nn.Sequential(*units)


def _reducing(inputs: int, *steps: tuple[int, Side]) -> nn.Sequential:
    """Return a chain whose last unit halves the resolution."""
    head = _chain(inputs, *steps[:-1])
    last = steps[-2][0] if len(steps) > 1 else inputs
    return nn.Sequential(*head, ConvolutionUnit(last, steps[-1][0], steps[-1][1], stride=2, valid=True))


class Branches(nn.Module):
    """Branches ``branch0``, ``branch1``, ... whose channels are joined."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        for number, branch in enumerate(branches):
            self.add_module(f"branch{number}", branch)

    def forward(self, features: Tensor) -> Tensor:
        """Return the joined channels."""
        joined = [branch(features) for name, branch in self.named_children() if name.startswith("branch")]
        return torch.cat(joined, dim=1)


class ResidualBranches(Branches):
    """Branches projected by ``conv2d``, scaled, and added to the input."""

    def __init__(self, channels: int, joined: int, scale: float, *branches: nn.Module, activated: bool = True) -> None:
        super().__init__(*branches)
        self.conv2d = nn.Conv2d(joined, channels, 1)
        self.scale = scale
        self.activated = activated

    def forward(self, features: Tensor) -> Tensor:
        """Return the residual sum."""
        total: Tensor = features + self.scale * self.conv2d(super().forward(features))
        return functional.relu(total) if self.activated else total


def _block35() -> ResidualBranches:
    unit = ConvolutionUnit(320, 32, 1)
    return ResidualBranches(320, 128, 0.17, unit, _chain(320, (32, 1), (32, 3)), _chain(320, (32, 1), (48, 3), (64, 3)))


def _block17() -> ResidualBranches:
    unit = ConvolutionUnit(1088, 192, 1)
    return ResidualBranches(1088, 384, 0.10, unit, _chain(1088, (128, 1), (160, (1, 7)), (192, (7, 1))))


def _block8(scale: float = 0.20, *, activated: bool = True) -> ResidualBranches:
    unit = ConvolutionUnit(2080, 192, 1)
    chain = _chain(2080, (192, 1), (224, (1, 3)), (256, (3, 1)))
    return ResidualBranches(2080, 448, scale, unit, chain, activated=activated)


class InceptionResNetV2(nn.Module):
    """InceptionResNetV2; 55,843,464 parameters with 1000 classes and no hidden layer.

    Parameters
    ----------
    classes
        Outputs.
    hidden
        Neurons with ReLU between the pooled 1536 features and the outputs: 128 in Singh et al. 2022 (Fig. 2). None for
        the original network.
    """

    head = "classif"
    """Name of the last layers, whose shape depends on the number of classes."""

    def __init__(self, classes: int = 3, hidden: int | None = 128) -> None:
        super().__init__()
        self.conv2d_1a = ConvolutionUnit(3, 32, 3, stride=2, valid=True)
        self.conv2d_2a = ConvolutionUnit(32, 32, 3, valid=True)
        self.conv2d_2b = ConvolutionUnit(32, 64, 3)
        self.maxpool_3a = nn.MaxPool2d(3, stride=2)
        self.conv2d_3b = ConvolutionUnit(64, 80, 1)
        self.conv2d_4a = ConvolutionUnit(80, 192, 3, valid=True)
        self.maxpool_5a = nn.MaxPool2d(3, stride=2)
        averaged = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.mixed_5b = Branches(
            ConvolutionUnit(192, 96, 1),
            _chain(192, (48, 1), (64, 5)),
            _chain(192, (64, 1), (96, 3), (96, 3)),
            nn.Sequential(averaged, ConvolutionUnit(192, 64, 1)),
        )
        self.repeat = nn.Sequential(*(_block35() for _ in range(10)))
        self.mixed_6a = Branches(
            ConvolutionUnit(320, 384, 3, stride=2, valid=True),
            _reducing(320, (256, 1), (256, 3), (384, 3)),
            nn.MaxPool2d(3, stride=2),
        )
        self.repeat_1 = nn.Sequential(*(_block17() for _ in range(20)))
        self.mixed_7a = Branches(
            _reducing(1088, (256, 1), (384, 3)),
            _reducing(1088, (256, 1), (288, 3)),
            _reducing(1088, (256, 1), (288, 3), (320, 3)),
            nn.MaxPool2d(3, stride=2),
        )
        self.repeat_2 = nn.Sequential(*(_block8() for _ in range(9)))
        self.block8 = _block8(1.0, activated=False)
        self.conv2d_7b = ConvolutionUnit(2080, 1536, 1)
        self.classif: nn.Module = (
            nn.Linear(1536, classes)
            if hidden is None
            else nn.Sequential(nn.Linear(1536, hidden), nn.ReLU(), nn.Linear(hidden, classes))
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (batch, classes) of images (batch, 3, rows, columns), published 299 x 299."""
        features = images
        for name, part in self.named_children():
            if name != "classif":
                features = part(features)
        logits: Tensor = self.classif(torch.flatten(functional.adaptive_avg_pool2d(features, 1), 1))
        return logits


def freeze_trunk(network: InceptionResNetV2) -> None:
    """Let the trunk extract features only: the dense head alone is trained (Singh et al. 2022, section 2.3)."""
    for name, part in network.named_children():
        if name != network.head:
            part.requires_grad_(False)
