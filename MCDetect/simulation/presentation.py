"""From a detector's readings to the grey values a vendor shows: equalised, sharpened, 12 bits, labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from MCDetect.simulation.fields import FloatImage, upsample

MAXIMUM_GREY = 4095
"""Largest stored value: 12 bits."""

STYLES = {"strong": 0.5, "soft": 0.3, "plain": 0.2}
"""How often each style of processing is drawn: strongly equalised and sharpened, softer, or nearly plain."""

_MOST_QUANTA = 6000.0  # in a pixel: the dose allows no more
_CELL = 8  # pixels of one cell in which the local mean of the sharpening is taken


@dataclass(frozen=True)
class PresentationStyle:
    """How a vendor processes its pictures.

    Attributes
    ----------
    equalisation
        Share of the thickness' fall toward the skin line that is taken out, 0 to 1.
    overshoot_mm
        How far the equalisation puts the skin line too deep, so that it comes out bright.
    contrast, contrast_mm
        Gain of the wide sharpening (contrast over the local mean), and the sigma of that mean.
    sharpening, sharpening_pixels
        Gain and sigma of the fine sharpening.
    dark, bright
        Grey value, 0 to 1, given to the 5th and the 98th percentile of the breast's signal.
    noise_power
        Power of the quantum noise at 5 cycles/mm behind median tissue, in grey² mm²: the automatic exposure control
        is set for the processing that follows. Real 12-bit views have 74 to 173.
    label
        Whether laterality and view are written into the picture.
    least_quanta
        In a pixel behind median tissue: with fewer no exposure control lets a picture pass.
    """

    equalisation: float
    overshoot_mm: float
    contrast: float
    contrast_mm: float
    sharpening: float
    sharpening_pixels: float
    dark: float
    bright: float
    noise_power: float
    label: bool
    least_quanta: float = 1300.0


def draw_style(rng: np.random.Generator, name: str | None = None) -> PresentationStyle:
    """Draw the processing of a vendor.

    Parameters
    ----------
    name
        One of :data:`STYLES`; drawn when None.
    """
    kind = int(rng.choice(3, p=list(STYLES.values())))  # drawn in any case: the rest of the chance stays the same
    if name is not None:
        kind = list(STYLES).index(name)
    return PresentationStyle(
        equalisation=rng.uniform(*((0.88, 0.97), (0.75, 0.9), (0.6, 0.8))[kind]),
        overshoot_mm=rng.uniform(0.0, 0.6),
        contrast=rng.uniform(*((0.6, 1.2), (0.5, 0.9), (0.3, 0.6))[kind]),
        contrast_mm=rng.uniform(4, 12),
        sharpening=rng.uniform(*((0.5, 1.1), (0.4, 0.9), (0.2, 0.6))[kind]),
        sharpening_pixels=rng.uniform(1.5, 3.5),
        dark=rng.uniform(0.07, 0.13),
        bright=rng.uniform(0.60, 0.77),
        noise_power=float(np.exp(rng.uniform(np.log(50), np.log(115)))),
        label=bool(rng.uniform() < 0.7),
    )


def quanta_for_style(
    attenuation: FloatImage,
    thickness_loss: FloatImage,
    depth_mm: FloatImage,
    style: PresentationStyle,
    spacing_mm: float,
) -> float:
    """Return the quanta in a pixel behind median tissue that give the noise a vendor's users are used to.

    Parameters
    ----------
    attenuation, thickness_loss, depth_mm
        float32, subsampled alike: what will be exposed, and as for :func:`present`.
    """
    deep = depth_mm > 3
    if not deep.any():
        return style.least_quanta
    level = (attenuation + np.float32(style.equalisation) * thickness_loss)[deep]
    low, middle, high = np.percentile(level, [5, 50, 98])
    ends = [np.log(end / (1 - end)) for end in (style.dark, style.bright)]
    # The range is stretched to the same grey values whatever the gain of the wide sharpening, which acts mostly on
    # structure smaller than the breast: about half of it is lost in the range.
    slope = (ends[1] - ends[0]) / max(high - low, 0.2) * (1 + style.contrast) / (1 + 0.5 * style.contrast)
    grey = 1 / (1 + np.exp(-(ends[0] + (ends[1] - ends[0]) * (middle - low) / max(high - low, 0.2))))
    gain = MAXIMUM_GREY * grey * (1 - grey) * slope * (1 + style.sharpening)
    quanta = gain**2 * spacing_mm**2 / style.noise_power
    return float(np.clip(quanta, style.least_quanta, _MOST_QUANTA))


def present(
    signal: FloatImage,
    thickness_loss: FloatImage,
    depth_mm: FloatImage,
    style: PresentationStyle,
    spacing_mm: float,
) -> npt.NDArray[np.uint16]:
    """Turn a logarithmic signal into grey values, 0 in air.

    Parameters
    ----------
    signal
        float32 (rows, columns), rising with attenuation.
    thickness_loss
        float32, same shape: attenuation that is missing because the breast is thinner there than in its middle.
    depth_mm
        float32, same shape: distance to the skin line, negative in air.
    """
    inside = depth_mm > 0
    shown = signal + np.float32(style.equalisation) * thickness_loss
    if style.sharpening > 0:
        shown += np.float32(style.sharpening) * (
            shown - ndimage.gaussian_filter(shown, style.sharpening_pixels, truncate=3.0)
        )
    if style.contrast > 0:
        shown += np.float32(style.contrast) * (shown - _local_mean(shown, inside, style.contrast_mm / spacing_mm))
    sample = shown[::8, ::8][depth_mm[::8, ::8] > 3]
    if sample.size == 0:
        sample = shown[inside] if inside.any() else np.zeros(1, dtype=np.float32)
    low, high = np.percentile(sample, [5, 98])
    ends = np.log([style.dark / (1 - style.dark), style.bright / (1 - style.bright)])
    gain = np.float32((ends[1] - ends[0]) / max(high - low, 1e-3))
    exponent = np.clip(np.float32(ends[0]) + gain * (shown - np.float32(low)), -30, 30)
    grey = np.float32(MAXIMUM_GREY) / (1 + np.exp(-exponent))
    grey *= np.clip(depth_mm / np.float32(0.35) + 0.5, 0, 1)
    return np.asarray(np.rint(grey), dtype=np.uint16)


def burn_in_label(
    rng: np.random.Generator, pixels: npt.NDArray[np.uint16], text: str, depth_mm: FloatImage, spacing_mm: float
) -> None:
    """Write ``text`` with a frame, as technologists' markers look, into the air of a picture, in place.

    Nothing is written where there is no room 6 mm from the breast and the picture's borders.
    """
    rows, columns = pixels.shape
    size = max(8, round(5 / spacing_mm))
    font = ImageFont.load_default(size=size)
    left, top, right, bottom = (round(v) for v in font.getbbox(text))
    margin = size // 2
    height, width = bottom - top + 2 * margin, right - left + 2 * margin
    border = round(6 / spacing_mm)
    row = border + int(rng.uniform(0, 0.12) * rows)
    free = [
        column
        for column in range(border, columns - width - border, size)
        if row + height < rows and float(depth_mm[row : row + height : 8, column : column + width : 8].max()) < -6
    ]
    if not free:
        return
    column = free[int(rng.integers(len(free)))]
    picture = Image.new("L", (width, height))
    pencil = ImageDraw.Draw(picture)
    pencil.text((margin - left, margin - top), text, fill=255, font=font)
    if rng.uniform() < 0.6:
        pencil.rectangle((1, 1, width - 2, height - 2), outline=255, width=max(1, size // 14))
    label = np.asarray(picture, dtype=np.float32) * np.float32(MAXIMUM_GREY / 255 * rng.uniform(0.7, 1.0))
    window = pixels[row : row + height, column : column + width]
    np.maximum(window, label.astype(np.uint16), out=window)


def _local_mean(shown: FloatImage, inside: npt.NDArray[np.bool_], sigma_pixels: float) -> FloatImage:
    """Mean over the breast only, on a coarse grid."""
    rows, columns = shown.shape
    pad = [(0, -rows % _CELL), (0, -columns % _CELL)]
    weight = np.pad(inside.astype(np.float32), pad)
    total = np.pad(shown, pad) * weight
    blocks = (weight.shape[0] // _CELL, _CELL, weight.shape[1] // _CELL, _CELL)
    weight, total = (field.reshape(blocks).mean(axis=(1, 3)) for field in (weight, total))
    sigma = sigma_pixels / _CELL
    weight, total = (ndimage.gaussian_filter(field, sigma, truncate=3.0) for field in (weight, total))
    mean = total / np.maximum(weight, np.float32(1e-3))
    return upsample(mean.astype(np.float32), (rows, columns), _CELL)
