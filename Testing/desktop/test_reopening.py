"""Results of an earlier run or review, opened in the window."""

from __future__ import annotations

import json

import pytest
from pydicom import dcmread
from PyQt5.QtCore import Qt

from MCDetect.findings import Decision


@pytest.fixture
def exported(window, hands, examination, tmp_path, monkeypatch):
    """Return the folder of a finished review that was exported from the window: one accepted, a pair confirmed."""
    folder = tmp_path / "results"
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(folder))
    hands.open(examination)
    hands.detect()
    hands.press(Qt.Key_N)
    first, second = (cluster.tracking_uid for _, cluster in window.session.shown_findings())
    hands.press(Qt.Key_A)
    window.session.confirm_correspondence(first, second)
    hands.test.keyClicks(window.widgets.readerEdit, "Meyer, Anna")
    window.widgets.completeCheckBox.setChecked(True)
    window.panel.export()
    hands.until(lambda: not window.background_work.is_busy)
    assert window.heard == []
    return folder


def is_restored(window) -> bool:
    decisions = sorted(cluster.decision.value for _, cluster in window.session.shown_findings())
    pairs = window.session.state.correspondences
    return decisions == ["accepted", "undecided"] and [pair.confirmed for pair in pairs] == [True]


def test_a_reviewed_examination_is_opened_with_its_results_and_the_next_report_names_the_last(
    window, hands, examination, exported, monkeypatch
):
    earlier = next(exported.rglob("cad-sr_*.dcm"))
    hands.open(examination, exported)
    hands.until(lambda: bool(window.session.state.images))
    assert is_restored(window)
    assert "reviewed by Meyer, Anna" in window.widgets.progressLabel.text()
    assert "That review was finished" in window.widgets.progressLabel.text()
    assert not window.widgets.completeCheckBox.isChecked()
    assert not window.session.has_unsaved_changes
    assert "accepted" in str(hands.cells())
    # The pair is there to be seen: the second finding stands beside the first one.
    hands.press(Qt.Key_N)
    assert "Same as" in window.widgets.partnerLabel.text()
    assert not window.widgets.confirmPartnerButton.isEnabled()
    hands.press(Qt.Key_R)
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(exported.parent / "second"))
    window.panel.export()
    hands.until(lambda: not window.background_work.is_busy)
    report = dcmread(next((exported.parent / "second").rglob("cad-sr_*.dcm")))
    named = report.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == dcmread(earlier).SOPInstanceUID
    assert window.heard == []


def test_a_second_export_names_the_first_and_asks_before_it_takes_its_place(
    window, hands, examination, exported, monkeypatch
):
    (report,) = exported.rglob("cad-sr_*.dcm")
    first = dcmread(report)
    questions: list[str] = []
    monkeypatch.setattr(window.dialogs, "ask", lambda question, _choices: (questions.append(question), -1)[1])
    window.panel.export()
    assert len(questions) == 1
    assert "will be replaced" in questions[0]
    assert not window.background_work.is_busy
    assert dcmread(report) == first
    folders = iter((exported, exported.parent / "second"))
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(next(folders)))
    monkeypatch.setattr(window.dialogs, "ask", lambda _question, _choices: 1)
    window.panel.export()
    hands.until(lambda: not window.background_work.is_busy)
    (second,) = (exported.parent / "second").rglob("cad-sr_*.dcm")
    named = dcmread(second).PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert dcmread(report) == first
    assert window.heard == []


def test_results_that_are_dropped_alone_come_to_what_is_open(window, hands, examination, exported):
    hands.open(examination)
    session = window.session
    assert hands.cells() == []
    window.open_paths([exported / "findings.json"])
    hands.until(lambda: bool(session.state.images))
    assert window.session is session
    assert is_restored(window)
    assert window.heard == []


def test_results_beside_the_mammograms_are_shown_if_the_reader_wants_them(
    window, hands, examination, exported, monkeypatch
):
    exported.rename(examination / "results")
    questions: list[str] = []
    monkeypatch.setattr(window.dialogs, "ask", lambda question, _choices: (questions.append(question), 1)[1])
    hands.open(examination)
    assert len(questions) == 1
    assert "earlier run" in questions[0]
    assert hands.cells() == []
    monkeypatch.setattr(window.dialogs, "ask", lambda *_: 0)
    hands.open(examination)
    assert is_restored(window)


def test_results_without_their_mammograms_are_told_in_one_sentence(window, hands, exported, examination, tmp_path):
    window._end_session()
    window.open_paths([exported])
    hands.until(lambda: bool(window.heard))
    assert "without the mammograms" in window.heard[0][0]
    assert window.session is None
    # Damaged results keep nobody from opening the mammograms.
    (exported / "findings.json").write_text("{")
    hands.open(examination, exported / "findings.json")
    hands.until(lambda: len(window.heard) == 2)
    assert "findings.json" in window.heard[1][0]
    assert len(window.views.slots) == 4


def test_a_new_search_keeps_what_an_earlier_review_said(window, hands, examination, exported):
    hands.open(examination, exported)
    hands.detect()
    assert is_restored(window)
    assert [row[5] for row in hands.cells()].count("✓ accepted") == 1
    assert next(c for _, c in window.session.shown_findings()).decision is Decision.ACCEPTED


def test_results_of_another_model_name_it_and_offer_no_operating_points_of_this_one(
    window, hands, examination, exported
):
    path = exported / "findings.json"
    document = json.loads(path.read_text())
    document["algorithm"] |= {"bundle": "older", "bundle_sha256": "b" * 64}
    path.write_text(json.dumps(document))
    assert window.widgets.operatingPointBox.isEnabled()
    hands.open(examination, path)
    hands.until(lambda: bool(window.session.state.images))
    assert "older (bbbbbbbb)" in window.widgets.modelLabel.text()
    assert not window.widgets.operatingPointBox.isEnabled()
    assert window.widgets.operatingPointBox.currentText() == "own setting"
    hands.open(examination)
    assert "older" not in window.widgets.modelLabel.text()
    hands.detect()
    assert window.widgets.operatingPointBox.isEnabled()


def test_results_of_another_model_about_one_view_leave_nothing_of_this_one_in_the_others(
    window, hands, examination, exported
):
    path = exported / "findings.json"
    document = json.loads(path.read_text())
    document["algorithm"] |= {"bundle": "older", "bundle_sha256": "b" * 64}
    document["images"], document["correspondences"] = document["images"][:1], []
    path.write_text(json.dumps(document))
    hands.open(examination)
    hands.detect()
    assert len(window.session.state.analysed) == 4
    window.open_paths([path])
    hands.until(lambda: len(window.session.state.analysed) == 1)
    assert "Findings of another model went from 3 views" in window.widgets.progressLabel.text()
    assert {key for key, _ in window.session.shown_findings()} <= window.session.state.analysed
    hands.detect()
    assert len(window.session.state.analysed) == 4
    assert "went from" not in window.widgets.progressLabel.text()
    assert window.heard == []


def test_work_that_was_left_behind_keeps_the_candidates_when_results_are_named_too(
    window, hands, examination, tmp_path, monkeypatch
):
    """A demonstration names its results; after a crash they must not take the place of what the reader went on with."""
    folder = tmp_path / "results"
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(folder))
    hands.open(examination)
    hands.detect()
    candidates = sum(len(image.clusters) for image in window.session.state.images)
    scores = sorted(cluster.score for _, cluster in window.session.shown_findings())
    window.session.set_threshold((scores[-1] + scores[-2]) / 2)
    window.panel.export()
    hands.until(lambda: not window.background_work.is_busy)
    hands.press(Qt.Key_N)
    hands.press(Qt.Key_A)
    assert candidates > len(window.session.shown_findings()) == 1
    window._end_session()
    monkeypatch.setattr(window.dialogs, "ask", lambda _question, _choices: 0)
    hands.open(examination, folder)
    hands.until(lambda: bool(window.session.state.images))
    assert sum(len(image.clusters) for image in window.session.state.images) == candidates
    (accepted,) = window.session.shown_findings()
    assert accepted[1].decision is Decision.ACCEPTED
    assert window.heard == []
