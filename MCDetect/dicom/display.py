"""A mammogram as its maker wants it seen: 8 bits for pictures and overlays, never for detection."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_voi_lut

from MCDetect.dicom.failures import DICOM_FAILURES, without_warnings
from MCDetect.dicom.mammogram import Mammogram
from MCDetect.dicom.pixels import is_inverted, mirror_sum, with_16_bit_table

_BAND = 64  # rows at a time: what lies between stays in the cache
_MOST_VALUES = 1 << 17


def presentation_image(mammogram: Mammogram) -> npt.NDArray[np.uint8]:
    """Apply the header's VOI LUT or window.

    The first item of VOILUTSequence, else the first window with its VOILUTFunction (LINEAR, LINEAR_EXACT or SIGMOID;
    DICOM PS3.3 section C.11.2), else, and for pictures, the full range of the valid pixels.

    Parameters
    ----------
    mammogram
        As read; bright is attenuating.

    Returns
    -------
    uint8 array (rows, columns)
        0 to 255, bright is attenuating (also for MONOCHROME1), padding 0.
    """
    pixels, whole = mammogram.pixels, whole_values(mammogram.pixels)
    if whole is None:
        image = _in_8_bits(mammogram, pixels)
    else:
        # Each of the few thousand values that there are goes through the header once, not each of millions of pixels.
        table = _in_8_bits(mammogram, whole)
        image = np.empty(pixels.shape, dtype=np.uint8)
        for first in range(0, len(pixels), _BAND):
            band = slice(first, first + _BAND)
            np.take(table, (pixels[band] - whole[0]).astype(np.intp), out=image[band], mode="clip")
    image *= mammogram.valid
    return image


def whole_values(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32] | None:
    """Return all whole numbers from the least to the largest pixel, or None if pixels are not whole or range widely."""
    low, high = float(pixels.min()), float(pixels.max())
    if high - low >= _MOST_VALUES or not is_whole(pixels):
        return None
    return np.arange(int(low), int(high) + 1, dtype=np.float32)


def is_whole(pixels: npt.NDArray[np.float32]) -> bool:
    """Say whether all pixels are whole numbers."""
    return all(
        bool((part == np.rint(part)).all()) for part in (pixels[i : i + _BAND] for i in range(0, len(pixels), _BAND))
    )


def _in_8_bits(mammogram: Mammogram, values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    displayed = None if mammogram.header is None else through_header(values, mammogram.header)
    if displayed is None:
        displayed = _full_range(mammogram, values)
    image: npt.NDArray[np.uint8] = np.rint(np.clip(displayed, 0.0, 1.0) * 255).astype(np.uint8)
    return image


def _full_range(mammogram: Mammogram, values: npt.NDArray[np.float32]) -> npt.NDArray[np.floating]:
    used = mammogram.pixels[mammogram.valid]
    low, high = float(used.min()), float(used.max())
    full: npt.NDArray[np.floating] = (values - low) / (high - low)
    return full


def through_header(pixels: npt.NDArray[np.float32], header: Dataset) -> npt.NDArray[np.floating] | None:
    """Return display values 0 to 1 through the header's VOI LUT or window, or None where it has no usable one.

    Parameters
    ----------
    pixels
        Values as in :class:`MCDetect.dicom.mammogram.Mammogram`, of any shape.
    header
        Of the mammogram.
    """
    mirrored = is_inverted(header)
    try:
        with without_warnings():
            values = mirror_sum(header) - pixels.astype(np.float64) if mirrored else pixels.astype(np.float64)
            if header.get("VOILUTSequence"):
                displayed = _through_table(values, header)
            elif header.get("WindowWidth") is not None and header.get("WindowCenter") is not None:
                displayed = _through_window(values, header)
            else:
                return None
    except DICOM_FAILURES:
        # A window that makes no sense must not keep a mammogram from being shown.
        return None
    return 1.0 - displayed if mirrored else displayed


def _through_table(values: npt.NDArray[np.floating], header: Dataset) -> npt.NDArray[np.floating]:
    bits = int(header.VOILUTSequence[0].LUTDescriptor[2])
    whole = np.rint(values).astype(np.int32)
    looked_up: npt.NDArray[np.floating] = apply_voi_lut(whole, with_16_bit_table(header, "VOILUTSequence")) / float(
        2**bits - 1
    )
    return looked_up


def _through_window(values: npt.NDArray[np.floating], header: Dataset) -> npt.NDArray[np.floating]:
    window = Dataset()
    for keyword in ("WindowCenter", "WindowWidth", "VOILUTFunction"):
        if header.get(keyword) is not None:
            window.add(header[keyword])
    # pydicom takes the output range from the pixel description; this one gives 0 to 65535 whatever the rescale is.
    window.PhotometricInterpretation, window.BitsStored, window.PixelRepresentation = "MONOCHROME2", 16, 0
    windowed: npt.NDArray[np.floating] = apply_voi_lut(values, window) / 65535.0
    return windowed
