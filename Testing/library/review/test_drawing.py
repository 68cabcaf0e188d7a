"""Outlines, clusters and calcifications that a reader draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from support.review_examples import blob

from MCDetect.errors import UsageError
from MCDetect.findings import Origin
from MCDetect.polygons import inside
from MCDetect.review.drawing import with_calcification
from MCDetect.review.local_segmentation import segment_calcification

ROUND_BOTH = [(40, 70), (40, 190), (240, 190), (240, 70)]


def test_a_drawn_cluster_has_the_calcifications_inside_and_their_measures(session) -> None:
    key = session.examination.keys[0]
    corners = [(40, 80), (40, 150), (110, 150), (110, 80)]
    uid = session.draw_cluster(key, corners)
    image, cluster = session.state.find(uid)
    assert cluster.origin is Origin.READER
    assert cluster.score == 1.0
    assert cluster.count == 4
    assert cluster.area_mm2 == pytest.approx(70 * 70 * 0.07**2)
    assert cluster.density_per_cm2 == pytest.approx(4 / (cluster.area_mm2 / 100))
    members = image.members(cluster)
    apart = max(math.hypot(a.row - b.row, a.column - b.column) * 0.07 for a in members for b in members)
    assert apart < cluster.diameter_mm < apart + 1
    assert [c.tracking_uid for c in session.clusters(key)] == [uid]  # it has taken all members of the strong one


def test_a_line_round_a_part_splits_a_cluster(session) -> None:
    key = session.examination.keys[0]
    old = session.clusters(key)[0]
    session.draw_cluster(key, [(60, 85), (60, 108), (84, 108), (84, 85)])
    counts = sorted(cluster.count for cluster in session.clusters(key))
    assert counts == [2, 2]
    assert session.state.find(old.tracking_uid)[1].density_per_cm2 == pytest.approx(2 / (old.area_mm2 / 100))


def test_clusters_are_joined(session) -> None:
    key = session.examination.keys[0]
    session.set_threshold(0.0)
    uid = session.merge_clusters([cluster.tracking_uid for cluster in session.clusters(key)])
    assert [(c.tracking_uid, c.count) for c in session.clusters(key)] == [(uid, 7)]
    session.undo()
    assert sorted(c.count for c in session.clusters(key)) == [3, 4]


def test_clusters_of_two_images_cannot_be_joined(session) -> None:
    with pytest.raises(UsageError, match="in one image"):
        session.merge_clusters([cluster.tracking_uid for _, cluster in session.shown_findings()])


def test_an_outline_takes_hidden_calcifications_but_none_of_a_shown_cluster(session) -> None:
    key = session.examination.keys[0]
    uid = session.clusters(key)[0].tracking_uid
    session.set_outline(uid, ROUND_BOTH)
    assert session.state.find(uid)[1].count == 7
    session.undo()
    session.set_threshold(0.0)
    session.set_outline(uid, ROUND_BOTH)
    assert session.state.find(uid)[1].count == 4
    assert session.state.find(uid)[1].origin is Origin.READER
    assert session.state.find(uid)[1].score == 0.9


def test_a_cluster_of_the_algorithm_is_rejected_and_not_deleted(session) -> None:
    key = session.examination.keys[0]
    with pytest.raises(UsageError, match="The algorithm found"):
        session.delete_cluster(session.clusters(key)[0].tracking_uid)
    uid = session.draw_cluster(key, [(240, 30), (240, 80), (270, 80), (270, 30)])
    session.delete_cluster(uid)
    assert uid not in {c.tracking_uid for c in session.clusters(key)}


@pytest.mark.parametrize(
    "corners",
    [[], [(1, 1), (5, 5)], [(1, 1), (5, 5), (9, 9)], [(1, 1), (1, 2), (2, 2)], [(1, 1), (math.nan, 5), (9, 1)]],
)
def test_a_line_that_encloses_nothing_is_refused(session, corners) -> None:
    with pytest.raises(UsageError, match="encloses no area"):
        session.draw_cluster(session.examination.keys[0], corners)
    assert session.undo_text == ""


def test_an_outline_that_leaves_the_image_is_cut_at_its_border(session) -> None:
    key = session.examination.keys[0]
    uid = session.draw_cluster(key, [(-50, -50), (-50, 500), (500, 500), (500, -50)])
    assert set(session.state.find(uid)[1].outline) == {(-0.5, -0.5), (-0.5, 239.5), (299.5, 239.5), (299.5, -0.5)}


def test_a_line_that_crosses_itself_becomes_its_hull(session) -> None:
    key = session.examination.keys[0]
    uid = session.draw_cluster(key, [(10, 10), (60, 60), (10, 60), (60, 10)])
    assert session.state.find(uid)[1].area_mm2 == pytest.approx(50 * 50 * 0.07**2)


def test_a_clicked_calcification_has_its_real_mask(session) -> None:
    key = session.examination.keys[0]
    number = session.add_calcification(key, 251, 61)
    found = next(c for c in session.image(key).calcifications if c.id == number)
    assert found.origin is Origin.READER
    assert found.score == 1.0
    assert 8 * 0.07**2 <= found.area_mm2 <= 22 * 0.07**2  # twelve pixels were drawn
    assert math.hypot(found.row - 252, found.column - 61) < 1.5
    assert found in session.calcifications(key)
    assert session.calcification_at(key, 252, 61) == number
    assert session.calcification_at(key, 150, 30) is None


@pytest.mark.parametrize("radius_mm", [0.1, 0.2, 0.4, 0.8])
def test_round_calcifications_of_any_size_are_measured(radius_mm) -> None:
    spacing = (0.05, 0.07)
    row, column = np.ogrid[:200, :150]
    inside_disc = np.hypot((row - 100) * spacing[0], (column - 75) * spacing[1]) <= radius_mm
    tissue = 500 + 0.5 * row + np.random.default_rng(1).normal(0, 5, (200, 150))
    found = segment_calcification(tissue + 200 * inside_disc, spacing, 101.0, 74.0, number=3)
    assert math.hypot((found.row - 100) * spacing[0], (found.column - 75) * spacing[1]) < 0.08
    assert found.area_mm2 == pytest.approx(inside_disc.sum() * spacing[0] * spacing[1], rel=0.45)
    assert found.diameter_mm == pytest.approx(2 * radius_mm, abs=0.2)


def test_a_click_beside_every_calcification_is_refused(session) -> None:
    with pytest.raises(UsageError, match="Nothing brighter"):
        session.add_calcification(session.examination.keys[0], 200, 30)


@pytest.mark.parametrize("place", [(-3, 5), (5, 1000), (math.nan, 5)])
def test_a_click_outside_the_image_is_refused(session, place) -> None:
    with pytest.raises(UsageError, match="outside the image"):
        session.add_calcification(session.examination.keys[0], *place)


def test_a_calcification_is_not_marked_twice(session) -> None:
    key = session.examination.keys[0]
    session.add_calcification(key, 251, 61)
    with pytest.raises(UsageError, match="marked already"):
        session.add_calcification(key, 251, 61)
    shown = session.calcifications(key)[0]
    with pytest.raises(UsageError, match="marked already"):
        session.add_calcification(key, shown.row, shown.column)


def test_a_clicked_calcification_of_a_hidden_cluster_is_taken_as_it_is(session) -> None:
    key = session.examination.keys[0]
    hidden = session.image(key).members(session.image(key).clusters[1])[0]
    number = session.add_calcification(key, hidden.row, hidden.column)
    assert number == hidden.id
    assert len(session.calcifications(key)) == 5


def test_a_click_inside_a_cluster_adds_to_it_and_removing_takes_it_out(session) -> None:
    key = session.examination.keys[0]
    session.remove_calcification(key, 2)
    cluster = session.clusters(key)[0]
    assert cluster.count == 3
    assert cluster.origin is Origin.READER
    session.add_calcification(key, 80, 103)
    again = session.clusters(key)[0]
    assert again.count == 4
    assert again.density_per_cm2 == pytest.approx(4 / (again.area_mm2 / 100))


def test_the_selected_cluster_takes_a_calcification_nearby_and_its_outline_grows(session) -> None:
    key = session.examination.keys[0]
    image, cluster = session.image(key), session.clusters(key)[0]
    near = blob(0, 125, 140, (4, 4), (0.07, 0.07))
    alone, number = with_calcification(session.state, image, near, {cluster.tracking_uid})
    assert alone.find(cluster.tracking_uid)[1].count == 4
    assert number == 9
    state, _ = with_calcification(session.state, image, near, {cluster.tracking_uid}, cluster.tracking_uid)
    grown = state.find(cluster.tracking_uid)[1]
    assert grown.count == 5
    assert grown.area_mm2 > cluster.area_mm2
    assert inside([(near.row, near.column)], grown.outline).all()


def test_what_is_not_there_is_told_in_one_sentence(session) -> None:
    key = session.examination.keys[0]
    for act in (
        lambda: session.accept("1.2.3"),
        lambda: session.remove_calcification(key, 999),
        lambda: session.add_calcification("1.2.3", 5, 5),
        lambda: session.select("1.2.3"),
    ):
        with pytest.raises(UsageError) as told:
            act()
        assert told.value.message.count(".") == 1
