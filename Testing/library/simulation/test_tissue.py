from __future__ import annotations

import numpy as np
import pytest

from MCDetect.simulation.anatomy import COARSE, draw_geometry
from MCDetect.simulation.fields import upsample
from MCDetect.simulation.tissue import DENSITY_SHARES, FAT_PER_MM, FINE, GLAND_PER_MM, draw_density, draw_tissue

SHAPE, SPACING = (900, 700), 0.2


def tissue_of(seed: int, density: str | None, view: str = "CC"):
    rng = np.random.default_rng(seed)
    geometry = draw_geometry(rng, view, SHAPE, SPACING)
    return geometry, draw_tissue(rng, geometry, SHAPE, SPACING, density)


@pytest.mark.parametrize("view", ["CC", "MLO"])
def test_attenuation_lies_between_that_of_fat_and_that_of_gland(view):
    geometry, tissue = tissue_of(3, "c", view)
    depth = upsample(geometry.depth_mm, SHAPE, COARSE)
    thickness = upsample(geometry.thickness_mm, SHAPE, COARSE)
    assert tissue.attenuation.shape == SHAPE
    inner = depth > 4
    per_mm = tissue.attenuation[inner] / thickness[inner]
    assert per_mm.min() > 0.97 * FAT_PER_MM
    assert per_mm.max() < 1.03 * GLAND_PER_MM
    assert np.abs(tissue.attenuation[depth < -2]).max() < 0.05


def test_denser_classes_hold_more_gland():
    means = []
    for density in "abcd":
        shares = []
        for seed in (0, 2):
            geometry, tissue = tissue_of(seed, density)
            depth = upsample(geometry.depth_mm, tissue.gland.shape, COARSE / FINE)
            shares.append(float(tissue.gland[depth > 8].mean()))
            assert tissue.density == density
        means.append(np.mean(shares))
    assert means == sorted(means)
    assert means[3] > 1.5 * means[0]


def test_density_classes_are_drawn_by_their_shares():
    rng = np.random.default_rng(0)
    drawn = [draw_density(rng) for _ in range(2000)]
    for density, share in DENSITY_SHARES.items():
        assert drawn.count(density) / 2000 == pytest.approx(share, abs=0.04)
