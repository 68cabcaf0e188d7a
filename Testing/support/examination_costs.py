"""What an examination costs the worker that processes it: called in a worker, or in a process of its own."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from MCDetect.cohort import examination as worker
from MCDetect.cohort.records import Examination, Order, Processing
from MCDetect.results import ResultWriter

_WRITING = ("add", "refuse", "finish")


def costs(examination: Examination, order: Order, repeats: int) -> list[dict[str, float]]:
    """Process an examination ``repeats`` times, each time into another folder, and say what each time took.

    Processor seconds are those of all threads of this process; bytes are those that passed through its calls.
    """
    return [_costs(examination, replace(order, output=f"{order.output}/{number}")) for number in range(repeats)]


def _costs(examination: Examination, order: Order) -> dict[str, float]:
    spent = {"writing": 0.0, "hashing": 0.0}
    originals = {name: getattr(ResultWriter, name) for name in _WRITING}
    contents = worker.contents_of
    for name, call in originals.items():
        setattr(ResultWriter, name, _timed(call, spent, "writing"))
    worker.contents_of = _timed(contents, spent, "hashing")
    before, start, clock = _bytes(), time.process_time(), time.perf_counter()
    try:
        outcome = worker.process(examination, order)
    finally:
        for name, call in originals.items():
            setattr(ResultWriter, name, call)
        worker.contents_of = contents
    total, seconds, after = time.process_time() - start, time.perf_counter() - clock, _bytes()
    assert outcome.computed
    assert not outcome.refused
    return {
        **{f"processor_seconds_{name}": value for name, value in spent.items()},
        "processor_seconds_detection": total - sum(spent.values()),
        "processor_seconds": total,
        "seconds": seconds,
        "bytes_of_images": float(outcome.bytes_read),
        "bytes_read": after["rchar"] - before["rchar"],
        "bytes_written": after["wchar"] - before["wchar"],
    }


def _timed(call: Callable[..., Any], spent: dict[str, float], name: str) -> Callable[..., Any]:
    def timed(*arguments: Any, **more: Any) -> Any:
        start = time.process_time()
        try:
            return call(*arguments, **more)
        finally:
            spent[name] += time.process_time() - start

    return timed


def _bytes() -> dict[str, float]:
    """Return the bytes that this process has read and written by calls, from a file system or its cache."""
    lines = Path("/proc/self/io").read_text(encoding="utf-8").splitlines()
    return {name: float(number) for name, number in (line.split(": ") for line in lines)}


def processed_one_after_the_other(folder: str, output: str, formats: list[str]) -> None:
    """Process each file of a folder as an examination, as a script without batch would; print the moments of each."""
    from MCDetect.inference.detector import Detector
    from MCDetect.inference.pipeline import detect_each

    processing = Processing()
    detector = Detector.load(processing.bundle, "cpu", processing.backend, processing.precision)
    for path in sorted(Path(folder).iterdir()):
        writer = ResultWriter(Path(output) / path.stem, detector.algorithm(), formats)
        for result in detect_each([path], detector):
            assert isinstance(result, tuple), result
            writer.add(*result)
        writer.finish()
        print(json.dumps({"at": time.monotonic(), "host": socket.gethostname()}), flush=True)


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    processed_one_after_the_other(sys.argv[1], sys.argv[2], sys.argv[3].split(","))
