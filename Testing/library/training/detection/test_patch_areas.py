"""Real patches are judged by case, as they are and with equal high-pass deviation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from MCDetect.bundles.store import find_bundle
from MCDetect.errors import InputError
from MCDetect.inference.detector import Detector
from MCDetect.training.detection.patch_areas import area_table, judge_of
from MCDetect.training.real_patches import RealPatches


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve patches of six cases: those of class 1 are brighter and hold three specks."""
    random = np.random.default_rng(3)
    for number in range(12):
        label = number % 2
        patch = random.normal(100 + 20 * label, 4 + 4 * label, (60, 60))
        if label:
            for row, column in ((20, 20), (30, 34), (38, 22)):
                patch[row : row + 3, column : column + 3] += 80
        (tmp_path / str(label)).mkdir(exist_ok=True)
        picture = Image.fromarray(np.clip(patch, 0, 255).astype(np.uint8))
        picture.save(tmp_path / str(label) / f"case{number // 2}_{number}.pgm")
    return tmp_path


def test_a_judge_that_knows_has_one_and_one_that_guesses_a_half(folder: Path) -> None:
    patches = RealPatches.read(folder)
    assert patches.numbers == {"with a cluster": 6, "all": 12}
    assert len(set(patches.cases)) == 6
    brightness, equalised = patches.areas(lambda patch: float(patch.mean()))
    assert brightness["estimate"] == 1.0
    assert patches.areas(lambda patch: 0.0)[0]["estimate"] == 0.5
    table = area_table({"knows": brightness}, {"knows": equalised})
    assert table.splitlines()[-1].startswith("| knows | 1.000 [1.000–1.000] | ")
    assert len(area_table({"knows": brightness}, None).splitlines()[-1].split("|")) == 4


def test_the_detector_sums_the_probabilities_of_specks(folder: Path) -> None:
    judge = judge_of(Detector(find_bundle("default"), "cpu"))
    assert RealPatches.read(folder).areas(judge)[0]["estimate"] == 1.0


def test_a_folder_of_one_class_is_told(folder: Path) -> None:
    for file in (folder / "0").iterdir():
        file.unlink()
    with pytest.raises(InputError, match="holds no patches"):
        RealPatches.read(folder)
