"""Results leave the module: into a folder, into Slicer's DICOM database, to a PACS."""

from __future__ import annotations

import os
import stat
import time

import pydicom
import pytest
import slicer
from support.processor_speed import slowness
from support.slicer_application import FileDialog, InputDialog
from support.small_disk import make_larger, mounted
from support.waiting_for_slicer import until

from MCDetect.review.exporting import Exported
from MCDetect.review.panel.host import Host


@pytest.fixture
def found(application, module, mammogram, tmp_path):
    """Return a seat with findings on the screen."""
    from SlicerMCDetectLib.self_test import write_report

    slicer.dicomDatabase.add(mammogram)
    report = write_report(mammogram, tmp_path / "earlier", (512, 400), ((250, 310), (245, 322), (262, 305), (258, 330)))
    module.seat.open_examination_files([mammogram], [report])
    until(application, lambda: module.seat.session is not None and module.seat.session.shown_findings())
    return module.seat


def watch(seat):
    """Return a function that says how much processor time the longest piece of work on the widgets' thread took."""
    pieces = [0.0]

    def watched(work):
        def measured():
            begun = time.thread_time()
            work()
            pieces.append(time.thread_time() - begun)

        return measured

    for owner, name in ((seat.background, "_tick"), (seat, "_poll")):
        timer = owner._timer
        timer.timeout.disconnect()
        timer.timeout.connect(watched(getattr(owner, name)))
    return lambda: max(pieces) / slowness()


def said(seat):
    return seat.panel.reporting.widgets.exportLabel.text()


def test_the_host_has_everything_that_the_panel_asks_for(module):
    host = module.seat.panel.reporting.host
    wanted = [*Host.__annotations__, *(name for name in vars(Host) if not name.startswith("_"))]
    assert [name for name in wanted if not hasattr(host, name)] == []
    assert os.path.basename(host.python) == "PythonSlicer"  # noqa: PTH119


def test_an_export_goes_into_the_folder_and_into_the_database(application, found, tmp_path):
    longest = watch(found)
    FileDialog.answer = str(tmp_path / "results")
    found.panel.export()
    until(application, lambda: "database" in said(found))
    files = sorted((tmp_path / "results").rglob("*.dcm"))
    kinds = {pydicom.dcmread(file, stop_before_pixels=True).Modality for file in files}
    assert kinds == {"SEG", "SR", "PR"}
    assert said(found).startswith("Written to ")
    assert f"Added to 3D Slicer's DICOM database: {len(files)} of {len(files)} objects." in said(found)
    uids = [pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in files]
    assert all(slicer.dicomDatabase.fileForInstance(uid) for uid in uids)
    assert application.told == []
    assert longest() < 0.1  # seconds that Slicer could not answer


def test_the_reader_can_keep_results_out_of_the_database(application, found, mammogram):
    found._database_box.setChecked(False)
    assert found.settings.database is False
    heard = []
    found.panel.reporting.host.exported([mammogram], heard.append)
    for _ in range(20):
        application.processEvents()
    assert heard == []


def test_without_a_database_that_is_said(application, found, mammogram, monkeypatch):
    monkeypatch.setattr(slicer.dicomDatabase, "isOpen", False)
    heard = []
    found.panel.reporting.host.exported([mammogram], heard.append)
    ((text),) = heard
    assert "no DICOM database" in text


def test_a_reviewed_report_names_the_reader(application, found, tmp_path):
    ((_key, cluster),) = found.session.shown_findings()
    found.session.select(cluster.tracking_uid)
    found.panel.accept()
    InputDialog.answer, FileDialog.answer = "Meyer, Anna", str(tmp_path / "results")
    found.panel.export()
    until(application, lambda: "database" in said(found))
    (report,) = (tmp_path / "results").rglob("measurements-sr_*.dcm")
    dataset = pydicom.dcmread(report)
    assert "Meyer^Anna" in str(dataset)
    assert dataset.VerificationFlag == "UNVERIFIED"
    assert application.told == []


def test_a_folder_that_cannot_be_written_is_one_sentence_and_the_work_stays(application, found, tmp_path):
    if os.geteuid() == 0:
        (tmp_path / "results").write_text("a file where the folder should be")
    else:
        (tmp_path / "results").mkdir()
        (tmp_path / "results").chmod(stat.S_IREAD)
    FileDialog.answer = str(tmp_path / "results")
    found.panel.export()
    until(application, lambda: bool(application.told))
    ((text, details),) = application.told
    assert "Traceback" not in text + details
    assert found.session.shown_findings()


def test_a_pacs_that_does_not_answer_is_one_sentence(application, found, tmp_path, monkeypatch):
    configuration = tmp_path / "configuration" / "mcdetect" / "nodes.toml"
    configuration.parent.mkdir(parents=True)
    configuration.write_text('[nodes.archive]\nhost = "127.0.0.1"\nport = 9\nae_title = "ARCHIVE"\nattempts = 1\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found.panel.reporting.exported = Exported(tmp_path, tuple((tmp_path / "earlier").rglob("*.dcm")))
    found.panel.reporting.attempt(found.panel.reporting.send)
    until(application, lambda: bool(application.told), 60.0)
    text = application.told[0][0]
    assert "Traceback" not in text
    assert found.panel.reporting.exported is not None  # it can be sent again


def test_a_picture_report_is_written(application, found, tmp_path):
    FileDialog.answer = str(tmp_path / "report.pdf")
    found.panel.write_picture_report()
    until(application, lambda: said(found).startswith("Written: "))
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_a_full_disk_is_one_sentence_and_the_export_works_once_there_is_room(application, found, tmp_path):
    with mounted(tmp_path / "disk", "100k") as disk:
        FileDialog.answer = str(disk / "results")
        found.panel.export()
        until(application, lambda: bool(application.told))
        ((text, details),) = application.told
        assert "No space left on device" in text
        assert "Traceback" not in text + details
        application.told.clear()
        make_larger(disk, "60m")
        found.panel.export()
        until(application, lambda: "database" in said(found))
    assert application.told == []
