"""Making and filling MRML nodes: volumes, sets of lines, labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

from MCDetect.review.display import ViewDisplay
from MCDetect.review.overlay.geometry import ijk_to_ras, to_ras
from MCDetect.review.overlay.lines import Segments
from MCDetect.review.overlay.styles import Style

Node = Any
"""A vtkMRMLNode; slicer has no types."""


def make_volume(scene: Node, name: str, display: ViewDisplay, spacing_mm: tuple[float, float]) -> Node:
    """Add a volume of one slice with the values of a view, exactly as they are, and return its node.

    Parameters
    ----------
    scene
        vtkMRMLScene.
    name
        Of the node; nothing of the patient.
    display
        From :func:`MCDetect.review.display.display_of`.
    spacing_mm
        (between rows, between columns).
    """
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    set_pixels(node, display.values)
    node.SetIJKToRASMatrix(as_matrix(ijk_to_ras(spacing_mm)))
    shown = scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode")
    shown.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    shown.AutoWindowLevelOff()
    shown.SetWindowLevel(display.window, display.level)
    shown.SetInterpolate(True)
    node.SetAndObserveDisplayNodeID(shown.GetID())
    return node


def make_reduced(
    scene: Node, original: Node, values: npt.NDArray[np.generic], spacing_mm: tuple[float, float], factor: int
) -> Node:
    """Add a volume of the means of blocks of ``factor`` pixels of another; both are shown through one display node."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", f"{original.GetName()} 1:{factor}")
    node.SetHideFromEditors(True)
    set_pixels(node, values)
    node.SetIJKToRASMatrix(as_matrix(ijk_to_ras(spacing_mm, factor)))
    node.SetAndObserveDisplayNodeID(original.GetDisplayNode().GetID())
    return node


def set_pixels(node: Node, values: npt.NDArray[np.generic]) -> None:
    """Fill a volume node with (rows, columns) values; they are copied once."""
    rows, columns = values.shape
    scalars = numpy_to_vtk(np.ascontiguousarray(values).reshape(-1), deep=True)
    image = vtk.vtkImageData()
    image.SetDimensions(columns, rows, 1)
    image.GetPointData().SetScalars(scalars)
    node.SetAndObserveImageData(image)


def pixels_of(node: Node) -> npt.NDArray[np.generic]:
    """Return the (rows, columns) values of a volume node; they are not copied."""
    image = node.GetImageData()
    columns, rows, _ = image.GetDimensions()
    values: npt.NDArray[np.generic] = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns)
    return values


def make_lines(scene: Node, name: str, style: Style) -> Node:
    """Add a model node that shows lines in slice views only, and return it."""
    node = scene.AddNewNodeByClass("vtkMRMLModelNode", name)
    shown = scene.AddNewNodeByClass("vtkMRMLModelDisplayNode")
    shown.SetColor(*style.colour)
    shown.SetOpacity(style.opacity)
    shown.SetSliceIntersectionThickness(round(style.width))
    shown.SetSliceIntersectionOpacity(style.opacity)
    shown.SetVisibility2D(True)
    shown.SetVisibility3D(False)
    # The lines lie in the plane of the image: they are projected onto the slice and not cut by it.
    shown.SetSliceDisplayMode(shown.SliceDisplayProjection)
    node.SetAndObserveDisplayNodeID(shown.GetID())
    return node


def set_lines(node: Node, segments: Segments, spacing_mm: tuple[float, float]) -> None:
    """Let a model node show ``segments`` (pixels)."""
    count = len(segments)
    points = vtk.vtkPoints()
    points.SetDataTypeToDouble()
    points.SetData(numpy_to_vtk(to_ras(segments, spacing_mm), deep=True))
    cells = vtk.vtkCellArray()
    offsets = np.arange(0, 2 * count + 1, 2, dtype=np.int64)
    cells.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=True),
        numpy_to_vtkIdTypeArray(np.arange(2 * count, dtype=np.int64), deep=True),
    )
    lines = vtk.vtkPolyData()
    lines.SetPoints(points)
    lines.SetLines(cells)
    node.SetAndObservePolyData(lines)


def make_labels(scene: Node, name: str, *, runs_left: bool = False) -> Node:
    """Add a locked node of labels without glyphs, and return it; they begin at their places, or end there."""
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    node.SetLocked(True)
    node.CreateDefaultDisplayNodes()
    shown = node.GetDisplayNode()
    shown.SetVisibility3D(False)
    shown.SetTextScale(3.0)
    shown.SetUseGlyphScale(False)
    shown.SetGlyphSize(0.01)
    shown.SetPropertiesLabelVisibility(False)
    shown.SetPointLabelsVisibility(True)
    shown.SetSliceProjection(False)
    shown.SetSelectedColor(0.96, 0.96, 0.96)
    shown.SetColor(0.96, 0.96, 0.96)
    shown.SetActiveColor(0.96, 0.96, 0.96)
    if runs_left:
        shown.GetTextProperty().SetJustificationToRight()
    return node


def set_cased(node: Node, cased: bool) -> None:
    """Let labels stand on dark plates, so that they are read on white, or on nothing."""
    text = node.GetDisplayNode().GetTextProperty()
    text.SetBackgroundColor(0.0, 0.0, 0.0)
    text.SetBackgroundOpacity(0.75 if cased else 0.0)
    node.GetDisplayNode().Modified()


def set_labels(node: Node, labels: Sequence[tuple[str, tuple[float, float]]], spacing_mm: tuple[float, float]) -> None:
    """Let a label node show texts at (row, column)."""
    positions = to_ras([place for _, place in labels], spacing_mm) if labels else np.zeros((0, 3))
    was = node.StartModify()
    try:
        while node.GetNumberOfControlPoints() > len(labels):
            node.RemoveNthControlPoint(node.GetNumberOfControlPoints() - 1)
        for index, ((text, _), position) in enumerate(zip(labels, positions, strict=True)):
            if index == node.GetNumberOfControlPoints():
                node.AddControlPoint(vtk.vtkVector3d(*position), text)
                continue
            if node.GetNthControlPointLabel(index) != text:
                node.SetNthControlPointLabel(index, text)
            if tuple(node.GetNthControlPointPositionVector(index)) != tuple(position):
                node.SetNthControlPointPosition(index, *position)
    finally:
        node.EndModify(was)


def show_in(node: Node, slice_node_ids: Iterable[str], visible: bool) -> None:
    """Show a node in these slice views and in no other."""
    shown = node.GetDisplayNode()
    if shown is None:
        return
    wanted = list(slice_node_ids)
    was = shown.StartModify()
    if list(shown.GetViewNodeIDs()) != wanted:
        shown.RemoveAllViewNodeIDs()
        for identifier in wanted:
            shown.AddViewNodeID(identifier)
    # A display node without any view would be shown in all of them.
    shown.SetVisibility(visible and bool(wanted))
    shown.EndModify(was)


def as_matrix(values: npt.NDArray[np.float64]) -> Node:
    """Return a 4 x 4 array as vtkMatrix4x4."""
    matrix = vtk.vtkMatrix4x4()
    for row in range(4):
        for column in range(4):
            matrix.SetElement(row, column, float(values[row, column]))
    return matrix


def is_there(scene: Node, node: Node | None) -> bool:
    """Say whether a node is still in the scene."""
    return node is not None and bool(scene.IsNodePresent(node))


def remove(scene: Node, node: Node) -> None:
    """Take a node and its display node out of the scene."""
    shown = node.GetDisplayNode()
    if shown is not None:
        scene.RemoveNode(shown)
    scene.RemoveNode(node)
