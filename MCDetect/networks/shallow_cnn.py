"""The shallow CNN of Luna-Lozoya et al. 2023: two convolutions, a global maximum, one sigmoid; 8,301 parameters."""

from __future__ import annotations

import torch
from torch import Tensor, nn

PATCH_SIZE = 144
"""Side of the published patch in pixels: 1 cm at 0.07 mm (section "Patch Extraction")."""

KERNEL_SIZE = 9
"""Side of both convolution kernels (Table 1)."""


class ShallowCNN(nn.Module):
    """Patch classifier with 8,301 parameters (Luna-Lozoya et al. 2023, Fig. 4 and Table 2, Eq. 1 to 4).

    Convolution of 6 kernels of 9 x 9 with ReLU (492 parameters), convolution of 16 kernels of 9 x 9 with ReLU
    (7,792), maximum over the whole map, dropout, one output (17). The paper does not name the padding of its
    convolutions; "valid" is taken (Keras' default), so that a patch is judged by its own pixels alone.

    Parameters
    ----------
    keep_probability
        Probability that dropout keeps a feature while training (Table 1: 0.8).
    filters, kernel_size
        Kernels of both convolutions and their side (Table 1: 6, 16 and 9), for the search that found them.
    """

    patch_size = PATCH_SIZE
    """Side of the patch the network is made for, in pixels."""

    border = 2 * (KERNEL_SIZE - 1)
    """Pixels by which the feature maps are smaller than the patch, each way."""

    def __init__(
        self, keep_probability: float = 0.8, filters: tuple[int, int] = (6, 16), kernel_size: int = KERNEL_SIZE
    ) -> None:
        super().__init__()
        self.border = 2 * (kernel_size - 1)
        self.features = nn.Sequential(
            nn.Conv2d(1, filters[0], kernel_size),
            nn.ReLU(),
            nn.Conv2d(filters[0], filters[1], kernel_size),
            nn.ReLU(),
        )
        self.dropout = nn.Dropout(1.0 - keep_probability)
        self.output = nn.Linear(filters[1], 1)

    def forward(self, patches: Tensor) -> Tensor:
        """Return the logit of "this patch holds calcifications".

        Parameters
        ----------
        patches
            (batch, 1, rows, columns), at least 17 x 17; published 144 x 144.

        Returns
        -------
        Tensor
            (batch,) logits; ``torch.sigmoid`` gives the published output.
        """
        maxima = torch.amax(self.features(patches), dim=(-2, -1))
        logits: Tensor = self.output(self.dropout(maxima))
        return logits[:, 0]
