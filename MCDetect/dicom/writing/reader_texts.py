"""What a reader wrote, and warnings, in the character set of the mammogram or in UTF-8."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from pydicom.charset import decode_bytes, encode_string, python_encoding
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import TEXT_VR_DELIMS

from MCDetect.dicom.failures import without_warnings
from MCDetect.findings import ImageFindings, Review

UTF_8 = "ISO_IR 192"


def texts_of(images: Iterable[ImageFindings], review: Review | None) -> list[str]:
    """Return everything that a reader wrote, and the warnings, as they are written into objects."""
    texts = [] if review is None else [person_name(review.reader), clean(review.comment)]
    for image in images:
        texts += [clean(text) for cluster in image.clusters for text in (cluster.reason, cluster.comment)]
        texts += map(clean, image.warnings)
    return texts


def clean(text: str) -> str:
    """Return ``text`` without characters that DICOM does not allow in it (PS3.5, section 6.2) and spaces around."""
    allowed = (one for one in text if one in "\r\n\t" or unicodedata.category(one) not in ("Cc", "Cs"))
    return "".join(allowed).strip()


def person_name(reader: str) -> str:
    """Return a name without what would make two names or none of it, at most 64 characters a component group."""
    groups = clean(reader).replace("\\", " ").replace("\n", " ").replace("\r", " ").split("=")[:3]
    return "=".join(group[:64] for group in groups).strip("= ")


def fits(texts: Sequence[str], source: Dataset) -> bool:
    """Say whether the character set of ``source`` has all characters of ``texts``."""
    foreign = [text for text in texts if not text.isascii()]
    declared = source.get("SpecificCharacterSet")
    names = [str(name) for name in declared] if isinstance(declared, MultiValue) else [str(declared or "")]
    if not foreign:
        return True
    if names in ([""], ["ISO_IR 6"]) or any(name not in python_encoding for name in names):
        return False
    encodings = [python_encoding[name] for name in names]
    with without_warnings():
        return all(decode_bytes(encode_string(text, encodings), encodings, TEXT_VR_DELIMS) == text for text in foreign)
