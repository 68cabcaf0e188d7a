from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from MCDetect.bi_rads import Distribution
from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.errors import InputError
from MCDetect.findings import SpacingSource
from MCDetect.runs import mask_of_runs
from MCDetect.simulation.calcifications import CalcificationKind
from MCDetect.simulation.given_lesions import _Canvas, inject_lesions
from MCDetect.simulation.injection import InjectionSettings

SPACING = 0.1
FAINT = (3.0, 3.001)


def breast(deviation: float | np.ndarray = 12.0) -> Mammogram:
    """Return half a disc of 95 mm, filled with noise of that deviation, its chest wall at the left border."""
    rows, columns = np.ogrid[:2000, :1100]
    inside = np.hypot(rows - 1000, columns) < 950
    noise = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal((2000, 1100)), 0.4)
    pixels = np.where(inside, 1500 + deviation * noise, 0).astype(np.float32)
    pixels[0, -1] = 4095.0  # the same range of grey values whatever the noise
    spacing = Spacing(SPACING, SPACING, SpacingSource.AT_DETECTOR)
    return Mammogram(pixels, np.ones(pixels.shape, dtype=bool), spacing, "L", "CC", "drawn")


@pytest.fixture(scope="module")
def mammogram() -> Mammogram:
    return breast()


def test_the_same_seed_puts_in_the_same(mammogram):
    one, again, other = (inject_lesions(mammogram, seed, clusters=1) for seed in (3, 3, 4))
    assert one.calcifications == again.calcifications
    assert np.array_equal(one.contrast, again.contrast)
    assert not np.array_equal(one.contrast, other.contrast)


@pytest.mark.parametrize("distribution", Distribution)
def test_a_cluster_of_each_distribution_lies_as_wide_as_its_name_says(distribution, mammogram):
    injected = inject_lesions(
        mammogram,
        5,
        clusters=1,
        kinds=[CalcificationKind.PUNCTATE],
        distributions=[distribution],
        isolated=0,
        detectability=(15.0, 15.001),
    )
    (cluster,) = injected.clusters
    assert cluster.distribution is distribution
    places = np.array([(one.row, one.column) for one in injected.calcifications]) * SPACING
    extent = np.sqrt(np.linalg.eigvalsh(np.cov(places.T))[::-1])  # deviation along and across, mm
    least, most = {
        Distribution.GROUPED: (0.2, 2.9),
        Distribution.LINEAR: (1.0, 7.0),
        Distribution.SEGMENTAL: (3.0, 11.0),
        Distribution.REGIONAL: (3.5, 13.0),
        Distribution.DIFFUSE: (10.0, 35.0),
    }[distribution]
    assert least < extent[0] < most
    if distribution is Distribution.LINEAR:
        assert extent[1] < 0.3 * extent[0]


def test_distributions_and_kinds_are_drawn(mammogram):
    distributions, kinds = set(), set()
    for seed in range(3):
        injected = inject_lesions(mammogram, seed, clusters=8)
        assert len(injected.clusters) == 8
        distributions |= {cluster.distribution for cluster in injected.clusters}
        members = {number for cluster in injected.clusters for number in cluster.member_ids}
        kinds |= {one.kind for one in injected.calcifications if one.id in members}
    assert len(distributions) >= 4
    assert len(kinds) >= 5


def test_what_was_asked_for_and_does_not_fit_is_left_out(mammogram):
    rows, columns = np.ogrid[:2000, :1100]
    small = np.where(np.hypot(rows - 1000, columns) < 250, mammogram.pixels, 0).astype(np.float32)
    injected = inject_lesions(
        replace(mammogram, pixels=small),
        1,
        clusters=2,
        distributions=[Distribution.DIFFUSE, Distribution.GROUPED],
        isolated=0,
    )
    assert [cluster.distribution for cluster in injected.clusters] == [Distribution.GROUPED]


def test_isolated_calcifications_are_of_benign_kinds_and_in_no_cluster(mammogram):
    injected = inject_lesions(mammogram, 2, clusters=0, isolated=40)
    kinds = {one.kind for one in injected.calcifications}
    assert {CalcificationKind.SKIN, CalcificationKind.VASCULAR, CalcificationKind.RIM} <= kinds
    assert injected.clusters == ()
    places = np.array([(one.row, one.column) for one in injected.calcifications])
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + 1e9 * np.eye(len(places))
    assert apart.min() * SPACING > 4
    assert inject_lesions(mammogram, 2, clusters=0).calcifications == ()


def test_nothing_is_put_outside_the_breast_and_the_truth_says_where_it_is(mammogram):
    injected = inject_lesions(mammogram, 6, clusters=4, isolated=10)
    assert not injected.contrast[mammogram.pixels == 0].any()
    assert injected.contrast.min() >= 0
    for one in injected.calcifications:
        mask = mask_of_runs(one.runs, mammogram.shape)
        assert injected.contrast[mask].min() > 0
        assert abs(np.argwhere(mask).mean(axis=0)[0] - one.row) < 1e-6


def test_contrast_follows_the_local_gain_of_the_processing():
    """Detail of one half is shown three times as strong, noise and all: so is what is put in there."""
    upper = np.arange(2000)[:, None] < 1000
    settings = {
        "clusters": 1,
        "kinds": [CalcificationKind.PUNCTATE],
        "distributions": [Distribution.DIFFUSE],
        "isolated": 12,
        "detectability": FAINT,
        "blur_pixels": 0.6,
    }
    even = inject_lesions(breast(12.0), 8, **settings)
    uneven = inject_lesions(breast(np.where(upper, 36.0, 12.0)), 8, **settings)
    assert [one.runs for one in even.calcifications] == [one.runs for one in uneven.calcifications]
    (cluster,) = even.clusters
    ratio = {True: [], False: []}
    in_cluster = {True: 0, False: 0}
    for before, after in zip(even.calcifications, uneven.calcifications, strict=True):
        if abs(before.row - 1000) * SPACING < 12:  # the noise is measured in blocks of 56 pixels and smoothed
            continue
        ratio[before.row < 1000].append(after.contrast / before.contrast)
        in_cluster[before.row < 1000] += before.id in cluster.member_ids
        assert after.signal_to_noise == pytest.approx(before.signal_to_noise, rel=0.2)
    assert np.median(ratio[True]) == pytest.approx(3.0, rel=0.1)
    assert np.median(ratio[False]) == pytest.approx(1.0, rel=0.1)
    assert min(in_cluster.values()) >= 2, "members of one cluster lie in both halves"


def test_what_is_put_into_a_blurred_mammogram_is_as_blurred(mammogram):
    pixels = ndimage.gaussian_filter(mammogram.pixels, 1.2)
    blurred = replace(mammogram, pixels=np.where(mammogram.pixels > 0, pixels, 0).astype(np.float32))
    settings = {"clusters": 1, "distributions": [Distribution.GROUPED], "isolated": 0}
    sharp, soft = (inject_lesions(given, 3, **settings) for given in (mammogram, blurred))
    assert sharp.blur_pixels is not None
    assert soft.blur_pixels is not None
    assert soft.blur_pixels**2 - sharp.blur_pixels**2 == pytest.approx(1.2**2, rel=0.2)
    as_asked = inject_lesions(blurred, 3, **settings, blur_pixels=soft.blur_pixels)
    assert np.array_equal(as_asked.contrast, soft.contrast)


def test_a_picture_without_a_breast_is_refused(mammogram):
    empty = replace(mammogram, pixels=np.zeros_like(mammogram.pixels))
    with pytest.raises(InputError) as caught:
        inject_lesions(empty, 1)
    assert caught.value.code == "no-breast"


def test_a_place_lies_in_the_picture_also_where_the_breast_ends_at_its_border():
    deep = np.full((12, 13), 20.0, dtype=np.float32)
    canvas = _Canvas(np.ones_like(deep), deep, 0.1, 0.5, InjectionSettings(), np.zeros_like(deep))
    random = np.random.default_rng(0)
    places = np.array([canvas.draw_place(random, 5.0) for _ in range(500)])
    assert (places >= 0).all()
    assert (np.rint(places) < deep.shape).all()
