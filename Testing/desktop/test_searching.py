"""The search as the reader sees it: progress, first results, and a computer without PyTorch."""

from __future__ import annotations

import re

from PyQt5.QtCore import Qt
from support.absent_pytorch import path_without_pytorch
from support.four_views import write_examination

from MCDetect.review.listening import ChangeKind


def test_views_are_named_while_they_are_searched_and_show_their_findings_as_soon_as_they_are_done(
    window, hands, tmp_path
):
    hands.open(write_examination(tmp_path / "new to the worker", AccessionNumber="71"))
    panel, label = window.panel, window.widgets.progressLabel
    said: list[str] = []
    show = label.setText
    label.setText = lambda text: (said.append(text), show(text))[1]
    seen: list[tuple[bool, int, int]] = []

    def listen(change) -> None:
        if change.kind is ChangeKind.FINDINGS:
            searched = sum(window.session.is_analysed(key) for key in window.session.examination.keys)
            seen.append((panel.is_detecting, searched, len(hands.cells())))

    window.session.observe(listen)
    hands.detect()
    assert [searched for _, searched, _ in seen] == [1, 2, 3, 4]
    assert all(is_detecting for is_detecting, _, _ in seen)
    assert any(rows > 0 for _, searched, rows in seen if searched < 4), "the table does not wait for the last view"
    views = {text.split(" (")[0] for text in said if re.match(r"[RL] (CC|MLO) \(\d of 4\): ", text)}
    assert views == {"R CC", "L CC", "R MLO", "L MLO"}
    assert any(re.search(r", about \d+ s left$", text) for text in said)
    assert "4 views searched in" in label.text()
    assert re.fullmatch(r"Model .+ \([0-9a-f]{8}\) on .+", window.widgets.modelLabel.text())


def test_without_pytorch_everything_but_the_search_works_and_that_is_said_in_one_sentence(
    window_of, tmp_path, examination, monkeypatch
):
    from MCDetect.inference.worker.client import WorkerClient

    monkeypatch.setenv("PYTHONPATH", path_without_pytorch(tmp_path))
    client = WorkerClient(device="cpu")
    client.start()
    window, hands = window_of(client)
    hands.open(examination)
    hands.until(lambda: client.state.value != "starting")
    hands.test.qWait(300)
    assert window.heard == [], "who does not detect is not told"
    hands.click(window.widgets.detectButton)
    hands.until(lambda: bool(window.heard))
    hands.until(lambda: not window.panel.is_detecting)
    message, hint, details = window.heard[0]
    assert "PyTorch" in message
    assert "pip install" in hint
    assert "Traceback" not in message + hint + details
    # What a reader marks is measured, reviewed and exported all the same.
    key = next(view.key for view in window.session.examination.views if view.label == "L CC")
    window.session.draw_cluster(key, [(230, 60), (230, 130), (280, 130), (280, 60)])
    hands.press(Qt.Key_A)
    window.widgets.readerEdit.setText("Meyer, Anna")
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(tmp_path / "results"))
    window.panel.export()
    hands.until(lambda: not window.background_work.is_busy)
    assert list((tmp_path / "results").rglob("cad-sr_*.dcm"))
    assert len(window.heard) == 1
