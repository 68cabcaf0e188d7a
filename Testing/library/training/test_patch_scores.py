from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from MCDetect.errors import InputError
from MCDetect.inference.detector import Detector
from MCDetect.training.patch_scores import CLASSICAL, calcification_sum, score_patches

PATCHES = Path(__file__).parents[4] / "shared" / "data" / "pisa_patches"


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load("default", "cpu")


def patch_with_dots(count: int) -> np.ndarray:
    random = np.random.default_rng(3)
    patch = random.normal(120, 3, (60, 60))
    rows, columns = np.mgrid[:60, :60]
    for number in range(count):
        centre = 12 + 12 * (number // 4), 12 + 12 * (number % 4)
        patch += 45 * np.exp(-((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / 2.5)
    return np.clip(patch, 0, 255).astype(np.float32)


def test_the_sum_grows_with_the_number_of_calcifications(detector: Detector):
    sums = [calcification_sum(detector, patch_with_dots(count)) for count in (0, 3, 8)]
    assert sums[0] < 1.0 < sums[1] < sums[2]


@pytest.mark.parametrize("name", CLASSICAL)
def test_filters_answer_to_three_dots_more_than_to_none_or_one(name: str):
    none, one, three = (CLASSICAL[name](patch_with_dots(count)) for count in (0, 1, 3))
    assert none < one < three


def test_a_filter_on_grey_values_does_not_see_brightness_but_contrast():
    patch = patch_with_dots(3)
    judge = CLASSICAL["difference of Gaussians, not divided by the noise"]
    assert judge(patch + 20) == pytest.approx(judge(patch), rel=1e-3)
    assert judge(2 * patch) == pytest.approx(2 * judge(patch), rel=1e-3)


def test_a_folder_without_both_classes_is_refused(detector: Detector, tmp_path: Path):
    (tmp_path / "1").mkdir()
    Image.fromarray(np.zeros((60, 60), dtype=np.uint8)).save(tmp_path / "1" / "a_1.pgm")
    with pytest.raises(InputError) as caught:
        score_patches(detector, tmp_path)
    assert caught.value.code == "no-patches"


def test_patches_are_scored_by_both_networks_and_by_texture_alone(detector: Detector, tmp_path: Path):
    for label, count in ((0, 0), (1, 8)):
        (tmp_path / str(label)).mkdir()
        for case in range(6):
            picture = patch_with_dots(count) + np.random.default_rng(case).normal(0, 2, (60, 60))
            Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(tmp_path / str(label) / f"{case}_1.pgm")
    document = score_patches(detector, tmp_path, repeats=20)
    assert (document["with_cluster"], document["normal"], document["cases"]) == (6, 6, 6)
    assert document["calcification network"]["area_under_curve"]["estimate"] == 1.0
    for name in CLASSICAL:
        assert document[name]["area_under_curve"]["estimate"] == 1.0
    assert len(document) == 12


@pytest.mark.slow
def test_real_patches_with_clusters_are_told_from_those_without(detector: Detector):
    if not PATCHES.is_dir():
        pytest.skip("the real patches are not part of the repository")
    document = score_patches(detector, PATCHES, repeats=20)
    for name in ("calcification network", "calcification network, equal high-pass deviation"):
        assert document[name]["area_under_curve"]["estimate"] > 0.94, name
