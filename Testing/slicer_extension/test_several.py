"""Several patients, several results, scenes that close, workers that die."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import pytest
import slicer
from support.four_views import write_examination
from support.waiting_for_slicer import lines_in_scene, opened, until

from MCDetect.review.hanging import Layout

PLACES = ((250, 200), (245, 212), (262, 195), (258, 220))


@pytest.fixture
def plugin(application):
    """Return an instance of the plugin that the module has registered."""
    from SlicerMCDetect import SlicerMCDetect

    SlicerMCDetect(SimpleNamespace())
    return slicer.modules.dicomPlugins["MCDetectDICOMPlugin"]()


def load(plugin, folder, **changes):
    """Load an examination as Slicer's DICOM browser does, and return its files."""
    files = [slicer.dicomDatabase.add(file) for file in sorted(write_examination(folder, **changes).glob("*.dcm"))]
    for loadable in plugin.examineForImport([files]):
        assert plugin.load(loadable)
    return files


def is_open(module, count):
    session = module.seat.session
    return session is not None and len(session.examination.views) == count


@pytest.fixture
def reports(tmp_path):
    """Return a function that writes the results of each view of an examination as a run of its own does."""

    def write(files, kinds):
        from SlicerMCDetectLib.self_test import findings_of

        from MCDetect.dicom.reading import read_mammogram
        from MCDetect.results import ResultWriter

        written = []
        for number, file in enumerate(files):
            findings = findings_of(file, (512, 400), PLACES)
            writer = ResultWriter(tmp_path / f"results {number}", findings.algorithm, kinds)
            writer.add(read_mammogram(file), findings.images[0])
            written += [slicer.dicomDatabase.add(path) for path in writer.finish() if path.suffix == ".dcm"]
        return written

    return write


def test_segmentations_that_are_loaded_one_after_the_other_are_shown_together(
    application, module, plugin, tmp_path, reports
):
    files = load(plugin, tmp_path / "examination")
    module.enter()
    until(application, lambda: is_open(module, 4))
    for segmentation in reports(files[:3], {"seg"}):
        (loadable,) = plugin.examineForImport([[segmentation]])
        assert plugin.load(loadable), application.told
    until(application, lambda: module.seat.session and len(module.seat.session.shown_findings()) == 3)
    assert is_open(module, 4)  # the view without findings stays
    assert application.told == []


def test_mammograms_that_were_loaded_meanwhile_are_opened_when_the_module_is(application, module, plugin, tmp_path):
    load(plugin, tmp_path / "first", PatientID="A")
    module.enter()
    until(application, lambda: is_open(module, 4))
    first = module.seat.session
    module.exit()
    load(plugin, tmp_path / "second", PatientID="B")
    module.enter()
    until(application, lambda: module.seat.session not in (None, first))
    assert is_open(module, 4)
    module.exit()
    second = module.seat.session
    module.enter()  # nothing new
    application.processEvents()
    assert module.seat.session is second
    assert application.told == []


def test_the_examination_that_was_not_opened_at_first_does_not_take_the_place_of_the_other_later(
    application, module, plugin, tmp_path, monkeypatch
):
    load(plugin, tmp_path / "first", PatientID="A")
    load(plugin, tmp_path / "second", PatientID="B")
    module.enter()
    until(application, lambda: is_open(module, 4))
    module.exit()
    asked = []
    monkeypatch.setattr(module.seat, "open_examination_files", lambda *files: asked.append(files))
    module.enter()
    assert asked == []
    assert application.told == []


def test_of_two_patients_in_the_scene_one_is_chosen_and_neither_is_named(application, module, plugin, tmp_path):
    from support.slicer_application import MessageBox

    for number, patient in enumerate(("SECRET^ONE", "SECRET^TWO", "SECRET^THREE")):
        load(plugin, tmp_path / patient, PatientID=patient, StudyDate=f"2020010{number + 1}")
    module.enter()
    until(application, lambda: is_open(module, 4))
    MessageBox.answer = "2: 2020-01-02, 4 views"
    before = module.seat.session
    module.seat.panel.detection.host.open_examination()
    until(application, lambda: module.seat.session not in (None, before))
    (box,) = MessageBox.shown
    assert [button.text() for button in box.buttons()][:2] == ["1: 2020-01-01, 4 views", "2: 2020-01-02, 4 views"]
    assert module.seat.session.examination.views[0].header.StudyDate == "20200102"


def test_the_dicom_browser_opens_when_there_is_nothing_else_to_open(application, module, plugin, tmp_path):
    host = module.seat.panel.detection.host
    host.open_examination()
    assert application.selected == "DICOM"
    load(plugin, tmp_path / "examination")
    host.open_examination()
    until(application, lambda: is_open(module, 4))
    application.selected = ""
    host.open_examination()
    assert application.selected == "DICOM"


def test_after_the_scene_was_closed_the_same_examination_can_be_loaded_again(application, module, plugin, tmp_path):
    load(plugin, tmp_path / "examination")
    module.enter()
    until(application, lambda: is_open(module, 4))
    slicer.mrmlScene.Clear(0)
    assert module.seat.session is None
    load(plugin, tmp_path / "examination")
    module.enter()
    until(application, lambda: is_open(module, 4))
    assert application.told == []


def test_an_examination_that_is_closed_while_it_is_being_opened_stays_closed(application, module, mammogram):
    module.seat.open_examination_files([mammogram])
    slicer.mrmlScene.Clear(0)
    for _ in range(50):
        application.processEvents()
    assert module.seat.session is None


def test_the_settings_are_shown_and_kept_in_the_scene(application, module, mammogram):
    seat = opened(application, module, mammogram)
    seat._widgets.calcificationsCheckBox.setChecked(False)
    seat.change_layout(Layout.ONE_VIEW)
    node = slicer.mrmlScene.GetSingletonNode("SlicerMCDetect", "vtkMRMLScriptedModuleNode")
    assert (node.GetParameter("calcifications"), node.GetParameter("layout")) == ("false", "one view")
    node.SetParameter("outlines", "false")  # as when a scene is loaded
    assert not seat._widgets.outlinesCheckBox.isChecked()
    opened(application, module, mammogram)
    assert seat.views.hanging.layout is Layout.ONE_VIEW


def test_outlines_and_calcifications_can_be_switched_off_each_for_itself(application, module, mammogram, tmp_path):
    from SlicerMCDetectLib.self_test import write_report

    from MCDetect.review.overlay.styles import Lines

    slicer.dicomDatabase.add(mammogram)
    report = write_report(mammogram, tmp_path / "results", (512, 400), PLACES)
    module.seat.open_examination_files([mammogram], [report])
    until(application, lambda: bool(lines_in_scene()))
    layer = next(iter(module.seat.views.overlay._layers.values()))

    def visible():
        nodes = {kind: node for kind, node in layer.sets.items() if node.GetPolyData().GetNumberOfLines()}
        return {kind for kind, node in nodes.items() if node.GetDisplayNode().GetVisibility()}

    assert visible() == {Lines.UNDECIDED, Lines.MARKS}
    module.seat.panel.toggle_outlines()
    assert visible() == {Lines.MARKS}
    module.seat.panel.toggle_calcifications()
    assert visible() == set()
    module.seat.panel.toggle_outlines()
    assert visible() == {Lines.UNDECIDED}


def test_a_worker_that_dies_is_one_sentence_and_the_next_click_starts_another(application, detecting_module, mammogram):
    seat = opened(application, detecting_module, mammogram)
    until(application, lambda: seat._client.ready is not None)
    first = seat._client.ready.process_id
    os.kill(first, signal.SIGTERM)
    until(application, lambda: bool(application.told))
    ((text, details),) = application.told
    assert text.startswith("The detection process ended unexpectedly")
    assert "Traceback" not in text + details
    application.told.clear()
    seat.panel.detect()
    until(application, lambda: not seat.panel.is_detecting)
    assert len(seat.session.shown_findings()) == 1
    assert seat._client.ready.process_id != first
    assert application.told == []
