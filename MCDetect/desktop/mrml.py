"""The MRML scene of the window: what Slicer's application makes of itself and slice views need."""

from __future__ import annotations

from typing import Any

import slicer
from vtkmodules.vtkCommonCore import vtkCollection, vtkOutputWindow

MANAGERS = ("vtkMRMLModelSliceDisplayableManager", "vtkMRMLMarkupsDisplayableManager")
"""What draws into slice views: lines of the overlay and its labels."""


class SliceScene:
    """A scene with the logic that slice views share.

    Attributes
    ----------
    scene
        vtkMRMLScene.
    application
        vtkSlicerApplicationLogic.
    factory
        vtkMRMLSliceViewDisplayableManagerFactory.
    """

    def __init__(self) -> None:
        # Warnings of VTK belong into no dialog.
        output = vtkOutputWindow()
        output.SetDisplayModeToNever()
        vtkOutputWindow.SetInstance(output)
        self.scene: Any = slicer.vtkMRMLScene()
        self.application: Any = slicer.vtkSlicerApplicationLogic()
        self.application.SetMRMLScene(self.scene)
        self.application.GetColorLogic().SetMRMLScene(self.scene)
        self.application.GetColorLogic().AddDefaultColorNodes()
        self.application.SetSliceLogics(vtkCollection())
        self.application.SetViewLogics(vtkCollection())
        self._markups: Any = slicer.vtkSlicerMarkupsLogic()
        self._markups.SetMRMLScene(self.scene)
        self._markups.SetMRMLApplicationLogic(self.application)
        self.application.SetModuleLogic("Markups", self._markups)
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        self.factory: Any = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        self.factory.SetMRMLApplicationLogic(self.application)
        self._register()

    def _register(self) -> None:
        for manager in MANAGERS:
            if not self.factory.IsDisplayableManagerRegistered(manager):
                self.factory.RegisterDisplayableManager(manager)

    def close(self) -> None:
        """Let go of everything in the order that MRML bears; Python would do it in any order when the process ends."""
        self.factory.SetMRMLApplicationLogic(None)
        self._markups.SetMRMLScene(None)
        self.scene.Clear(True)
        self.application.SetMRMLScene(None)
