"""A DICOM view of real size in, findings out: the whole path for each back end, its stages, and its memory."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from MCDetect.bundles.store import find_bundle
from MCDetect.dicom.reading import read_mammogram
from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.detector import Detector
from MCDetect.inference.logit_map import calcification_logits
from MCDetect.networks.folding import fold_batch_normalisation
from MCDetect.preprocessing.breast_mask import breast_mask

BACKENDS = ("torch", "onnxruntime", "openvino")
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def dicom_view(tmp_path_factory) -> Path:
    """Simulate an examination of 3328 x 2560 pixels with clusters and return its left MLO view, the larger breast."""
    folder = tmp_path_factory.mktemp("examination")
    words = ["-m", "MCDetect", "simulate", "--output", str(folder), "--views", "4", "--seed", "11"]
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return folder / "LMLO.dcm"


@pytest.mark.benchmark(group="a 3328 x 2560 view, DICOM in to findings out, warm")
@pytest.mark.parametrize("backend", BACKENDS)
def test_dicom_in_findings_out(benchmark, dicom_view, backend):
    detector = Detector.load("default", "cpu", backend)
    findings = benchmark.pedantic(lambda: detector.analyse(read_mammogram(dicom_view), 0.0), rounds=5, warmup_rounds=1)
    benchmark.extra_info.update(stages_cpu_seconds=_stages(detector, dicom_view), clusters=len(findings.clusters))
    assert findings.clusters


@pytest.mark.benchmark(group="a 3328 x 2560 view, DICOM in to findings out, warm")
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_new_process_its_first_answer_and_its_memory(benchmark, dicom_view, backend):
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of the memory is read from /proc")
    code = (
        "import pathlib, sys, torch\n"
        "torch.set_num_threads(int(sys.argv[3]))\n"
        "from MCDetect.inference.pipeline import detect\n"
        "detect(sys.argv[1], device='cpu', backend=sys.argv[2], operating_point=0.0)\n"
        "lines = pathlib.Path('/proc/self/status').read_text().splitlines()\n"
        "print(next(line.split()[1] for line in lines if line.startswith('VmHWM')))\n"  # of this process alone
    )
    words = [sys.executable, "-c", code, str(dicom_view), backend, str(torch.get_num_threads())]

    def run() -> int:
        return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)

    benchmark.extra_info["peak_mib"] = benchmark.pedantic(run, rounds=2) / 1024


@pytest.mark.benchmark(group="megapixels: the calcification network over noise")
@pytest.mark.parametrize("megapixels", [1, 2, 4, 8, 15, 30, 60])
def test_cost_grows_with_the_number_of_pixels(benchmark, megapixels):
    network = find_bundle().load_network("calcification_network", "model.pt", CPU)
    run = TorchBackend(CPU).compile(fold_batch_normalisation(network).to(memory_format=torch.channels_last))
    side = round((megapixels * 1e6) ** 0.5)
    image = np.random.default_rng(0).normal(0, 0.5, (side, side)).astype(np.float32)
    mask = np.ones(image.shape, dtype=bool)
    benchmark.extra_info["pixels"] = side * side
    benchmark.pedantic(lambda: calcification_logits(run, image, mask), rounds=3 if megapixels < 15 else 1)


@pytest.mark.benchmark(group="peak: matrix product of 2048 x 2048 in fp32")
@pytest.mark.parametrize("library", ["torch", "numpy"])
def test_matrix_product(benchmark, library):
    left, right = (torch.randn(2048, 2048, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    if library == "torch":
        benchmark.pedantic(lambda: left @ right, rounds=5, warmup_rounds=2)
    else:
        a, b = left.numpy(), right.numpy()
        benchmark.pedantic(lambda: a @ b, rounds=5, warmup_rounds=2)
    benchmark.extra_info["gflop"] = 2 * 2048**3 / 1e9


def _stages(detector: Detector, path: Path, rounds: int = 3) -> dict[str, float]:
    """Return the least processor seconds of each stage, which other programs disturb little.

    The progress messages of the detector part the stages.
    """
    least: dict[str, float] = {}
    for _ in range(rounds):
        marks: dict[str, float] = {}

        def note(stage: str, fraction: float, marks: dict[str, float] = marks) -> None:
            marks[stage] = time.process_time()  # the last message of a stage is its end

        start = time.process_time()
        mammogram = read_mammogram(path)
        read = time.process_time()
        mask = breast_mask(mammogram.pixels, mammogram.spacing.millimetres, mammogram.valid)
        masked = time.process_time()
        detector._prepare(mammogram.pixels, mammogram.valid, mask, mammogram.spacing.millimetres)
        normalised = time.process_time()
        detector.analyse(mammogram, 0.0, note)
        seconds = {
            "reading": read - start,
            "breast mask": masked - read,
            "normalising": normalised - masked,
            "calcification network": marks["finding calcifications"] - marks["preparing"] - (normalised - masked),
            "grouping and patch network": marks["judging patches"] - marks["finding calcifications"],
            "describing clusters": marks["done"] - marks["judging patches"],
        }
        least = {name: min(value, least.get(name, value)) for name, value in seconds.items()}
    return least
