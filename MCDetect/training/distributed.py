"""Several processes that train one network (``torchrun``), by Ignite; who is who says ``ignite.distributed``.

Start with ``torchrun --nproc-per-node N -m MCDetect train ...``. Each process takes its share of every batch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def processes(device_type: str = "cpu") -> Iterator[None]:
    """Join the other processes if ``torchrun`` started several, each with its own GPU; leave them at the end."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    import ignite.distributed as idist

    idist.initialize("nccl" if device_type == "cuda" else "gloo")
    try:
        yield
    finally:
        idist.finalize()
