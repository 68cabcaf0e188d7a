"""The viewer's side of the worker: start it, ask, look what has come, cancel.

This file and all it imports need neither PyTorch nor NumPy nor Qt, so it may be imported in any viewer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum
from itertools import count
from pathlib import Path
from queue import Empty

from MCDetect.inference.worker.messages import (
    Cancelled,
    Detect,
    Failed,
    Finished,
    MapProbability,
    Message,
    Ready,
)
from MCDetect.inference.worker.process import WorkerProcess

_PACKAGE_HOME = Path(__file__).resolve().parents[3]


class State(Enum):
    """What the worker is doing."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"


class WorkerClient:
    """A warm detector in a process of its own.

    Every method returns within milliseconds and is for one thread, that of the user interface, which calls
    :meth:`poll` from a timer. The worker ends with :meth:`close`, or when the process that made it ends in any way.

    Parameters
    ----------
    python
        The interpreter that has PyTorch; None is the one that runs this (in Slicer give the path of PythonSlicer).
    bundle, device, backend
        See ``Detector.load``.
    environment
        Variables for the worker; None is a copy of this process's. PYTHONPATH is added.

    Attributes
    ----------
    ready
        What the worker said when it had loaded the model; None before.
    """

    def __init__(
        self,
        python: str | Path | None = None,
        bundle: str | Path = "default",
        device: str = "auto",
        environment: Mapping[str, str] | None = None,
        backend: str = "auto",
    ) -> None:
        words = [str(python or sys.executable), "-m", "MCDetect.inference.worker"]
        self._command = [*words, "--bundle", _absolute_if_path(bundle), "--device", device, "--backend", backend]
        self._environment = worker_environment(os.environ if environment is None else environment)
        self._life: WorkerProcess | None = None
        self._numbers = count(1)
        self._open: list[int] = []
        self._waiting: list[Message] = []
        self.ready: Ready | None = None

    @property
    def state(self) -> State:
        """What the worker is doing, as far as :meth:`poll` has told."""
        if self._life is None:
            return State.STOPPED
        if self.ready is None:
            return State.STARTING
        return State.BUSY if self._open else State.READY

    def start(self) -> None:
        """Start the worker unless it runs; requests may be made at once."""
        if self._life is None:
            self._life = WorkerProcess(self._command, self._environment, _PACKAGE_HOME)

    def detect(
        self, files: str | Path | Sequence[str | Path], spacing_mm: float | None = None, *, threshold: float = 0.0
    ) -> int:
        """Ask for the findings of files, folders or DICOMDIRs; return the number of the request.

        Parameters
        ----------
        files
            In the order in which they shall be done.
        spacing_mm
            Pixel spacing of all the files; it goes before what their headers say.
        threshold
            Least score of a cluster. 0 sends them all, so that a viewer can filter without asking again.
        """
        named = [files] if isinstance(files, str | Path) else files
        request = Detect(next(self._numbers), tuple(_absolute(file) for file in named), spacing_mm, threshold)
        return self._submit(request)

    def probability_map(self, file: str | Path, target: str | Path, spacing_mm: float | None = None) -> int:
        """Ask for the probability map of a view in the file ``target`` (.npy); return the number of the request."""
        return self._submit(MapProbability(next(self._numbers), _absolute(file), _absolute(target), spacing_mm))

    def poll(self) -> list[Message]:
        """Return the messages that have come since the last time, without waiting."""
        while self._life is not None:
            try:
                message = self._life.received.get_nowait()
            except Empty:
                break
            self._take(message)
        messages, self._waiting = self._waiting, []
        return messages

    def cancel(self) -> None:
        """End all open requests at once, whatever the worker is doing, and start another one in the background.

        What was done before is still told by :meth:`poll`.
        """
        self._waiting = self.poll()
        if self._open:
            self._end_life()
            self.start()

    def close(self) -> None:
        """End the worker; open requests are told as cancelled. It may be started again."""
        self._waiting = self.poll()
        self._end_life()

    def _submit(self, request: Detect | MapProbability) -> int:
        self.start()
        assert self._life is not None
        self._open.append(request.request)
        self._life.send(request)
        return request.request

    def _take(self, message: Message) -> None:
        if isinstance(message, Ready):
            self.ready = message
        if isinstance(message, Failed) and message.request is None:
            self._waiting += self._failures(message)
            self._open.clear()
            self._end_life()
            return
        if isinstance(message, Finished | Failed) and message.request in self._open:
            self._open.remove(message.request)
        self._waiting.append(message)

    def _failures(self, failed: Failed) -> list[Failed]:
        """Return the end of each open request, or of the worker itself if there is none."""
        return [replace(failed, request=request) for request in self._open] or [failed]

    def _end_life(self) -> None:
        if self._life is not None:
            self._life.end()
        self._life = None
        self.ready = None
        self._waiting += [Cancelled(request) for request in self._open]
        self._open.clear()


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a process that shall import this very copy of MCDetect."""
    known = [folder for folder in environment.get("PYTHONPATH", "").split(os.pathsep) if folder]
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join([str(_PACKAGE_HOME), *known]),
        "PYTHONUTF8": "1",
    }


def _absolute(path: str | Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 -- keeps links as the user named them


def _absolute_if_path(bundle: str | Path) -> str:
    return _absolute(bundle) if Path(bundle).exists() or isinstance(bundle, Path) else bundle
