"""Processes of a viewer that do one thing and end: what Python cannot do in a thread without holding up the others."""

from __future__ import annotations

import os
import subprocess
import sys

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
