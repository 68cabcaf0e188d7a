"""Slice views of slicer-core that are rendered off screen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import vtk
from vtk.util.numpy_support import vtk_to_numpy


class OffScreenViews:
    """A scene with slice views of a given size; ``picture`` renders one."""

    def __init__(self, names: tuple[str, ...] = ("A",), size: tuple[int, int] = (400, 400)) -> None:
        from trame_slicer.core import SlicerApp

        self.app = SlicerApp()
        self.scene = self.app.scene
        self.views: dict[str, Any] = {}
        for name in names:
            self.add(name, size)

    def add(self, name: str, size: tuple[int, int]) -> None:
        """Add a slice view; one of this name that is there stays."""
        from trame_slicer.views import SliceView
        from trame_slicer.views.render_scheduler import NoScheduleRendering

        if name in self.views:
            return
        view = SliceView(self.scene, self.app.app_logic, name, scheduled_render_strategy=NoScheduleRendering())
        view.render_window().SetOffScreenRendering(1)
        view.render_window().SetSize(*size)
        view.interactor().UpdateSize(*size)
        view.interactor().Initialize()
        view._logic.ResizeSliceNode(*size)
        self.views[name] = view

    def node(self, name: str = "A") -> Any:
        return self.views[name].get_view_node()

    def picture(self, name: str = "A") -> npt.NDArray[np.uint8]:
        """Return (height, width, 3), first row at the top."""
        window = self.views[name].render_window()
        window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(window)
        grab.SetInputBufferTypeToRGB()
        grab.ReadFrontBufferOff()
        grab.Update()
        image = grab.GetOutput()
        width, height, _ = image.GetDimensions()
        pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 3)
        return np.ascontiguousarray(pixels[::-1])

    def empty(self) -> None:
        """Take out what overlays of earlier tests have left."""
        left = [self.scene.GetNthNode(i) for i in range(self.scene.GetNumberOfNodes())]
        for node in left:
            if node.GetAttribute("MCDetect.view"):
                self.scene.RemoveNode(node.GetDisplayNode())
                self.scene.RemoveNode(node)
        for view in self.views.values():
            view.set_background_volume_id(None)
            view.set_foreground_volume_id(None)

    def close(self) -> None:
        for view in self.views.values():
            view.finalize()
