"""Where the nipple is: the most anterior point of the breast stands for it.

The nipple is not marked in mammograms and often not in profile. The point of the breast that is farthest from the chest
wall lies near it: in simulated views, where it is known, its distance from the true one is told by the tests.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_COARSE_MM = 0.8
_TIP_MM = 3.0


def most_anterior_point(
    mask: npt.NDArray[np.bool_], spacing_mm: tuple[float, float], *, points_to_last_column: bool
) -> tuple[float, float] | None:
    """Return (row, column) of the most anterior point, in pixels; None without a breast.

    Parameters
    ----------
    mask
        bool (rows, columns): the breast.
    spacing_mm
        (between rows, between columns).
    points_to_last_column
        Whether anterior is toward growing columns.
    """
    step = max(1, round(_COARSE_MM / max(spacing_mm)))
    thinned = mask[::step, ::step]
    columns = np.flatnonzero(thinned.any(axis=0))
    if columns.size == 0:
        return None
    tip = int(columns[-1] if points_to_last_column else columns[0])
    # The tip is blunt: the middle of its foremost millimetres is steadier than that of its last column.
    depth = max(1, round(_TIP_MM / (spacing_mm[1] * step)))
    part = thinned[:, max(0, tip - depth + 1) : tip + 1] if points_to_last_column else thinned[:, tip : tip + depth]
    row = float(np.nonzero(part)[0].mean())
    return row * step, float(tip * step)
