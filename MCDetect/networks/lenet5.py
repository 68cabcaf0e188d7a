"""LeNet-5 (LeCun et al. 1998) as Luna-Lozoya et al. 2023 must have built it: 2,233,365 parameters.

The paper gives the number alone. It works out when the first convolution keeps the size of the 144 x 144 patch, the
second does not, and batch normalisation with its counted moving statistics follows both convolutions and both hidden
dense layers: 156 + 24 + 2,416 + 64 + 2,219,640 + 480 + 10,164 + 336 + 85.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

PATCH_SIZE = 144
"""Side of the patch: the dense layers fit no other."""


class LeNet5(nn.Module):
    """Patch classifier (Luna-Lozoya et al. 2023, Table 3).

    What the number does not say is decided as the paper's own network has it: ReLU, and maximum pooling.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Linear(16 * 34 * 34, 120),
            nn.BatchNorm1d(120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.BatchNorm1d(84),
            nn.ReLU(),
            nn.Linear(84, 1),
        )

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logits (batch,) of patches (batch, 1, 144, 144)."""
        logits: Tensor = self.classifier(torch.flatten(self.features(patches), 1))
        return logits[:, 0]
