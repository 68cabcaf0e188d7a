from __future__ import annotations

from dataclasses import replace

import numpy as np

from MCDetect.simulation.presentation import (
    MAXIMUM_GREY,
    STYLES,
    PresentationStyle,
    burn_in_label,
    draw_style,
    present,
    quanta_for_style,
)

SPACING = 0.1


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    column = np.arange(400, dtype=np.float32)[None, :] * np.float32(SPACING)
    depth = np.broadcast_to(30 - column, (400, 400)).astype(np.float32)
    loss = (0.05 * np.clip(15 - depth, 0, 15)).astype(np.float32)
    rng = np.random.default_rng(0)
    signal = (2.5 - loss + 0.2 * rng.random((400, 400))).astype(np.float32)
    signal[depth < 0] = 0
    return signal, loss, depth


def test_presented_views_have_twelve_bits_and_black_air():
    signal, loss, depth = scene()
    for seed in range(6):
        pixels = present(signal, loss, depth, draw_style(np.random.default_rng(seed)), SPACING)
        assert pixels.dtype == np.uint16
        assert pixels.max() <= MAXIMUM_GREY
        assert pixels[depth < -1].max() == 0
        assert pixels[depth > 3].min() > 0


def test_equalisation_takes_out_the_fall_toward_the_skin():
    signal, loss, depth = scene()
    style = draw_style(np.random.default_rng(1))
    means = {}
    for share in (0.0, 1.0):
        pixels = present(signal, loss, depth, replace(style, equalisation=share, contrast=0.0), SPACING)
        means[share] = pixels[(depth > 4) & (depth < 8)].mean() / pixels[depth > 20].mean()
    assert means[0.0] < 0.8
    assert 0.9 < means[1.0] < 1.1


def test_the_5th_and_98th_percentile_come_out_as_the_style_says():
    signal, loss, depth = scene()
    style = replace(draw_style(np.random.default_rng(2)), equalisation=1.0, contrast=0.0, sharpening=0.0)
    pixels = present(signal, loss, depth, style, SPACING)
    low, high = np.percentile(pixels[depth > 3], [5, 98]) / MAXIMUM_GREY
    assert abs(low - style.dark) < 0.02
    assert abs(high - style.bright) < 0.02


def test_less_tolerated_noise_asks_for_more_quanta():
    signal, loss, depth = scene()
    style = draw_style(np.random.default_rng(3))
    quanta = [
        quanta_for_style(signal, loss, depth, replace(style, noise_power=power), SPACING) for power in (400.0, 2000.0)
    ]
    assert quanta[0] > quanta[1]


def test_a_label_is_written_into_air_only():
    _, _, depth = scene()
    wide = np.concatenate([depth, np.full((400, 500), -20, np.float32)], axis=1)
    pixels = np.zeros(wide.shape, dtype=np.uint16)
    burn_in_label(np.random.default_rng(0), pixels, "LCC", wide, SPACING)
    assert pixels.max() > 2000
    assert pixels[wide > -6].max() == 0


def test_no_label_is_written_where_there_is_no_air():
    pixels = np.zeros((400, 400), dtype=np.uint16)
    burn_in_label(np.random.default_rng(0), pixels, "LCC", np.full((400, 400), 5, np.float32), SPACING)
    assert pixels.max() == 0


def test_a_style_that_is_asked_for_is_one_that_the_seed_might_have_drawn():
    for name in STYLES:
        drawn = next(s for s in range(99) if draw_style(np.random.default_rng(s)) == named(s, name))
        assert named(drawn, name) == draw_style(np.random.default_rng(drawn))
    strong, soft, plain = (named(4, name) for name in ("strong", "soft", "plain"))
    assert strong.equalisation > plain.equalisation
    assert strong.noise_power == soft.noise_power == plain.noise_power
    assert strong.label == plain.label


def named(seed: int, name: str) -> PresentationStyle:
    return draw_style(np.random.default_rng(seed), name)
