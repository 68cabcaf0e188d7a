"""The life of the worker: load, say so, answer until the viewer has gone."""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time

from MCDetect.errors import MCDetectError, where_it_arose
from MCDetect.inference.worker.channel import Channel
from MCDetect.inference.worker.jobs import Jobs
from MCDetect.inference.worker.lines import from_line
from MCDetect.inference.worker.messages import Detect, Failed, MapProbability, Message, Note, Ready, Request, Shutdown
from MCDetect.version import __version__

logger = logging.getLogger("MCDetect")


class Worker:
    """Serves one viewer.

    Parameters
    ----------
    channel
        Where requests come from and answers go.
    bundle, device, backend
        See ``Detector.load``.
    """

    def __init__(self, channel: Channel, bundle: str, device: str, backend: str = "torch") -> None:
        self._channel = channel
        self._bundle = bundle
        self._device = device
        self._backend = backend
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._present: int | None = None

    def run(self) -> int:
        """Serve until the viewer asks for the end; return the exit code."""
        begun = time.monotonic()
        if hasattr(os, "nice"):
            os.nice(5)  # the viewer stays quick while the networks work
        # Reading goes on while the networks work: only so the end of the viewer is noticed at once.
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        logger.addHandler(_Notes(self))
        try:
            jobs = self._load(begun)
        except Exception as error:  # noqa: BLE001 -- the viewer is told whatever it is
            self.send(failure(None, error))
            return 3
        while not isinstance(request := self._requests.get(), Shutdown):
            self._answer(jobs, request)
        return 0

    def send(self, message: Message) -> None:
        """Send a message; a viewer that is gone ends the worker."""
        try:
            self._channel.send(message)
        except OSError:
            end_at_once()

    def note(self, sentence: str) -> None:
        """Tell the user a sentence about the request at work."""
        self.send(Note(sentence, self._present))

    def _load(self, begun: float) -> Jobs:
        from MCDetect.inference.detector import Detector

        detector = Detector.load(self._bundle, self._device, self._backend)
        jobs = Jobs(detector, self.send)
        jobs.warm_up()
        algorithm = detector.algorithm()
        self.send(
            Ready(
                __version__,
                algorithm.device,
                algorithm.bundle,
                algorithm.bundle_sha256,
                detector.operating_points,
                detector.default_operating_point,
                time.monotonic() - begun,
                os.getpid(),
                algorithm.calcification_threshold,
            )
        )
        return jobs

    def _answer(self, jobs: Jobs, request: Detect | MapProbability) -> None:
        self._present = request.request
        try:
            if isinstance(request, Detect):
                jobs.detect(request)
            else:
                jobs.map_probability(request)
        except Exception as error:  # noqa: BLE001 -- one request that fails must not take the warm worker with it
            self.send(failure(request.request, error))
        finally:
            self._present = None

    def _read(self) -> None:
        for line in self._channel.lines():
            try:
                request = from_line(line)
            except ValueError as error:
                self.send(failure(None, error))
                end_at_once()
            if isinstance(request, Request):
                self._requests.put(request)
            if isinstance(request, Shutdown):
                return
        # The viewer is gone, also when it was killed: whatever is being computed is of no use to anybody.
        end_at_once()


class _Notes(logging.Handler):
    """Passes on what the library warns of."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(logging.WARNING)
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        self._worker.note(record.getMessage())


def failure(request: int | None, error: BaseException) -> Failed:
    """Return what to tell of an exception: its own words if it is ours, else only its type and where it arose."""
    if isinstance(error, MCDetectError):
        return Failed(request, error.code, error.message, error.hint)
    details = f"MCDetect {__version__}, Python {sys.version.split()[0]}\n{where_it_arose(error)}"
    if isinstance(error, MemoryError):
        return Failed(
            request,
            "out-of-memory",
            "There is not enough memory for this image.",
            "Close other programs or use a computer with more memory.",
            details,
        )
    return Failed(
        request,
        "internal-error",
        f"An unexpected error stopped the detection ({type(error).__name__}).",
        "Try again; if it happens again, report it with the details.",
        details,
    )


def end_at_once() -> None:
    """End this process and its children, wherever they are in their work."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(4)
