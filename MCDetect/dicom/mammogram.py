"""A mammogram in memory: what the reader hands to everything else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.findings import SpacingSource

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


@dataclass(frozen=True)
class Spacing:
    """Pixel spacing in millimetres at the breast, with the rule it came from."""

    row_mm: float
    column_mm: float
    source: SpacingSource

    @property
    def millimetres(self) -> tuple[float, float]:
        """(between rows, between columns), as in DICOM PixelSpacing."""
        return self.row_mm, self.column_mm


@dataclass(frozen=True)
class Mammogram:
    """One view.

    Attributes
    ----------
    pixels
        float32, (rows, columns): the modality values (after rescale or modality LUT, before any window), never
        flipped or resampled. Bright is always attenuating: MONOCHROME1 is inverted here, once.
    valid
        bool, (rows, columns): False where the pixel padding value or range says there is no image.
    spacing
        See :class:`Spacing`.
    laterality, view
        ``"L"``, ``"R"`` or ``""``; ``"CC"``, ``"MLO"``, ... or ``""`` (unknown is empty, never guessed).
    header
        The DICOM attributes without pixel data, for writers to reference; None for PNG and TIFF pictures.
    source
        The path as the user gave it, for messages.
    warnings
        Sentences about this image that a reader of its findings must know.
    """

    pixels: npt.NDArray[np.float32]
    valid: npt.NDArray[np.bool_]
    spacing: Spacing
    laterality: str
    view: str
    source: str
    header: Dataset | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        rows, columns = self.pixels.shape
        return rows, columns

    @property
    def label(self) -> str:
        """Short name for people and file names, e.g. ``R_MLO``; unknown parts are left out, ``image`` if all are."""
        return "_".join(part for part in (self.laterality, self.view) if part) or "image"
