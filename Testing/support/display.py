"""A display for tests of the window: the one there is, or an X server without a screen."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

_PR_SET_PDEATHSIG = 1  # prctl(2)


def reason_against_windows() -> str:
    """Return why no window can be tested here, or nothing."""
    missing = [name for name in ("PyQt5", "pytestqt", "slicer", "vtkmodules") if find_spec(name) is None]
    if missing:
        return f"{', '.join(missing)} is not installed (extra desktop)"
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY") and shutil.which("Xvfb") is None:
        return "there is no display and no Xvfb (Debian package xvfb)"
    return ""


@contextmanager
def a_display(size: str = "1920x1200x24") -> Iterator[None]:
    """Have a display: start Xvfb where there is none. Without Xvfb, Qt draws into memory."""
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY"):
        yield
        return
    if shutil.which("Xvfb") is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        yield
        return
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    # Qt ends a process whose display goes: the display has to outlive the process, and to end with it.
    subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL, preexec_fn=_end_with_parent)  # noqa: PLW1509
    os.close(write)
    with os.fdopen(read) as answer:
        os.environ["DISPLAY"] = f":{answer.readline().strip()}"
    yield


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
