"""The magnifying glass in Slicer's slice views."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from support.waiting_for_slicer import opened, until

from MCDetect.review.hanging import Layout

SIZE = (900, 800)


@pytest.fixture
def one_view(application, module, mammogram):
    """Return the seat and the slice node of the only view, which is larger than the glass."""
    seat = opened(application, module, mammogram)
    seat.change_layout(Layout.ONE_VIEW)
    ((node,),) = seat.views.grid
    until(application, lambda: seat.views.overlay.shown_in(node))
    view = application.views.views[node.GetLayoutName()]
    view.render_window().SetSize(*SIZE)
    view.interactor().UpdateSize(*SIZE)
    view._logic.ResizeSliceNode(*SIZE)
    seat.views.overlay.fit(node, mm_per_pixel=0.1)  # a pixel of the screen for one of the image
    return seat, node


def point_at(application, node, x, y, event="MouseMoveEvent"):
    interactor = application.views.views[node.GetLayoutName()].interactor()
    interactor.SetEventInformation(x, y, 0, 0)
    interactor.InvokeEvent(event)
    return application.views.picture(node.GetLayoutName())[..., 0].astype(int)


def on_screen(seat, node, row, column):
    """Return the (x, y) of a place in the view."""
    matrix = node.GetXYToRAS()
    inverse = np.linalg.inv([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])
    row_mm, column_mm = seat.session.examination.views[0].spacing.millimetres
    return [round(value) for value in (inverse @ [-column * column_mm, -row * row_mm, 0, 1])[:2]]


def test_it_shows_the_bare_pixels_under_the_pointer_twice_as_large(application, one_view):
    seat, node = one_view
    seat.views.magnifier.switch()
    before = point_at(application, node, 0, 0, "LeaveEvent")
    x, y = on_screen(seat, node, 250, 310)  # a calcification of the sample
    picture = point_at(application, node, x, y)
    changed = np.argwhere(picture != before)
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    assert bottom - top + 1 <= 320 + 6
    assert right - left + 1 <= 320 + 6
    assert min(bottom - top, right - left) > 250
    # It stands beside the pointer, and what is under the pointer is in its middle, twice as large.
    beside_left = x + 24 + 326 > SIZE[0]
    corner_x = x - 24 - 326 if beside_left else x + 24
    corner_y = y - 24 - 326 if y + 24 + 326 > SIZE[1] else y + 24
    glass = picture[::-1][corner_y + 3 : corner_y + 323, corner_x + 3 : corner_x + 323][::-1]
    values = seat.session.examination.views[0].mammogram().pixels[250 - 80 : 250 + 80, 310 - 80 : 310 + 80]
    flips = seat.views.hanging.slots[0][0].flips
    values = values[:, ::-1] if flips.horizontal else values
    values = values[::-1] if flips.vertical else values
    small = glass[::2, ::2]
    assert np.corrcoef(small.ravel(), values.astype(float).ravel())[0, 1] > 0.95
    # The pointer gone, or the glass switched off, the view is as it was.
    np.testing.assert_array_equal(point_at(application, node, x, y, "LeaveEvent"), before)
    point_at(application, node, x, y)
    seat.views.magnifier.switch()
    np.testing.assert_array_equal(point_at(application, node, x, y), before)
    assert application.told == []


def test_a_deleted_mammogram_another_layout_and_a_closed_scene_are_no_error(application, one_view):
    seat, node = one_view
    seat.views.magnifier.switch()
    point_at(application, node, 300, 300)
    slicer.mrmlScene.RemoveNode(seat.views.overlay.volume(seat.views.overlay.shown_in(node)))
    point_at(application, node, 310, 300)
    seat.change_layout(Layout.FOUR_VIEWS)
    for other in (other for row in seat.views.grid for other in row):
        point_at(application, other, 100, 100)
    slicer.mrmlScene.Clear(0)
    assert application.told == []
    assert seat.session is None
