"""ONNX Runtime on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MCDetect.inference.backends.interface import FloatImage, FloatMaps, RunNetwork
from MCDetect.inference.backends.onnx_model import INPUT, onnx_model
from MCDetect.inference.backends.precision import FP32

if TYPE_CHECKING:
    from torch import nn


class OnnxRuntimeBackend:
    """ONNX Runtime with as many threads as PyTorch would use (see ``interface.Backend``)."""

    name = "onnxruntime"
    title = "ONNX Runtime"
    precision = FP32

    def compile(self, network: nn.Module) -> RunNetwork:
        """Return ``network`` ready to run."""
        import onnxruntime
        import torch

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        # Memory grows by what is asked for, not by doubling: the peak stays that of the largest strip.
        provider = ("CPUExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"})
        session = onnxruntime.InferenceSession(onnx_model(network), options, providers=[provider])

        def run(image: FloatImage) -> FloatMaps:
            maps: FloatMaps = session.run(None, {INPUT: image[None, None]})[0][0]
            return maps

        return run
