"""The whole story without a mouse: every key goes to what has the focus, and the focus goes by Tab."""

from __future__ import annotations

import pytest
from pydicom import dcmread
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication

from MCDetect.desktop.navigation import mm_per_pixel
from MCDetect.findings import Decision
from MCDetect.review.hanging import Layout
from MCDetect.review.panel.host import Tool

_MOST_TABS = 60


class Keyboard:
    def __init__(self, window) -> None:
        self._window = window

    def press(self, *keys, modifier=Qt.NoModifier) -> None:
        for key in keys:
            QTest.keyClick(QApplication.focusWidget() or self._window, key, modifier)
            QTest.qWait(5)

    def control(self, *keys) -> None:
        self.press(*keys, modifier=Qt.ControlModifier)

    def type(self, text: str) -> None:
        QTest.keyClicks(QApplication.focusWidget(), text)

    def tab_to(self, widget) -> None:
        for _ in range(_MOST_TABS):
            focused = QApplication.focusWidget()
            if focused is widget or (focused is not None and focused.parentWidget() is widget):
                return
            self.press(Qt.Key_Tab)
        raise AssertionError(f"Tab does not lead to {widget.objectName()}")


@pytest.fixture
def keyboard(window) -> Keyboard:
    window.views.active.setFocus()
    return Keyboard(window)


def test_a_reader_without_a_mouse_opens_detects_reviews_and_exports(  # noqa: PLR0915 (one story, in its order)
    window, hands, keyboard, examination, monkeypatch
):
    w, views, results = window.widgets, window.views, examination.parent / "results"
    folders = iter([str(examination), str(results)])
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: next(folders))
    keyboard.press(Qt.Key_O, modifier=Qt.ControlModifier | Qt.ShiftModifier)
    hands.until(lambda: len(views.windows) == 4)
    keyboard.control(Qt.Key_D)
    assert window.panel.is_detecting or "searched" in w.progressLabel.text()
    hands.until(lambda: not window.panel.is_detecting, 120)
    assert len(hands.cells()) == 2

    # The button for detection is off while it runs; the keys are the views' again.
    views.active.setFocus()
    keyboard.press(Qt.Key_N)
    uid = window.session.selected
    image, cluster = window.session.state.find(uid)
    assert views.active_key == image.sop_instance_uid
    keyboard.press(Qt.Key_A)
    assert window.session.state.find(uid)[1].decision is Decision.ACCEPTED
    keyboard.control(Qt.Key_Z)
    assert window.session.state.find(uid)[1].decision is Decision.UNDECIDED
    keyboard.control(Qt.Key_Y)

    # Boxes and fields by Tab.
    keyboard.tab_to(w.distributionBox)
    keyboard.press(Qt.Key_Home, Qt.Key_Down)
    keyboard.tab_to(w.morphologyBox)
    keyboard.press(Qt.Key_End)
    keyboard.tab_to(w.assessmentBox)
    keyboard.press(Qt.Key_End)
    keyboard.tab_to(w.commentEdit)
    keyboard.type("seen by keys")
    keyboard.press(Qt.Key_Return)
    said = window.session.state.find(uid)[1]
    assert said.comment == "seen by keys"
    assert said.morphology is not None
    assert said.assessment is not None
    assert said.distribution.value == w.distributionBox.currentText()

    # A calcification less, with the pointer that the arrows move; V leads back to the view of the finding.
    views.active.setFocus()
    for _ in range(4):
        if views.active_key != image.sop_instance_uid:
            keyboard.press(Qt.Key_V)
    member = image.members(cluster)[0]
    views.overlay.centre(views.active.node, member.row, member.column, height_mm=10)
    keyboard.press(Qt.Key_X)
    assert window.panel.tool is Tool.REMOVE
    keyboard.press(Qt.Key_Right, Qt.Key_Left, Qt.Key_Space, Qt.Key_Escape)
    assert window.session.state.find(uid)[1].count == cluster.count - 1

    # Looking: layouts, magnification, pan, window, marks, sensitivity.
    keyboard.press(Qt.Key_1, Qt.Key_Z)
    assert views.arrangement is Layout.ONE_VIEW
    keyboard.press(Qt.Key_Plus)
    assert mm_per_pixel(views.active.node) == pytest.approx(0.07 * 0.8)
    place = views.active.to_image(10, 10)
    keyboard.press(Qt.Key_Left)
    assert views.active.to_image(10, 10) != place
    shown = views.overlay.volume(views.active_key).GetDisplayNode()
    before = shown.GetWindow(), shown.GetLevel()
    keyboard.press(Qt.Key_Right, Qt.Key_Up, modifier=Qt.AltModifier)
    assert (shown.GetWindow() > before[0], shown.GetLevel() < before[1]) == (True, True)
    keyboard.press(Qt.Key_W)
    assert (shown.GetWindow(), shown.GetLevel()) == before
    keyboard.press(Qt.Key_M, Qt.Key_O)
    assert not views.overlay.is_visible
    keyboard.press(Qt.Key_M, Qt.Key_O, Qt.Key_4)
    threshold = window.session.threshold
    keyboard.control(Qt.Key_Up)
    assert window.session.threshold < threshold
    keyboard.press(Qt.Key_F1)
    assert window.help_box.isVisible()
    window.help_box.close()

    # The name, that it is finished, and the report.
    keyboard.tab_to(w.readerEdit)
    keyboard.type("Meyer, Anna")
    keyboard.tab_to(w.completeCheckBox)
    keyboard.press(Qt.Key_Space)
    keyboard.control(Qt.Key_S)
    hands.until(lambda: not window.background_work.is_busy)
    report = dcmread(next(results.rglob("cad-sr_*.dcm")))
    assert report.CompletionFlag == "COMPLETE"
    assert not window.session.has_unsaved_changes
    assert window.heard == []


def test_tab_leads_to_everything_that_can_be_used_and_back_to_the_views(window, hands, keyboard, examination):
    hands.open(examination)
    hands.detect()
    keyboard.control(Qt.Key_Up)
    window.views.active.setFocus()
    keyboard.press(Qt.Key_N)
    seen = set()
    for _ in range(_MOST_TABS):
        keyboard.press(Qt.Key_Tab)
        focused = QApplication.focusWidget()
        seen |= {focused.objectName(), focused.parentWidget().objectName()}
    wanted = {
        "openButton", "detectButton", "sensitivitySlider", "operatingPointBox", "outlinesCheckBox", "findingsTable",
        "acceptButton", "rejectButton", "reasonBox", "commentEdit", "drawButton", "readerEdit", "exportButton",
        *(f"View {number}" for number in range(1, 5)),
    }  # fmt: skip
    assert wanted <= seen
