"""An examination of four views, warm, on a CUDA device: its time, that of the device, and the share of its roof.

Skipped without such a device. ``extra_info`` names the device, what bounds the calcification network, and how much of
that roof it reaches.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from support.roofline import device_seconds, measured_roofs, total, work_of

from MCDetect.dicom.reading import read_mammogram
from MCDetect.inference.backends.precision import BF16, FP32, has_bf16
from MCDetect.inference.detector import Detector
from MCDetect.inference.device import device_name
from MCDetect.inference.logit_map import calcification_logits
from MCDetect.networks import CalcificationUNet
from MCDetect.networks.folding import fold_batch_normalisation
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.prepared import PreparedView

CUDA = torch.device("cuda")
KINDS = {FP32: torch.float32, BF16: torch.bfloat16}

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this computer has no CUDA device"),
]


def strip_shapes(view: PreparedView) -> list[tuple[int, int]]:
    """Return the shapes of the strips that the calcification network gets of a view."""
    shapes: list[tuple[int, int]] = []

    def note(image: np.ndarray) -> np.ndarray:
        shapes.append(image.shape)
        return np.zeros((1, *image.shape), dtype=np.float32)

    calcification_logits(note, view.normalised, view.mask)
    return shapes


@pytest.mark.benchmark(group="four views of 3328 x 2560, warm, on a CUDA device")
@pytest.mark.parametrize("precision", KINDS)
def test_an_examination_on_a_gpu(benchmark, examination, precision):
    if precision == BF16 and not has_bf16(CUDA):
        pytest.skip("this device has no bf16")
    detector = Detector.load("default", "cuda", precision=precision)
    mammograms = [read_mammogram(path) for path in sorted(examination.glob("*.dcm"))]
    prepared = []
    for one in mammograms:
        mask = breast_mask(one.pixels, one.spacing.millimetres, one.valid)
        prepared.append(detector._prepare(one.pixels, one.valid, mask, one.spacing.millimetres))

    def analyse() -> None:
        for one in mammograms:
            detector.analyse(one, 0.0)

    def network() -> None:
        for view in prepared:
            detector._networks.calcification_logits(view.normalised, view.mask)

    benchmark.pedantic(analyse, rounds=5, warmup_rounds=2)
    torch.cuda.reset_peak_memory_stats()
    processor = time.process_time()
    analyse()
    processor = time.process_time() - processor
    peak = torch.cuda.max_memory_allocated()  # before the roofs are measured, with far larger arrays
    assert detector.algorithm().device == device_name(CUDA, "PyTorch", precision)  # or it was not the GPU that worked
    network()
    dense = device_seconds(network)
    assert dense["kernels"] > 0, "the profiler saw no kernel"
    shadow = fold_batch_normalisation(CalcificationUNet().eval())
    kind = KINDS[precision]
    work = total(work_of(shadow, (1, 1, *shape), kind) for view in prepared for shape in strip_shapes(view))
    roofs = measured_roofs(CUDA, kind)
    bound, least = roofs.least_seconds(work)
    benchmark.extra_info.update(
        device=torch.cuda.get_device_name(),
        views=len(mammograms),
        device_seconds=device_seconds(analyse),
        processor_seconds=processor,
        peak_mib=peak / 2**20,
        dense_stage={
            "device_seconds": dense,
            "operations": work.operations,
            "bytes": work.bytes,
            "roof_operations_a_second": roofs.operations,
            "roof_bytes_a_second": roofs.bytes,
            "bound": bound,
            "share_of_the_roof": least / dense["kernels"],
        },
    )
    assert len(mammograms) == 4
