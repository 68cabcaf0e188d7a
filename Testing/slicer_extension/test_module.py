"""The module's classes, with stand-ins for Slicer's application and real MRML, slice views and widgets."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

MODULE = Path(__file__).resolve().parents[2] / "slicer_extension"
FILES = [MODULE / "SlicerMCDetect.py", *sorted((MODULE / "SlicerMCDetectLib").glob("*.py"))]


def wait(application, condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, application.told
        application.processEvents()


def test_the_self_test_passes(application, module, tmp_path):
    from SlicerMCDetect import SlicerMCDetectTest

    SlicerMCDetectTest().runTest()
    assert application.told == []


def test_the_module_says_what_it_is(application):
    from SlicerMCDetect import SlicerMCDetect

    parent = SimpleNamespace()
    SlicerMCDetect(parent)
    assert parent.title == "MCDetect"
    assert "research use" in parent.helpText
