"""Processes of a viewer that do one thing and end: what Python cannot do in a thread without holding up the others."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from MCDetect.inference.worker.client import worker_environment


def start(module: str, python: str | None = None) -> subprocess.Popen[bytes]:
    """Start ``python -m module`` of this very copy of MCDetect, without a console window.

    Parameters
    ----------
    module
        It takes one JSON object from the standard input and answers on the standard output.
    python
        The interpreter; None is the one that runs this (in Slicer give the path of PythonSlicer).

    Raises
    ------
    OSError
        If there is no such interpreter or it cannot be run.
    """
    return subprocess.Popen(
        [python or sys.executable, "-m", module],
        env=worker_environment(os.environ),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


class Children:
    """Processes that are not needed any more when what they work for is closed. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_ended = False

    def start(self, module: str, python: str | None = None) -> subprocess.Popen[bytes]:
        """Start a process as :func:`start` does; after :meth:`end` it is ended at once."""
        process = start(module, python)
        with self._lock:
            self._running = {one for one in self._running if one.returncode is None} | {process}
            is_ended = self._is_ended
        if is_ended:
            process.kill()
        return process

    def end(self) -> None:
        """End all, without waiting: the threads that wait for their answers take their exit statuses."""
        with self._lock:
            self._is_ended = True
            running = list(self._running)
        for process in running:
            process.kill()
