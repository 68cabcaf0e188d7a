"""A reviewed result in Slicer: loaded, it goes on where it ended."""

from __future__ import annotations

from dataclasses import replace

import pytest
import slicer
from pydicom import dcmread
from support.four_views import write_examination
from support.slicer_application import FileDialog
from support.waiting_for_slicer import opened, until

from MCDetect.findings import Decision
from MCDetect.review.earlier_results import results_below

PLACES = ((250, 200), (245, 212), (262, 195), (258, 220))


@pytest.fixture
def examination(tmp_path):
    """Return the files of four views, which Slicer's database knows."""
    files = sorted(write_examination(tmp_path / "examination").glob("*.dcm"))
    return [slicer.dicomDatabase.add(file) for file in files]


def files_of(examination, *views):
    return [file for file in examination if any(view in file for view in views)]


def found(files, folder):
    """Write the raw results of a run that found one cluster in each of these views; return the reports."""
    from SlicerMCDetectLib.self_test import findings_of

    from MCDetect.dicom.reading import read_mammogram
    from MCDetect.results import ResultWriter

    every = [findings_of(file, (512, 400), PLACES) for file in files]
    writer = ResultWriter(folder, every[0].algorithm)
    for number, (file, findings) in enumerate(zip(files, every, strict=True)):
        mammogram = read_mammogram(file)
        (image,) = findings.images
        cluster = replace(image.clusters[0], tracking_uid=f"2.25.{number + 1}")
        side, view = str(mammogram.header.ImageLaterality), str(mammogram.header.ViewPosition)
        writer.add(mammogram, replace(image, laterality=side, view=view, clusters=(cluster,)))
    writer.finish()
    return [slicer.dicomDatabase.add(path) for path in results_below(folder) if path.suffix == ".dcm"]


def is_shown(module, count):
    return module.seat.session is not None and len(module.seat.session.shown_findings()) == count


def test_decisions_and_confirmed_pairs_come_back_and_the_next_report_names_the_last(
    application, module, examination, tmp_path
):
    first = found(files_of(examination, "LCC", "LMLO"), tmp_path / "run")
    seat = module.seat
    seat.open_examination_files(examination, first)
    until(application, lambda: is_shown(module, 2))
    one, other = (cluster.tracking_uid for _, cluster in seat.session.shown_findings())
    # The nipples are looked for once the pixels are there, so that the pair is proposed without a detection.
    until(application, lambda: bool(seat.session._nipples))
    seat.session.select(one)
    assert seat.session.partner(one) is not None
    assert all(seat.views.node_of(key).GetFieldOfView()[1] == 25.0 for key, _ in seat.session.shown_findings())
    seat.panel.selected.attempt(seat.panel.selected._confirm)
    seat.panel.accept()
    seat._widgets.readerEdit.setText("Meyer, Anna")
    FileDialog.answer = str(tmp_path / "reviewed")
    seat.panel.export()
    until(application, lambda: "database" in seat._widgets.exportLabel.text())
    reviewed = [path for path in results_below(tmp_path / "reviewed") if path.suffix == ".dcm"]
    seat.close_examination()

    seat.open_examination_files(examination, [str(path) for path in reviewed])
    until(application, lambda: is_shown(module, 2))
    assert seat.session.state.find(one)[1].decision is Decision.ACCEPTED
    (pair,) = seat.session.state.correspondences
    assert pair.confirmed
    assert set(pair.tracking_uids) == {one, other}
    assert "reviewed by Meyer, Anna" in seat._widgets.progressLabel.text()
    seat.session.reject(other)
    FileDialog.answer = str(tmp_path / "again")
    seat.panel.export()
    until(application, lambda: "database" in seat._widgets.exportLabel.text())
    (report,) = (tmp_path / "again").rglob("cad-sr_*.dcm")
    named = dcmread(report).PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    (earlier,) = (dcmread(path) for path in reviewed if path.name.startswith("cad-sr_"))
    assert named.ReferencedSOPInstanceUID == earlier.SOPInstanceUID
    assert application.told == []


def test_results_that_come_while_the_reader_is_at_work_are_put_beside_it(application, module, examination, tmp_path):
    seat = opened(application, module, *examination)
    session = seat.session
    key = session.examination.keys[0]
    drawn = session.draw_cluster(key, [(100, 60), (100, 90), (130, 90), (130, 60)])
    seat.open_examination_files(examination, found(files_of(examination, "LCC"), tmp_path / "run"))
    until(application, lambda: is_shown(module, 2))
    assert seat.session is session
    assert session.state.find(drawn)[1].origin.value == "reader"
    assert session.has_unsaved_changes
    assert application.told == []
