"""Values of the source that cannot be written into a result: told in a sentence that quotes none of them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from MCDetect.dicom.failures import without_warnings
from MCDetect.errors import OutputError

_FAILURES = (
    ArithmeticError,
    AttributeError,  # what a library asks of every header, and one lacks
    LookupError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
)


@contextmanager
def damage_told_plainly(what: str) -> Iterator[None]:
    """Turn what pydicom and highdicom raise about values of the source into an error for the user.

    ``what`` names the view, or says that it is the whole study.

    Their messages quote the value, which may be a name or a date, so neither errors nor warnings are passed on.
    """
    try:
        with without_warnings():
            yield
    except _FAILURES as error:
        disk = _disk_error(error)
        if disk is not None:
            # A new one: `disk` is a cause of `error` already, and a circle of causes hangs whoever follows it.
            raise OSError(disk.errno, disk.strerror) from error
        raise OutputError(
            "unwritable-source",
            f"DICOM results of {what} cannot be written because a header is damaged or of a kind that was not foreseen "
            f"({type(error).__name__}).",
            "Leave the DICOM formats out with --formats json,png.",
        ) from error


def _disk_error(error: BaseException | None) -> OSError | None:
    """Return the error of the file system behind ``error``; pydicom raises a copy without its number, or its own."""
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            return error
        error = error.__cause__
    return None
