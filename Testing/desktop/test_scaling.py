"""The window on a screen where everything is one and a half times as large."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_CHILD = """
import json, sys
from pathlib import Path
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QAbstractButton, QApplication, QLabel
QApplication.setAttribute(Qt.AA_EnableHighDpiScaling)
QApplication.setAttribute(Qt.AA_DontCreateNativeWidgetSiblings)
application = QApplication([sys.argv[0]])
from MCDetect.desktop.theme import use_dark
from MCDetect.desktop.window import MainWindow
use_dark(application)
window = MainWindow(None, None)
window.resize(1280, 720)  # the whole of a screen of 1920 x 1080 at one and a half
window.show()
loaded = []
window.views.loaded.connect(loaded.append)
window.open_paths([Path(sys.argv[1])])
while len(loaded) < 4:
    QTest.qWait(10)
cut = [
    widget.objectName()
    for kind in (QAbstractButton, QLabel)
    for widget in window.widgets.findChildren(kind)
    if widget.isVisible() and getattr(widget, "text", str)() and widget.width() < widget.minimumSizeHint().width()
]
panel, port = window.widgets, window._scrolled.viewport()
out_of_sight = [
    widget.objectName()
    for widget in (panel.detectButton, panel.sensitivitySlider, panel.findingsTable, panel.acceptButton,
                   panel.rejectButton, panel.undecideButton, panel.commentEdit, panel.editFoldButton)
    if not port.rect().contains(widget.rect().translated(widget.mapTo(port, QPoint())))
]
QTest.mouseClick(panel.exportFoldButton, Qt.LeftButton)
QTest.qWait(500)
button = panel.exportButton
if not port.rect().contains(button.rect().translated(button.mapTo(port, QPoint()))):
    out_of_sight.append("exportButton after a click on its heading")
view = window.views.active
annotations = view.annotations
title = [0.0, 0.0]
annotations._title.GetSize(view._renderer, title)
print(json.dumps({
    "ratio": view.devicePixelRatioF(),
    "cut": cut,
    "out_of_sight": out_of_sight,
    "title": title[1] / view.size_in_pixels[1],
    "views": window.views.width() / window.width(),
}))
window.close()
"""


def measured(examination, factor: str) -> dict:
    environment = {**os.environ, "QT_SCALE_FACTOR": factor}
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(examination)], env=environment, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stderr
    return json.loads(lines[-1])


def test_texts_grow_with_the_screen_none_is_cut_and_the_views_keep_most_of_the_window(qapp, examination):
    large = measured(examination, "1.5")
    assert large["ratio"] == 1.5
    assert large["cut"] == []
    assert large["out_of_sight"] == []
    assert large["views"] > 0.6
    # The same window on a screen of ordinary size: the part of a view that its title takes is the same.
    ordinary = measured(examination, "1")
    assert abs(large["title"] / ordinary["title"] - 1) < 0.2
