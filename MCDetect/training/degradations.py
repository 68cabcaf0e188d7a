"""What detectors, scanners and displays do to a mammogram, drawn by chance for training.

The default network must work on views of other vendors, on digitised film and on 8-bit pictures though it has seen
only simulated views; these functions span more than all of them differ by.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

FloatImage = npt.NDArray[np.float32]


def add_noise(image: FloatImage, noise: float, random: np.random.Generator) -> FloatImage:
    """Add Gaussian or Laplacian noise, white, blurred or streaked.

    Parameters
    ----------
    image
        float32 (rows, columns).
    noise
        Its noise in a difference of Gaussians of 1 and 2 pixels; the noise that is added has 0 to 1.2 times as much.
    random
        Every choice is drawn from it.
    """
    if random.random() < 0.3:
        values = random.laplace(0, 1 / np.sqrt(2), image.shape).astype(np.float32)
    else:
        values = random.standard_normal(image.shape, dtype=np.float32)
    texture = random.random()
    if texture < 0.4:
        values = ndimage.gaussian_filter(values, random.uniform(0.3, 0.9), truncate=3.0)
    elif texture < 0.55:
        values = ndimage.gaussian_filter1d(values, random.uniform(0.4, 1.2), axis=int(random.integers(2)), truncate=3.0)
    sample = values[:96, :96]
    response = ndimage.gaussian_filter(sample, 1.0, truncate=3.0) - ndimage.gaussian_filter(sample, 2.0, truncate=3.0)
    gain = random.uniform(0, 1.2) * noise / max(float(response.std()), 1e-9)
    noisy: FloatImage = image + np.float32(gain) * values
    return noisy


def resample_twice(images: list[FloatImage], random: np.random.Generator) -> list[FloatImage]:
    """Scale images down by 0.7 to 1 and up again (all alike): coarser detectors, scanners and lossy viewers."""
    shape = images[0].shape
    factor = random.uniform(0.7, 1.0)
    small = (max(8, round(shape[0] * factor)), max(8, round(shape[1] * factor)))
    return [resize(resize(image, small), (shape[0], shape[1])) for image in images]


def resize(image: FloatImage, shape: tuple[int, int]) -> FloatImage:
    """Interpolate bilinearly to ``shape``; the corners of the field of view stay where they are."""
    import torch
    from torch.nn import functional

    tensor = torch.from_numpy(np.ascontiguousarray(image))[None, None]
    resized = functional.interpolate(tensor, size=shape, mode="bilinear", align_corners=False)
    result: FloatImage = resized[0, 0].numpy()
    return result


def change_display(image: FloatImage, random: np.random.Generator) -> FloatImage:
    """Apply a random window, gamma of 0.6 to 1.7 and, at times, saturation; the result lies within [0, 1]."""
    low, high = float(image.min()), float(image.max())
    extent = max(high - low, 1e-6)
    margin = random.uniform(0.0, 0.6, 2) * extent
    if random.random() < 0.7:
        unit = (image - np.float32(low - margin[0])) / np.float32(extent + margin.sum())
    else:
        cut = random.uniform(0.0, 0.15, 2) * extent
        unit = (image - np.float32(low + cut[0])) / np.float32(extent - cut.sum())
    unit = np.clip(unit, 0.0, 1.0)
    if random.random() < 0.7:
        unit = unit ** np.float32(random.uniform(0.6, 1.7))
    changed: FloatImage = unit.astype(np.float32, copy=False)
    return changed


def quantise(image: FloatImage, noise: float, random: np.random.Generator) -> tuple[FloatImage, float]:
    """Round to as few grey levels as 6 to 12 bits have, but not coarser than three times the noise.

    Returns
    -------
    image : float32 array
        Quantised.
    grey_step : float
        The step, as :func:`MCDetect.preprocessing.intensity.scale_to_unit_range` gives it for such an image.
    """
    step = float(np.exp(random.uniform(np.log(1 / 4095), np.log(1 / 63))))
    step = min(step, max(3.0 * noise, 1 / 4095))
    quantised: FloatImage = np.rint(image / np.float32(step)) * np.float32(step)
    return quantised, step
