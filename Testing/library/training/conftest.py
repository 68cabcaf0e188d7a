from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.training.backgrounds import encode_view


@pytest.fixture(scope="session")
def background(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store a view of filtered noise with a breast in its left half, as ``prepare_backgrounds`` does."""
    random = np.random.default_rng(0)
    white = random.standard_normal((640, 512)).astype(np.float32)
    tissue = 1500 + 3000 * ndimage.gaussian_filter(white, 12) + 40 * ndimage.gaussian_filter(white[::-1], 0.6)
    mask = np.zeros(tissue.shape, dtype=bool)
    mask[60:600, :300] = True
    pixels = np.where(mask, np.clip(tissue, 0, 4095), 0).astype(np.uint16)
    path = tmp_path_factory.mktemp("backgrounds") / "1.npy"
    np.save(path, encode_view(pixels, mask))
    return path
