"""What happens while views, examinations and dialogs come and go under the reader's hands."""

from __future__ import annotations

import json
import time

from PyQt5.QtCore import Qt
from support.four_views import write_examination

from MCDetect.desktop import opening_window
from MCDetect.review.hanging import Layout
from MCDetect.review.panel.host import Tool

SQUARE = [(1000.0, 300.0), (1000.0, 900.0), (1600.0, 900.0), (1600.0, 300.0)]


def test_a_line_that_is_being_drawn_does_not_move_to_another_image(window, hands, examination):
    hands.open(examination)
    view = hands.view("R CC")
    view.setFocus()
    hands.press(Qt.Key_D)
    for key in (Qt.Key_Up, Qt.Key_Space, Qt.Key_Right, Qt.Key_Space):
        hands.press(key)
    assert view.line
    window.views.arrange(Layout.MLO_PAIR)
    assert window.views.slots[view].title == "R MLO"
    assert (view.line, view.pointer) == ([], None)


def test_a_tool_reaches_views_that_are_made_after_it_was_chosen(window, hands, examination):
    hands.open(examination)
    window.panel.start_tool(Tool.DRAW)
    window.views._make_views(len(window.views.views) + 1)
    assert window.views.views[-1].tool_draws
    window.panel.stop_tool()


def test_the_magnifier_goes_with_the_view_that_it_magnified(window, hands, examination):
    hands.open(examination)
    hands.press(Qt.Key_G)
    view = hands.view("R CC")
    window.views.magnify_under_pointer(view, 900, 400)
    assert window.views.magnifier.isVisible()
    hands.press(Qt.Key_3)
    assert not window.views.magnifier.isVisible()


def test_what_is_exported_is_what_is_on_the_screen_when_the_folder_is_chosen(window, hands, examination, tmp_path):
    hands.open(examination)
    hands.detect()
    uid = window.session.shown_findings()[0][1].tracking_uid
    window.widgets.readerEdit.setText("Meyer, Anna")

    def choose(_title: str) -> str:
        window.session.accept(uid)  # as what is found while the dialog is open
        return str(tmp_path / "results")

    window.dialogs.ask_folder = choose
    window.panel.export()
    window.panel.export()  # a second time while the first is written: nothing
    hands.until(lambda: not window.panel.reporting.is_busy)
    found = json.loads((tmp_path / "results" / "findings.json").read_text())
    decisions = {c["tracking_uid"]: c["decision"] for image in found["images"] for c in image["clusters"]}
    assert decisions[uid] == "accepted"
    assert not window.session.has_unsaved_changes


def test_an_export_that_the_review_has_left_behind_is_sent_only_if_the_reader_says_so(
    window, hands, examination, tmp_path, monkeypatch
):
    hands.open(examination)
    hands.detect()
    window.widgets.readerEdit.setText("Meyer, Anna")
    window.dialogs.ask_folder = lambda _title: str(tmp_path / "results")
    window.panel.export()
    hands.until(lambda: not window.panel.reporting.is_busy)
    asked: list[str] = []
    monkeypatch.setattr("MCDetect.review.panel.reporting.choose_node", lambda _host: asked.append("which node"))
    window.dialogs.ask = lambda question, _choices: asked.append(question) or 1
    window.panel.reporting.send()
    assert asked == ["which node"]
    window.session.accept(window.session.shown_findings()[0][1].tracking_uid)
    window.panel.reporting.send()
    assert asked[1:] == ["The review has changed since it was exported."]


def test_an_examination_that_was_not_searched_is_not_exported(window, hands, examination, tmp_path):
    hands.open(examination)
    assert not window.widgets.exportButton.isEnabled()
    window.dialogs.ask_folder = lambda _title: str(tmp_path / "results")
    window.panel.export()
    assert not window.panel.reporting.is_busy
    assert not (tmp_path / "results").exists()


def test_a_name_of_more_parts_than_are_shown_stays_and_so_does_what_it_finished(window, hands, examination):
    hands.open(examination)
    window.session.set_reader("Meyer^Anna^Maria")
    window.panel.reporting.refresh()
    assert window.widgets.readerEdit.text() == "Meyer, Anna"
    window.session.set_complete()
    window.panel.reporting._named()
    assert (window.session.reader, window.session.state.complete) == ("Meyer^Anna^Maria", True)
    window.widgets.readerEdit.setText("Meyer, Berta")
    window.panel.reporting._named()
    assert (window.session.reader, window.session.state.complete) == ("Meyer^Berta", False)


def test_what_was_opened_last_is_shown_however_slow_the_first_was(window, hands, tmp_path, monkeypatch):
    slow, fast = (write_examination(tmp_path / name, StudyInstanceUID=f"1.2.{n}") for n, name in enumerate("AB", 1))
    read = opening_window.open_given

    def delayed(paths, *rest):
        if paths == [slow]:
            time.sleep(1.5)
        return read(paths, *rest)

    monkeypatch.setattr(opening_window, "open_given", delayed)
    window.open_paths([slow])
    hands.open(fast)
    hands.test.qWait(2500)
    assert window.session.examination.studies == ("1.2.2",)


def test_what_cannot_be_opened_takes_nothing_away_from_what_is_being_opened(window, hands, tmp_path, monkeypatch):
    slow = write_examination(tmp_path / "A", StudyInstanceUID="1.2.1")
    read = opening_window.open_given

    def delayed(paths, *rest):
        if paths == [slow]:
            time.sleep(1.0)
        return read(paths, *rest)

    monkeypatch.setattr(opening_window, "open_given", delayed)
    window.open_paths([slow])
    window.open_paths([tmp_path / "nothing.dcm"])
    hands.until(lambda: window.session is not None, 20)
    assert window.session.examination.studies == ("1.2.1",)
    assert window.heard, "and what cannot be opened is told"
