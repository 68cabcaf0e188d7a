"""What may be asked for, and where it goes: names of output formats, and a folder that can be written."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

from MCDetect.errors import OutputError, UsageError

FORMATS = ("seg", "cad-sr", "measurements-sr", "gsps", "json", "png")
"""What is written: DICOM segmentations, both structured reports, presentation states, JSON, pictures."""

OPTIONAL_FORMATS = ("sc", "probability")
"""What is written only when asked for: pictures as DICOM Secondary Captures, and maps of the probability of each pixel
as fractional segmentations."""

OPTIONAL_BATCH_FORMATS = ("sc",)
"""Those of them that a batch and a node can be asked for."""


def check_formats(formats: Collection[str], known: Collection[str] = (*FORMATS, *OPTIONAL_FORMATS)) -> frozenset[str]:
    """Return ``formats`` as a set.

    Parameters
    ----------
    formats
        What is asked for.
    known
        What can be had.

    Raises
    ------
    UsageError
        ``unknown-format`` if one of them does not exist or cannot be had, or if there are none.
    """
    unknown = sorted(set(formats) - set(known))
    if unknown or not formats:
        wrong = f"There is no output format {unknown[0]!r} here." if unknown else "No output format was given."
        raise UsageError("unknown-format", wrong, f"Use any of {','.join(known)}.")
    return frozenset(formats)


def check_output_folder(output: Path) -> None:
    """Make the output folder and write into it once, so that a wrong folder is told before hours of work.

    Raises
    ------
    OutputError
        ``cannot-write`` if the folder cannot be made or written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
    except OSError as error:
        reason = "it is not a folder" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
        raise OutputError(
            "cannot-write",
            f"The output folder {output} cannot be written: {reason}.",
            "Choose another --output folder or free space on the disk.",
        ) from error
