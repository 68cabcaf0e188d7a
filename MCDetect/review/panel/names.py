"""Names of readers, as people type them and as DICOM writes them."""

from __future__ import annotations


def as_dicom_name(typed: str) -> str:
    """Return ``"Meyer^Anna"`` for ``"Meyer, Anna"`` or ``"Anna Meyer"`` (DICOM PS3.5 section 6.2, VR PN)."""
    cleaned = " ".join(typed.replace("\\", " ").replace("=", " ").split())
    if "^" in cleaned:
        return cleaned
    if "," in cleaned:
        family, given = (part.strip() for part in cleaned.split(",", 1))
    else:
        given, _, family = cleaned.rpartition(" ")
    return f"{family}^{given}".rstrip("^")


def as_typed(name: str) -> str:
    """Return ``"Meyer, Anna"`` for ``"Meyer^Anna"``."""
    return ", ".join(part for part in name.split("^")[:2] if part)
