"""How much memory a piece of work needs, whatever the tests before it left in this process."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Growth:
    """``mebibytes`` is how far the largest memory of this process rose in the block."""

    mebibytes = 0.0


@contextmanager
def growth_of_memory() -> Iterator[Growth]:
    """Measure by how much the largest resident memory of this process rises within the block.

    Linux begins its measurement anew (proc(5), ``clear_refs``); elsewhere only what exceeds all that was before is
    seen.
    """
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    before, growth = peak_mib(), Growth()
    yield growth
    growth.mebibytes = peak_mib() - before


def peak_mib() -> float:
    """Return the most memory that this process had at any moment, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
