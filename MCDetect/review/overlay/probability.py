"""The probability map above a view: one colour that grows more opaque, so that the pixels stay seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from MCDetect.review.overlay.geometry import ijk_to_ras
from MCDetect.review.overlay.nodes import as_matrix, set_pixels

Node = Any

_LEAST = 0.05


def make_map(scene: Node, name: str, probability: npt.NDArray[Any], spacing_mm: tuple[float, float]) -> Node:
    """Add a volume with a probability map (rows, columns) and return its node; below 5 % it is clear.

    Floating-point values are 0 to 1, those of one byte 0 to 255 (see :func:`as_bytes`).
    """
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    set_pixels(node, probability if probability.dtype == np.uint8 else as_bytes(probability))
    node.SetIJKToRASMatrix(as_matrix(ijk_to_ras(spacing_mm)))
    shown = scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode")
    shown.SetAndObserveColorNodeID(_colours(scene).GetID())
    shown.AutoWindowLevelOff()
    shown.SetWindowLevel(255, 127.5)
    shown.ApplyThresholdOn()
    shown.SetThreshold(round(_LEAST * 255), 255)
    node.SetAndObserveDisplayNodeID(shown.GetID())
    return node


def as_bytes(probability: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return probabilities as 0 to 255; a tenth of a second for a whole view, so do it beside the window."""
    values: npt.NDArray[np.uint8] = np.rint(np.clip(probability, 0, 1) * 255).astype(np.uint8)
    return values


def _colours(scene: Node) -> Node:
    """Return the colour table from dark to bright sky blue, made once a scene."""
    name = "MCDetect probability"
    found = scene.GetFirstNodeByName(name)
    if found is not None:
        return found
    table = scene.AddNewNodeByClass("vtkMRMLColorTableNode", name)
    table.SetTypeToUser()
    table.SetNumberOfColors(256)
    for index in range(256):
        share = index / 255
        table.SetColor(index, f"{100 * share:.0f} %", 0.34 * share, 0.3 + 0.41 * share, 0.5 + 0.41 * share, 1.0)
    return table
