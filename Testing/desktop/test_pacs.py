"""To a PACS and from one, as the window does it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PyQt5.QtCore import Qt

from MCDetect.dicom.pacs import client
from MCDetect.dicom.pacs.reports import FetchReport

pytest.importorskip("pynetdicom")

from support.dicom_nodes import receiving


@pytest.fixture
def pacs(tmp_path, monkeypatch):
    """Run a node that the window knows, and return what it takes."""
    with receiving() as (port, taken):
        nodes = tmp_path / "nodes.toml"
        nodes.write_text(f'[nodes.archive]\nhost = "127.0.0.1"\nport = {port}\nae_title = "PACS"\n')
        monkeypatch.setattr("MCDetect.dicom.pacs.configuration.configuration_path", lambda: nodes)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        yield taken


def test_what_was_exported_is_sent_and_the_panel_says_how_much_was_taken(window, hands, examination, pacs, monkeypatch):
    results = examination.parent / "results"
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(results))
    hands.open(examination)
    hands.detect()
    assert not window.widgets.sendButton.isEnabled(), "nothing was exported yet"
    hands.click(window.widgets.exportButton)
    hands.until(lambda: not window.background_work.is_busy)
    hands.click(window.widgets.sendButton)
    hands.until(lambda: not window.background_work.is_busy)
    assert window.heard == []
    written = list(results.rglob("*.dcm"))
    assert len(pacs) == len(written)
    assert f"taken: {len(written)}." in window.widgets.exportLabel.text()
    # A second time nothing is sent twice.
    hands.click(window.widgets.sendButton)
    hands.until(lambda: not window.background_work.is_busy)
    assert f"Sent before: {len(written)}." in window.widgets.exportLabel.text()
    assert len(pacs) == len(written)


def test_an_examination_is_fetched_by_its_accession_number_and_opened(window, hands, examination, pacs, monkeypatch):
    asked = []

    def fetch(node, query, folder):
        asked.append((node.name, query.accession))
        return FetchReport(written=[Path(shutil.copy(file, folder)) for file in sorted(examination.iterdir())])

    folder = examination.parent / "fetched"
    folder.mkdir()
    monkeypatch.setattr(client, "fetch", fetch)
    monkeypatch.setattr(window.dialogs, "ask", lambda _question, _choices: 0)
    monkeypatch.setattr(window.dialogs, "ask_text", lambda *_: " A1 ")
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(folder))
    loaded: list[str] = []
    window.views.loaded.connect(loaded.append)
    hands.press(Qt.Key_F, Qt.ControlModifier)
    hands.until(lambda: len(set(loaded)) == 4)
    assert asked == [("archive", "A1")]
    assert window.heard == []
