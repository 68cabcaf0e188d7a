"""The calcification network in int8, which MCDetect does not offer: how fast it would be, and how far its logits move.

ONNX Runtime quantises weights (for each channel) and activations (from strips of three views) and runs the result;
OpenVINO runs the same model. Both use the instructions for 8-bit products where the processor has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from support.timing import least_seconds

from MCDetect.bundles.store import find_bundle
from MCDetect.dicom.reading import read_mammogram
from MCDetect.inference.backends.interface import FloatImage
from MCDetect.inference.backends.onnx_model import INPUT, onnx_model
from MCDetect.inference.backends.onnx_runtime import OnnxRuntimeBackend
from MCDetect.inference.backends.open_vino import OpenVinoBackend
from MCDetect.inference.backends.precision import BF16, has_bf16
from MCDetect.networks.folding import fold_batch_normalisation
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.prepared import prepare_view

ROWS, COLUMNS = 768, 1024
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    return fold_batch_normalisation(find_bundle().load_network("calcification_network", "model.pt", CPU))


@pytest.fixture(scope="module")
def strips(examination) -> list[FloatImage]:
    """Return a strip through the middle of each view, as the network sees it."""
    found = []
    for path in sorted(examination.glob("*.dcm")):
        view = read_mammogram(path)
        spacing = view.spacing.millimetres
        mask = breast_mask(view.pixels, spacing, view.valid)
        prepared = prepare_view(view.pixels, view.valid, mask, spacing, 0.07)
        row, column = (int(np.median(inside)) for inside in np.nonzero(prepared.mask))
        top = int(np.clip(row - ROWS // 2, 0, prepared.mask.shape[0] - ROWS))
        left = int(np.clip(column - COLUMNS // 2, 0, prepared.mask.shape[1] - COLUMNS))
        found.append(np.ascontiguousarray(prepared.normalised[top : top + ROWS, left : left + COLUMNS]))
    return found


@pytest.fixture(scope="module")
def quantised(network, strips, tmp_path_factory) -> Path:
    """Return the ONNX model in int8; the first strip is kept for the measurement."""
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType, quantize_static

    class Strips(CalibrationDataReader):
        def __init__(self) -> None:
            self.rest: Iterator[FloatImage] = iter(strips[1:])

        def get_next(self) -> dict[str, np.ndarray] | None:
            strip = next(self.rest, None)
            return None if strip is None else {INPUT: strip[None, None]}

    folder = tmp_path_factory.mktemp("int8")
    whole, small = folder / "fp32.onnx", folder / "int8.onnx"
    whole.write_bytes(onnx_model(network))
    quantize_static(
        whole,
        small,
        Strips(),
        per_channel=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )
    return small


def run_by_onnx_runtime(model: Path) -> Callable[[FloatImage], FloatImage]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {INPUT: image[None, None]})[0][0]


def run_by_openvino(model: Path) -> Callable[[FloatImage], FloatImage]:
    import openvino

    settings = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
    return lambda image: request.infer([image[None, None]], share_inputs=True)[0][0].copy()


@pytest.mark.benchmark(group="calcification network, a strip of 768 x 1024, int8 (not offered)")
@pytest.mark.parametrize("run_by", [run_by_onnx_runtime, run_by_openvino], ids=["onnxruntime", "openvino"])
def test_int8(benchmark, network, strips, quantised, run_by):
    ways = {"int8": run_by(quantised)}
    if run_by is run_by_openvino:
        ways["fp32"] = OpenVinoBackend().compile(network)
        if has_bf16(CPU):
            ways["bf16"] = OpenVinoBackend(BF16).compile(network)
    else:
        ways["fp32"] = OnnxRuntimeBackend().compile(network)
    maps = {name: np.array(run(strips[0])) for name, run in ways.items()}
    benchmark.pedantic(ways["int8"], (strips[0],), rounds=3)
    seconds = {name: least_seconds(lambda run=run: run(strips[0]), 7)._asdict() for name, run in ways.items()}
    speck = maps["fp32"] > 0
    off = {
        name: {
            "median": float(np.median(np.abs(values - maps["fp32"])[speck])),
            "largest": float(np.abs(values - maps["fp32"])[speck].max()),
            "other side of 0": float(((values > 0) != speck).sum() / speck.sum()),
        }
        for name, values in maps.items()
        if name != "fp32"
    }
    benchmark.extra_info.update(seconds=seconds, logits_off_where_above_0=off, pixels_above_0=int(speck.sum()))
    assert speck.any()
