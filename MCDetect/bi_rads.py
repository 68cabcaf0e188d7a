"""The terms of the ACR BI-RADS Atlas (5th edition, mammography) that findings are described with.

Distribution is said by the algorithm and may be changed by a reader; morphology and assessment category are said by a
reader. DICOM codes of the terms are in ``MCDetect.dicom.writing.codes``.
"""

from __future__ import annotations

from enum import Enum


class Distribution(str, Enum):
    """Distribution of the calcifications of a cluster."""

    DIFFUSE = "diffuse"
    REGIONAL = "regional"
    GROUPED = "grouped"
    LINEAR = "linear"
    SEGMENTAL = "segmental"


class Morphology(str, Enum):
    """Morphology of the calcifications of a cluster: nine that are typically benign, then four that are suspicious."""

    SKIN = "skin"
    VASCULAR = "vascular"
    COARSE = "coarse or popcorn-like"
    LARGE_ROD_LIKE = "large rod-like"
    ROUND = "round"
    RIM = "rim"
    DYSTROPHIC = "dystrophic"
    MILK_OF_CALCIUM = "milk of calcium"
    SUTURE = "suture"
    AMORPHOUS = "amorphous"
    COARSE_HETEROGENEOUS = "coarse heterogeneous"
    FINE_PLEOMORPHIC = "fine pleomorphic"
    FINE_LINEAR = "fine linear or fine-linear branching"

    @property
    def is_typically_benign(self) -> bool:
        """Whether the atlas lists the term under "typically benign" and not under "suspicious morphology"."""
        return self not in _SUSPICIOUS


_SUSPICIOUS = {
    Morphology.AMORPHOUS,
    Morphology.COARSE_HETEROGENEOUS,
    Morphology.FINE_PLEOMORPHIC,
    Morphology.FINE_LINEAR,
}


class AssessmentCategory(str, Enum):
    """Assessment category; always a person's."""

    INCOMPLETE = "0"
    NEGATIVE = "1"
    BENIGN = "2"
    PROBABLY_BENIGN = "3"
    LOW_SUSPICION = "4A"
    MODERATE_SUSPICION = "4B"
    HIGH_SUSPICION = "4C"
    HIGHLY_SUGGESTIVE_OF_MALIGNANCY = "5"
    KNOWN_MALIGNANCY = "6"
