"""A DICOM view of real size in, findings or files out: the path for each back end, its stages, and its memory."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom.uid
import pytest
import torch
from scipy import ndimage
from support.timing import Seconds, least_seconds

from MCDetect.dicom.reading import read_mammogram
from MCDetect.inference.backends.precision import BF16, FP32, has_bf16
from MCDetect.inference.detector import Detector
from MCDetect.networks import ResNet
from MCDetect.outputs import FORMATS
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.results import ResultWriter

BACKENDS = ("torch", "onnxruntime", "openvino")
WAYS = [(backend, FP32) for backend in BACKENDS]
if has_bf16(torch.device("cpu")):
    WAYS.append(("openvino", BF16))
TILE = 224


@pytest.fixture(scope="module")
def dicom_view(examination) -> Path:
    """Return the left MLO view, the larger breast."""
    return examination / "LMLO.dcm"


@pytest.mark.benchmark(group="a 3328 x 2560 view, DICOM in to findings out, warm")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0] if way[1] == FP32 else ", ".join(way))
def test_dicom_in_findings_out(benchmark, dicom_view, way):
    detector = Detector.load("default", "cpu", *way)
    findings = benchmark.pedantic(lambda: detector.analyse(read_mammogram(dicom_view), 0.0), rounds=3, warmup_rounds=1)
    seconds = least_seconds(lambda: detector.analyse(read_mammogram(dicom_view), 0.0), 3)
    benchmark.extra_info.update(
        seconds=seconds._asdict(), stages_cpu_seconds=_stages(detector, dicom_view), clusters=len(findings.clusters)
    )
    assert findings.clusters


@pytest.mark.benchmark(group="a 3328 x 2560 view, DICOM in to files out (all formats written by default), warm")
@pytest.mark.parametrize("backend", BACKENDS)
def test_dicom_in_files_out(benchmark, dicom_view, tmp_path, backend):
    detector = Detector.load("default", "cpu", backend)
    files: list[Path] = []

    def detect_and_write() -> None:
        mammogram = read_mammogram(dicom_view)
        writer = ResultWriter(tmp_path, detector.algorithm(), FORMATS)
        writer.add(mammogram, detector.analyse(mammogram))
        writer.finish()
        files[:] = writer.files

    benchmark.pedantic(detect_and_write, rounds=3, warmup_rounds=1)
    seconds = least_seconds(detect_and_write, 3)
    benchmark.extra_info.update(seconds=seconds._asdict(), files=sorted(path.name for path in files))
    assert files


NEW_PROCESS = {
    "findings": "detect(path, device='cpu', backend=backend, operating_point=0.0)\n",
    "files": (
        "from MCDetect.outputs import FORMATS\n"
        "from MCDetect.inference.detector import Detector\n"
        "from MCDetect.dicom.reading import read_mammogram\n"
        "from MCDetect.results import ResultWriter\n"
        "detector, mammogram = Detector.load('default', 'cpu', backend), read_mammogram(path)\n"
        "writer = ResultWriter(pathlib.Path(output), detector.algorithm(), FORMATS)\n"
        "writer.add(mammogram, detector.analyse(mammogram))\n"
        "writer.finish()\n"
    ),
}


@pytest.mark.benchmark(group="a new process with one 3328 x 2560 view: its first answer and its memory")
@pytest.mark.parametrize("out", NEW_PROCESS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_new_process_its_first_answer_and_its_memory(benchmark, dicom_view, tmp_path, backend, out):
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of the memory is read from /proc")
    code = (
        "import pathlib, sys, torch\n"
        "path, backend, threads, output = sys.argv[1:]\n"
        "torch.set_num_threads(int(threads))\n"
        "from MCDetect.inference.pipeline import detect\n"
        f"{NEW_PROCESS[out]}"
        "lines = pathlib.Path('/proc/self/status').read_text().splitlines()\n"
        "print(next(line.split()[1] for line in lines if line.startswith('VmHWM')))\n"  # of this process alone
    )
    words = [sys.executable, "-c", code, str(dicom_view), backend, str(torch.get_num_threads()), str(tmp_path)]

    def run() -> int:
        return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)

    benchmark.extra_info["peak_mib"] = benchmark.pedantic(run, rounds=2) / 1024


@pytest.mark.benchmark(group="megapixels: the same breast at other sizes, pixels in to findings out")
@pytest.mark.parametrize("megapixels", [1, 2, 4, 8, 15, 30, 60])
def test_cost_grows_with_the_number_of_pixels(benchmark, dicom_view, megapixels):
    detector = Detector.load("default", "cpu", "torch")
    mammogram = read_mammogram(dicom_view)
    pixels = ndimage.zoom(mammogram.pixels, (megapixels * 1e6 / mammogram.pixels.size) ** 0.5, order=1)
    larger = replace(mammogram, pixels=pixels, valid=np.ones(pixels.shape, dtype=np.bool_))
    measured: list[Seconds] = []
    rounds = max(1, 8 // megapixels)
    benchmark.pedantic(
        lambda: measured.append(least_seconds(lambda: detector.analyse(larger, 0.0), 1)), rounds=rounds, warmup_rounds=0
    )
    benchmark.extra_info.update(pixels=pixels.size, processor_seconds=min(seconds.processor for seconds in measured))


@pytest.mark.benchmark(group="ResNet-50 patch learning (Shiri Kahnouei et al. 2022) over the same view")
def test_resnet_50_on_a_sample_of_the_tiles(benchmark, dicom_view):
    """The paper's tiles are 224 x 224, side by side; 16 of them are computed, the rest would take as long each.

    ResNet-50 runs with PyTorch, the default detector with each of its back ends.
    """
    torch.manual_seed(0)
    network = ResNet(50, classes=2).eval()
    mammogram = read_mammogram(dicom_view)
    mask = breast_mask(mammogram.pixels, mammogram.spacing.millimetres, mammogram.valid)
    rows, columns = (size // TILE for size in mammogram.shape)
    in_breast = mask[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE).any(axis=(1, 3))
    tiles = mammogram.pixels[: 4 * TILE, : 4 * TILE].reshape(4, TILE, 4, TILE).swapaxes(1, 2).reshape(16, 1, TILE, TILE)
    batch = torch.from_numpy(np.ascontiguousarray(tiles) / 4095).expand(-1, 3, -1, -1)

    def judge() -> None:
        with torch.inference_mode():
            network(batch)

    judge()
    benchmark.pedantic(judge, rounds=1)
    a_tile = Seconds(*(seconds / len(batch) for seconds in least_seconds(judge, 3)))
    ours = {}
    for backend in BACKENDS:
        detector = Detector.load("default", "cpu", backend)
        detector.analyse(read_mammogram(dicom_view), 0.0)
        ours[backend] = least_seconds(lambda detector=detector: detector.analyse(read_mammogram(dicom_view), 0.0), 3)
    counts = {"all tiles": rows * columns, "tiles that touch the breast": int(in_breast.sum())}
    benchmark.extra_info.update(
        seconds_a_tile=a_tile._asdict(),
        detector_seconds={backend: seconds._asdict() for backend, seconds in ours.items()},
        tiles=counts,
        ratio={
            backend: {
                name: {kind: count * getattr(a_tile, kind) / getattr(seconds, kind) for kind in Seconds._fields}
                for name, count in counts.items()
            }
            for backend, seconds in ours.items()
        },
    )


@pytest.mark.benchmark(group="reading a 3328 x 2560 view")
@pytest.mark.parametrize("syntax", ["ExplicitVRLittleEndian", "JPEGLSLossless", "JPEG2000Lossless"])
def test_reading(benchmark, dicom_view, tmp_path, syntax):
    path = dicom_view
    if syntax != "ExplicitVRLittleEndian":
        dataset = pydicom.dcmread(dicom_view)
        dataset.compress(getattr(pydicom.uid, syntax), generate_instance_uid=False)
        path = tmp_path / "compressed.dcm"
        dataset.save_as(path)
    benchmark.pedantic(lambda: read_mammogram(path), rounds=2, warmup_rounds=1)
    benchmark.extra_info.update(processor_seconds=least_seconds(lambda: read_mammogram(path), 3).processor)


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
