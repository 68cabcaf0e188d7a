"""What pydicom raises and warns about, turned into one sentence for the user."""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from pydicom.errors import BytesLengthException, InvalidDicomError

from MCDetect.errors import InputError

DICOM_FAILURES = (
    ArithmeticError,  # decimal strings that are no numbers, overflow
    AssertionError,
    AttributeError,  # a required element is absent
    BytesLengthException,
    EOFError,
    ImportError,
    InvalidDicomError,
    LookupError,  # KeyError, IndexError, unknown character sets
    MemoryError,
    NotImplementedError,  # unknown value representations
    OSError,
    RuntimeError,  # the decoders, and recursion in nested sequences
    TypeError,
    ValueError,  # most of pydicom's own checks, and UnicodeError
    struct.error,
    zlib.error,
)
"""What pydicom 3 and the decoders behind it raise on damaged or unsupported data."""


@contextmanager
def reporting(code: str, message: str, hint: str = "") -> Iterator[None]:
    """Turn what pydicom raises in this block into an InputError and keep its warnings off the terminal.

    The text of pydicom's own exception is not shown: it may quote values of the header, and those may name the
    patient. It stays reachable as ``__cause__``.

    Parameters
    ----------
    code, message, hint
        Of the :class:`MCDetect.errors.InputError`.
    """
    with without_warnings():
        try:
            yield
        except DICOM_FAILURES as error:
            raise InputError(code, message, hint) from error


class _Silence:
    """Ignored warnings while at least one thread asks for it; the filters are as before once the last one is done.

    ``warnings.catch_warnings`` alone restores the wrong filters when two threads overlap.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._caught = warnings.catch_warnings()

    def begin(self) -> None:
        with self._lock:
            if self._users == 0:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.simplefilter("ignore")
            self._users += 1

    def end(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._caught.__exit__(None, None, None)


_silence = _Silence()


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep pydicom's remarks about a header off the user's terminal; safe in threads."""
    _silence.begin()
    try:
        yield
    finally:
        _silence.end()
