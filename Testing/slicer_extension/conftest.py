from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.bright_bundle import bundle_folder
from support.sample_files import write_mammogram

__all__ = ["bundle_folder"]

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the repository."""
    return REPOSITORY


@pytest.fixture
def application(display, monkeypatch, tmp_path):
    """Return the stand-in for Slicer's application."""
    pytest.importorskip("PyQt5.QtWidgets", reason="needs PyQt5")
    pytest.importorskip("slicer", reason="needs slicer-core")
    pytest.importorskip("trame_slicer", reason="needs trame-slicer")
    from support import slicer_application

    monkeypatch.setenv("MCDETECT_DATA", str(tmp_path / "data"))
    interpreter = tmp_path / "bin" / "PythonSlicer"
    interpreter.parent.mkdir()
    interpreter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    interpreter.chmod(0o755)
    monkeypatch.setenv("PATH", f"{interpreter.parent}{os.pathsep}{os.environ['PATH']}")
    application = slicer_application.start(monkeypatch)
    yield application
    application.views.close()


@pytest.fixture
def module(application):
    """Return the module's widget, open and shown."""
    from PyQt5 import QtWidgets
    from SlicerMCDetect import SlicerMCDetect, SlicerMCDetectWidget

    SlicerMCDetect(SimpleNamespace())
    parent = QtWidgets.QWidget()
    QtWidgets.QVBoxLayout(parent)
    widget = SlicerMCDetectWidget(parent)
    application.module_widget = widget
    widget.setup()
    widget.enter()
    yield widget
    widget.cleanup()


@pytest.fixture
def mammogram(tmp_path) -> str:
    """Write a mammogram with a cluster that the bundle of the tests finds, and return its file."""
    return str(write_mammogram(tmp_path / "R_CC.dcm"))


@pytest.fixture
def detecting_module(application, bundle_folder, monkeypatch, request):
    """Return the module with a worker that has the bundle of the tests."""
    from SlicerMCDetectLib import logic

    from MCDetect.inference.worker.client import WorkerClient

    monkeypatch.setattr(logic, "make_client", lambda python: WorkerClient(python, bundle_folder, "cpu"))
    return request.getfixturevalue("module")
