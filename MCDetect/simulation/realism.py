"""How far simulated views look like given real ones, in numbers: a table that can be computed again at any time.

``python -m MCDetect.simulation.realism REAL.dcm ... --views 6`` prints one line for each real view, and the range of
as many simulated ones.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage, stats

from MCDetect.dicom.reading import read_mammogram
from MCDetect.files import write_text_atomically
from MCDetect.simulation.fields import FloatImage
from MCDetect.simulation.view import GENERATOR_VERSION, simulate_view

_REGION = 256  # pixels: side of a region of interest, 18 mm at 0.07 mm
_BETA_BAND = (0.15, 0.8)  # cycles/mm in which tissue dominates noise


@dataclass(frozen=True)
class Realism:
    """Texture of a view inside the breast, medians over regions of interest of 256 pixels.

    Attributes
    ----------
    beta
        Slope of the power spectrum, power ~ 1 / f^beta, from 0.15 to 0.8 cycles/mm.
    power_1, power_2, power_5
        Power at 1, 2 and 5 cycles/mm (10 % to either side) in grey² mm², grey values on 12 bits.
    noise
        Robust deviation of the difference of Gaussians of 1 and 2 pixels, in grey values.
    skewness, kurtosis
        Of the local contrast (the picture less its Gaussian blur of 14 pixels); excess kurtosis.
    grey_low, grey_median, grey_high
        5th, 50th and 95th percentile of the breast's grey values.
    regions
        Number of regions of interest.
    """

    beta: float
    power_1: float
    power_2: float
    power_5: float
    noise: float
    skewness: float
    kurtosis: float
    grey_low: float
    grey_median: float
    grey_high: float
    regions: int


def measure_realism(pixels: npt.NDArray[np.uint16], spacing_mm: float) -> Realism:
    """Measure a 12-bit For-Presentation view, bright as attenuating and 0 in air.

    Raises
    ------
    ValueError
        If no region of 256 pixels lies wholly inside the breast.
    """
    grey = pixels.astype(np.float32)
    breast = _breast_interior(grey)
    fine = ndimage.gaussian_filter(grey, 1.0) - ndimage.gaussian_filter(grey, 2.0)
    contrast = grey - ndimage.gaussian_filter(grey, 14.0, truncate=3.0)
    window = np.hanning(_REGION)[:, None] * np.hanning(_REGION)[None, :]
    frequency = np.hypot(fft.fftfreq(_REGION, spacing_mm)[:, None], fft.rfftfreq(_REGION, spacing_mm)[None, :])
    rows: list[list[float]] = []
    for top in range(0, grey.shape[0] - _REGION, _REGION // 2):
        for left in range(0, grey.shape[1] - _REGION, _REGION // 2):
            part = np.s_[top : top + _REGION, left : left + _REGION]
            if not breast[part].all():
                continue
            region = _without_plane(grey[part])
            power = np.abs(fft.rfft2(region * window)) ** 2 * spacing_mm**2 / np.sum(window**2)
            band = (frequency > _BETA_BAND[0]) & (frequency < _BETA_BAND[1])
            slope = np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0]
            bands = [float(power[np.abs(frequency / f - 1) < 0.1].mean()) for f in (1.0, 2.0, 5.0)]
            noise = 1.4826 * float(np.median(np.abs(fine[part])))
            local = contrast[part].ravel()
            rows.append([-slope, *bands, noise, float(stats.skew(local)), float(stats.kurtosis(local))])
    if not rows:
        raise ValueError("no region of 256 x 256 pixels lies inside the breast")
    low, median, high = np.percentile(grey[breast], [5, 50, 95])
    beta, power_1, power_2, power_5, noise, skewness, kurtosis = (float(v) for v in np.median(rows, axis=0))
    return Realism(
        beta=beta,
        power_1=power_1,
        power_2=power_2,
        power_5=power_5,
        noise=noise,
        skewness=skewness,
        kurtosis=kurtosis,
        grey_low=float(low),
        grey_median=float(median),
        grey_high=float(high),
        regions=len(rows),
    )


def realism_of_file(path: Path) -> Realism:
    """Measure a For Presentation mammogram of 12 bits, with its own pixel spacing.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    mammogram = read_mammogram(path)
    return measure_realism(mammogram.pixels.astype(np.uint16), mammogram.spacing.millimetres[0])


def compare_realism(real: Sequence[Path], views: int, work: Path, seed: int = 600_000) -> dict[str, Any]:
    """Measure real and simulated views; those measured before are not measured again.

    Parameters
    ----------
    real
        For Presentation mammograms of 12 bits, bright as attenuating; there may be none.
    views
        Number of simulated views with the simulator's own ranges, CC and MLO in turn.
    work
        Folder for one small file a view.
    seed
        Of the first simulated view.

    Returns
    -------
    dict
        ``"real"`` and ``"simulated"``: lists of the fields of :class:`Realism`.
    """

    def of_simulated(number: int) -> Realism:
        view = simulate_view(seed + number, view=("CC", "MLO")[number % 2], clusters=0, isolated=0)
        return measure_realism(view.pixels, view.spacing_mm)

    return {
        "real": [_kept(work / f"real-{_content_of(path)}.json", partial(realism_of_file, path)) for path in real],
        "simulated": [
            _kept(work / f"simulated-{GENERATOR_VERSION}-{seed + number}.json", partial(of_simulated, number))
            for number in range(views)
        ],
    }


def _content_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _kept(path: Path, measure: Callable[[], Realism]) -> dict[str, float]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, json.dumps(asdict(measure())))
    kept: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def _breast_interior(grey: FloatImage) -> npt.NDArray[np.bool_]:
    """Return the largest bright region, 3 mm or so away from the skin line, on the assumption that air is black."""
    labels, count = ndimage.label(grey[::8, ::8] > 40)
    if count == 0:
        return np.zeros(grey.shape, dtype=bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    breast = ndimage.binary_fill_holes(labels == sizes.argmax())
    breast = ndimage.binary_erosion(breast, iterations=8, border_value=1)
    return np.kron(breast, np.ones((8, 8), dtype=bool))[: grey.shape[0], : grey.shape[1]]


def _without_plane(region: FloatImage) -> npt.NDArray[np.float64]:
    row, column = np.mgrid[: region.shape[0], : region.shape[1]]
    design = np.stack([np.ones(region.size), row.ravel(), column.ravel()], axis=1)
    plane = design @ np.linalg.lstsq(design, region.ravel(), rcond=None)[0]
    residual: npt.NDArray[np.float64] = region - plane.reshape(region.shape)
    return residual


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    parser = argparse.ArgumentParser(description="Compare simulated views with real ones in numbers.")
    parser.add_argument("real", nargs="*", type=Path, help="real For-Presentation views of 12 bits")
    parser.add_argument("--views", type=int, default=6, help="number of simulated views")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first simulated view")
    parser.add_argument("--spacing", type=float, default=0.07, help="millimetres between the pixels of simulated views")
    options = parser.parse_args(arguments)
    measured = {str(path): realism_of_file(path) for path in options.real}
    for k in range(options.views):
        view = simulate_view(
            options.seed + k, view=("CC", "MLO")[k % 2], spacing_mm=options.spacing, clusters=0, isolated=0
        )
        name = f"simulated {options.seed + k} {view.view} {view.density}"
        measured[name] = measure_realism(view.pixels, options.spacing)
    table = Table("view", *(name.replace("_", " ") for name in asdict(next(iter(measured.values())))))
    for name, realism in measured.items():
        table.add_row(name, *(f"{value:.3g}" for value in asdict(realism).values()))
    Console(width=180).print(table)


if __name__ == "__main__":
    main()
