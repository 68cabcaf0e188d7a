"""Winograd's minimal filtering F(4, 3), along the rows: four outputs of a filter of three taps for six products.

Winograd, Arithmetic Complexity of Computations (1980); Lavin and Gray, Fast Algorithms for Convolutional Neural
Networks (2016), section 4.3, equation 12. A kernel of nine rows is three filters of three, whose products are added
before they are turned back. So an output costs 9 * 18 / 4 = 40.5 multiplications a kernel and channel instead of 81.
Along one axis only: in both it would be fewer still, but rounding errors grow with each.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

OUTPUTS = 4
"""Rows of output that are computed together."""

TAPS = 3
"""Rows of a kernel that one filter takes."""

POINTS = OUTPUTS + TAPS - 1
"""Products in place of ``OUTPUTS * TAPS``."""

INPUT_TRANSFORM: tuple[tuple[int, ...], ...] = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
"""Six rows of input to the six points (0, 1, -1, 2, -2, infinity)."""

OUTPUT_TRANSFORM: tuple[tuple[int, ...], ...] = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)
"""Products at the six points to four rows of output."""

_KERNEL_TRANSFORM = np.array(
    [
        (1 / 4, 0, 0),
        (-1 / 6, -1 / 6, -1 / 6),
        (-1 / 6, 1 / 6, -1 / 6),
        (1 / 24, 1 / 12, 1 / 6),
        (1 / 24, -1 / 12, 1 / 6),
        (0, 0, 1),
    ]
)


def transformed_kernels(kernels: npt.NDArray[np.floating], together: int) -> npt.NDArray[np.float32]:
    """Return kernels at the six points, in the order in which they are multiplied.

    Parameters
    ----------
    kernels
        (outputs, inputs, rows, columns); the rows a multiple of 3.
    together
        Outputs that are computed at once, a divisor of their number.

    Returns
    -------
    float32 array
        (outputs / together, 6, rows / 3, inputs, columns, together).
    """
    outputs, inputs, rows, columns = kernels.shape
    if rows % TAPS or outputs % together:
        raise ValueError(f"kernels of {rows} rows for {outputs} outputs cannot be taken {TAPS} and {together} at once")
    filters = kernels.astype(np.float64).reshape(outputs // together, together, inputs, rows // TAPS, TAPS, columns)
    points = np.einsum("pt,gocstk->gpscko", _KERNEL_TRANSFORM, filters)
    return np.ascontiguousarray(points, dtype=np.float32)
