"""Unique identifiers that are the same whenever the same thing is written again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import numpy.typing as npt

    from MCDetect.findings import Algorithm, ImageFindings

MANUFACTURER = "MCDetect"
"""Of all objects that MCDetect writes."""

# The root of every name that is hashed into an identifier. Changing it changes every identifier MCDetect has written.
_NAMESPACE = UUID("7f0c8e0a-7b3d-5c55-9a52-6d43646574ec")


def stable_uid(*parts: str) -> str:
    """Return a DICOM unique identifier that depends on nothing but ``parts``.

    The identifier is ``2.25.`` and the decimal value of a version 5 UUID, the form that DICOM PS3.5, section B.2
    provides for identifiers made without a registered root.

    Parameters
    ----------
    *parts
        What the identifier stands for, e.g. source SOP Instance UID, model hash, kind of object. The borders between
        the parts count: ``("ab", "c")`` and ``("a", "bc")`` differ.

    Returns
    -------
    str
        At most 44 characters.

    Raises
    ------
    ValueError
        If there are no parts: every such call would share one identifier.
    """
    if not parts:
        raise ValueError("a stable identifier needs at least one part")
    return f"2.25.{uuid5(_NAMESPACE, json.dumps(parts)).int}"


def picture_uid(role: str, pixels: npt.NDArray[np.generic]) -> str:
    """Return the identifier of a picture that has no header, made of its content, wherever it lies.

    Parameters
    ----------
    role
        ``sop_instance_uid``, ``series_instance_uid`` or ``study_instance_uid``.
    pixels
        (rows, columns), as read.
    """
    return stable_uid("picture", role, hashlib.sha256(pixels.tobytes()).hexdigest())


def content_digest(images: Iterable[ImageFindings], algorithm: Algorithm, more: Sequence[Any] = ()) -> str:
    """Return the SHA-256 (hexadecimal) of what is about to be written; ``more`` are things beside the findings.

    It is part of every SOP Instance UID, so that an identifier is used again only for the same content. The device is
    left out, and so is where the files lie: the same findings made on another processor, or of a file that was moved,
    are the same findings.
    """
    described = asdict(algorithm)
    described.pop("device")
    if algorithm.is_of_lower_precision:  # the objects say so
        described["precision"] = "bf16"
    document: dict[str, Any] = {"algorithm": described, "images": [asdict(image) | {"source": ""} for image in images]}
    if more:
        document["more"] = [repr(one) for one in more]
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()
