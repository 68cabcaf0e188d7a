"""Fold batch normalisation into the convolution before it: the same result with half the passes over the memory."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_normalisation(network: nn.Module) -> nn.Module:
    """Fold, in place, every batch normalisation that follows a convolution in an ``nn.Sequential``.

    Parameters
    ----------
    network
        In evaluation mode; it can only be used for inference afterwards.

    Returns
    -------
    nn.Module
        ``network``.

    Raises
    ------
    ValueError
        If the network is in training mode, where batch normalisation depends on the batch.
    """
    if network.training:
        raise ValueError("only a network in evaluation mode can be folded")
    for block in network.modules():
        if not isinstance(block, nn.Sequential):
            continue
        for index in range(len(block) - 1):
            convolution, normalisation = block[index], block[index + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                block[index] = fuse_conv_bn_eval(convolution, normalisation)
                block[index + 1] = nn.Identity()
    return network
