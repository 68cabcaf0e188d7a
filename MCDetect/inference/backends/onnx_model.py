"""A network as an ONNX model in memory: what ONNX Runtime and OpenVINO read."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

INPUT, OUTPUT = "image", "maps"

_EXAMPLE_SIDE = 64  # a multiple of 16; rows and columns stay free


def onnx_model(network: nn.Module) -> bytes:
    """Return ``network`` as an ONNX model with free numbers of rows and columns.

    It takes about ten milliseconds, so it is made anew for each process and never stored.

    Parameters
    ----------
    network
        In evaluation mode on the CPU; takes (1, 1, rows, columns).
    """
    import torch

    axes = {2: "rows", 3: "columns"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder) / "network.onnx"
        # The exporter of choice here is the one by tracing: the other needs more packages, a hundred times longer, and
        # takes no free sizes that must be multiples of 16.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(1, 1, _EXAMPLE_SIDE, _EXAMPLE_SIDE),),
            path,
            dynamo=False,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: axes, OUTPUT: axes},
        )
        return path.read_bytes()
