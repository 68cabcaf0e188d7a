"""A picture made coarser: the means of its blocks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float32]


def block_means(picture: FloatImage, steps: tuple[int, int], border: int = 0) -> FloatImage:
    """Return the means of blocks, from the upper left corner on; beyond its edges the picture goes on as it ends.

    One axis after the other: rows are added whole, which is several times faster than going through block by block, and
    the picture is not copied for its border.

    Parameters
    ----------
    picture
        float32 (rows, columns), not empty.
    steps
        Rows and columns of a block.
    border
        Blocks on every side that hold nothing but the repeated edge.

    Returns
    -------
    float32 array
        (ceil(rows / steps[0]) + 2 border, ceil(columns / steps[1]) + 2 border).
    """
    sums = _sums_of_rows(picture, steps[0], border)
    sums = _sums_of_columns(sums, steps[1], border)
    sums /= np.float32(steps[0] * steps[1])
    return sums


def _sums_of_rows(picture: FloatImage, step: int, border: int) -> FloatImage:
    rows, columns = picture.shape
    whole = rows // step
    sums: FloatImage = np.empty((-(-rows // step) + 2 * border, columns), dtype=np.float32)
    sums[:border], sums[len(sums) - border :] = step * picture[0], step * picture[-1]
    np.add.reduce(picture[: whole * step].reshape(whole, step, columns), axis=1, out=sums[border : border + whole])
    if rest := rows - whole * step:
        np.add.reduce(picture[-rest:], axis=0, out=sums[border + whole])
        sums[border + whole] += (step - rest) * picture[-1]
    return sums


def _sums_of_columns(picture: FloatImage, step: int, border: int) -> FloatImage:
    columns = picture.shape[1]
    padded = np.pad(picture, ((0, 0), (border * step, border * step + -columns % step)), mode="edge")
    sums: FloatImage = padded[:, ::step].copy()
    for offset in range(1, step):
        sums += padded[:, offset::step]
    return sums
