"""A magnifying glass: the pixels round the pointer, larger and without marks, drawn into the slice view itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import slicer
import vtk

from SlicerMCDetectLib.telling import errors_told

_SIDE = 320
_FRAME = 2
_AWAY = 24
_BRIGHT, _DARK = 180, 0

_PRIORITY = 50.0  # before Slicer's own interaction, which may keep an event to itself

Point = tuple[float, float]


class Magnifier:
    """Follows the pointer in slice views while it is on.

    Parameters
    ----------
    position
        Returns (row, column) of a place in the slice view of a slice node, None outside an image.
    shown
        Returns the volume node and the flips of what a slice node shows, None where it shows nothing.
    """

    def __init__(
        self, position: Callable[[Any, float, float], Point | None], shown: Callable[[Any], tuple[Any, Any] | None]
    ) -> None:
        self.is_on = False
        self._position = position
        self._shown = shown
        self._views: list[tuple[Any, Any]] = []
        self._observed: list[tuple[Any, int]] = []
        self._renderer: Any = None
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(self._mapper)
        self._actor.SetLayerNumber(10)  # above marks and labels: it shows the bare pixels

    def switch(self) -> None:
        """Switch it on or off."""
        self.is_on = not self.is_on
        self.follow(self._views)

    def follow(self, views: Iterable[tuple[Any, Any]]) -> None:
        """Follow the pointer in these (slice node, interactor) pairs, and in no others."""
        self.hide()
        for interactor, tag in self._observed:
            interactor.RemoveObserver(tag)
        self._observed = []
        self._views = list(views)
        for node, interactor in self._views if self.is_on else ():
            self._observe(node, interactor, "MouseMoveEvent", self._move)
            self._observe(node, interactor, "LeaveEvent", lambda _node, _interactor: self.hide())

    def hide(self) -> None:
        """Show nothing until the pointer moves again."""
        renderer, self._renderer = self._renderer, None
        if renderer is not None:
            renderer.RemoveViewProp(self._actor)
            if renderer.GetRenderWindow() is not None:
                renderer.GetRenderWindow().Render()

    def _observe(self, node: Any, interactor: Any, event: str, handle: Callable[[Any, Any], object]) -> None:
        def on_event(_caller: Any, _event: str) -> None:
            with errors_told():
                handle(node, interactor)

        self._observed.append((interactor, interactor.AddObserver(event, on_event, _PRIORITY)))

    def _move(self, node: Any, interactor: Any) -> None:
        x, y = interactor.GetEventPosition()[:2]
        place, shown = self._position(node, x, y), self._shown(node)
        if place is None or shown is None or not slicer.mrmlScene.IsNodePresent(shown[0]):
            self.hide()
            return
        window = interactor.GetRenderWindow()
        renderer = window.GetRenderers().GetFirstRenderer()
        if renderer is not self._renderer:
            self.hide()
            renderer.AddViewProp(self._actor)
            self._renderer = renderer
        self._mapper.SetInputData(_as_image(_picture(node, shown[0], place, shown[1])))
        self._actor.SetPosition(*_corner((x, y), window.GetSize()))
        window.Render()


def _picture(node: Any, volume: Any, place: Point, flips: Any) -> Any:
    """Return what is in the frame, first row at the top."""
    import numpy as np
    from scipy.ndimage import zoom

    from MCDetect.desktop.navigation import mm_per_pixel
    from MCDetect.review.magnification import magnified, pixels_across
    from MCDetect.review.overlay.nodes import pixels_of

    display = volume.GetDisplayNode()
    across = pixels_across(_SIDE, min(volume.GetSpacing()[:2]) / mm_per_pixel(node))
    pixels = magnified(pixels_of(volume), place, (display.GetWindow(), display.GetLevel()), flips, across)
    if "Inverted" in (display.GetColorNodeID() or ""):
        pixels = 255 - pixels
    larger = zoom(pixels, _SIDE / across, order=1)
    framed = np.pad(larger, 1, constant_values=_DARK)
    return np.pad(framed, _FRAME, constant_values=_BRIGHT)


def _corner(pointer: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Return the lower left corner beside the pointer, on the side where there is room."""
    side = _SIDE + 2 * (_FRAME + 1)
    x, y = (
        max(0, at + _AWAY if at + _AWAY + side <= room else at - _AWAY - side)
        for at, room in zip(pointer, size, strict=True)
    )
    return x, y


def _as_image(pixels: Any) -> Any:
    import numpy as np
    from vtk.util.numpy_support import numpy_to_vtk

    rows, columns = pixels.shape
    image = vtk.vtkImageData()
    image.SetDimensions(columns, rows, 1)
    # VTK draws the first row at the bottom.
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(pixels[::-1]).reshape(-1), deep=True))
    return image
