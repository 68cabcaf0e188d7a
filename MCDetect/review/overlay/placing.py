"""What part of a view a slice view shows: fitting, centring, one-to-one, and which pixel is where."""

from __future__ import annotations

from typing import Any

from MCDetect.review.hanging import shown_flips
from MCDetect.review.overlay.geometry import from_ras, to_ras
from MCDetect.review.reduction import Box
from MCDetect.review.session import ReviewSession

Node = Any


class Placing:
    """The part of :class:`MCDetect.review.overlay.overlay.ReviewOverlay` that moves slice views."""

    session: ReviewSession

    def shown_in(self, slice_node: Node) -> str | None:
        """Return the key of the view that a slice view shows."""
        raise NotImplementedError

    def fit(self, slice_node: Node, box: Box | None = None, mm_per_pixel: float | None = None) -> None:
        """Show the whole image of a slice view, chest wall at the edge of the screen where it is known.

        Parameters
        ----------
        slice_node
            vtkMRMLSliceNode.
        box
            Show this part of the image instead.
        mm_per_pixel
            Of the screen; as small as the part allows if None.
        """
        key = self.shown_in(slice_node)
        if key is None:
            return
        view = self.session.examination.view(key)
        rows, columns = view.shape
        first_row, first_column, last_row, last_column = box or (0, 0, rows - 1, columns - 1)
        width = (last_column - first_column + 1) * view.spacing.column_mm
        across, down = slice_node.GetDimensions()[:2]
        if across <= 0 or down <= 0:
            return
        scale = mm_per_pixel or self.smallest_scale(slice_node, box)
        slice_node.SetFieldOfView(across * scale, down * scale, slice_node.GetFieldOfView()[2])
        spare = (across * scale - width) / 2
        side = {"left": 1.0, "right": -1.0}.get(shown_flips(view).chest_wall, 0.0)
        middle = (first_row + last_row) / 2, (first_column + last_column) / 2
        self._centre_at(slice_node, middle, view.spacing.millimetres, side * spare)

    def smallest_scale(self, slice_node: Node, box: Box | None = None) -> float:
        """Return how many millimetres a pixel of the screen must show so that a part of the image fits."""
        key = self.shown_in(slice_node)
        across, down = slice_node.GetDimensions()[:2]
        if key is None or across <= 0 or down <= 0:
            return 0.0
        view = self.session.examination.view(key)
        first_row, first_column, last_row, last_column = box or (0, 0, view.shape[0] - 1, view.shape[1] - 1)
        height = (last_row - first_row + 1) * view.spacing.row_mm
        return float(max(height / down, (last_column - first_column + 1) * view.spacing.column_mm / across))

    def centre(self, slice_node: Node, row: float, column: float, height_mm: float | None = None) -> None:
        """Bring a place (pixels) to the middle of a slice view, magnified so that ``height_mm`` are seen.

        Near the border of the image it stands beside the middle: what is seen is full of the image, and the chest walls
        of a pair stay together.
        """
        key = self.shown_in(slice_node)
        if key is None:
            return
        across, down = slice_node.GetDimensions()[:2]
        if height_mm is not None and down > 0:
            slice_node.SetFieldOfView(height_mm * across / down, height_mm, slice_node.GetFieldOfView()[2])
        view = self.session.examination.view(key)
        seen_mm = slice_node.GetFieldOfView()
        place = (
            _inside(row, view.shape[0], seen_mm[1] / view.spacing.row_mm),
            _inside(column, view.shape[1], seen_mm[0] / view.spacing.column_mm),
        )
        self._centre_at(slice_node, place, view.spacing.millimetres, 0.0)

    def one_to_one(self, slice_node: Node) -> None:
        """Show one pixel of the image as one pixel of the screen (the smaller spacing where they differ)."""
        key = self.shown_in(slice_node)
        if key is not None:
            step = min(self.session.examination.view(key).spacing.millimetres)
            across, down = slice_node.GetDimensions()[:2]
            slice_node.SetFieldOfView(across * step, down * step, slice_node.GetFieldOfView()[2])

    def position(self, slice_node: Node, x: float, y: float) -> tuple[float, float] | None:
        """Return (row, column) of a place in a slice view (pixels of the screen from its lower left corner)."""
        key = self.shown_in(slice_node)
        if key is None:
            return None
        ras = slice_node.GetXYToRAS().MultiplyPoint((x, y, 0.0, 1.0))
        return from_ras(ras, self.session.examination.view(key).spacing.millimetres)

    def _centre_at(
        self, slice_node: Node, place: tuple[float, float], spacing_mm: tuple[float, float], aside_mm: float
    ) -> None:
        matrix = slice_node.GetSliceToRAS()
        ras = to_ras([place], spacing_mm)[0]
        ras[0] += matrix.GetElement(0, 0) * aside_mm
        for axis in range(3):
            matrix.SetElement(axis, 3, float(ras[axis]))
        slice_node.UpdateMatrices()


def _inside(middle: float, count: int, seen: float) -> float:
    """Return the middle next to the wanted one from which all ``seen`` of ``count`` pixels are pixels of the image."""
    if seen >= count:
        return middle  # the image does not fill the view wherever it stands
    return min(max(middle, seen / 2 - 0.5), count - 0.5 - seen / 2)
