"""OpenVINO on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MCDetect.inference.backends.interface import FloatImage, FloatMaps, RunNetwork
from MCDetect.inference.backends.onnx_model import onnx_model
from MCDetect.inference.backends.precision import BF16, FP32

if TYPE_CHECKING:
    from torch import nn

_HINTS = {FP32: "f32", BF16: "bf16"}


class OpenVinoBackend:
    """OpenVINO with as many threads as PyTorch would use (see ``interface.Backend``)."""

    name = "openvino"
    title = "OpenVINO"

    def __init__(self, precision: str = FP32) -> None:
        self.precision = precision

    def compile(self, network: nn.Module) -> RunNetwork:
        """Return ``network`` ready to run."""
        import openvino
        import torch

        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "INFERENCE_PRECISION_HINT": _HINTS[self.precision],  # left alone it takes bf16 where the processor has it
            "PERFORMANCE_HINT": "LATENCY",
        }
        request = core.compile_model(core.read_model(onnx_model(network)), "CPU", settings).create_infer_request()

        def run(image: FloatImage) -> FloatMaps:
            maps: FloatMaps = request.infer([image[None, None]], share_inputs=True, share_outputs=True)[0][0]
            return maps

        return run
