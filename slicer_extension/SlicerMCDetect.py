"""The module as 3D Slicer sees it: what it is called, and where its widget, logic and test are.

Everything else is in SlicerMCDetectLib. Nothing of the library MCDetect is imported before the module is opened or
DICOM data is looked at.
"""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class SlicerMCDetect(ScriptedLoadableModule):
    """The module: title, help, and the DICOM plugin that comes with it."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("MCDetect")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = ["DICOM"]
        parent.contributors = ["The MCDetect contributors"]
        parent.helpText = _(
            "Finds microcalcifications in mammograms and lets a reader review them. "
            "For research use only; MCDetect is not a medical device and must not be used for diagnosis."
        )
        parent.acknowledgementText = _("Licence: Apache-2.0.")
        from SlicerMCDetectLib.dicom_plugin import register

        register()


class SlicerMCDetectWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel; see SlicerMCDetectLib.seat."""

    seat: Any = None  # until the module is opened

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)

    def setup(self) -> None:
        """Fill the module's panel."""
        ScriptedLoadableModuleWidget.setup(self)
        from SlicerMCDetectLib.seat import Seat

        self.logic = SlicerMCDetectLogic()
        self.seat = Seat(self.layout, self.logic)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, lambda *_: self.seat.leave_scene())
        self.addObserver(scene, scene.EndCloseEvent, lambda *_: self.seat.take_settings())

    def enter(self) -> None:
        """Take up the mammograms that lie in the scene."""
        self.seat.enter()

    def exit(self) -> None:
        """Stop whatever a click in a view means."""
        self.seat.leave()

    def cleanup(self) -> None:
        """End the worker and all observations."""
        self.removeObservers()
        if self.seat is not None:
            self.seat.close()


class SlicerMCDetectLogic(ScriptedLoadableModuleLogic):
    """What can be done without widgets; see SlicerMCDetectLib.logic."""

    def getParameterNode(self) -> Any:
        """Return the settings that are saved with the scene."""
        from SlicerMCDetectLib.parameters import Parameters

        return Parameters(super().getParameterNode())


class SlicerMCDetectTest(ScriptedLoadableModuleTest):
    """The self test, which runs offline; see SlicerMCDetectLib.self_test."""

    def runTest(self) -> None:
        """Run all."""
        from SlicerMCDetectLib.self_test import run

        self.setUp()
        run(self)
