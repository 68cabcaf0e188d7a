"""The shallow CNN over a full view, dense and by MONAI's sliding windows, with equal output; read the ratios.

Each round measures MONAI, the largest matrix product and the dense way one after the other, so that what else the
computer does falls on all; the least of each counts. ``extra_info`` holds the ratios, by the clock and by processor
seconds, which other programs disturb less.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
from monai.inferers import SlidingWindowInferer
from support.timing import Seconds, least_seconds

from MCDetect.inference.backends.interface import Backend, RunNetwork
from MCDetect.inference.backends.onnx_runtime import OnnxRuntimeBackend
from MCDetect.inference.backends.open_vino import OpenVinoBackend
from MCDetect.inference.backends.precision import BF16, FP32, has_bf16
from MCDetect.inference.backends.pytorch import TorchBackend
from MCDetect.inference.dense_patches import block_maxima, dense_patch_logits
from MCDetect.inference.winograd.features import BlockMaxima
from MCDetect.networks import ShallowCNN

PATCH, STEP, STRIDE = 144, 72, 8
CPU = torch.device("cpu")
BACKENDS = [TorchBackend(CPU), OnnxRuntimeBackend(), OpenVinoBackend()]
ROUNDED = [TorchBackend(CPU, BF16), OpenVinoBackend(BF16)] if has_bf16(CPU) else []


@dataclass(frozen=True)
class Way:
    """A way to compute the maps, reduced to maxima of blocks."""

    name: str
    compile: Callable[[ShallowCNN, int], RunNetwork]
    precision: str = FP32
    multiplications: float = 1.0
    """How many it does of those of a direct convolution."""


def by(backend: Backend) -> Way:
    return Way(
        f"{backend.name}, {backend.precision}",
        lambda network, stride: backend.compile(block_maxima(network, stride)),
        backend.precision,
    )


# Four outputs of three taps take six multiplications instead of twelve.
# MONAI has all its memory only after some rounds: what is compared first would gain by that.
WAYS = [*map(by, BACKENDS), Way("minimal filtering", BlockMaxima, multiplications=0.5)]
LARGEST_DIFFERENCE = {FP32: 1e-5, BF16: 0.02}
SIDE = 2048


class Reference:
    """What is compared with: its result, and the least time of all rounds of all tests."""

    def __init__(self, call: Callable[[], np.ndarray]) -> None:
        self._call = call
        self.result = np.zeros(0)
        self.least = Seconds(np.inf, np.inf)

    def measure(self) -> None:
        def run() -> None:
            self.result = self._call()

        self.least = Seconds(*map(min, self.least, least_seconds(run, 1)))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return ShallowCNN().eval()


def breast_of(view: np.ndarray) -> np.ndarray:
    """Return a half ellipse of 35 % of the picture, about what the breast is of a full-field view."""
    row, column = np.mgrid[: view.shape[0], : view.shape[1]]
    return ((row / view.shape[0] - 0.5) / 0.45) ** 2 + (column / view.shape[1] / 0.5) ** 2 < 1


@pytest.fixture(scope="module")
def monai(network, view):
    inferer = SlidingWindowInferer((PATCH, PATCH), sw_batch_size=8, overlap=0.5)
    image = torch.from_numpy(view)[None, None]

    def run() -> np.ndarray:
        with torch.inference_mode():
            # The inferer wants a map for each window: the patch's one logit, spread over it.
            maps = inferer(image, lambda patches: network(patches)[:, None, None, None].repeat(1, 1, PATCH, PATCH))
        return maps[0, 0].numpy()

    for _ in range(4):  # the first times it waits for memory
        run()
    return Reference(run)


@cache
def matrix_product() -> Callable[[], object]:
    """Return a function that computes the largest matrix product, with the library that is the fastest here.

    PyTorch's and NumPy's take no AVX-512 on some processors that have it; OpenVINO's does.
    """
    left, right = (torch.randn(SIDE, SIDE, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    a, b = left.numpy(), right.numpy()
    product = openvino_product()
    ways: list[Callable[[], object]] = [lambda: left @ right, lambda: a @ b, lambda: product(a, b)]
    return min(ways, key=lambda way: least_seconds(way, 3).clock)


def openvino_product() -> Callable[[np.ndarray, np.ndarray], object]:
    """Return OpenVINO's product of two matrices in fp32."""
    import openvino
    import openvino.opset13 as operations

    left, right = (operations.parameter([SIDE, SIDE], np.float32) for _ in range(2))
    model = openvino.Model([operations.matmul(left, right, False, False)], [left, right])
    settings = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
    return lambda a, b: request.infer([a, b], share_inputs=True, share_outputs=True)


def window_starts(size: int) -> list[int]:
    """Return where MONAI's windows begin along an axis: every 72 pixels, the last one moved back into the image."""
    return [min(start, size - PATCH) for start in range(0, size - PATCH + STEP, STEP)]


def spread(logits: np.ndarray, shape: tuple[int, int], wanted: np.ndarray | None = None) -> np.ndarray:
    """Return MONAI's output from logits of the patches every eight pixels: at each pixel the mean over its windows.

    With ``wanted``, which says it of each patch, the mean over the windows that are, and zero where there is none.
    """
    starts = [np.array(window_starts(size)) for size in shape]
    # The mean is the same everywhere between two edges of windows: it is taken once there.
    edges = [np.unique([*begin, *(begin + PATCH)]) for begin in starts]
    over_rows, over_columns = (covers(begin, edge[:-1]) for begin, edge in zip(starts, edges, strict=True))
    places = np.ix_(*(begin // STRIDE for begin in starts))
    weights = np.ones([begin.size for begin in starts], np.float32) if wanted is None else wanted[places]
    sums = over_rows @ (logits[places] * weights) @ over_columns.T
    counts = over_rows @ weights @ over_columns.T
    down, across = (np.diff(edge) for edge in edges)
    return np.repeat(np.repeat(sums / np.maximum(counts, 1), across, axis=1), down, axis=0)


def covers(starts: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return float32 (pixels, windows): 1 where a window lies over a pixel."""
    offset = pixels[:, None] - starts
    return ((offset >= 0) & (offset < PATCH)).astype(np.float32)


def multiply_adds(network: ShallowCNN, shape: tuple[int, int]) -> int:
    """Return the multiplications of the two convolutions over an image, each pixel once."""
    first, second = (network.features[index].weight for index in (0, 2))
    places = [(shape[0] - 8 * step) * (shape[1] - 8 * step) for step in (1, 2)]
    return places[0] * first.numel() + places[1] * second.numel()


@pytest.mark.benchmark(group="shallow CNN over a 3328 x 2560 view, equal output to MONAI's inferer at 50 % overlap")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_dense_against_monai(benchmark, network, view, monai, way):
    features = way.compile(network, STRIDE)

    def logits() -> np.ndarray:
        return dense_patch_logits(network, view, device=CPU, stride=STRIDE, features=features)

    logits()
    found = benchmark.pedantic(lambda: spread(logits(), view.shape), setup=monai.measure, rounds=2)
    product, dense = least_seconds(matrix_product(), 10), least_seconds(logits, 3)
    whole = least_seconds(lambda: spread(logits(), view.shape), 6)
    assert np.abs(found - monai.result).max() < 1e-5
    # The share of the peak is that of what is computed, not of what a direct convolution would have computed.
    work = 2 * way.multiplications * multiply_adds(network, view.shape) / 1e9
    peak = 2 * SIDE**3 / 1e9
    benchmark.extra_info.update(
        gflop=work,
        peak_gflops=dict(zip(Seconds._fields, (peak / seconds for seconds in product), strict=True)),
        share_of_peak=dict(
            zip(
                Seconds._fields,
                (work / mine / (peak / seconds) for mine, seconds in zip(dense, product, strict=True)),
                strict=True,
            )
        ),
        **ratios(monai.least, whole),
    )


@pytest.mark.benchmark(group="shallow CNN over a 3328 x 2560 view, in the breast only, against MONAI over the view")
@pytest.mark.parametrize("way", [*WAYS, *map(by, ROUNDED)], ids=lambda way: way.name)
def test_dense_in_the_breast_against_monai(benchmark, network, view, monai, way):
    features, breast = way.compile(network, STRIDE), breast_of(view)
    rows, columns = ((size - PATCH) // STRIDE + 1 for size in view.shape)
    # A patch is wanted if it is centred in the breast.
    wanted = breast[PATCH // 2 :: STRIDE, PATCH // 2 :: STRIDE][:rows, :columns]

    def evaluate() -> np.ndarray:
        logits = dense_patch_logits(network, view, wanted, device=CPU, stride=STRIDE, features=features)
        return spread(logits, view.shape, wanted)

    found = benchmark.pedantic(evaluate, setup=monai.measure, rounds=1)
    # At the border of the breast MONAI takes the mean over windows that are not wanted too.
    whole = spread(wanted.astype(np.float32), view.shape) == 1
    difference = float(np.abs(found - monai.result)[whole].max())
    assert difference < LARGEST_DIFFERENCE[way.precision]
    benchmark.extra_info.update(
        breast=float(breast.mean()),
        compared=float(whole.mean()),
        difference=difference,
        **ratios(monai.least, least_seconds(evaluate, 6)),
    )


@pytest.mark.benchmark(group="shallow CNN over a 3328 x 2560 view, a patch at every pixel")
@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_a_patch_at_every_pixel(benchmark, network, view, backend):
    features = backend.compile(network.features)
    dense = benchmark.pedantic(
        lambda: dense_patch_logits(network, view, device=CPU, features=features), rounds=2, warmup_rounds=1
    )
    corners = [(0, 0), (1777, 931), (3184, 2416)]
    patches = np.stack([view[i : i + PATCH, j : j + PATCH] for i, j in corners])[:, None]
    with torch.inference_mode():
        expected = network(torch.from_numpy(patches)).numpy()
    assert np.abs([dense[corner] for corner in corners] - expected).max() < 1e-5


def ratios(reference: Seconds, mine: Seconds) -> dict[str, dict[str, float]]:
    return {
        "monai_seconds": reference._asdict(),
        "seconds": mine._asdict(),
        "ratio": {kind: getattr(reference, kind) / getattr(mine, kind) for kind in Seconds._fields},
    }
