"""A window on a display, an examination, and hands for mouse and keyboard."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from support.bright_bundle import bundle_folder  # noqa: F401
from support.display import reason_against_windows
from support.four_views import write_examination
from support.mouse import move

_REASON = reason_against_windows()
if _REASON and os.environ.get("CI"):
    raise RuntimeError(_REASON)
collect_ignore_glob = ["test_*.py"] if _REASON else []


def pytest_report_header() -> str:
    return f"tests of the window are left out: {_REASON}" if _REASON else "tests of the window run"


@pytest.fixture(scope="session", autouse=True)
def on_display(display) -> None:
    """Let each test of this folder have a display."""


_kept: list[object] = []
"""The application lives as long as the process: without it Qt's connection to the display ends too early."""


@pytest.fixture(scope="session")
def qapp(display, qapp_cls):
    from PyQt5.QtCore import Qt

    from MCDetect.desktop.application import spare_collections
    from MCDetect.desktop.theme import use_dark

    qapp_cls.setAttribute(Qt.AA_DontCreateNativeWidgetSiblings)
    application = qapp_cls.instance() or qapp_cls([sys.argv[0]])
    use_dark(application)
    _kept.append(application)
    spare_collections()
    return application


@pytest.fixture
def examination(tmp_path) -> Path:
    return write_examination(tmp_path / "examination")


@pytest.fixture(scope="module")
def worker(bundle_folder):  # noqa: F811
    from MCDetect.inference.worker.client import WorkerClient

    client = WorkerClient(bundle=str(bundle_folder), device="cpu")
    client.start()
    yield client
    client.close()


class SharedWorker:
    """The worker of several windows: closing one of them leaves it running."""

    def __init__(self, client) -> None:
        self._client = client

    def __getattr__(self, name):
        return getattr(self._client, name)

    def close(self) -> None:
        pass


@pytest.fixture
def window(qtbot, tmp_path, worker):
    """Return a window that keeps its work in a folder of the test; what is told is kept in ``window.heard``."""
    from MCDetect.desktop.window import MainWindow

    window = MainWindow(SharedWorker(worker), tmp_path / "unfinished")
    yield from opened(window)


@pytest.fixture
def window_of(qtbot, tmp_path):
    """Return a function that opens a window with a worker of its own, and gives the window and hands for it."""
    from MCDetect.desktop.window import MainWindow

    lives = []

    def make(client):
        lives.append(opened(MainWindow(client, tmp_path / "unfinished")))
        window = next(lives[-1])
        return window, Hands(window)

    yield make
    for life in lives:
        next(life, None)


def opened(window):
    from PyQt5.QtTest import QTest
    from PyQt5.QtWidgets import QApplication

    window.heard = []
    tell = window.dialogs.tell

    def listen(message: str, hint: str, details: str = "") -> None:
        window.heard.append((message, hint, details))
        tell(message, hint, details)

    window.dialogs.tell = listen
    window.resize(1700, 1080)
    window.show()
    QTest.qWaitForWindowExposed(window)
    QApplication.setActiveWindow(window)  # keys go to the active window, and Xvfb has nobody who makes one active
    yield window
    for box in window.dialogs.told:
        box.close()
    window.dialogs.ask = lambda _question, _choices: 0
    window.close()


class Hands:
    """What a reader does with mouse and keyboard, and with waiting."""

    def __init__(self, window) -> None:
        from PyQt5.QtTest import QTest

        self.window, self.test = window, QTest

    def open(self, *paths: Path, views: int = 4) -> None:
        loaded: list[str] = []
        self.window.views.loaded.connect(loaded.append)
        self.window.open_paths(list(paths))
        self.until(lambda: len(set(loaded)) >= views)
        self.window.views.loaded.disconnect(loaded.append)
        self.test.qWait(50)

    def until(self, condition, seconds: float = 180.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            self.test.qWait(20)

    def press(self, key, modifier=None) -> None:
        from PyQt5.QtCore import Qt

        self.test.keyClick(self.window.views.active, key, modifier or Qt.NoModifier)
        self.test.qWait(10)

    def click(self, widget, where=None, button=None) -> None:
        from PyQt5.QtCore import QPoint, Qt

        point = QPoint() if where is None else where
        self.test.mouseClick(widget, button or Qt.LeftButton, Qt.NoModifier, point)
        self.test.qWait(10)

    def drag(self, view, points, button=None) -> None:
        from PyQt5.QtCore import Qt

        button = button or Qt.LeftButton
        self.test.mousePress(view, button, Qt.NoModifier, points[0])
        for point in points[1:]:
            move(view, point, button)
        self.test.mouseRelease(view, button, Qt.NoModifier, points[-1])
        self.test.qWait(10)

    def view(self, label: str):
        for view, slot in self.window.views.slots.items():
            if slot.title == label:
                return view
        raise AssertionError(f"{label} is not shown")

    def detect(self) -> None:
        label = self.window.widgets.progressLabel
        before = label.text()
        self.click(self.window.widgets.detectButton)
        # What the worker remembers may be there before the click has returned.
        assert self.window.panel.is_detecting or label.text() != before
        self.until(lambda: not self.window.panel.is_detecting, 120)

    def cells(self) -> list[list[str]]:
        table = self.window.widgets.findingsTable
        return [
            [table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())
        ]


@pytest.fixture
def hands(window) -> Hands:
    return Hands(window)
