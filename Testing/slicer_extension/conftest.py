from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the repository."""
    return REPOSITORY


@pytest.fixture(autouse=True)
def no_screen(monkeypatch):
    """Let Qt draw into memory, and keep unfinished reviews out of the user's own folder."""
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture
def application(monkeypatch, tmp_path):
    """Return the stand-in for Slicer's application."""
    pytest.importorskip("PyQt5.QtWidgets", reason="needs PyQt5")
    pytest.importorskip("slicer", reason="needs slicer-core")
    from support import slicer_application

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
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
