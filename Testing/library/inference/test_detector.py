from __future__ import annotations

import dataclasses
import json
import logging
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import ndimage
from support.bright_bundle import SETTINGS, make_mammogram

from MCDetect.bundles.store import seal
from MCDetect.errors import DeviceError, InputError, ModelError, UsageError
from MCDetect.findings import Findings, ImageFindings
from MCDetect.inference import logit_map
from MCDetect.inference.calcifications import peak_logit
from MCDetect.inference.detector import Detector

GROUP = [(200, 250), (215, 262), (230, 240), (208, 280)]
LONE = (400, 300)


@pytest.fixture(scope="module")
def detector(bundle_folder):
    return Detector.load(bundle_folder, "cpu")


def test_a_group_is_a_cluster_and_a_lone_spot_is_not(detector):
    image = detector.analyse(make_mammogram([*GROUP, LONE]), 0.0)
    (cluster,) = image.clusters
    found = {(round(c.row), round(c.column)) for c in image.members(cluster)}
    assert found == set(GROUP)
    (isolated,) = image.isolated_calcifications
    assert (round(isolated.row), round(isolated.column)) == LONE
    assert image.score == cluster.score
    assert 0 < cluster.score < 1
    assert cluster.density_per_cm2 > 3


def test_an_empty_breast_is_a_result_too(detector):
    image = detector.analyse(make_mammogram())
    assert (image.calcifications, image.clusters, image.score) == ((), (), 0.0)
    assert image.breast_area_mm2 == pytest.approx(512 * 400 * 0.07**2 * 0.48 * 0.9 * np.pi / 2, rel=0.08)


def test_the_operating_point_decides_which_clusters_are_reported(detector):
    mammogram = make_mammogram(GROUP)
    (cluster,) = detector.analyse(mammogram, 0.0).clusters
    assert detector.analyse(mammogram, cluster.score).clusters
    below = detector.analyse(mammogram, min(1.0, cluster.score + 1e-6))
    assert not below.clusters
    assert len(below.isolated_calcifications) == len(GROUP)


def test_findings_lie_where_they_are_whatever_the_pixel_spacing(detector):
    coarse = make_mammogram([(150, 180), (160, 190), (170, 178)], shape=(400, 300), spacing_mm=0.1)
    image = detector.analyse(coarse, 0.0)
    assert {(round(c.row), round(c.column)) for c in image.calcifications} == {(150, 180), (160, 190), (170, 178)}
    assert image.spacing_mm == (0.1, 0.1)


def test_the_same_view_gives_the_same_findings_and_json_keeps_them(detector):
    first, second = (detector.analyse(make_mammogram(GROUP), 0.0) for _ in range(2))
    assert first == second
    findings = Findings(detector.algorithm(), (first,))
    assert Findings.from_json(findings.to_json()) == findings


def test_a_mirrored_view_has_mirrored_findings(detector):
    mammogram = make_mammogram(GROUP)
    mirrored = dataclasses.replace(mammogram, pixels=np.ascontiguousarray(mammogram.pixels[:, ::-1]))
    there, back = detector.analyse(mammogram, 0.0), detector.analyse(mirrored, 0.0)
    columns = mammogram.shape[1] - 1
    assert {(round(c.row), round(c.column)) for c in there.calcifications} == {
        (round(c.row), columns - round(c.column)) for c in back.calcifications
    }


def test_the_origin_names_bundle_hash_operating_point_and_device(detector):
    algorithm = detector.algorithm("high-sensitivity")
    assert algorithm.name == "MCDetect"
    assert len(algorithm.bundle_sha256) == 64
    assert (algorithm.operating_point, algorithm.threshold) == ("high-sensitivity", 0.1)
    assert algorithm.device == "cpu (PyTorch, fp32)"
    assert detector.algorithm(0.42).operating_point == "custom"
    assert detector.algorithm().operating_point == SETTINGS["default_operating_point"]


@pytest.mark.parametrize(
    ("point", "code"),
    [("nonsense", "unknown-operating-point"), (1.5, "threshold-out-of-range"), (-0.1, "threshold-out-of-range")],
)
def test_a_wrong_operating_point_is_told(detector, point, code):
    with pytest.raises(UsageError) as caught:
        detector.analyse(make_mammogram(), point)
    assert caught.value.code == code


@pytest.mark.parametrize("shape", [(1, 1), (7, 200), (60, 60), (300, 200)])
@pytest.mark.parametrize("spacing", [0.05, 0.07, 0.1])
def test_a_probability_map_has_the_shape_of_its_region(detector, shape, spacing):
    region = np.random.default_rng(0).integers(900, 1100, shape, dtype=np.uint16)
    probability = detector.probability_map(region, spacing)
    assert probability.shape == shape
    assert probability.dtype == np.float32
    assert (probability >= 0).all()
    assert (probability <= 1).all()


def test_a_bright_spot_in_a_small_region_is_probable(detector):
    noise = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal((60, 60)), 1.0)
    region = (100 + 2 * noise / noise.std()).astype(np.float32)
    region[30:32, 20:22] += 100
    probability = detector.probability_map(region, 0.07)
    assert np.unravel_index(probability.argmax(), probability.shape) in {(30, 20), (30, 21), (31, 20), (31, 21)}
    assert probability.max() > 0.5
    assert np.median(probability) < 0.01


@pytest.mark.parametrize(
    ("pixels", "spacing"),
    [
        (np.zeros((3, 3, 3)), 0.07),
        (np.zeros((0, 5)), 0.07),
        (np.full((5, 5), np.nan), 0.07),
        (np.array([["a"]]), 0.07),
        (np.zeros((5, 5)), 0.0),
        (np.zeros((5, 5)), (0.07, -1.0)),
        (np.zeros((5, 5)), (0.07, 0.07, 0.07)),
        (np.zeros((5, 5)), "wide"),
        (np.full((5, 5), 1e300), 0.07),
    ],
)
def test_what_is_no_image_is_told(detector, pixels, spacing):
    with pytest.raises(UsageError) as caught:
        detector.probability_map(pixels, spacing)
    assert caught.value.code == "not-an-image"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this computer has a CUDA device")
def test_a_cuda_device_that_is_not_there_is_told(bundle_folder):
    with pytest.raises(DeviceError) as caught:
        Detector.load(bundle_folder, "cuda")
    assert caught.value.code == "no-cuda"


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this computer has a GPU of Apple")
def test_an_apple_gpu_that_is_not_there_is_told(bundle_folder):
    with pytest.raises(DeviceError) as caught:
        Detector.load(bundle_folder, "mps")
    assert caught.value.code == "no-mps"


def test_an_unknown_device_is_told(bundle_folder):
    with pytest.raises(UsageError, match="auto, cpu, cuda, mps"):
        Detector.load(bundle_folder, "quantum")


def test_too_little_memory_means_smaller_strips_and_the_same_findings(bundle_folder, monkeypatch, caplog):
    expected = Detector.load(bundle_folder, "cpu").analyse(make_mammogram(GROUP), 0.0)
    heights = []
    original = logit_map.calcification_logits

    def short_of_memory(*arguments, strip_height, **options):
        heights.append(strip_height)
        if strip_height > 64:
            raise torch.OutOfMemoryError("out of memory")
        return original(*arguments, strip_height=strip_height, **options)

    monkeypatch.setattr(logit_map, "calcification_logits", short_of_memory)
    detector = Detector.load(bundle_folder, "cpu")
    with caplog.at_level(logging.WARNING):
        assert detector.analyse(make_mammogram(GROUP), 0.0).calcifications == expected.calcifications
    assert heights == [768, 256, 64]
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def test_no_memory_at_all_is_told(bundle_folder, monkeypatch):
    def no_memory(*arguments, **options):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(logit_map, "calcification_logits", no_memory)
    with pytest.raises(DeviceError) as caught:
        Detector.load(bundle_folder, "cpu").analyse(make_mammogram(GROUP))
    assert caught.value.code == "out-of-memory"


def test_progress_goes_from_preparing_to_done_and_never_back(detector):
    seen = []
    detector.analyse(make_mammogram(GROUP), 0.0, lambda stage, fraction: seen.append((stage, fraction)))
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert seen[0] == ("preparing", 0.0)
    assert seen[-1] == ("done", 1.0)
    assert {"finding calcifications", "judging patches"} < {stage for stage, _ in seen}


def test_importing_the_package_loads_neither_torch_nor_pydicom():
    code = "import MCDetect, sys; assert not {'torch', 'monai', 'pydicom', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_picture_without_a_breast_is_not_called_negative(detector):
    mammogram = make_mammogram()
    with pytest.raises(InputError) as caught:
        detector.analyse(dataclasses.replace(mammogram, pixels=np.zeros_like(mammogram.pixels)))
    assert caught.value.code == "no-breast"


@pytest.mark.parametrize("spacing", [np.float32(0.07), np.array(0.07), [0.07, 0.07], np.array([0.07, 0.07])])
def test_a_spacing_may_be_any_kind_of_number_or_pair(detector, spacing):
    region = np.random.default_rng(0).random((32, 40))
    assert np.array_equal(detector.probability_map(region, spacing), detector.probability_map(region, 0.07000000))


def test_memory_that_the_cpu_cannot_give_means_smaller_strips(bundle_folder, monkeypatch):
    original = logit_map.calcification_logits
    heights = []

    def short_of_memory(*arguments, strip_height, **options):
        heights.append(strip_height)
        if strip_height > 256:
            torch.empty(10**15)  # raises what PyTorch's CPU allocator raises
        return original(*arguments, strip_height=strip_height, **options)

    monkeypatch.setattr(logit_map, "calcification_logits", short_of_memory)
    Detector.load(bundle_folder, "cpu").analyse(make_mammogram(GROUP))
    assert heights == [768, 256]


def test_a_computer_without_pytorch_is_told_what_to_install(bundle_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DeviceError, match="inference") as caught:
        Detector.load(bundle_folder)
    assert caught.value.code == "no-torch"


def with_settings(folder, **changes):
    path = folder / "configs" / "inference.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    seal(folder)
    return folder


def test_a_spot_too_weak_to_stand_alone_is_reported_only_in_a_cluster(own_bundle):
    mammogram = make_mammogram([*GROUP, LONE])
    every = Detector.load(own_bundle, "cpu").analyse(mammogram, 0.0).calcifications
    assert len(every) == len(GROUP) + 1
    highest = max(peak_logit(c.score, **SETTINGS["calcification_calibration"]) for c in every)
    strict = Detector.load(with_settings(own_bundle, single_calcification_threshold=highest + 1), "cpu")
    found = strict.analyse(mammogram, 0.0)
    assert {(round(c.row), round(c.column)) for c in found.calcifications} == set(GROUP)
    assert len(found.clusters[0].member_ids) == len(GROUP)
    assert strict.analyse(mammogram, 1.0).calcifications == ()
    assert strict.algorithm().calcification_threshold > max(c.score for c in every)


def highest_logit(detector, mammogram):
    calibration = SETTINGS["calcification_calibration"]
    return max(peak_logit(c.score, **calibration) for c in detector.analyse(mammogram, 0.0).calcifications)


def test_strong_spots_too_far_apart_for_a_group_are_a_cluster_of_strewn_ones(own_bundle):
    segment = [(150, 250), (265, 250), (380, 250)]  # 8 mm
    mammogram = make_mammogram(segment)
    usual = Detector.load(own_bundle, "cpu")
    assert usual.analyse(mammogram, 0.0).clusters == ()
    highest = highest_logit(usual, mammogram)
    wide = {"clusters": SETTINGS["clusters"] | {"strewn_linking_distance_mm": 10.0}}
    detector = Detector.load(with_settings(own_bundle, strewn_calcification_threshold=highest - 1, **wide), "cpu")
    (cluster,) = detector.analyse(mammogram, 0.0).clusters
    assert len(cluster.member_ids) == len(segment)
    detector = Detector.load(with_settings(own_bundle, strewn_calcification_threshold=highest + 1, **wide), "cpu")
    assert detector.analyse(mammogram, 0.0).clusters == ()


def test_faint_spots_complete_a_cluster_of_two_clear_ones_and_make_none_beside_one(own_bundle):
    mammogram = make_mammogram(GROUP)
    calibration = SETTINGS["calcification_calibration"]
    every = Detector.load(own_bundle, "cpu").analyse(mammogram, 0.0).calcifications
    logits = sorted((peak_logit(c.score, **calibration) for c in every), reverse=True)

    def clusters(clear: int) -> list[int]:
        threshold = (logits[clear - 1] + logits[clear]) / 2
        settings = {"calcification_threshold": threshold, "faint_calcification_threshold": logits[-1] - 1}
        found = Detector.load(with_settings(own_bundle, **settings), "cpu").analyse(mammogram, 0.0)
        return [len(cluster.member_ids) for cluster in found.clusters]

    assert clusters(clear=2) == [len(GROUP)]
    assert clusters(clear=1) == []


def test_members_that_are_weak_beside_the_strongest_are_left_out_of_what_is_reported(own_bundle):
    mammogram = make_mammogram(GROUP)
    calibration = SETTINGS["calcification_calibration"]
    everything = Detector.load(own_bundle, "cpu").analyse(mammogram, 0.0)
    logits = sorted((peak_logit(c.score, **calibration) for c in everything.calcifications), reverse=True)
    third, weakest = logits[2], logits[-1]
    assert weakest < third

    def found(reach: float) -> ImageFindings:
        settings = {
            "member_calcification_threshold": third,
            "clusters": SETTINGS["clusters"] | {"member_reach": reach},
        }
        return Detector.load(with_settings(own_bundle, **settings), "cpu").analyse(mammogram, 0.0)

    strict, lenient = found(reach=(third - weakest) / 2), found(reach=third - weakest + 0.1)
    assert len(lenient.clusters[0].member_ids) == len(GROUP)
    assert 3 <= len(strict.clusters[0].member_ids) < len(GROUP)
    # They are not shown as single ones either, and the score is that of the whole group.
    assert {c.id for c in strict.calcifications} == set(strict.clusters[0].member_ids)
    assert strict.clusters[0].score == lenient.clusters[0].score


@pytest.mark.parametrize(
    "changes",
    [
        {"single_calcification_threshold": -1.0},
        {"clear_calcification_threshold": -1.0},
        {"clear_calcification_threshold": 2.0, "single_calcification_threshold": 1.0},
        {"faint_calcification_threshold": 1.0},
        {"faint_calcification_threshold": math.nan},
        {"strewn_calcification_threshold": -1.0},
        {"member_calcification_threshold": math.nan},
    ],
    ids=["single", "clear", "clear above single", "faint", "faint, no number", "strewn", "member"],
)
def test_thresholds_in_the_wrong_order_are_told(own_bundle, changes):
    with pytest.raises(ModelError, match="threshold of") as told:
        Detector.load(with_settings(own_bundle, **changes), "cpu")
    assert told.value.code == "damaged-bundle"
