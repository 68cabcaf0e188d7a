"""The module's classes, with stand-ins for Slicer's application and real MRML, slice views and widgets."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import slicer
from support.waiting_for_slicer import lines_in_scene, opened, until

from MCDetect.review.panel.host import Tool


def test_the_module_says_what_it_is(application):
    from SlicerMCDetect import SlicerMCDetect

    parent = SimpleNamespace()
    SlicerMCDetect(parent)
    assert parent.title == "MCDetect"
    assert "research use" in parent.helpText


def test_the_self_test_passes(application, module):
    from SlicerMCDetect import SlicerMCDetectTest

    SlicerMCDetectTest().runTest()
    assert application.told == []


def test_the_tests_that_run_inside_slicer_pass_with_the_stand_ins_too(application, module, monkeypatch):
    import unittest
    from pathlib import Path

    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "slicer"))
    # PyTorch may have been imported by an earlier test of this process.
    for name in [name for name in sys.modules if name == "torch" or name.startswith("torch.")]:
        monkeypatch.delitem(sys.modules, name)
    suite = unittest.defaultTestLoader.loadTestsFromName("test_in_slicer")
    result = unittest.TestResult()
    suite.run(result)
    assert result.testsRun >= 14
    assert [text for _test, text in (*result.failures, *result.errors)] == []
    assert result.skipped == []


def test_detect_shows_findings_that_can_be_accepted_and_taken_back(application, detecting_module, mammogram):
    seat = opened(application, detecting_module, mammogram)
    seat.panel.detect()
    until(application, lambda: not seat.panel.is_detecting)
    ((_key, cluster),) = seat.session.shown_findings()
    assert cluster.count == 6
    assert lines_in_scene()
    seat.session.select(cluster.tracking_uid)
    seat.panel.accept()
    assert seat.session.shown_findings()[0][1].decision.value == "accepted"
    seat.panel.undo()
    assert seat.session.shown_findings()[0][1].decision.value == "undecided"
    assert application.told == []


def test_the_views_hang_as_the_header_says_and_the_layout_is_kept_in_the_scene(application, module, mammogram):
    seat = opened(application, module, mammogram)
    from MCDetect.review.hanging import Layout

    names = [["MCDetect11", "MCDetect12"]]
    assert [[node.GetLayoutName() for node in row] for row in seat.views.grid] == names, "one view: that row alone"
    seat.change_layout(Layout.FOUR_VIEWS)
    names.append(["MCDetect21", "MCDetect22"])
    assert [[node.GetLayoutName() for node in row] for row in seat.views.grid] == names
    seat.change_layout(Layout.ONE_VIEW)
    assert [len(row) for row in seat.views.grid] == [1]
    node = slicer.mrmlScene.GetSingletonNode("SlicerMCDetect", "vtkMRMLScriptedModuleNode")
    assert node.GetParameter("layout") == "one view"
    # Nothing of the patient and no path goes into the scene with the settings.
    assert {"Secret", mammogram}.isdisjoint(node.GetParameter(name) for name in node.GetParameterNames())


def test_a_finding_is_centred_and_magnified(application, detecting_module, mammogram):
    seat = opened(application, detecting_module, mammogram)
    seat.panel.detect()
    until(application, lambda: not seat.panel.is_detecting)
    ((key, cluster),) = seat.session.shown_findings()
    seat.views.show_finding(key, cluster)
    node = seat.views.node_of(key)
    assert node.GetFieldOfView()[1] == 25.0
    across, down = node.GetDimensions()[:2]
    row, _ = seat.views.overlay.position(node, across / 2, down / 2)
    assert min(r for r, _ in cluster.outline) < row < max(r for r, _ in cluster.outline)
    # Sideways the view stays full of the image, which is hardly wider than it.
    first, last = sorted(seat.views.overlay.position(node, x, 0)[1] for x in (0, across))
    assert first < min(c for _, c in cluster.outline) < max(c for _, c in cluster.outline) < last
    assert -1 <= first < last <= seat.session.examination.view(key).shape[1]


def press(application, node, place, event="LeftButtonPressEvent"):
    interactor = application.views.views[node.GetLayoutName()].interactor()
    interactor.SetEventInformation(*(round(value) for value in place), 0, 0)
    interactor.InvokeEvent(event)


def test_a_click_adds_a_calcification_where_it_was_made(application, module, mammogram):
    seat = opened(application, module, mammogram)
    (key,) = seat.session.examination.keys
    node = seat.views.node_of(key)
    seat.views.overlay.centre(node, 250, 310, 12.0)  # bright spots of the sample lie here
    across, down = node.GetDimensions()[:2]
    press(application, node, (across / 2, down / 2))
    assert seat.session.calcifications(key) == ()  # no tool is on
    seat.panel.start_tool(Tool.ADD)
    press(application, node, (across / 2, down / 2))
    (added,) = seat.session.calcifications(key)
    assert abs(added.row - 250) < 1.5
    assert abs(added.column - 310) < 1.5
    seat.panel.stop_tool()
    press(application, node, (across / 2, down / 2 + 40))
    assert len(seat.session.calcifications(key)) == 1


def test_a_click_that_misses_is_said_in_the_status_line_and_opens_no_dialog(application, module, mammogram):
    seat = opened(application, module, mammogram)
    (key,) = seat.session.examination.keys
    node = seat.views.node_of(key)
    seat.views.overlay.centre(node, 250, 310, 12.0)
    across, down = node.GetDimensions()[:2]
    seat.panel.start_tool(Tool.REMOVE)
    press(application, node, (across / 2, down / 2))
    assert application.status[-1] == "There is no mark at this place. Click on a mark."
    seat.panel.start_tool(Tool.ADD)
    press(application, node, (across / 2, down / 2))
    assert application.status[-1].startswith("Click on each calcification"), "a hit"
    press(application, node, (across / 2, down / 2))
    assert application.status[-1] == "This calcification is marked already. Click on another one."
    assert application.told == []


def test_a_line_that_is_drawn_becomes_a_cluster(application, module, mammogram):
    seat = opened(application, module, mammogram)
    (key,) = seat.session.examination.keys
    node = seat.views.node_of(key)
    seat.views.overlay.centre(node, 250, 310, 12.0)
    seat.panel.start_tool(Tool.DRAW)
    x, y = (size / 2 for size in node.GetDimensions()[:2])
    press(application, node, (x - 50, y - 50))
    for place in ((x + 50, y - 50), (x + 50, y + 50), (x - 50, y + 50)):
        press(application, node, place, "MouseMoveEvent")
    assert slicer.mrmlScene.GetFirstNodeByName("MCDetect line") is not None
    press(application, node, (x - 50, y + 50), "LeftButtonReleaseEvent")
    ((_key, cluster),) = seat.session.shown_findings()
    assert cluster.origin.value == "reader"
    assert slicer.mrmlScene.GetFirstNodeByName("MCDetect line") is None
    rows, columns = zip(*cluster.outline, strict=True)
    assert abs((min(rows) + max(rows)) / 2 - 250) < 2
    assert abs((min(columns) + max(columns)) / 2 - 310) < 2


def test_closing_the_scene_takes_the_examination_away_and_another_can_be_opened(application, module, mammogram):
    opened(application, module, mammogram)
    slicer.mrmlScene.Clear(0)
    assert module.seat.session is None
    assert application.told == []
    # Slicer's own nodes of views survive; the stand-in's are made anew.
    seat = module.seat
    seat.enter()
    assert seat.session is None


def test_the_same_examination_can_be_opened_twice(application, module, mammogram):
    seat = opened(application, module, mammogram)
    first = seat.session
    opened(application, module, mammogram)
    assert seat.session is not first
    assert application.told == []


def test_files_that_cannot_be_opened_are_told_in_one_sentence(application, module, tmp_path):
    module.seat.open_examination_files([str(tmp_path / "missing.dcm")])
    until(application, lambda: bool(application.told))
    ((text, details),) = application.told
    assert "missing.dcm" in text
    assert "Traceback" not in text + details
    assert module.seat.session is None


def test_without_the_interpreter_everything_but_detection_works(application, monkeypatch, request, mammogram):
    monkeypatch.setenv("PATH", "")
    module = request.getfixturevalue("module")
    ((text, _details),) = application.told
    assert text.startswith("PythonSlicer")
    seat = opened(application, module, mammogram)
    assert not seat.panel.detection.widgets.detectButton.isEnabled()


def test_keys_are_on_only_while_the_module_is_open(application, module):
    shortcuts = module.seat._keys._shortcuts
    assert len(shortcuts) > 20
    assert all(shortcut.isEnabled() for _key, shortcut in shortcuts)
    module.exit()
    assert not any(shortcut.isEnabled() for _key, shortcut in shortcuts)


def test_leaving_the_module_ends_the_worker(application, detecting_module, mammogram):
    seat = opened(application, detecting_module, mammogram)
    until(application, lambda: seat._client.ready is not None)
    detecting_module.cleanup()
    assert seat._client.state.value == "stopped"


def test_a_fault_in_the_timer_is_told_once_and_not_ten_times_a_second(application, module, monkeypatch):
    def fail():
        raise RuntimeError("SECRET^NAME")

    monkeypatch.setattr(module.seat.panel, "poll", fail)
    for _ in range(3):
        module.seat._poll() if module.seat._timer.isActive() else None
    ((text, details),) = application.told
    assert "RuntimeError" in text
    assert "SECRET" not in text + details
    assert "seat.py" in details


def test_an_image_that_needs_a_decoder_leads_to_the_dialog_once(application, module, mammogram, monkeypatch):
    from SlicerMCDetectLib import installing

    from MCDetect.errors import InputError

    seat = opened(application, module, mammogram)
    asked = []
    monkeypatch.setattr(installing, "offer", lambda: bool(asked.append(1)))
    for _ in range(2):
        seat._could_not_show(InputError("cannot-decode", "R_CC.dcm cannot be decoded.", "Install a decoder."))
    assert asked == [1]
    assert [text.partition("\n")[0] for text, _details in application.told] == ["R_CC.dcm cannot be decoded."] * 2


def test_questions_return_what_the_user_chose(application):
    from SlicerMCDetectLib import dialogs
    from support.slicer_application import FileDialog, InputDialog, MessageBox

    MessageBox.answer = "Begin anew"
    assert dialogs.ask("Which?", ["Continue it", "Begin anew", "Decide later"]) == 1
    MessageBox.answer = "nothing"
    assert dialogs.ask("Which?", ["Continue it"]) == -1
    InputDialog.answer = "Jones^Ann"
    assert dialogs.ask_text("Reader", "Name") == "Jones^Ann"
    InputDialog.answer = None
    assert dialogs.ask_text("Reader", "Name") is None
    FileDialog.answer = "/results"
    assert (dialogs.ask_folder("Where"), dialogs.ask_file("Where", "report.pdf")) == ("/results", "/results")
    FileDialog.answer = ""
    assert (dialogs.ask_folder("Where"), dialogs.ask_file("Where", "report.pdf")) == (None, None)


def test_the_probability_map_is_made_by_the_worker_and_shown_above_the_pixels(application, detecting_module, mammogram):
    seat = opened(application, detecting_module, mammogram)
    (key,) = seat.session.examination.keys
    box = seat._widgets.probabilityCheckBox
    assert not box.isHidden()
    seat.panel.toggle_probability()
    assert box.isChecked()
    composite = application.applicationLogic().GetSliceLogic(seat.views.node_of(key)).GetSliceCompositeNode()
    until(application, lambda: bool(composite.GetForegroundVolumeID()))
    shown = slicer.mrmlScene.GetNodeByID(composite.GetForegroundVolumeID())
    assert shown.GetImageData().GetScalarRange()[1] > 100
    assert 0 < composite.GetForegroundOpacity() < 1
    from MCDetect.review.hanging import Layout

    seat.change_layout(Layout.ONE_VIEW)
    composite = application.applicationLogic().GetSliceLogic(seat.views.node_of(key)).GetSliceCompositeNode()
    until(application, lambda: bool(composite.GetForegroundVolumeID()))
    seat.panel.toggle_probability()
    assert not composite.GetForegroundVolumeID()
    assert application.told == []
