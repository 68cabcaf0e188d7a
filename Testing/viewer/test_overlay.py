"""The overlay follows its session, and survives what happens to a scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.review_examples import ALGORITHM, blob, findings_of, tissue, with_blobs, write_view

from MCDetect.bi_rads import Morphology
from MCDetect.review.session import ReviewSession

SPACING = (0.07, 0.07)
NAMES = ("A", "B")


@pytest.fixture
def session(tmp_path) -> ReviewSession:
    """Return a review of a right CC and a right MLO view with two clusters each."""
    for number, view in enumerate(("CC", "MLO")):
        strong = [blob(n, 60 + 9 * n, 80 + 11 * n, (4, 4), SPACING) for n in range(1, 4)]
        weak = [blob(n, 150 + 9 * n, 80 + 11 * n, (4, 4), SPACING) for n in range(4, 7)]
        write_view(tmp_path / f"{view}.dcm", with_blobs(tissue(seed=number), strong + weak), "R", view)
    made = ReviewSession.open([tmp_path])
    made.set_algorithm(ALGORITHM)
    for view in made.examination.views:
        found = findings_of(view, [(0.9, strong), (0.2, weak)])
        made.add_view_findings(found)
    return made


def overlay_of(session: ReviewSession, views: Any, names: tuple[str, ...] = NAMES) -> Any:
    from MCDetect.review.overlay.overlay import ReviewOverlay

    overlay = ReviewOverlay(views.scene, session)
    for key, name in zip(session.examination.keys, names, strict=False):
        overlay.show(key, views.node(name))
        overlay.fit(views.node(name))
    return overlay


def drawn(overlay: Any, views: Any, name: str = "A") -> int:
    """Return how many pixels of the screen the overlay changes."""
    with_overlay = views.picture(name).astype(int)
    was = overlay.is_visible
    overlay.set_visible(False)
    changed = np.abs(with_overlay - views.picture(name)).max(axis=2) > 30
    overlay.set_visible(was)
    return int(changed.sum())


def own_nodes(scene: Any) -> list[str]:
    nodes = [scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes())]
    return [node.GetID() for node in nodes if node.GetAttribute("MCDetect.view")]


def test_the_filter_shows_weaker_clusters_at_once(make_views, session) -> None:
    views = make_views(NAMES)
    overlay = overlay_of(session, views)
    before = drawn(overlay, views)
    assert before > 50
    session.set_threshold(0.1)
    assert drawn(overlay, views) > 1.7 * before
    session.set_threshold(0.95)
    assert drawn(overlay, views) == 0


def test_one_switch_shows_the_bare_pixels(make_views, session) -> None:
    views = make_views(NAMES)
    overlay = overlay_of(session, views)
    overlay.set_visible(False)
    picture = views.picture()
    assert (picture.max(axis=2) == picture.min(axis=2)).all()


def test_the_findings_of_one_view_are_not_drawn_in_another(make_views, session) -> None:
    views = make_views(NAMES)
    overlay = overlay_of(session, views)
    before = drawn(overlay, views, "B")
    for _, cluster in session.shown_findings():
        if session.state.find(cluster.tracking_uid)[0].sop_instance_uid == session.examination.keys[0]:
            session.reject(cluster.tracking_uid)
    assert drawn(overlay, views, "B") == before


def test_selected_accepted_rejected_and_drawn_clusters_differ_in_grey_too(make_views, session) -> None:
    views = make_views(NAMES, size=(600, 600))
    overlay = overlay_of(session, views)
    key = session.examination.keys[0]
    uid = session.clusters(key)[0].tracking_uid
    overlay.centre(views.node(), 78, 102, 9.0)
    pictures = [views.picture()]
    for act in (
        lambda: session.accept(uid),
        lambda: session.reject(uid),
        lambda: session.undecide(uid),
        lambda: session.set_outline(uid, session.state.find(uid)[1].outline),
        lambda: session.select(uid),
    ):
        act()
        pictures.append(views.picture())
    # Where lines are, whatever their colour: shapes and signs must differ.
    overlay.set_visible(False)
    bare = views.picture().astype(int)
    shapes = [np.abs(picture.astype(int) - bare).max(axis=2) > 60 for picture in pictures]
    undecided, accepted, rejected, undecided_again, of_reader, selected = shapes
    assert (undecided == undecided_again).all()
    for first, second in ((undecided, accepted), (accepted, rejected), (undecided, of_reader), (of_reader, selected)):
        assert (first ^ second).sum() > 15


def test_nodes_that_the_user_deletes_come_back_with_the_next_change(make_views, session) -> None:
    views = make_views(NAMES)
    overlay = overlay_of(session, views)
    before = drawn(overlay, views)
    scene = views.scene
    for identifier in own_nodes(scene):
        node = scene.GetNodeByID(identifier)
        if node.IsA("vtkMRMLModelNode") or node.IsA("vtkMRMLMarkupsFiducialNode"):
            scene.RemoveNode(node)
    session.set_threshold(0.5)
    assert drawn(overlay, views) == before


def test_a_closed_scene_is_filled_again_and_the_review_is_as_it_was(make_views, session) -> None:
    views = make_views(NAMES, fresh=True)
    overlay = overlay_of(session, views)
    uid = session.shown_findings()[0][1].tracking_uid
    before = drawn(overlay, views)
    views.scene.Clear(0)
    assert own_nodes(views.scene) == []
    session.accept(uid)
    session.undo()
    for key, name in zip(session.examination.keys, NAMES, strict=True):
        overlay.show(key, views.node(name))
        overlay.fit(views.node(name))
    assert drawn(overlay, views) == before


def test_two_reviews_in_one_scene_keep_apart(make_views, session) -> None:
    views = make_views((*NAMES, "C", "D"))
    first = overlay_of(session, views)
    again = ReviewSession.open([view.path for view in session.examination.views])
    second = overlay_of(again, views, ("C", "D"))
    assert drawn(second, views, "C") == 0
    assert drawn(first, views, "A") > 50
    second.close()
    assert drawn(first, views, "A") > 50
    first.close()
    assert own_nodes(views.scene) == []


def test_a_closed_overlay_no_longer_follows(make_views, session) -> None:
    views = make_views(NAMES)
    overlay = overlay_of(session, views)
    overlay.close()
    session.set_threshold(0.1)
    assert own_nodes(views.scene) == []


def test_pictures_leave_the_views_before_nodes_go_and_not_those_of_another_review(make_views, session) -> None:
    views = make_views(NAMES)
    overlay = overlay_of(session, views)
    again = ReviewSession.open([view.path for view in session.examination.views])
    steps = overlay.closing()
    overlay_of(again, views, ("B",))  # opened in a view before the steps had their turn
    before = views.scene.GetNumberOfNodes()
    for step in steps[: len(NAMES)]:
        step()
    assert views.scene.GetNumberOfNodes() == before
    assert np.median(views.picture("A")) == 0  # nothing but the lines
    assert np.median(views.picture("B")) > 0
    for step in steps[len(NAMES) :]:
        step()
    assert np.median(views.picture("B")) > 0


def test_a_slice_view_shows_one_view_at_a_time(make_views, session) -> None:
    views = make_views(NAMES)
    overlay = overlay_of(session, views, ("A",))
    first, second = session.examination.keys
    overlay.show(second, views.node())
    assert overlay.shown_in(views.node()) == second
    overlay.hide(views.node())
    assert overlay.shown_in(views.node()) is None
    assert views.picture().max() == 0
    assert first != second


def test_a_probability_map_colours_where_it_is_high(make_views, session) -> None:
    views = make_views(NAMES)
    overlay = overlay_of(session, views)
    overlay.set_visible(False)
    key = session.examination.keys[0]
    probability = np.zeros(session.examination.view(key).shape, dtype=np.float32)
    probability[100:150, 100:150] = 0.9
    before = views.picture().astype(int)
    overlay.set_probability_map(key, probability)
    changed = np.abs(views.picture() - before).max(axis=2) > 20
    share = changed.mean() * 400 * 400 / (400 / 300) ** 2
    assert share == pytest.approx(2500, rel=0.1)
    overlay.set_probability_map(key, None)
    assert np.abs(views.picture() - before).max() == 0


def test_labels_at_the_right_border_run_to_the_left_and_stand_on_dark_plates_when_inverted(
    make_views, tmp_path
) -> None:
    shape = (1000, 800)
    found = [blob(n, 400 + 9 * n, 740 + 11 * n, (4, 4), SPACING) for n in range(1, 4)]
    write_view(tmp_path / "one.dcm", tissue(shape), "R", "CC")
    session = ReviewSession.open([tmp_path])
    session.set_algorithm(ALGORITHM)
    session.add_view_findings(findings_of(session.examination.views[0], [(0.9, found)]))
    views = make_views(("A",), (800, 1000))
    overlay = overlay_of(session, views, ("A",))
    overlay.set_visible(True, outlines=False)
    labelled = views.picture().astype(int)
    overlay.set_visible(True, labels=False, outlines=False)
    bare = views.picture().astype(int)
    rows, columns = np.nonzero(abs(labelled - bare).max(axis=2) > 60)
    assert len(rows) > 50
    # The whole text is seen: with its background it is as wide as it is anywhere else, and ends before the border.
    assert columns.max() < 800 - 1
    assert columns.max() - columns.min() > 30
    overlay.set_inverted(True)
    overlay.set_visible(True, outlines=False)
    inverted = views.picture().astype(int)
    part = inverted[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert (part.max(axis=2) < 90).mean() > 0.3, "a dark plate"
    assert (part.max(axis=2) > 200).mean() > 0.05, "light letters on it"


@pytest.mark.parametrize(("row", "column"), [(5, 5), (5, 795), (995, 5), (995, 795), (500, 790)])
def test_a_finding_at_the_border_is_shown_with_the_view_full_of_the_image(make_views, tmp_path, row, column) -> None:
    write_view(tmp_path / "one.dcm", tissue((1000, 800)), "R", "CC")
    session = ReviewSession.open([tmp_path])
    views = make_views(("A",), (400, 400))
    overlay = overlay_of(session, views, ("A",))
    overlay.centre(views.node(), row, column, 20.0)
    for x, y in ((1, 1), (398, 1), (1, 398), (398, 398)):
        seen = overlay.position(views.node(), x, y)
        assert -0.5 <= seen[0] <= 999.5
        assert -0.5 <= seen[1] <= 799.5
    corners = [overlay.position(views.node(), *place) for place in ((0, 0), (400, 400))]
    for axis, wanted in enumerate((row, column)):
        low, high = sorted(corner[axis] for corner in corners)
        assert low - 1 <= wanted <= high + 1, "the finding itself is seen"
    overlay.centre(views.node(), 500, 400, 20.0)
    middle = overlay.position(views.node(), 200, 200)
    assert middle == pytest.approx((500, 400), abs=1.0), "elsewhere a finding is in the middle"


def test_benign_outlines_are_dark_on_white(make_views, session) -> None:
    from MCDetect.review.overlay.styles import DARK_BENIGN, STYLES, Lines

    views = make_views(NAMES)
    overlay = overlay_of(session, views)
    key = session.examination.keys[0]
    session.set_morphology(session.clusters(key)[0].tracking_uid, Morphology.ROUND)
    node = next(
        node for node in map(views.scene.GetNodeByID, own_nodes(views.scene)) if Lines.BENIGN.value in node.GetName()
    )
    for inverted, colour in ((True, DARK_BENIGN), (False, STYLES[Lines.BENIGN].colour)):
        overlay.set_inverted(inverted)
        assert node.GetDisplayNode().GetColor() == pytest.approx(colour)
