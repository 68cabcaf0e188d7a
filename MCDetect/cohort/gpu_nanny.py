"""The nanny of a worker process that sees one GPU, the same one whenever it is started again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from distributed import Nanny

from MCDetect.cohort.planning import VISIBLE


class GpuNanny(Nanny):  # type: ignore[misc]
    """A ``Nanny`` whose worker has the CUDA_VISIBLE_DEVICES that stands in ``gpus`` at the place of its ``name``."""

    def __init__(self, *arguments: Any, name: int, gpus: Sequence[str], **more: Any) -> None:
        super().__init__(*arguments, name=name, env={VISIBLE: gpus[name % len(gpus)]}, **more)
