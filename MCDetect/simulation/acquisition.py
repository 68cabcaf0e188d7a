"""From attenuation to a detector's readings: scatter, blur, quanta and electronic noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.simulation.fields import FloatImage, upsample

_SCATTER_CELL = 32  # pixels: scattered quanta spread over centimetres


@dataclass(frozen=True)
class Detector:
    """What the acquisition does to the picture.

    Attributes
    ----------
    blur_pixels
        Sigma of the detector's Gaussian blur.
    quanta
        Detected quanta, scattered ones too, in a pixel behind tissue of median attenuation.
    electronic
        Deviation of the electronic noise, in quanta.
    correlation
        Share of a pixel's noise that leaks from its four neighbours (fluorescence, charge spread, interpolation).
    scatter
        Share of the detected quanta that is scattered.
    """

    blur_pixels: float
    quanta: float
    electronic: float
    correlation: float
    scatter: float


def draw_detector(rng: np.random.Generator, quanta: float) -> Detector:
    """Draw a plausible detector (a-Se or CsI, 0.07 mm) for an exposure of ``quanta`` behind median tissue."""
    return Detector(
        blur_pixels=rng.uniform(0.45, 0.65),
        quanta=quanta,
        electronic=rng.uniform(4, 9),
        correlation=rng.uniform(0.02, 0.09),
        scatter=rng.uniform(0.12, 0.25),
    )


def expose(rng: np.random.Generator, attenuation: FloatImage, median: float, detector: Detector) -> FloatImage:
    """Return the logarithmic signal, rising with attenuation: about the attenuation itself, blurred and noisy.

    Parameters
    ----------
    attenuation
        float32 (rows, columns), calcium included; 0 in air.
    median
        Attenuation behind which a pixel gets ``detector.quanta``.
    """
    primary = ndimage.gaussian_filter(np.exp(-attenuation), detector.blur_pixels, truncate=4.0)
    ratio = detector.scatter / (1 - detector.scatter)
    signal = primary + np.float32(ratio) * _spread(primary)
    unit = np.float32(noise_model(median, detector).unit)
    deviation = np.sqrt(signal * unit + np.float32(detector.electronic**2)) / unit
    noise = _correlated_noise(rng, (attenuation.shape[0], attenuation.shape[1]), detector.correlation)
    signal += noise * deviation
    np.maximum(signal, np.float32(1e-4), out=signal)
    return np.asarray(-np.log(signal), dtype=np.float32)


@dataclass(frozen=True)
class NoiseModel:
    """The noise of :func:`expose`, exactly as it was added.

    Attributes
    ----------
    unit
        Quanta in a signal of 1.
    electronic
        Deviation of the electronic noise, in quanta.
    correlation
        See :class:`Detector`.
    """

    unit: float
    electronic: float
    correlation: float

    def deviation(self, log_signal: float) -> float:
        """Return the deviation of the logarithmic signal of a pixel whose expected value is ``log_signal``."""
        signal = float(np.exp(-log_signal))
        return float(np.sqrt(signal * self.unit + self.electronic**2) / (self.unit * signal))

    def detectability(self, expected: npt.NDArray[np.floating], log_signal: float) -> float:
        """Return d' of an ideal observer who knows a signal, its place and the background.

        The matched filter after whitening: d'² is the integral of the signal's power over the noise's (ICRU Report
        54, 1996). No detector finds more in this noise.

        Parameters
        ----------
        expected
            (rows, columns): what the signal adds to the logarithmic signal, without noise; 0 toward the borders.
        log_signal
            Expected logarithmic signal around it.
        """
        spectrum = np.abs(np.fft.fft2(expected)) ** 2 / expected.size
        rows, columns = (np.fft.fftfreq(n) for n in expected.shape)
        centre, side = 1 - 2 * self.correlation, self.correlation
        transfer = np.multiply.outer(
            centre + 2 * side * np.cos(2 * np.pi * rows), centre + 2 * side * np.cos(2 * np.pi * columns)
        ) / (centre**2 + 2 * side**2)
        return float(np.sqrt((spectrum / transfer**2).sum()) / self.deviation(log_signal))


def noise_model(median: float, detector: Detector) -> NoiseModel:
    """Return the noise that :func:`expose` adds for the same arguments."""
    unit = detector.quanta / (np.exp(-median) / (1 - detector.scatter))
    return NoiseModel(float(unit), detector.electronic, detector.correlation)


def _spread(primary: FloatImage) -> FloatImage:
    """Return the primary signal blurred over 15 mm or so, on a coarse grid."""
    rows, columns = primary.shape
    padded = np.pad(primary, [(0, -rows % _SCATTER_CELL), (0, -columns % _SCATTER_CELL)], mode="edge")
    cells = padded.reshape(padded.shape[0] // _SCATTER_CELL, _SCATTER_CELL, -1, _SCATTER_CELL).mean(axis=(1, 3))
    # Air would flood the edge with scatter that a real antiscatter grid and a collimated breast do not give.
    blurred = ndimage.gaussian_filter(np.minimum(cells, np.quantile(cells, 0.5) * 4), 5.0, mode="nearest")
    return upsample(blurred.astype(np.float32), (rows, columns), _SCATTER_CELL)


def _correlated_noise(rng: np.random.Generator, shape: tuple[int, int], correlation: float) -> FloatImage:
    """Gaussian noise of deviation 1 with a little of each pixel's noise in its four neighbours."""
    noise = rng.standard_normal((shape[0] + 2, shape[1] + 2), dtype=np.float32)
    centre, side = np.float32(1 - 2 * correlation), np.float32(correlation)
    for axis in (0, 1):
        length = noise.shape[axis]
        first, middle, last = (
            noise.take(range(k, length - 2 + k), axis) if axis else noise[k : length - 2 + k] for k in range(3)
        )
        noise = centre * middle + side * (first + last)
    return noise / np.float32(centre**2 + 2 * side**2)
