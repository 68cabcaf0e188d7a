"""Images of DDSM: lossless JPEG (ITU-T T.81, process 14) of 12 to 16 bits without any other header."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from MCDetect.errors import InputError


def read_ljpeg(path: Path) -> npt.NDArray[np.float32]:
    """Return the grey values (rows, columns) of an image, in the shape that the examination's ``.ics`` file gives.

    Raises
    ------
    InputError
        ``no-such-file``; ``cannot-decode`` when the image is damaged or of another size than the ``.ics`` file says.
    """
    from libjpeg.utils import decode

    from MCDetect.training.datasets.ddsm import read_ics

    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError("no-such-file", f"{path} is missing.", "Copy the data set again.") from error
    try:
        pixels = np.asarray(decode(content))
    except (RuntimeError, ValueError) as error:
        raise InputError("cannot-decode", f"{path} is a damaged lossless JPEG.", "Copy the data set again.") from error
    name, _, view = path.stem.rpartition(".")
    examination = path.with_name(f"{name.replace('_', '-')}.ics")
    film = read_ics(examination)[0].get(view) if examination.is_file() else None
    if film is not None:
        if pixels.size != film.rows * film.columns:
            raise InputError(
                "cannot-decode",
                f"{path} has another size than {examination.name} says.",
                "Copy the data set again.",
            )
        pixels = pixels.reshape(film.rows, film.columns)
    return pixels.astype(np.float32)
