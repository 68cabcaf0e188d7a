"""Whether a view shows the whole breast: else its most anterior point is no nipple, nor its area that of the breast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from MCDetect.dicom.orientation import decide_orientation
from MCDetect.preprocessing.padding import padding_is_air

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_LEAST_AIR = 0.01
"""Of the exposed picture. A cut-out and a collimated field have none beside the breast."""


def shows_whole_breast(header: Dataset | None, mask: npt.NDArray[np.bool_], exposed: npt.NDArray[np.bool_]) -> bool:
    """Return False for magnified, spot compressed and partial views, and where no air is in the picture.

    Air that a system has blanked, and declared as padding, is air.

    Parameters
    ----------
    header
        None for a picture without one.
    mask
        bool (rows, columns): the breast.
    exposed
        bool (rows, columns): what belongs to the picture, without padding.
    """
    if header is not None:
        parts = {"magnification", "spot compression"} & set(decide_orientation(header).modifiers)
        if parts or str(header.get("PartialView") or "").strip().upper() == "YES":
            return False
    if int(np.count_nonzero(mask & exposed)) <= (1 - _LEAST_AIR) * int(np.count_nonzero(exposed)):
        return True
    return padding_is_air(exposed)
