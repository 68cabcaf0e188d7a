"""Decoding compressed pixels in a process of its own, so that a viewer never freezes.

A thread is not enough: the libraries that decode JPEG, JPEG-LS and JPEG 2000 hold Python's lock until they are done,
two seconds for a mammogram. The viewer's side is :func:`read_in_process`; the child is this file. It takes one JSON
object, and answers with a line of JSON and the bytes of both arrays of :class:`MCDetect.dicom.mammogram.Mammogram`.
A file that makes a decoder crash ends the child and not the viewer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from pydicom.uid import UID

from MCDetect.dicom.mammogram import Mammogram
from MCDetect.dicom.reading import UnderstoodHeader, read_header, read_mammogram
from MCDetect.errors import InputError, MCDetectError
from MCDetect.review import child


def read_in_process(
    path: Path,
    spacing_mm: float | None = None,
    *,
    python: str | None = None,
    children: child.Children | None = None,
) -> Mammogram:
    """Read a mammogram as :func:`MCDetect.dicom.reading.read_mammogram` does; blocks, so call it in a thread.

    Parameters
    ----------
    path, spacing_mm
        As there. What is not compressed, and pictures, are read here: that holds nobody up.
    python
        The interpreter; None is the one that runs this (in Slicer give the path of PythonSlicer).
    children
        What the process belongs to; whoever closes the examination ends them.

    Raises
    ------
    InputError
        As there; ``decoder-died`` when the process ended without an answer.
    """
    understood = read_header(path, spacing_mm)
    if understood is None or not _is_compressed(understood):
        return read_mammogram(path, spacing_mm)
    start = child.start if children is None else children.start
    question = {"path": str(path.absolute()), "source": str(path), "spacing_mm": spacing_mm}
    try:
        with start(__name__, python) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(question).encode())
            process.stdin.close()
            answer = json.loads(process.stdout.readline())
            if "error" in answer:
                raise InputError(*answer["error"])
            pixels = _filled(np.empty(answer["shape"], np.float32), process.stdout)
            valid = _filled(np.empty(answer["shape"], np.bool_), process.stdout)
    except (OSError, ValueError) as error:
        raise InputError(
            "decoder-died",
            f"The process that decodes {path} ended before it was done.",
            "Open it again; if that fails too, copy the file again or export it uncompressed.",
        ) from error
    return understood.mammogram(pixels, valid, str(path))


def _is_compressed(understood: UnderstoodHeader) -> bool:
    syntax = UID(understood.header.file_meta.TransferSyntaxUID)
    return not syntax.is_transfer_syntax or syntax.is_compressed


def _filled(array: npt.NDArray[Any], stream: IO[bytes]) -> npt.NDArray[Any]:
    """Return the array with the bytes of a stream, straight into its memory."""
    left = array.data.cast("B")
    while left:
        count = stream.readinto(left)  # type: ignore[attr-defined]
        if not count:
            raise ValueError("the stream ends early")
        left = left[count:]
    return array


def _answer(question: dict[str, Any], stream: IO[bytes]) -> None:
    try:
        mammogram = read_mammogram(Path(question["path"]), question["spacing_mm"])
    except MCDetectError as error:
        message = error.message.replace(question["path"], question["source"])
        stream.write(json.dumps({"error": (error.code, message, error.hint)}).encode() + b"\n")
        return
    stream.write(json.dumps({"shape": mammogram.shape}).encode() + b"\n")
    for array in (mammogram.pixels, mammogram.valid):
        stream.write(np.ascontiguousarray(array).data.cast("B"))


if __name__ == "__main__":
    _answer(json.load(sys.stdin), sys.stdout.buffer)
