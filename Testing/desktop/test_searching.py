"""The search as the reader sees it: progress, first results, and a computer without PyTorch."""

from __future__ import annotations

import re

import pydicom
from PIL import Image
from PyQt5.QtCore import Qt
from support.absent_pytorch import path_without_pytorch
from support.four_views import write_examination
from support.sample_files import bright_pixels, write_mammogram

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


def test_what_is_found_in_a_picture_and_in_a_file_without_identifier_is_shown_and_kept(window, hands, tmp_path):
    pixels = bright_pixels()
    (tmp_path / "pictures").mkdir()
    Image.fromarray(pixels).save(tmp_path / "pictures" / "film.png")
    window.open_paths([tmp_path / "pictures" / "film.png"], 0.07)
    hands.until(lambda: window.session is not None and window.session.examination.views[0].is_loaded)
    hands.detect()
    ((key, found),) = window.session.shown_findings()
    assert found.count >= 3
    assert [image.sop_instance_uid for image in window.session.findings().images] == [key]
    nameless = write_mammogram(tmp_path / "nameless.dcm", pixels)
    dataset = pydicom.dcmread(nameless)
    del dataset.SOPInstanceUID
    dataset.save_as(nameless)
    before = window.session
    window.open_paths([nameless])
    hands.until(lambda: window.session not in (None, before) and window.session.examination.views[0].is_loaded)
    hands.detect()
    assert [cluster.count for _, cluster in window.session.shown_findings()] == [found.count]
