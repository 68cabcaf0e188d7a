"""Runs inside 3D Slicer, by ctest or ``make test-slicer``: what cannot be tested with stand-ins."""

from __future__ import annotations

import unittest

import slicer


class InSlicer(unittest.TestCase):
    """The module in the real application."""

    def test_the_module_is_there_and_named(self):
        self.assertEqual(slicer.modules.slicermcdetect.title, "MCDetect")

    def test_the_plugin_is_known_to_the_dicom_module(self):
        self.assertIn("MCDetectDICOMPlugin", slicer.modules.dicomPlugins)

    def test_the_library_imports_without_pytorch(self):
        import sys

        import MCDetect.review.session  # noqa: F401

        self.assertNotIn("torch", sys.modules)

    def test_the_parameter_node_keeps_what_was_set(self):
        widget = slicer.util.getModuleWidget("SlicerMCDetect")
        parameters = widget.seat._module_logic.getParameterNode()
        parameters.layout = "CC pair"
        again = widget.seat._module_logic.getParameterNode()
        self.assertEqual(again.layout, "CC pair")

    def test_the_self_test_passes(self):
        slicer.selfTests["SlicerMCDetect"]()
