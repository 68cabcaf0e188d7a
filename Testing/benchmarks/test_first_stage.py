"""What stages that reject tissue before the networks cost in calcifications, and what they would save.

The breast mask is the stage that is used. The other, a difference of Gaussians as the noise is measured with, was tried
and is not used: noise lies everywhere in the breast, so hardly any tile is left out once the receptive
field round each kept tile is counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import starmap
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage, stats

from MCDetect.dicom.reading import read_mammogram
from MCDetect.inference.logit_map import HALO
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.preprocessing.intensity import normalise_by_local_noise, scale_to_unit_range

SEEDS = range(101, 121)
TILE = 32
LOSSES = (0.0, 0.005, 0.02)  # share of the visible calcifications that a threshold may lose
VISIBLE = 5.0  # signal-to-noise ratio, as in the model card


@pytest.fixture(scope="module")
def examinations(tmp_path_factory) -> list[Path]:
    folders = []
    for seed in SEEDS:
        folders.append(tmp_path_factory.mktemp(f"seed{seed}"))
        words = ["-m", "MCDetect", "simulate", "--output", str(folders[-1]), "--views", "4", "--seed", str(seed)]
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return folders


def measured(folder: Path, view: dict) -> dict[str, np.ndarray]:
    """Return, of a view: whether each calcification lies in the mask, its response, and the tiles' responses."""
    mammogram = read_mammogram(folder / view["file"])
    mask = breast_mask(mammogram.pixels, mammogram.spacing.millimetres, mammogram.valid)
    unit, step = scale_to_unit_range(mammogram.pixels, mammogram.valid)
    normalised = normalise_by_local_noise(unit, mask, step)
    response = ndimage.gaussian_filter(normalised, 1.0) - ndimage.gaussian_filter(normalised, 2.5)
    inside, responses = [], []
    for calcification in view["calcifications"]:
        pixels = [(row, column + i) for row, column, length in calcification["runs"] for i in range(length)]
        place = tuple(np.transpose(pixels))
        inside.append(bool(mask[place].any()))
        if calcification["signal_to_noise"] >= VISIBLE:
            responses.append(float(response[place].max()))
    rows, columns = (size // TILE for size in mask.shape)
    shape, whole = (rows, TILE, columns, TILE), (slice(rows * TILE), slice(columns * TILE))
    return {
        "inside": np.array(inside, dtype=bool),
        "responses": np.array(responses),
        "tiles": np.where(mask, response, -np.inf)[whole].reshape(shape).max(axis=(1, 3)),
        "breast": mask[whole].reshape(shape).any(axis=(1, 3)),
        "mask": np.array([mask.mean()]),
    }


@pytest.mark.benchmark(group="stages that reject")
def test_what_rejecting_loses_and_saves(benchmark, examinations):
    views = [
        (folder, view) for folder in examinations for view in json.loads((folder / "truth.json").read_text())["views"]
    ]
    results = benchmark.pedantic(lambda: list(starmap(measured, views)), rounds=1)
    inside = np.concatenate([result["inside"] for result in results])
    responses = np.concatenate([result["responses"] for result in results])
    reach = np.ones((2 * HALO // TILE + 1,) * 2, dtype=bool)
    stages = {}
    for loss in LOSSES:
        threshold = np.quantile(responses, loss)
        kept = [(result["tiles"] >= threshold, result["breast"]) for result in results]
        breast = sum(int(tissue.sum()) for _, tissue in kept)
        stages[f"{loss:.1%} lost"] = {
            "tiles_kept": sum(int(tiles.sum()) for tiles, _ in kept) / breast,
            "computed_of_breast": sum(int((ndimage.binary_dilation(tiles, reach) & b).sum()) for tiles, b in kept)
            / breast,
        }
    lost = int((~inside).sum())
    bound = float(stats.beta.ppf(0.95, lost + 1, len(inside) - lost))  # Clopper and Pearson 1934, one side
    benchmark.extra_info.update(
        views=len(views),
        calcifications=len(inside),
        outside_the_mask=lost,
        share_lost_at_most=bound,
        picture_that_is_breast=float(np.mean([result["mask"] for result in results])),
        visible_calcifications=len(responses),
        difference_of_gaussians=stages,
    )
    assert bound <= 0.005
