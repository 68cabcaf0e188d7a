"""From stored values to modality values, bright always attenuating, with the padding known.

The order is that of DICOM PS3.4 annex N and PS3.3 section C.7.5.1.1.2: stored values, padding, modality LUT or
rescale. Windows and VOI LUTs are for the eye and are not applied here (see :mod:`MCDetect.dicom.display`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydicom.datadict import dictionary_description
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut
from pydicom.pixels.utils import get_expected_length, pixel_array
from pydicom.uid import RLELossless

from MCDetect.dicom.failures import reporting
from MCDetect.errors import InputError

LARGEST_SIDE = 20_000
LARGEST_COUNT = 150_000_000
"""Pixels. Detectors have about 30 million at most, film scanned at 0.025 mm has 115 million; more is a damaged header,
and decoding it would only exhaust the memory."""

_JPEG_XL = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (110, 111, 112))
_COPY_AGAIN = "Copy or export the file again."
_EXPORT_AGAIN = "Export the file again, uncompressed if possible."
_DECIDING_PIXELS = (
    "PhotometricInterpretation",
    "PixelPaddingValue",
    "RescaleIntercept",
    "RescaleSlope",
    "ModalityLUTSequence",
)
_COLOURS = ("RGB", "YBR")  # decoded to RGB; grey pictures are often stored so in secondary captures


def read_pixels(
    dataset: Dataset, header: Dataset, source: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Decode one grey image.

    Parameters
    ----------
    dataset
        With pixel data and transfer syntax.
    header
        The same without pixel data, readable as a whole (see :func:`MCDetect.dicom.opening.readable_header`).
    source
        The path as the user gave it, for messages.

    Returns
    -------
    pixels : float32 array (rows, columns)
        Modality values; MONOCHROME1 is mirrored within the range of modality values that the header allows
        (:func:`mirror_sum`). Padding takes the darkest value of the image, so that it never looks like tissue.
    valid : bool array (rows, columns)
        False on padding (PixelPaddingValue, PixelPaddingRangeLimit; PS3.3 section C.7.5.1.1.2).

    Raises
    ------
    InputError
        ``no-pixel-data``, ``truncated``, ``colour-image``, ``cannot-decode`` or ``empty-image``.
    """
    require_what_decides_pixels(dataset, header, source)
    _require_pixel_data(dataset, header, source)
    syntax = dataset.file_meta.TransferSyntaxUID
    name = syntax.name if syntax.is_transfer_syntax else "an unknown transfer syntax"
    with reporting("cannot-decode", f"The pixel data of {source} ({name}) cannot be decoded.", _EXPORT_AGAIN):
        # The Rust decoder of pylibjpeg-rle panics on damaged data, past every except; pydicom's own raises.
        stored = pixel_array(dataset, decoding_plugin="pydicom" if syntax == RLELossless else "")
    if stored.ndim == 3 and stored.shape[2] == 3:
        stored = _grey_of_colour(stored, source)
    if stored.ndim != 2 or 0 in stored.shape:
        raise InputError("cannot-decode", f"The pixel data of {source} are not one image of rows and columns.", "")
    with reporting("cannot-decode", f"The grey value tables of {source} cannot be applied.", _COPY_AGAIN):
        valid = ~_padding(stored, header)
        tables = header.get("ModalityLUTSequence")
        through = with_16_bit_table(header, "ModalityLUTSequence") if tables else header
        # pydicom subtracts the first mapped value in the type of the pixels, where signed ones of 16 bits wrap round.
        wide = stored.astype(np.int32) if tables else stored
        pixels = apply_modality_lut(wide, through).astype(np.float32)
        if is_inverted(header):
            pixels = np.float32(mirror_sum(header)) - pixels
    if not np.isfinite(pixels).all():
        raise InputError(
            "cannot-decode", f"The rescaling in the header of {source} gives no finite values.", _COPY_AGAIN
        )
    return finish(pixels, valid, source), valid


def require_what_decides_pixels(dataset: Dataset, header: Dataset, source: str) -> None:
    """Refuse a data set from whose readable header something was left out that decides what its grey values are.

    Without a rescale, a table or the padding the image would be another one, which no warning makes up for.

    Parameters
    ----------
    dataset
        As it was opened.
    header
        What of it can be read (see :func:`MCDetect.dicom.opening.readable_header`).
    source
        The path as the user gave it, for messages.

    Raises
    ------
    InputError
        ``cannot-decode``.
    """
    for keyword in _DECIDING_PIXELS:
        if keyword in dataset and keyword not in header:
            raise InputError(
                "cannot-decode",
                f"{source} holds a damaged {dictionary_description(keyword)}, without which its pixels cannot be read.",
                _COPY_AGAIN,
            )


def finish(pixels: npt.NDArray[np.float32], valid: npt.NDArray[np.bool_], source: str) -> npt.NDArray[np.float32]:
    """Darken the padding and refuse an image that shows nothing.

    Raises
    ------
    InputError
        ``empty-image`` when all valid pixels have one value or none is valid.
    """
    used = pixels if valid.all() else pixels[valid]
    darkest = used.min() if used.size else np.float32(0)
    if used.size == 0 or darkest == used.max():
        raise InputError(
            "empty-image", f"{source} is empty: all its pixels have the same value.", "Give another image."
        )
    return np.where(valid, pixels, darkest) if used.size < pixels.size else pixels


def is_inverted(header: Dataset) -> bool:
    """Say whether the smallest stored value is meant to be displayed brightest (MONOCHROME1)."""
    return str(header.get("PhotometricInterpretation") or "").strip().upper() == "MONOCHROME1"


def modality_range(header: Dataset) -> tuple[float, float]:
    """Return the smallest and the largest modality value that the header allows.

    The range of the stored bits through the rescale, or 0 to 2^n - 1 for a modality LUT with entries of n bits. It
    depends on the header only, so that one grey value is mirrored alike in all images of a system.
    """
    tables = header.get("ModalityLUTSequence")
    if tables:
        return 0.0, float(2 ** int(tables[0].LUTDescriptor[2]) - 1)
    bits = int(header.BitsStored)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if header.PixelRepresentation else (0, 2**bits - 1)
    slope, intercept = header.get("RescaleSlope"), header.get("RescaleIntercept")
    if slope is None or intercept is None:
        return float(low), float(high)
    ends = (low * float(slope) + float(intercept), high * float(slope) + float(intercept))
    return min(ends), max(ends)


def with_16_bit_table(header: Dataset, keyword: str) -> Dataset:
    """Return a data set with only the first table of a LUT sequence, its entries said to have 16 bits.

    pydicom takes modality tables of 8 and 16 bits only, and indexes a table in the type of its entries, which
    overflows for tables of more than 256 entries of 8 bits. The values of the entries do not change.
    """
    item = header[keyword][0]
    table = Dataset()
    table.LUTDescriptor = [item.LUTDescriptor[0], item.LUTDescriptor[1], 16]
    table.add(item["LUTData"])
    only = Dataset()
    only.file_meta = header.file_meta
    setattr(only, keyword, [table])
    return only


def mirror_sum(header: Dataset) -> float:
    """Return smallest plus largest modality value: MONOCHROME1 values x become mirror_sum - x, and back."""
    low, high = modality_range(header)
    return low + high


def _require_pixel_data(dataset: Dataset, header: Dataset, source: str) -> None:
    with reporting("cannot-decode", f"The pixel data of {source} are damaged.", _COPY_AGAIN):
        encoded = dataset.get("PixelData")
    if not encoded:
        raise InputError("no-pixel-data", f"{source} holds no pixel data.", "It may be cut short: copy it again.")
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_transfer_syntax:  # of a later edition than pydicom knows, or private
        name = "JPEG XL" if syntax in _JPEG_XL else str(syntax)
        raise InputError(
            "cannot-decode", f"{source} is stored in a way that cannot be decoded here ({name}).", _EXPORT_AGAIN
        )
    with reporting("cannot-decode", f"{source} does not say how its pixels are stored.", _COPY_AGAIN):
        rows, columns = int(header.Rows), int(header.Columns)
        allocated, bits = int(header.BitsAllocated), int(header.BitsStored)
        high_bit = bits - 1 if header.get("HighBit") is None else int(header.HighBit)
        interpretation = str(header.PhotometricInterpretation).strip().upper()
        is_native = not syntax.is_encapsulated
        expected = get_expected_length(dataset)
    if not interpretation.startswith(("MONOCHROME", *_COLOURS)):
        raise InputError("colour-image", f"{source} is a colour image, and a mammogram is grey.", "Give the original.")
    if not (0 < rows <= LARGEST_SIDE and 0 < columns <= LARGEST_SIDE and rows * columns <= LARGEST_COUNT):
        raise InputError(
            "cannot-decode", f"{source} states an impossible image size of {rows} x {columns} pixels.", _COPY_AGAIN
        )
    if allocated not in (8, 16) or not 8 <= bits <= allocated:
        raise InputError(
            "cannot-decode", f"{source} stores {bits} of {allocated} bits a pixel; 8 to 16 can be read.", _EXPORT_AGAIN
        )
    if is_native and high_bit != bits - 1:  # what is decoded ends at bit 0 whatever the header says
        raise InputError(
            "cannot-decode",
            f"{source} stores the {bits} bits of a pixel up to bit {high_bit} instead of bit {bits - 1}, which cannot "
            "be read.",
            _EXPORT_AGAIN,
        )
    if is_native and len(encoded) < expected:
        raise InputError(
            "truncated", f"{source} is cut short: it holds {len(encoded)} of {expected} bytes of pixels.", _COPY_AGAIN
        )


def _grey_of_colour(stored: npt.NDArray[np.integer], source: str) -> npt.NDArray[np.integer]:
    if not (np.array_equal(stored[..., 0], stored[..., 1]) and np.array_equal(stored[..., 0], stored[..., 2])):
        raise InputError("colour-image", f"{source} is a colour image, and a mammogram is grey.", "Give the original.")
    return stored[..., 0]


def _padding(stored: npt.NDArray[np.integer], header: Dataset) -> npt.NDArray[np.bool_]:
    value = header.get("PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, dtype=bool)
    limit = header.get("PixelPaddingRangeLimit")
    first, last = sorted((int(value), int(value if limit is None else limit)))
    padding: npt.NDArray[np.bool_] = (stored >= first) & (stored <= last)
    return padding
