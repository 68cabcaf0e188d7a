"""What the worker does for a request."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.errors import UsageError
from MCDetect.findings import Algorithm, ImageFindings, Refusal
from MCDetect.inference.worker.messages import (
    Detect,
    Finished,
    MapDone,
    MapProbability,
    Message,
    ViewDone,
    ViewProgress,
    ViewRefused,
)
from MCDetect.inference.worker.result_memory import ResultMemory, question_key
from MCDetect.inference.worker.time_left import TimeLeft

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector
    from MCDetect.inference.progress import Progress

Send = Callable[[Message], None]
_Pending = tuple[int, Path | Refusal, str | None]


class Jobs:
    """A loaded detector and what it has answered.

    Parameters
    ----------
    detector
        Loaded.
    send
        Takes each message.
    """

    def __init__(self, detector: Detector, send: Send) -> None:
        self._detector = detector
        self._send = send
        self._memory = ResultMemory()
        self._time_left = TimeLeft()

    def detect(self, request: Detect) -> None:
        """Answer with the findings of each view as they come; views that are remembered come first.

        Raises
        ------
        UsageError
            ``no-inputs`` or ``threshold-out-of-range``.
        """
        from MCDetect.inference.pipeline import expand_inputs

        begun = time.monotonic()
        if not request.files:
            raise UsageError("no-inputs", "There is nothing to detect in: no image was given.")
        sources = expand_inputs(request.files)
        run = _Run(request, len(sources), self._send)
        pending: list[_Pending] = []
        for index, source in enumerate(sources):
            key = self._key(source, request)
            known = None if key is None else self._memory.recall(key)
            if known is None:
                pending.append((index, source, key))
            else:
                run.done(index, str(source), *known, remembered=True)
        self._compute(run, pending)
        self._send(Finished(request.request, run.found, run.refused, time.monotonic() - begun))

    def _compute(self, run: _Run, pending: list[_Pending]) -> None:
        from MCDetect.inference.pipeline import detect_each

        request = run.request

        def progress(state: Progress) -> None:
            if state.stage == "reading":
                self._time_left.begin_view()
            if state.done < len(pending) and state.stage != "done":
                left = self._time_left.estimate(len(pending) - state.done - 1, state.fraction)
                run.progress(pending[state.done][0], state, left)

        results = detect_each(
            [source for _, source, _ in pending],
            self._detector,
            operating_point=request.threshold,
            spacing_mm=request.spacing_mm,
            progress=progress,
        )
        for (index, source, key), result in zip(pending, results, strict=True):
            if isinstance(result, Refusal):
                run.refuse(index, result)
                continue
            self._time_left.end_view()
            # Asked now: the detector may have gone on with the CPU when the memory of the GPU was full.
            algorithm = self._detector.algorithm(request.threshold)
            if key is not None:
                self._memory.keep(key, result[1], algorithm)
            run.done(index, str(source), result[1], algorithm)

    def warm_up(self) -> None:
        """Let the calcification network run once over next to nothing: its first run takes longer than others."""
        import numpy as np

        self._detector.probability_map(np.zeros((256, 256), dtype=np.float32), 0.07)

    def map_probability(self, request: MapProbability) -> None:
        """Write the probability map of a view.

        Raises
        ------
        MCDetectError
            If the file cannot be read or the map not be written.
        """
        import numpy as np

        from MCDetect.dicom.reading import read_mammogram
        from MCDetect.files import write_atomically

        begun = time.monotonic()
        self._send(ViewProgress(request.request, 0, 1, request.file, "reading", 0.0, 0.0, None))
        mammogram = read_mammogram(request.file, request.spacing_mm)
        self._send(ViewProgress(request.request, 0, 1, request.file, "finding calcifications", 0.2, 0.2, None))
        probability = self._detector.probability_of(mammogram)
        target = Path(request.target)
        if target.suffix != ".npy":
            raise UsageError("wrong-target", f"{target} is no name for a probability map.", "Let it end with .npy.")
        write_atomically(target, lambda path: np.save(path, probability, allow_pickle=False))
        rows, columns = probability.shape
        self._send(MapDone(request.request, request.file, request.target, rows, columns, time.monotonic() - begun))
        self._send(Finished(request.request, 1, 0, time.monotonic() - begun))

    def _key(self, source: Path | Refusal, request: Detect) -> str | None:
        if isinstance(source, Refusal):
            return None
        return question_key(source, self._detector.bundle.sha256, request.spacing_mm, request.threshold)


class _Run:
    """One request at work: numbers its views and says what becomes of them."""

    def __init__(self, request: Detect, total: int, send: Send) -> None:
        self.request = request
        self.answered: set[int] = set()
        self.found = 0
        self.refused = 0
        self._total = total
        self._send = send
        self._since = time.monotonic()

    def progress(self, index: int, state: Progress, seconds_left: float | None) -> None:
        overall = (len(self.answered) + state.fraction) / self._total
        number = self.request.request
        self._send(
            ViewProgress(number, index, self._total, state.source, state.stage, state.fraction, overall, seconds_left)
        )

    def done(
        self, index: int, source: str, image: ImageFindings, algorithm: Algorithm, *, remembered: bool = False
    ) -> None:
        self.found += 1
        seconds = self._end(index)
        self._send(ViewDone(self.request.request, index, self._total, source, image, algorithm, seconds, remembered))

    def refuse(self, index: int, refusal: Refusal) -> None:
        self.refused += 1
        if refusal.code == "internal-error":
            refusal = replace(refusal, hint="Try again; if it happens again, report it with the details.")
        self._end(index)
        self._send(ViewRefused(self.request.request, index, self._total, refusal.source, refusal))

    def _end(self, index: int) -> float:
        """Return the seconds since the view before ended, which is what the user waited for this one."""
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        self.answered.add(index)
        return seconds
