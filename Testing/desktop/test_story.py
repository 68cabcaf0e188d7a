"""The whole story with mouse and keyboard: open, detect, review, undo, export, open again."""

from __future__ import annotations

import json

from pydicom import dcmread
from PyQt5.QtCore import QPoint, Qt
from support.four_views import write_examination

from MCDetect.findings import Decision, Findings
from MCDetect.review.panel.host import Tool


def test_a_reader_opens_detects_reviews_corrects_undoes_exports_and_opens_again(  # noqa: PLR0915 (one story, in its order)
    window, hands, examination, tmp_path, monkeypatch
):
    w, panel = window.widgets, window.panel
    assert "research use" in window.windowTitle()
    assert not w.detectButton.isEnabled()

    hands.open(examination)
    assert [slot.title for slot in window.views.slots.values()] == ["R CC", "L CC", "R MLO", "L MLO"]

    hands.detect()
    assert [row[0] for row in hands.cells()] == ["L CC", "L MLO"], "highest score first"
    assert "4 views searched" in w.progressLabel.text()

    # The table: a click centres and magnifies.
    rectangle = w.findingsTable.visualItemRect(w.findingsTable.item(0, 0))
    hands.click(w.findingsTable.viewport(), rectangle.center())
    uid = window.session.selected
    image, cluster = window.session.state.find(uid)
    view = window.views.view_of(image.sop_instance_uid)
    rows, columns = zip(*cluster.outline, strict=True)
    middle = (min(rows) + max(rows)) / 2, (min(columns) + max(columns)) / 2
    place = view.to_widget(middle)
    assert abs(place.y() - view.rect().center().y()) <= 3
    # Sideways the view stays full of the image, which is hardly wider than it.
    assert view.rect().contains(place)
    shown = [view.to_image(x, 1)[1] for x in (1, view.size_in_pixels[0] - 1)]
    assert -1 <= min(shown) < max(shown) <= window.session.examination.view(image.sop_instance_uid).shape[1]

    # Reject with a reason, then by key accept.
    w.reasonBox.setEditText("artefact")
    hands.click(w.rejectButton)
    assert window.session.state.find(uid)[1].decision is Decision.REJECTED
    assert window.session.state.find(uid)[1].reason == "artefact"
    hands.press(Qt.Key_Z, Qt.ControlModifier)
    assert window.session.state.find(uid)[1].decision is Decision.UNDECIDED
    hands.press(Qt.Key_A)
    assert window.session.state.find(uid)[1].decision is Decision.ACCEPTED
    assert "accepted" in hands.cells()[0][5]

    # BI-RADS terms by keyboard.
    w.morphologyBox.setFocus()
    for _ in range(3):
        hands.test.keyClick(w.morphologyBox, Qt.Key_Down)
    assert window.session.state.find(uid)[1].morphology.value == "coarse or popcorn-like"
    w.commentEdit.setFocus()
    hands.test.keyClicks(w.commentEdit, "seen in 2019 already")
    hands.test.keyClick(w.commentEdit, Qt.Key_Return)
    assert window.session.state.find(uid)[1].comment == "seen in 2019 already"

    # Draw a cluster in the other view with the mouse.
    hands.press(Qt.Key_D)
    assert panel.tool is Tool.DRAW
    other = hands.view("R CC")
    corner = other.to_widget((200, 150))
    hands.drag(other, [corner, corner + QPoint(60, 0), corner + QPoint(60, 60), corner + QPoint(0, 60), corner])
    assert panel.tool is Tool.NONE
    assert len(hands.cells()) == 3
    hands.press(Qt.Key_Z, Qt.ControlModifier)
    assert len(hands.cells()) == 2
    hands.press(Qt.Key_Y, Qt.ControlModifier)
    assert len(hands.cells()) == 3

    # Export, and hear exactly what was written.
    hands.test.keyClicks(w.readerEdit, "Meyer, Anna")
    hands.click(w.completeCheckBox)
    output = tmp_path / "results"
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(output))
    assert not w.exportBar.isVisible()
    hands.click(w.exportButton)
    assert w.exportBar.isVisible()
    assert w.exportBar.maximum() == 0, "nothing is known yet: it moves to and fro"
    hands.until(lambda: w.exportBar.isVisible() and w.exportBar.maximum() > 0)
    assert 0 < w.exportBar.value() < w.exportBar.maximum(), "the first view is written"
    hands.until(lambda: not window.background_work.is_busy)
    assert not w.exportBar.isVisible()
    assert window.heard == []
    written = sorted(path.name for path in (output / "dicom").iterdir())
    said = w.exportLabel.text()
    for kind, beginning in (("segmentation", "seg_"), ("Mammography CAD report", "cad-sr_")):
        assert f"{sum(name.startswith(beginning) for name in written)} {kind}" in said
    report = dcmread(next((output / "dicom").glob("cad-sr_*.dcm")))
    assert report.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.50"
    assert report.CompletionFlag == "COMPLETE"
    findings = Findings.from_json((output / "findings.json").read_text())
    decisions = {cluster.decision for image in findings.images for cluster in image.clusters}
    assert Decision.ACCEPTED in decisions
    assert not window.session.has_unsaved_changes
    assert json.loads((output / "findings.json").read_text())["images"]

    # Open again: nothing is left over, the second search is remembered.
    hands.open(examination)
    assert hands.cells() == []
    hands.detect()
    assert "remembered" in w.progressLabel.text()
    assert len(hands.cells()) == 2


def test_work_of_a_window_that_died_is_offered_and_continued(window, hands, examination, monkeypatch):
    hands.open(examination)
    hands.detect()
    hands.press(Qt.Key_N)
    hands.press(Qt.Key_R)
    rejected = window.session.selected
    questions = []

    def keep(question, choices):
        questions.append((question, choices))
        return 0

    monkeypatch.setattr(window.dialogs, "ask", keep)
    hands.open(examination)
    assert len(questions) == 2, "what becomes of the work, then whether to go on with it"
    assert "not exported" in questions[1][0]
    assert window.session.state.find(rejected)[1].decision is Decision.REJECTED
    assert "rejected" in str(hands.cells())


def test_the_slider_filters_at_once_and_never_hides_what_the_reader_touched(window, hands, examination):
    hands.open(examination)
    hands.detect()
    slider = window.widgets.sensitivitySlider
    slider.setFocus()
    hands.test.keyClick(slider, Qt.Key_Home)
    assert hands.cells() == []
    hands.test.keyClick(slider, Qt.Key_End)
    assert len(hands.cells()) == 2
    slider.setValue(40)
    assert [row[0] for row in hands.cells()] == ["L CC"]
    hands.press(Qt.Key_N)
    hands.press(Qt.Key_A)
    hands.test.keyClick(slider, Qt.Key_Home)
    assert [row[5] for row in hands.cells()] == ["✓ accepted"]


def test_a_search_can_be_stopped_and_begun_again(window, hands, tmp_path):
    hands.open(write_examination(tmp_path / "new to the worker", AccessionNumber="2"))
    hands.click(window.widgets.detectButton)
    hands.click(window.widgets.cancelButton)
    hands.until(lambda: not window.panel.is_detecting)
    assert "Stopped" in window.widgets.progressLabel.text()
    hands.detect()
    assert len(hands.cells()) == 2


def test_calcifications_are_added_and_removed_by_clicks_and_by_keys_alone(window, hands, examination):
    hands.open(examination)
    hands.detect()
    hands.press(Qt.Key_N)
    uid = window.session.selected
    before = window.session.state.find(uid)[1].count
    image = window.session.state.find(uid)[0]
    view = window.views.view_of(image.sop_instance_uid)
    member = image.members(window.session.state.find(uid)[1])[0]

    hands.press(Qt.Key_X)
    hands.click(view, view.to_widget((member.row, member.column)))
    assert window.session.state.find(uid)[1].count == before - 1
    hands.press(Qt.Key_C)
    hands.click(view, view.to_widget((member.row, member.column)))
    assert window.session.state.find(uid)[1].count == before
    hands.press(Qt.Key_Escape)
    assert window.panel.tool is Tool.NONE

    # The same with the keys: the pointer starts in the middle of the view.
    window.views.overlay.centre(view.node, member.row, member.column, height_mm=10)
    view.setFocus()
    hands.press(Qt.Key_X)
    for key in (Qt.Key_Right, Qt.Key_Left, Qt.Key_Space):
        hands.press(key)
    assert window.session.state.find(uid)[1].count == before - 1
    hands.press(Qt.Key_Escape)
    assert window.heard == []


def test_a_reason_given_before_the_decision_is_kept_until_it_and_decided_findings_do_not_move_the_buttons(
    window, hands, examination
):
    hands.open(examination)
    hands.detect()
    w = window.widgets
    hands.press(Qt.Key_N)
    first = window.session.selected
    assert "Same as" in w.partnerLabel.text()
    places = [button.mapToGlobal(QPoint()) for button in (w.acceptButton, w.undecideButton)]

    w.reasonBox.setFocus()
    hands.test.keyClicks(w.reasonBox, "artefact")
    hands.test.keyClick(w.reasonBox, Qt.Key_Return)
    w.commentEdit.setFocus()
    hands.test.keyClicks(w.commentEdit, "seen")
    hands.test.keyClick(w.commentEdit, Qt.Key_Return)
    hands.press(Qt.Key_N)
    assert w.reasonBox.currentText() == ""
    hands.press(Qt.Key_P)
    assert w.reasonBox.currentText() == "artefact"
    hands.press(Qt.Key_R)
    assert window.session.state.find(first)[1].reason == "artefact"
    # A rejected finding has no pair any more; the row that says so stays.
    assert w.partnerLabel.text() == "No pair in the other view"
    assert not w.confirmPartnerButton.isEnabled()
    assert not w.declinePartnerButton.isEnabled()
    assert [button.mapToGlobal(QPoint()) for button in (w.acceptButton, w.undecideButton)] == places
    hands.press(Qt.Key_Z, Qt.ControlModifier)
    assert w.reasonBox.currentText() == ""
