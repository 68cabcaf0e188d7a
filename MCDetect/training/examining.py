"""Run a detector over many simulated views in several processes.

A view takes seconds and is independent of the others; processes of one thread each use the cores of a small machine
better than one process of many threads, since much of the work (reading, morphology, filters) has one thread anyway.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from MCDetect.training.simulated_views import ViewWithTruth, load_view

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

_Result = TypeVar("_Result")

_detectors: dict[str, Detector] = {}  # one a worker process, loaded when it starts


def examine(
    bundle: Path,
    views: Sequence[Path],
    task: Callable[[Detector, ViewWithTruth], _Result],
    processes: int = 2,
    report: Callable[[float], None] | None = None,
    *,
    kind: type[Detector] | None = None,
) -> list[_Result]:
    """Return ``task`` of each view, in order.

    Parameters
    ----------
    bundle
        Folder of the bundle; each process loads it once.
    views
        Files of :func:`MCDetect.training.simulated_views.prepare_views`.
    task
        A function of a module (it is sent to the processes by name); its result should be small.
    processes
        Number of processes.
    report
        Called with the fraction done.
    kind
        A detector that differs from the usual one (ablations); a class of a module.
    """
    results: list[_Result] = []
    # A forked copy of a process that has used torch's threads may hang: start fresh ones.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_load, initargs=(str(bundle), kind)) as pool:
        for result in pool.map(_examine_one, repeat(task), views):
            results.append(result)
            if report is not None:
                report(len(results) / len(views))
    return results


def _load(bundle: str, kind: type[Detector] | None) -> None:
    import torch

    from MCDetect.inference.detector import Detector

    torch.set_num_threads(1)
    _detectors["loaded"] = (kind or Detector).load(bundle, "cpu")


def _examine_one(task: Callable[[Detector, ViewWithTruth], _Result], view: Path) -> _Result:
    return task(_detectors["loaded"], load_view(view))
