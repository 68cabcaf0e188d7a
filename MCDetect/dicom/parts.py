"""Connected parts of the segments of a segmentation, and which calcification each of them is.

A segment holds all calcifications of a cluster, so that calcifications that touch are one part of it. Writers ask here
which calcifications a reader of the objects will get back from the segments; the others are told in the CAD report.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.dicom.writing.context import shown
from MCDetect.dicom.writing.geometry import graphic_point
from MCDetect.findings import Calcification, ImageFindings
from MCDetect.runs import Runs, cropped, mask_of_runs, runs_of_pixels


def parts_of(mask: npt.NDArray[np.generic], top: int = 0, left: int = 0) -> list[Runs]:
    """Return the runs (row, first column, length) of each connected part (8 neighbours) of a mask, from the top.

    ``top`` and ``left`` are where the first pixel of the mask is in the image.
    """
    inner, corner = cropped(mask)
    labels, _ = ndimage.label(inner, structure=np.ones((3, 3), dtype=bool))
    parts = []
    for number, window in enumerate(ndimage.find_objects(labels), start=1):
        pixels = np.argwhere(labels[window] == number) + [part.start for part in window]
        parts.append(runs_of_pixels(pixels + corner + np.array((top, left))))
    return parts


class Places:
    """Where the parts of a segment are.

    Parameters
    ----------
    parts
        Runs of each part, at least one.
    """

    def __init__(self, parts: Sequence[Runs]) -> None:
        self.parts = parts
        runs = np.array([run for part in parts for run in part], dtype=np.float64)
        self._rows, self._first = runs[:, 0], runs[:, 1]
        self._last = runs[:, 1] + runs[:, 2] - 1
        self._owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts])

    def nearest(self, row: float, column: float) -> int:
        """Return which part has the pixel nearest to a point; the first of several."""
        across = np.maximum(np.maximum(self._first - column, column - self._last), 0.0)
        return int(self._owners[np.argmin((self._rows - row) ** 2 + across**2)])


def told_by_report(image: ImageFindings) -> frozenset[int]:
    """Return the numbers of the calcifications whose pixels cannot be told from the segmentation of an image.

    They belong to rejected clusters only, touch another one of their segment, or do not hang together.
    """
    kept = shown(image)
    segmented: set[int] = set()
    unclear: set[int] = set()
    for members in (*(kept.members(cluster) for cluster in kept.clusters), kept.isolated_calcifications):
        if members:
            segmented |= {member.id for member in members}
            unclear |= _unclear(image, members)
    return frozenset({one.id for one in image.calcifications} - segmented | unclear)


def _unclear(image: ImageFindings, members: Sequence[Calcification]) -> set[int]:
    rows = [row for member in members for row, _, _ in member.runs]
    ends = [end for member in members for _, first, length in member.runs for end in (first, first + length)]
    top, left = min(rows), min(ends)
    moved = [(row - top, first - left, length) for member in members for row, first, length in member.runs]
    mask = mask_of_runs(moved, (max(rows) - top + 1, max(ends) - left))
    places = Places(parts_of(mask, top, left))
    return {member.id for member in members if places.parts[places.nearest(*_stored(image, member))] != member.runs}


def _stored(image: ImageFindings, calcification: Calcification) -> tuple[float, float]:
    """Return the centre as a reader of the report gets it: in the precision of graphic coordinates."""
    ((column, row),) = graphic_point(image, calcification.row, calcification.column).astype(np.float32)
    return float(row) - 0.5, float(column) - 0.5
