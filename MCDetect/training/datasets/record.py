"""What a data set says of its images, in one form for all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

CALCIFICATION, OTHER = "calcification", "other"
BENIGN, WITHOUT_CALLBACK, MALIGNANT = "benign", "benign without callback", "malignant"

LARGEST_SINGLE_MM = 5.0
"""A mark that is wider is of a group of calcifications, whatever its data set calls it."""


@dataclass(frozen=True)
class Region:
    """A marked place of an image.

    Attributes
    ----------
    kind
        :data:`CALCIFICATION` (one or a group of them) or :data:`OTHER`.
    outline
        Vertices (row, column) in pixels of the stored image, or empty where the data set has a mask or nothing. A
        single vertex is a single pixel.
    pathology
        :data:`BENIGN`, :data:`WITHOUT_CALLBACK`, :data:`MALIGNANT`, or empty where it is not known.
    is_cluster
        Whether the mark is of a group of calcifications.
    crop, mask
        Files with the region cut out, and with the region on the whole image: in white, or in colour in a picture.
    may_be_empty
        Whether the mask may mark nothing, which then means that there is no calcification.
    is_whole_breast
        Whether the data set only says that the breast has calcifications, and not where.
    """

    kind: str
    outline: tuple[tuple[float, float], ...] = ()
    pathology: str = ""
    is_cluster: bool = False
    crop: Path | None = None
    mask: Path | None = None
    may_be_empty: bool = False
    is_whole_breast: bool = False

    def is_single(self, spacing_mm: float) -> bool:
        """Tell whether the outline is of a single calcification: not marked as a group, and at most 5 mm wide."""
        if not self.outline or self.is_cluster:
            return False
        sides: list[float] = [max(along) - min(along) + 1 for along in zip(*self.outline, strict=True)]
        return max(sides) * spacing_mm <= LARGEST_SINGLE_MM


@dataclass(frozen=True)
class ImageRecord:
    """An image of a data set.

    Attributes
    ----------
    image
        The file.
    patient
        Code of the patient in the data set: images of one patient never part in a split by patient.
    laterality, view
        ``"L"`` or ``"R"``; ``"CC"``, ``"MLO"``; empty where unknown.
    spacing_mm
        Distance between pixels where the data set states it.
    regions
        What is marked.
    is_annotated
        Whether every calcification of the image is marked, so that the rest may be taken for normal tissue.
    age
        Of the patient in years.
    groups
        Names of subgroups by kind, e.g. ``{"density": "b"}``.
    """

    image: Path
    patient: str
    laterality: str = ""
    view: str = ""
    spacing_mm: float | None = None
    regions: tuple[Region, ...] = ()
    is_annotated: bool = True
    age: float | None = None
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def calcifications(self) -> tuple[Region, ...]:
        """The regions of calcifications."""
        return tuple(region for region in self.regions if region.kind == CALCIFICATION)

    @property
    def subgroups(self) -> dict[str, str]:
        """All subgroups, with side, view and the age groups of Shiri Kahnouei et al. 2022 (Table 1)."""
        found = dict(self.groups)
        if self.view:
            found["view"] = self.view
        if self.age is not None:
            found["age"] = age_group(self.age)
        return found


@dataclass(frozen=True)
class DatasetIndex:
    """What lies in the folder of a data set.

    Attributes
    ----------
    name
        Of the data set.
    records
        Its images, sorted by file.
    problems
        A sentence for each file that is missing or cannot be used.
    checksum
        SHA-256 over the names and sizes of all files that were found.
    """

    name: str
    records: tuple[ImageRecord, ...]
    problems: tuple[str, ...]
    checksum: str

    @cached_property
    def image_names(self) -> tuple[str, ...]:
        """A name for each image that no other has: its path from the folder that they share."""
        shared = os.path.commonpath([record.image.parent for record in self.records])
        return tuple(record.image.relative_to(shared).as_posix() for record in self.records)


def age_group(age: float) -> str:
    """Return the age group of Shiri Kahnouei et al. 2022 (Table 1), with those outside of them."""
    if age < 31:
        return "under 31"
    return "31-45" if age <= 45 else "46-60" if age <= 60 else "61-75" if age <= 75 else "over 75"
