"""Padding: what it stands for, and how a picture goes on beneath it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from MCDetect.preprocessing.block_means import block_means
from MCDetect.preprocessing.resampling import resize

BoolImage = npt.NDArray[np.bool_]
FloatImage = npt.NDArray[np.float32]

_BLOCK = 8  # pixels: what lies beneath padding need not be finer
_REACH = 1.5  # blocks; about the blur that is taken for the background of a picture
_LEAST_WEIGHT = 1e-3  # farther from the picture than this padding stays as it is
_MOST_FILLED = 0.97  # of its bounding box: a collimated field fills it but for its corners
_ALONG_CHEST_WALL = 0.5  # of the height of the box: there a breast is cut off straight
_AT_NIPPLE = 0.25  # and there it is round


def padding_is_air(exposed: BoolImage) -> bool:
    """Return whether what is no padding has the outline of a breast: the padding is then the air beside it.

    Systems that blank the background say so by Pixel Padding Value or Range Limit (DICOM PS3.3, C.7.5.1.1.2). The field
    of a collimator, which may end within the breast, is a rectangle or a disc instead.

    Parameters
    ----------
    exposed
        bool (rows, columns): what belongs to the picture, without padding.
    """
    rows, columns = np.flatnonzero(exposed.any(axis=1)), np.flatnonzero(exposed.any(axis=0))
    if rows.size == 0:
        return False
    box = exposed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if np.count_nonzero(box) > _MOST_FILLED * box.size:
        return False
    sides = sorted(float(np.mean(box[:, column])) for column in (0, -1))
    return sides[0] <= _AT_NIPPLE and sides[1] >= _ALONG_CHEST_WALL


def continued(unit: FloatImage, valid: BoolImage) -> FloatImage:
    """Return a picture that goes on beneath its padding as it is beside it.

    Where padding cuts off tissue there is an edge as sharp as that of a calcification, and its corners were marked as
    such. Each pixel of padding becomes the mean of the picture round it, weighted by a Gaussian (normalised
    convolution: Knutsson and Westin, CVPR 1993).

    Parameters
    ----------
    unit
        float32 (rows, columns).
    valid
        bool (rows, columns): False for padding.
    """
    if valid.all() or not valid.any():
        return unit
    steps = min(_BLOCK, unit.shape[0]), min(_BLOCK, unit.shape[1])
    weight = ndimage.gaussian_filter(block_means(valid.astype(np.float32), steps), _REACH)
    sums = ndimage.gaussian_filter(block_means(np.where(valid, unit, np.float32(0)), steps), _REACH)
    coarse = np.where(weight > _LEAST_WEIGHT, sums / np.maximum(weight, np.float32(_LEAST_WEIGHT)), np.float32(0))
    whole = resize(coarse, (coarse.shape[0] * steps[0], coarse.shape[1] * steps[1]))
    return np.where(valid, unit, whole[: unit.shape[0], : unit.shape[1]])
