"""Runs inside 3D Slicer, by ctest or ``make test-slicer``: what cannot be tested with stand-ins.

Without internet and without PyTorch. The suite also runs with the stand-ins, so that it is known to work itself.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

import slicer


class InSlicer(unittest.TestCase):
    """The module in the real application."""

    def setUp(self):
        self.widget = slicer.util.getModuleWidget("SlicerMCDetect")
        self.seat = self.widget.seat
        self.folder = Path(tempfile.mkdtemp(prefix="MCDetect"))

    def tearDown(self):
        if self.seat.session is not None:
            self.seat.session.close(keep_work=False)
        self.seat.close_examination()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self, condition, seconds=30.0):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            slicer.app.processEvents()

    def opened(self):
        from SlicerMCDetectLib.self_test import write_mammogram, write_report

        file = str(write_mammogram(self.folder / "R_CC.dcm"))
        self.seat.open_examination_files([file], [write_report(file, self.folder / "results")])
        self.wait(lambda: self.seat.session is not None and bool(self.seat.session.shown_findings()))
        self.wait(lambda: self.seat.views.active_key is not None)
        return file

    def test_the_module_is_there_and_named(self):
        self.assertEqual(slicer.modules.slicermcdetect.title, "MCDetect")

    def test_the_plugin_is_known_to_the_dicom_module(self):
        self.assertIn("MCDetectDICOMPlugin", slicer.modules.dicomPlugins)

    def test_the_library_imports_without_pytorch(self):
        import MCDetect.review.session  # noqa: F401

        self.assertNotIn("torch", sys.modules)

    def test_the_parameter_node_keeps_what_was_set(self):
        logic = self.widget.logic
        logic.getParameterNode().layout = "CC pair"
        self.assertEqual(logic.getParameterNode().layout, "CC pair")

    def test_the_switches_follow_the_parameter_node(self):
        for value in (False, True):
            self.seat.settings.outlines = value
            self.assertEqual(self.seat.panel.sensitivity.widgets.outlinesCheckBox.property("checked"), value)

    def test_threads_go_on_beside_the_event_loop(self):
        done = []
        self.seat.background.run(lambda: sum(range(10**6)), done.append, done.append)
        self.wait(lambda: bool(done), 5.0)

    def test_the_worker_answers_or_says_what_is_missing(self):
        self.opened()
        client = self.seat._client
        self.assertIsNotNone(client)
        self.seat._timer.stop()  # it would hear the answer first
        self.addCleanup(self.seat._timer.start)
        self.addCleanup(client.close)
        client.close()
        client.start()
        heard = []

        def has_answered():
            heard.extend(message for message in client.poll() if type(message).__name__ in ("Ready", "Failed"))
            return bool(heard)

        self.wait(has_answered, 120.0)
        if type(heard[0]).__name__ == "Failed":
            self.assertEqual(heard[0].code, "no-torch")

    def test_findings_are_shown_decided_and_taken_back(self):
        self.opened()
        ((_key, cluster),) = self.seat.session.shown_findings()
        self.seat.session.select(cluster.tracking_uid)
        self.seat.panel.accept()
        self.assertEqual(self.seat.session.shown_findings()[0][1].decision.value, "accepted")
        self.seat.panel.undo()
        self.assertEqual(self.seat.session.shown_findings()[0][1].decision.value, "undecided")

    def test_views_zoom_and_invert(self):
        self.opened()
        node = self.seat.views.active_node
        width = node.GetFieldOfView()[0]
        self.seat.views.zoom(0.5)
        self.assertAlmostEqual(node.GetFieldOfView()[0], width / 2)
        self.seat.views.switch_inverted()
        self.seat.views.reset_window()

    def test_every_layout_can_be_shown(self):
        from MCDetect.review.hanging import Layout

        self.opened()
        for layout in Layout:
            self.seat.change_layout(layout)
            self.assertEqual(self.seat.settings.layout, layout.value)

    def test_keys_are_shortcuts_of_the_main_window(self):
        if slicer.util.mainWindow() is None:
            self.skipTest("needs a main window")
        self.assertGreater(len(self.seat._keys._shortcuts), 20)
        self.assertIn("Ctrl+D", self.seat._keys.help_sheet())

    def test_dialogs_can_be_made(self):
        import qt
        from SlicerMCDetectLib import dependencies, installing

        missing = dependencies.Missing(True, True, ("pynetdicom>=3.0",))
        box = installing._box(missing)
        self.assertIn("PyTorch", box.property("text"))
        self.assertIn("--no-index", box.property("detailedText"))
        box.deleteLater()
        dialog = qt.QInputDialog()
        dialog.setTextValue("Meyer, Anna")
        self.assertEqual(dialog.textValue(), "Meyer, Anna")

    def test_what_closes_the_scene_closes_the_examination(self):
        self.opened()
        slicer.mrmlScene.Clear(0)
        self.assertIsNone(self.seat.session)

    def test_the_self_test_passes(self):
        slicer.selfTests["SlicerMCDetect"]()
