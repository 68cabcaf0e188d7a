"""Views, keys, mouse and errors of the window."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PyQt5.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt5.QtGui import QDropEvent, QWheelEvent
from PyQt5.QtWidgets import QApplication, QMessageBox
from support.four_views import write_examination

from MCDetect.desktop.actions import MENUS, help_sheet
from MCDetect.desktop.navigation import mm_per_pixel
from MCDetect.review.hanging import Layout


def wheel(view, where: QPoint, turns: int) -> None:
    glob = QPointF(view.mapToGlobal(where))
    event = QWheelEvent(
        QPointF(where), glob, QPoint(), QPoint(0, 120 * turns), Qt.NoButton, Qt.NoModifier, Qt.NoScrollPhase, False
    )
    QApplication.sendEvent(view, event)


def test_the_wheel_zooms_about_the_pointer_and_the_pair_follows_mirrored(window, hands, examination):
    hands.open(examination)
    left, right, other = hands.view("L CC"), hands.view("R CC"), hands.view("L MLO")
    where = QPoint(left.width() // 3, left.height() // 3)
    place, before = left.to_image(*left.screen_position(where)), mm_per_pixel(left.node)
    unmoved = mm_per_pixel(other.node)
    wheel(left, where, 3)
    assert mm_per_pixel(left.node) == pytest.approx(before * 0.88**3)
    assert left.to_image(*left.screen_position(where)) == pytest.approx(place, abs=0.01)
    assert mm_per_pixel(right.node) == pytest.approx(mm_per_pixel(left.node))
    assert mm_per_pixel(other.node) == unmoved
    # Mirror images: both show the same distance from the chest wall in the middle of the view.
    columns = window.session.examination.view(window.views.key_of(left)).shape[1]
    centre_left = left.to_image(left.width() / 2, left.height() / 2)[1]
    centre_right = right.to_image(right.width() / 2, right.height() / 2)[1]
    assert centre_left == pytest.approx(columns - 1 - centre_right, abs=1.5)


def test_dragging_pans_and_the_right_button_changes_the_window(window, hands, examination):
    hands.open(examination)
    view = hands.view("L CC")
    start = QPoint(100, 100)
    place = view.to_image(*view.screen_position(start))
    hands.drag(view, [start, start + QPoint(20, 5), start + QPoint(40, 10)])
    assert view.to_image(*view.screen_position(start + QPoint(40, 10))) == pytest.approx(place, abs=0.01)
    shown = window.views.overlay.volume(window.views.key_of(view)).GetDisplayNode()
    width = shown.GetWindow()
    hands.drag(view, [start, start + QPoint(30, 0), start + QPoint(60, 0)], Qt.RightButton)
    assert shown.GetWindow() > width
    hands.press(Qt.Key_W)
    assert shown.GetWindow() == width


def test_keys_change_layout_and_magnification(window, hands, examination):
    hands.open(examination)
    view = hands.view("L CC")
    view.setFocus()
    key = window.views.key_of(view)
    hands.press(Qt.Key_1)
    assert window.views.arrangement is Layout.ONE_VIEW
    assert [slot.key for slot in window.views.slots.values()] == [key]
    hands.press(Qt.Key_Z)
    assert mm_per_pixel(window.views.active.node) == pytest.approx(0.07)
    hands.press(Qt.Key_S)
    dots = window.screen().physicalDotsPerInch()
    assert mm_per_pixel(window.views.active.node) == pytest.approx(25.4 / dots)
    hands.press(Qt.Key_2)
    assert [slot.title for slot in window.views.slots.values()] == ["R CC", "L CC"]
    hands.press(Qt.Key_3)
    assert [slot.title for slot in window.views.slots.values()] == ["R MLO", "L MLO"]
    hands.press(Qt.Key_4)
    assert len(window.views.slots) == 4
    hands.press(Qt.Key_I)
    assert window.views.is_inverted
    hands.press(Qt.Key_M)
    assert not window.widgets.calcificationsCheckBox.isChecked()


def test_current_hangs_beside_prior(window, hands, tmp_path):
    folder = write_examination(tmp_path / "both" / "now", StudyDate="20210304", ContentDate="20210304")
    write_examination(tmp_path / "both" / "then", StudyInstanceUID="1.2.3.4", StudyDate="20180304", AccessionNumber="1")
    hands.open(folder.parent, views=8)
    assert len(window.session.examination.priors) == 1
    titles = [slot.title for slot in window.views.slots.values()]
    assert titles == ["R CC", "L CC", "R MLO", "L MLO", "R CC prior", "L CC prior", "R MLO prior", "L MLO prior"]
    hands.view("L MLO").setFocus()
    hands.press(Qt.Key_5)
    assert [slot.title for slot in window.views.slots.values()] == ["L MLO current", "L MLO prior"]
    assert all(view.spacing_mm for view in window.views.slots)


def test_the_magnifier_shows_the_pixels_under_the_pointer(window, hands, examination):
    hands.open(examination)
    hands.press(Qt.Key_G)
    view = hands.view("L CC")
    hands.test.mouseMove(view, view.rect().center())
    hands.test.qWait(50)
    view.hovered.emit(256.0, 80.0)
    assert window.views.magnifier.isVisible()
    assert window.views.magnifier.pixmap().width() > 200
    hands.press(Qt.Key_G)
    assert not window.views.magnifier.isVisible()


def test_a_folder_is_opened_by_dropping_it(window, hands, examination):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(examination))])
    loaded = []
    window.views.loaded.connect(loaded.append)
    event = QDropEvent(QPointF(200, 200), Qt.CopyAction, data, Qt.LeftButton, Qt.NoModifier)
    window.dropEvent(event)
    hands.until(lambda: len(loaded) == 4)


def test_what_cannot_be_opened_is_told_in_one_sentence_and_the_window_goes_on(window, hands, examination, tmp_path):
    broken = tmp_path / "broken.dcm"
    broken.write_bytes((examination / "LCC.dcm").read_bytes()[:3000])
    window.open_paths([broken])
    hands.until(lambda: bool(window.heard))
    message, hint, details = window.heard[0]
    assert "broken.dcm" in message
    assert "Traceback" not in message + hint + details
    window.open_paths([tmp_path / "nothing"])
    hands.until(lambda: len(window.heard) == 2)
    hands.open(examination)


def test_a_file_of_pixels_that_are_cut_is_told_in_its_view(window, hands, examination):
    path = examination / "LCC.dcm"
    path.write_bytes(path.read_bytes()[:-1000])
    hands.open(examination, views=3)
    hands.until(lambda: bool(window.heard))
    assert "LCC.dcm" in window.heard[0][0]


def test_an_error_that_nobody_foresaw_is_one_sentence_with_details_behind_a_button(window, hands, monkeypatch):
    from MCDetect.desktop.application import catch_everything

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    catch_everything(window)
    try:
        try:
            raise KeyError("another patient's name")
        except KeyError as cause:
            raise ZeroDivisionError("with a patient's name") from cause
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    message, hint, details = window.heard[0]
    assert "ZeroDivisionError" in message
    assert "patient" not in message + hint + details
    assert "test_window.py, line" in details
    assert details.endswith("ZeroDivisionError")
    box = window.dialogs.told[0]
    assert isinstance(box, QMessageBox)
    assert box.detailedText() == details


def test_exporting_into_a_folder_that_cannot_be_written_is_told_and_nothing_is_lost(
    window, hands, examination, tmp_path, monkeypatch
):
    hands.open(examination)
    hands.detect()
    hands.press(Qt.Key_N)
    hands.press(Qt.Key_A)
    window.widgets.readerEdit.setText("Anna Meyer")
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(in_the_way))
    hands.press(Qt.Key_S, Qt.ControlModifier)
    hands.until(lambda: not window.background_work.is_busy)
    assert "cannot be written" in window.heard[0][0]
    assert window.session.has_unsaved_changes


def test_the_picture_report_is_one_page(window, hands, examination, tmp_path, monkeypatch):
    hands.open(examination)
    hands.detect()
    monkeypatch.setattr(window.dialogs, "ask_file", lambda _title, name: str(tmp_path / name))
    hands.press(Qt.Key_P, Qt.ControlModifier)
    hands.until(lambda: not window.background_work.is_busy)
    assert window.heard == []
    content = (tmp_path / "picture report.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") == 1
    assert b"Secret" not in content


def test_every_command_has_a_method_and_no_key_means_two_things():
    keys = [key for commands in MENUS.values() for command in commands for key in command.keys]
    assert len(keys) == len(set(keys))
    assert all(key in help_sheet() for key in ("Ctrl+O", "F1", "Wheel"))


def test_every_button_and_field_has_a_name_for_screen_readers(window):
    from PyQt5.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSlider, QTableWidget

    panel = window.widgets
    kinds = (QAbstractButton, QComboBox, QLineEdit, QSlider, QTableWidget)
    labelled = {label.buddy() for label in panel.findChildren(type(panel.reasonLabel)) if label.buddy()}
    nameless = [
        widget.objectName()
        for kind in kinds
        for widget in panel.findChildren(kind)
        if not widget.objectName().startswith("qt_")
        and not (widget.accessibleName() or getattr(widget, "text", str)() or widget in labelled)
        and widget.parentWidget() not in labelled
    ]
    assert nameless == [] or all(not name for name in nameless)


def test_the_panel_imports_no_qt() -> None:
    import MCDetect.review.panel

    for file in Path(MCDetect.review.panel.__file__).parent.glob("*.py"):
        text = file.read_text()
        assert "import qt" not in text
        assert "PyQt5 import" not in text
