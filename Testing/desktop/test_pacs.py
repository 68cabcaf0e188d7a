"""To a PACS and from one, as the window does it."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.uid import generate_uid
from PyQt5.QtCore import Qt
from support.four_views import write_examination
from support.orthanc import Orthanc, free_port
from support.undisturbed import undisturbed
from support.watchdog import Watchdog

from MCDetect.dicom.pacs import client
from MCDetect.dicom.pacs.configuration import read_configuration

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
    waiting, shares = window.panel.reporting._waiting, []
    take = waiting.report
    monkeypatch.setattr(waiting, "report", lambda done: (shares.append(done), take(done)))
    hands.click(window.widgets.sendButton)
    assert window.widgets.exportBar.isVisible()
    hands.until(lambda: not window.background_work.is_busy)
    assert not window.widgets.exportBar.isVisible()
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert window.heard == []
    written = list(results.rglob("*.dcm"))
    assert len(pacs) == len(written)
    assert f"taken: {len(written)}." in window.widgets.exportLabel.text()
    # A second time nothing is sent twice.
    hands.click(window.widgets.sendButton)
    hands.until(lambda: not window.background_work.is_busy)
    assert f"Sent before: {len(written)}." in window.widgets.exportLabel.text()
    assert len(pacs) == len(written)


@pytest.fixture(scope="module")
def orthanc_of_all(tmp_path_factory):
    server = Orthanc(tmp_path_factory.mktemp("orthanc")).start()
    yield server
    server.kill()


@pytest.fixture
def orthanc(orthanc_of_all, tmp_path, monkeypatch):
    """Return an empty Orthanc that the window knows, by both protocols."""
    orthanc_of_all.empty()
    nodes = tmp_path / "nodes.toml"
    nodes.write_text(
        f'[nodes.archive]\nhost = "127.0.0.1"\nport = {orthanc_of_all.dicom_port}\nae_title = "ORTHANC"\n'
        f'[nodes.web]\nurl = "{orthanc_of_all.url}/dicom-web"\n'
        f'[nodes.down]\nhost = "127.0.0.1"\nport = {free_port()}\nae_title = "NOBODY"\n'
    )
    monkeypatch.setattr("MCDetect.dicom.pacs.configuration.configuration_path", lambda: nodes)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return orthanc_of_all


@pytest.fixture
def stored(orthanc, tmp_path):
    """Store two examinations of a patient, one of another, and something that is no mammography."""
    node = read_configuration().node("archive")
    for name, changes in {
        "now": {"StudyInstanceUID": "1.2.3.1", "StudyDate": "20260105", "AccessionNumber": "A1"},
        "prior": {"StudyInstanceUID": "1.2.3.2", "StudyDate": "20240105", "AccessionNumber": "A2"},
        "other": {"StudyInstanceUID": "1.2.3.3", "PatientID": "P2", "PatientName": "Other^Eve"},
        "chest": {"StudyInstanceUID": "1.2.3.4", "Modality": "DX"},
    }.items():
        values = {"PatientID": "P1", "PatientName": "M\u00fcller^Anna", "SpecificCharacterSet": "ISO_IR 100", **changes}
        uids = stable_uids(write_examination(tmp_path / name, **values), name)
        assert len(client.send([tmp_path / name], node).sent) == len(uids)
    return tmp_path


def stable_uids(folder, name):
    """Give the images of each examination identifiers of its own."""
    files = sorted(folder.glob("*.dcm"))
    for file in files:
        dataset = pydicom.dcmread(file)
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=[name, file.name])
        dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[name])
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(file)
    return files


@pytest.fixture
def dialog(window, hands, stored, monkeypatch):
    """Return the dialog, opened by its key."""
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: str(stored / "fetched"))
    hands.press(Qt.Key_F, Qt.ControlModifier)
    hands.until(lambda: window.fetching is not None and window.fetching.dialog.isVisible())
    window.fetching.dialog.node.setCurrentText("archive")
    return window.fetching.dialog


def searched(hands, dialog, **typed):
    """Type into fields, press Return, and return the rows that are found."""
    for name in ("patient", "name", "accession", "since", "until"):
        getattr(dialog, name).clear()
    for name, text in typed.items():
        getattr(dialog, name).insert(text)  # Qt's test keys are those of ASCII
    hands.test.keyClick(dialog.patient, Qt.Key_Return)
    hands.until(dialog.search_button.isEnabled)
    table = dialog.table
    return [
        [table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())
    ]


@undisturbed
def test_a_study_is_looked_for_by_name_chosen_fetched_and_opened(window, hands, dialog, monkeypatch):
    watchdog = Watchdog(monkeypatch)
    rows = searched(hands, dialog, name="M\u00fcller, A")
    assert [row[:5] + row[6:] for row in rows] == [
        ["M\u00fcller, Anna", "P1", "1960-01-02", "2026-01-05", "MG", "A1", "4"],
        ["M\u00fcller, Anna", "P1", "1960-01-02", "2024-01-05", "MG", "A2", "4"],
    ]
    assert dialog.message.text() == "Studies found: 2. Left out, without mammograms: 1."
    loaded: list[str] = []
    window.views.loaded.connect(loaded.append)
    dialog.table.selectAll()
    hands.click(dialog.fetch_button)
    hands.until(lambda: not dialog.isVisible())
    watchdog.stop()  # opening is looked at in test_frozen.py
    hands.until(lambda: len(set(loaded)) == 4)
    assert window.heard == []
    assert [len(window.session.examination.of_study(study)) for study in ("1.2.3.1", "1.2.3.2")] == [4, 4]
    assert watchdog.work < 0.1


@pytest.mark.parametrize("node", ["archive", "web"])
def test_each_field_of_the_search_narrows_it(hands, dialog, node):
    dialog.node.setCurrentText(node)
    assert [row[6] for row in searched(hands, dialog, patient="P1")] == ["A1", "A2"]
    assert [row[6] for row in searched(hands, dialog, accession="A2")] == ["A2"]
    assert [row[6] for row in searched(hands, dialog, patient="P1", since="2025-01-01")] == ["A1"]
    assert [row[6] for row in searched(hands, dialog, patient="P1", until="2025-01-01")] == ["A2"]
    assert [row[6] for row in searched(hands, dialog, name="M\u00fcller, An")] == ["A1", "A2"]
    assert [row[0] for row in searched(hands, dialog, name="Oth")] == ["Other, Eve"]
    assert dialog.fetch_button.isEnabled(), "the only study is chosen already"
    assert searched(hands, dialog, patient="P3") == []
    assert dialog.message.text() == "Studies found: 0."
    assert not dialog.fetch_button.isEnabled()
    searched(hands, dialog, patient="P1")
    hands.click(dialog.only_mammography)
    assert dialog.table.rowCount() == 3


def test_fetching_is_stopped_and_goes_on_where_it_was(window, hands, dialog, stored):
    searched(hands, dialog, accession="A1")
    dialog.told.connect(lambda progress: dialog.stop_button.click() if progress.done else None)
    hands.click(dialog.fetch_button)
    hands.until(lambda: not window.background_work.is_busy)
    assert window.session is None
    assert window.heard == []
    # What came is kept; how much that is depends on how soon the window's thread heard of the first image.
    assert 1 <= len(list((stored / "fetched").rglob("*.dcm"))) <= 4
    dialog.told.disconnect()
    hands.click(dialog.fetch_button)
    hands.until(lambda: window.session is not None)
    assert len(window.session.examination.views) == 4


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "not said what to look for"),
        ({"name": "M"}, "One letter"),
        ({"patient": "P*"}, "wildcard"),
        ({"since": "1.2.2026"}, "year-month-day"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "after the last"),
    ],
)
def test_what_cannot_be_looked_for_is_one_sentence(window, hands, dialog, typed, says):
    assert searched(hands, dialog, **typed) == []
    ((message, _hint, details),) = window.heard
    assert says in message
    assert details == ""


def test_a_pacs_that_is_down_is_one_sentence(window, hands, dialog):
    dialog.node.setCurrentText("down")
    assert searched(hands, dialog, patient="P1") == []
    ((message, _hint, details),) = window.heard
    assert "down" in message
    assert details == ""
    assert dialog.message.text() == ""


def test_studies_of_two_patients_are_not_opened_together(window, hands, dialog):
    assert len(searched(hands, dialog, since="2000-01-01")) == 3
    dialog.table.selectAll()
    hands.click(dialog.fetch_button)
    assert "more than one patient" in window.heard[0][0]
