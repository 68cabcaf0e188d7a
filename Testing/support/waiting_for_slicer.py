"""Waiting for the module in the stand-in of Slicer's application."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import slicer


def until(application: Any, condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Let Qt work until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, application.told
        application.processEvents()


def opened(application: Any, module: Any, *files: str) -> Any:
    """Open an examination in the module and wait until it is shown; return the seat."""
    seat = module.seat
    before = seat.session
    seat.open_examination_files(list(files))

    def is_shown() -> bool:
        if seat.session is None or seat.session is before:
            return False
        keys = [key for row in seat.views.hanging.slots for slot in row if (key := slot.key)]
        return all(seat.views.overlay.shown_in(seat.views.node_of(key)) == key for key in keys)

    until(application, is_shown)
    return seat


def lines_in_scene() -> list[Any]:
    """Return the models with lines."""
    scene = slicer.mrmlScene
    models = [
        scene.GetNthNodeByClass(i, "vtkMRMLModelNode") for i in range(scene.GetNumberOfNodesByClass("vtkMRMLModelNode"))
    ]
    return [model for model in models if model.GetPolyData() and model.GetPolyData().GetNumberOfLines()]
