"""The examination in Slicer's slice views: what hangs where, what moves together, and that nothing else comes in."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import slicer
from support.four_views import write_examination
from support.waiting_for_slicer import opened, until

from MCDetect.review.hanging import Layout


@pytest.fixture
def four_views(application, module, tmp_path):
    """Return the seat with four views on the screen."""
    files = sorted(write_examination(tmp_path / "examination").glob("*.dcm"))
    return opened(application, module, *map(str, files))


def shown(seat):
    """Return what each place shows, row by row."""
    examination = seat.session.examination
    keys = [[seat.views.overlay.shown_in(node) for node in row] for row in seat.views.grid]
    return [[examination.view(key).label for key in row] for row in keys]


def middle(node):
    return np.array([node.GetSliceToRAS().GetElement(axis, 3) for axis in range(3)])


def on_screen(node):
    """Return which ways right and up on the screen point, as (2, 3)."""
    matrix = node.GetSliceToRAS()
    return np.array([[matrix.GetElement(axis, column) for axis in range(3)] for column in range(2)])


def test_the_four_views_hang_rcc_lcc_over_rmlo_lmlo(four_views):
    assert shown(four_views) == [["R CC", "L CC"], ["R MLO", "L MLO"]]


def test_each_layout_shows_its_views_and_the_module_remembers_it(application, four_views):
    for layout, expected in (
        (Layout.CC_PAIR, [["R CC", "L CC"]]),
        (Layout.MLO_PAIR, [["R MLO", "L MLO"]]),
        (Layout.FOUR_VIEWS, [["R CC", "L CC"], ["R MLO", "L MLO"]]),
    ):
        four_views.change_layout(layout)
        until(application, lambda: None not in [k for row in four_views.views.grid for k in keys_of(four_views, row)])
        assert shown(four_views) == expected
        # A view that is used again keeps the label that it was made with, unless it is told otherwise.
        assert [[node.GetLayoutLabel() for node in row] for row in four_views.views.grid] == expected
        assert four_views.settings.layout == layout.value


def test_an_examination_of_one_row_opens_as_that_pair(application, module, tmp_path):
    files = sorted(write_examination(tmp_path / "examination").glob("*MLO.dcm"))
    seat = opened(application, module, *map(str, files))
    assert shown(seat) == [["R MLO", "L MLO"]]
    assert seat.settings.layout == Layout.FOUR_VIEWS.value, "the next examination may have all four"


def keys_of(seat, row):
    return [seat.views.overlay.shown_in(node) for node in row]


def test_a_place_shows_nothing_until_its_own_view_is_there(four_views):
    (right, left) = (four_views.views.overlay.shown_in(node) for node in four_views.views.grid[1])
    slicer.mrmlScene.RemoveNode(four_views.views.overlay.volume(right))
    four_views.change_layout(Layout.MLO_PAIR)
    # Loading goes on in a thread: what stood there before must not be seen under the new name.
    assert keys_of(four_views, four_views.views.grid[0]) == [None, left]


def test_a_volume_that_is_loaded_from_elsewhere_does_not_come_under_the_marks(application, four_views):
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "other")
    slicer.util.updateVolumeFromArray(other, np.zeros((1, 8, 8), np.int16))
    logic = application.applicationLogic()
    logic.GetSelectionNode().SetActiveVolumeID(other.GetID())
    logic.PropagateVolumeSelection()
    assert shown(four_views) == [["R CC", "L CC"], ["R MLO", "L MLO"]]
    for node in (node for row in four_views.views.grid for node in row):
        composite = logic.GetSliceLogic(node).GetSliceCompositeNode()
        assert composite.GetBackgroundVolumeID() != other.GetID()


def test_a_pair_moves_together_mirrored_and_the_other_pair_stays(four_views):
    (right_cc, left_cc), (right_mlo, _) = four_views.views.grid
    before = {node: middle(node) for node in (right_cc, left_cc, right_mlo)}
    width = left_cc.GetFieldOfView()[0]
    matrix = right_cc.GetSliceToRAS()
    for axis, step in enumerate(5.0 * on_screen(right_cc)[0] + 3.0 * on_screen(right_cc)[1]):
        matrix.SetElement(axis, 3, matrix.GetElement(axis, 3) + step)
    right_cc.UpdateMatrices()
    moved = on_screen(left_cc) @ (middle(left_cc) - before[left_cc])
    np.testing.assert_allclose(moved, [-5.0, 3.0])
    np.testing.assert_allclose(middle(right_mlo), before[right_mlo])
    across, down, depth = right_cc.GetFieldOfView()
    right_cc.SetFieldOfView(across / 2, down / 2, depth)
    assert left_cc.GetFieldOfView()[0] == pytest.approx(width / 2)


def test_each_view_moves_alone_when_pairs_are_switched_off(four_views):
    four_views.views.movements.switch()
    (right_cc, left_cc), _ = four_views.views.grid
    width = left_cc.GetFieldOfView()[0]
    across, down, depth = right_cc.GetFieldOfView()
    right_cc.SetFieldOfView(across / 2, down / 2, depth)
    assert left_cc.GetFieldOfView()[0] == width


def test_a_finding_is_magnified_in_its_own_view_only(four_views):
    (right_cc, left_cc), _ = four_views.views.grid
    width = left_cc.GetFieldOfView()[0]
    with four_views.views.movements.paused():
        four_views.views.overlay.centre(right_cc, 100, 100, 10.0)
    assert right_cc.GetFieldOfView()[1] == 10.0
    assert left_cc.GetFieldOfView()[0] == width


def test_a_finding_of_a_view_that_is_still_being_read_is_magnified_when_it_is_there(application, four_views):
    views = four_views.views
    key = views.overlay.shown_in(views.grid[1][1])
    four_views.change_layout(Layout.CC_PAIR)
    slicer.mrmlScene.RemoveNode(views.overlay.volume(key))
    views.show_finding(key, SimpleNamespace(tracking_uid="", outline=[(90, 90), (110, 110)], diameter_mm=2.0))
    until(application, lambda: views.overlay.shown_in(views.node_of(key)) == key)
    assert views.node_of(key).GetFieldOfView()[1] == 25.0


def test_a_window_that_becomes_larger_is_no_movement_of_the_reader(four_views):
    views = four_views.views
    nodes = [node for row in views.grid for node in row]
    seen = nodes[1].GetFieldOfView()
    across, down = nodes[0].GetDimensions()[:2]
    nodes[0].SetDimensions(across // 2, down // 2, 1)
    assert views.movements.moved_nodes == set()
    assert nodes[1].GetFieldOfView() == seen


def test_what_the_reader_has_magnified_stays_so_when_another_view_comes(application, four_views):
    views = four_views.views
    late = views.overlay.shown_in(views.grid[0][1])
    slicer.mrmlScene.RemoveNode(views.overlay.volume(late))
    four_views.change_layout(Layout.FOUR_VIEWS)
    early, other = views.grid[1]
    across, down, depth = early.GetFieldOfView()
    early.SetFieldOfView(across / 4, down / 4, depth)
    seen = other.GetFieldOfView()
    until(application, lambda: views.overlay.shown_in(views.node_of(late)) == late)
    assert early.GetFieldOfView()[1] == pytest.approx(down / 4)
    assert other.GetFieldOfView() == pytest.approx(seen), "its pair moves with it"
    views.fit_breast()
    assert early.GetFieldOfView()[1] == pytest.approx(down)


def test_keys_are_for_the_view_that_the_pointer_was_in_last(application, four_views):
    key = application.views.views["MCDetect22"].interactor()
    key.InvokeEvent("EnterEvent")
    assert four_views.session.examination.view(four_views.views.active_key).label == "L MLO"
    four_views.views.one_to_one()
    node = four_views.views.active_node
    spacing = four_views.session.examination.view(four_views.views.active_key).spacing.row_mm
    assert node.GetFieldOfView()[0] / node.GetDimensions()[0] == pytest.approx(spacing)


def test_the_breast_can_be_fitted_and_a_small_picture_shows_means_of_pixels(application, four_views):
    four_views.views.fit()
    (right_cc, left_cc), _ = four_views.views.grid
    whole = right_cc.GetFieldOfView()[0]
    four_views.views.fit_breast()
    assert right_cc.GetFieldOfView()[0] <= whole
    assert right_cc.GetFieldOfView()[0] == pytest.approx(left_cc.GetFieldOfView()[0])
    composite = application.applicationLogic().GetSliceLogic(right_cc).GetSliceCompositeNode()
    volume = four_views.views.overlay.volume(four_views.views.overlay.shown_in(right_cc))
    right_cc.SetFieldOfView(200.0, 200.0, 1.0)
    assert composite.GetBackgroundVolumeID() != volume.GetID()
    right_cc.SetFieldOfView(5.0, 5.0, 1.0)
    assert composite.GetBackgroundVolumeID() == volume.GetID()


def test_the_window_can_be_changed_inverted_and_set_back_by_keys(four_views):
    display = four_views.views.overlay.volume(four_views.views.active_key).GetDisplayNode()
    before = display.GetWindow(), display.GetLevel()
    four_views.views.step_window(1, -1)
    assert display.GetWindow() == pytest.approx(before[0] * 1.05)
    assert display.GetLevel() == pytest.approx(before[1] - before[0] / 20)
    four_views.views.reset_window()
    assert (display.GetWindow(), display.GetLevel()) == before
    four_views.views.switch_inverted()
    assert display.GetColorNodeID() == "vtkMRMLColorTableNodeInvertedGrey"
    four_views.views.switch_inverted()
    assert display.GetColorNodeID() == "vtkMRMLColorTableNodeGrey"


def test_views_can_be_gone_through_one_by_one(application, four_views):
    keys = four_views.session.examination.keys
    at = keys.index(four_views.views.active_key)
    four_views.views.show_next_view(+1)
    ((node,),) = four_views.views.grid
    until(application, lambda: four_views.views.overlay.shown_in(node))
    assert four_views.views.active_key == keys[(at + 1) % 4]


def test_every_key_that_the_window_has_does_something_here_or_is_named(four_views):
    from SlicerMCDetectLib.keys import actions_of

    from MCDetect.desktop.actions import MENUS

    names = {command.name for menu in MENUS.values() for command in menu}
    actions = actions_of(four_views)
    assert set(actions) < names
    # Slicer has its own for these; its mouse wheel and buttons are as in every other module.
    of_slicer = {"open_files", "open_folder", "fetch", "close_window", "about"}
    assert names - set(actions) == {*of_slicer, "help"}
    for name in ("fit", "real_size", "zoom_in", "zoom_out", "more_sensitive", "less_sensitive", "brighter"):
        actions[name]()


def test_deleting_a_mammogram_from_the_scene_is_no_error_and_it_comes_back(application, four_views):
    (right_cc, _), _ = four_views.views.grid
    key = four_views.views.overlay.shown_in(right_cc)
    slicer.mrmlScene.RemoveNode(four_views.views.overlay.volume(key))
    four_views.panel.toggle_outlines()
    four_views.views.fit()
    four_views.change_layout(Layout.CC_PAIR)
    until(application, lambda: None not in keys_of(four_views, four_views.views.grid[0]))
    assert shown(four_views) == [["R CC", "L CC"]]
    assert application.told == []


def test_deleting_every_node_of_the_overlay_is_no_error(application, four_views):
    scene = slicer.mrmlScene
    ours = [scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes())]
    for node in [node for node in ours if node.GetAttribute("MCDetect.view")]:
        scene.RemoveNode(node)
    four_views.panel.toggle_calcifications()
    four_views.change_layout(Layout.FOUR_VIEWS)
    until(application, lambda: None not in [k for row in four_views.views.grid for k in keys_of(four_views, row)])
    assert application.told == []


def test_a_line_that_is_being_drawn_when_its_mammogram_is_deleted_is_forgotten(application, four_views):
    from MCDetect.review.panel.host import Tool

    (node, _), _ = four_views.views.grid
    four_views.panel.start_tool(Tool.DRAW)
    interactor = application.views.views[node.GetLayoutName()].interactor()
    interactor.SetEventInformation(100, 100, 0, 0)
    interactor.InvokeEvent("LeftButtonPressEvent")
    slicer.mrmlScene.RemoveNode(four_views.views.overlay.volume(four_views.views.overlay.shown_in(node)))
    interactor.SetEventInformation(120, 100, 0, 0)
    interactor.InvokeEvent("MouseMoveEvent")
    interactor.InvokeEvent("LeftButtonReleaseEvent")
    assert application.told == []
    assert slicer.mrmlScene.GetFirstNodeByName("MCDetect line") is None
