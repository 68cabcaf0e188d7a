"""Residual networks of 34 and 50 layers (He et al. 2016), as Leong et al. 2022 and Shiri Kahnouei et al. 2022 use them.

The parameters have the names and shapes of torchvision's ``resnet34`` and ``resnet50``
(``torchvision/models/resnet.py``), so ImageNet weights of that project load. MONAI's own ResNet names its parts
otherwise, hence this file. As there, a bottleneck halves its resolution in the 3 x 3 convolution (called version 1.5),
where Keras, which Shiri Kahnouei et al. used, does so in the first 1 x 1 convolution.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_STAGES = {34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
_WIDTHS = (64, 128, 256, 512)


def _convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, side, stride=stride, padding=side // 2, bias=False)


class _Block(nn.Module):
    """What both kinds of block share: the shortcut, projected where the shape changes."""

    expansion: int

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.downsample = (
            nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))
            if stride != 1 or inputs != outputs
            else None
        )

    def residual(self, features: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, features: Tensor) -> Tensor:
        shortcut = features if self.downsample is None else self.downsample(features)
        return functional.relu(self.residual(features) + shortcut)


class BasicBlock(_Block):
    """Two 3 x 3 convolutions."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__(inputs, width, stride)
        self.conv1 = _convolution(inputs, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _convolution(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)

    def residual(self, features: Tensor) -> Tensor:
        """Return what is added to the shortcut."""
        result: Tensor = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(features)))))
        return result


class Bottleneck(_Block):
    """1 x 1, 3 x 3 and 1 x 1 convolutions, the last with four times the channels."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__(inputs, width, stride)
        self.conv1 = _convolution(inputs, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _convolution(width, width, 3, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = _convolution(width, width * self.expansion, 1)
        self.bn3 = nn.BatchNorm2d(width * self.expansion)

    def residual(self, features: Tensor) -> Tensor:
        """Return what is added to the shortcut."""
        features = functional.relu(self.bn1(self.conv1(features)))
        features = functional.relu(self.bn2(self.conv2(features)))
        result: Tensor = self.bn3(self.conv3(features))
        return result


class ResNet(nn.Module):
    """Residual network.

    Parameters
    ----------
    depth
        34 (basic blocks; 21,797,672 parameters with 1000 classes) or 50 (bottlenecks; 25,557,032).
    classes
        Outputs.

    Raises
    ------
    ValueError
        For another depth.
    """

    head = "fc"
    """Name of the last layer, whose shape depends on the number of classes."""

    def __init__(self, depth: int = 50, classes: int = 2) -> None:
        super().__init__()
        if depth not in _STAGES:
            raise ValueError(f"there are residual networks of 34 and 50 layers here, not of {depth}")
        block = BasicBlock if depth == 34 else Bottleneck
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        for number, (width, count) in enumerate(zip(_WIDTHS, _STAGES[depth], strict=True), start=1):
            blocks: list[nn.Module] = []
            for index in range(count):
                blocks.append(block(inputs, width, 2 if index == 0 and number > 1 else 1))
                inputs = width * block.expansion
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of each class.

        Parameters
        ----------
        images
            (batch, 3, rows, columns), published 224 x 224.

        Returns
        -------
        Tensor
            (batch, classes).
        """
        features = functional.relu(self.bn1(self.conv1(images)))
        features = functional.max_pool2d(features, 3, stride=2, padding=1)
        for number in range(1, 5):
            features = self.get_submodule(f"layer{number}")(features)
        logits: Tensor = self.fc(torch.flatten(functional.adaptive_avg_pool2d(features, 1), 1))
        return logits


def freeze_first_hundred_keras_layers(network: ResNet) -> list[str]:
    """Freeze what Keras counts as the first 100 layers of its ResNet-50 (Shiri Kahnouei et al. 2022, section 3.3).

    ``keras.applications.ResNet50`` (``keras_applications/resnet_common.py``) lists 7 layers before the first block, 12
    in the first block of a stage (its shortcut is projected) and 10 in every other: stages of 3, 4 and 6 blocks end at
    the layers 39, 81 and so on. Layer 100 is therefore the third convolution of the second block of ``conv4``, which is
    ``layer3.1.conv3`` here; the normalisation after it is trained.

    A frozen normalisation also keeps its moving statistics, as in Keras: which
    :func:`MCDetect.training.tensors.hold_frozen_normalisation` sees to.

    Parameters
    ----------
    network
        Of 50 layers; changed in place.

    Returns
    -------
    list of str
        Names of the frozen modules.
    """
    frozen = ["conv1", "bn1", "layer1", "layer2", "layer3.0"]
    frozen += [f"layer3.1.{name}" for name in ("conv1", "bn1", "conv2", "bn2", "conv3")]
    for name in frozen:
        network.get_submodule(name).requires_grad_(False)
    return frozen
