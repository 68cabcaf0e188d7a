"""OpenVINO on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from MCDetect.inference.backends.interface import FloatImage, FloatMaps, RunNetwork
from MCDetect.inference.backends.onnx_model import onnx_model

if TYPE_CHECKING:
    from torch import nn


class OpenVinoBackend:
    """OpenVINO in fp32 with as many threads as PyTorch would use (see ``interface.Backend``)."""

    name = "openvino"
    title = "OpenVINO"

    def compile(self, network: nn.Module) -> RunNetwork:
        """Return ``network`` ready to run."""
        import openvino
        import torch

        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "INFERENCE_PRECISION_HINT": "f32",  # left alone it takes bf16 where the processor has it
            "PERFORMANCE_HINT": "LATENCY",
        }
        request = core.compile_model(core.read_model(onnx_model(network)), "CPU", settings).create_infer_request()

        def run(image: FloatImage) -> FloatMaps:
            maps: FloatMaps = request.infer([image[None, None]], share_inputs=True, share_outputs=True)[0][0]
            return maps

        return run
