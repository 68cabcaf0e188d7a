"""Names of transfer syntaxes, and the conversions that lose nothing."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from MCDetect.dicom.failures import DICOM_FAILURES, without_warnings
from MCDetect.errors import InputError

UNCOMPRESSED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
"""What an object is converted to; every peer has to accept the second one (PS3.5 10.1)."""

_NATIVE = frozenset({*UNCOMPRESSED, DeflatedExplicitVRLittleEndian})
_LOSSLESS = frozenset({JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless})


def name_of(transfer_syntax: UID) -> str:
    """Return the standard's name of a transfer syntax, or the UID where it has none."""
    return transfer_syntax.name


def can_convert(transfer_syntax: UID) -> bool:
    """Say whether an object can be converted to an uncompressed transfer syntax without changing any value.

    Lossy ones are left out, since decoders differ in the last bit; so is big endian, which the standard retired.
    """
    return transfer_syntax in _NATIVE or transfer_syntax in _LOSSLESS


def decompressed(dataset: Dataset, name: str) -> Dataset:
    """Return a data set without compression, with the same values and identifiers.

    Parameters
    ----------
    dataset
        Of a transfer syntax that :func:`can_convert`; changed.
    name
        Of its file, for the message.

    Raises
    ------
    InputError
        ``cannot-convert`` where the pixel data cannot be decoded.
    """
    if dataset.file_meta.TransferSyntaxUID in _LOSSLESS:
        try:
            with without_warnings():
                dataset.decompress(generate_instance_uid=False)
        except DICOM_FAILURES as error:
            raise InputError(
                "cannot-convert", f"{name} cannot be converted: its pixels cannot be decoded.", "Export it again."
            ) from error
    elif dataset.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian  # what it was deflated from
    return dataset
