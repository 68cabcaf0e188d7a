"""The sizes that the machine code is written for, and that whoever calls it keeps to; nothing here needs llvmlite."""

from __future__ import annotations

KERNEL = 9
"""Rows and columns of a kernel: what Luna-Lozoya et al. 2023 take, and three filters of three rows for Winograd."""

BORDER = 2 * (KERNEL - 1)
"""Rows and columns by which both convolutions together shrink an image, since neither is padded."""

BLOCK = 8
"""Side of the smallest squares whose maxima are the result: any stride that is a multiple is made of them."""

COLUMNS = 48
"""Columns of maps that are computed together: whole registers of 4, 8 and 16 numbers, and whole blocks."""

MAP_COLUMNS = 64
"""Columns of the first maps: ``COLUMNS`` and the reach of the second kernel, in whole registers."""

READ = 80
"""Columns of the image that are read: ``MAP_COLUMNS`` and the reach of the first kernel, in whole registers.

Those beyond ``COLUMNS + BORDER`` have no effect."""
