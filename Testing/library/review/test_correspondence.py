"""The same cluster in two views of a breast."""

from __future__ import annotations

import numpy as np
import pytest
from support.bright_bundle import make_mammogram
from support.review_examples import STANDARD, write_view

from MCDetect.errors import UsageError
from MCDetect.review.correspondence import nipple_of
from MCDetect.review.examination import open_examination


def pairs(correspondences):
    return [c.tracking_uids for c in correspondences]


@pytest.fixture
def proposing(session):
    """Return a review in which both views have their nipple at the same place."""
    session.set_threshold(0.0)
    session.set_nipples(dict.fromkeys(session.examination.keys, (150.0, 230.0)))
    return session


def test_clusters_at_the_same_distance_from_the_nipple_are_proposed(proposing) -> None:
    (cc, mlo) = proposing.examination.keys
    expected = {
        frozenset((a.tracking_uid, b.tracking_uid))
        for a, b in zip(proposing.clusters(cc), proposing.clusters(mlo), strict=True)
    }
    proposed = proposing.proposals()
    assert {frozenset(pair) for pair in pairs(proposed)} == expected
    assert all(0.9 < c.score <= 1 and not c.confirmed for c in proposed)


def test_without_nipples_nothing_is_proposed(session) -> None:
    assert session.proposals() == ()


def test_a_confirmed_pair_is_kept_and_a_declined_one_is_not_proposed_again(proposing) -> None:
    first, second = pairs(proposing.proposals())
    proposing.confirm_correspondence(*first)
    proposing.decline_correspondence(*second)
    assert proposing.proposals() == ()
    (kept,) = proposing.findings().correspondences
    assert (kept.tracking_uids, kept.score, kept.confirmed) == (first, 1.0, True)
    assert proposing.partner(first[0]) == kept
    assert proposing.partner(second[0]) is None
    proposing.undo()
    assert pairs(proposing.proposals()) == [second]


def test_a_pair_shown_as_one_by_the_reader_is_never_filtered(proposing) -> None:
    weak = pairs(proposing.proposals())[1]
    proposing.confirm_correspondence(*weak)
    proposing.set_threshold(1.0)
    assert {cluster.tracking_uid for _, cluster in proposing.shown_findings()} == set(weak)


def test_two_clusters_of_one_image_are_not_the_same(proposing) -> None:
    first, second = proposing.clusters(proposing.examination.keys[0])
    with pytest.raises(UsageError, match="in the same image"):
        proposing.confirm_correspondence(first.tracking_uid, second.tracking_uid)


def test_rejected_clusters_are_not_proposed(proposing) -> None:
    (first, _) = pairs(proposing.proposals())
    proposing.reject(first[0])
    assert first not in pairs(proposing.proposals())


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_nipple_is_the_most_anterior_point_of_the_breast(tmp_path, mirrored) -> None:
    pixels = np.clip(make_mammogram(shape=(512, 400)).pixels + 100, 0, 4095).astype(np.uint16)
    orientation = STANDARD["R", "CC"]
    if mirrored:
        pixels, orientation = np.ascontiguousarray(pixels[:, ::-1]), ["A", "L"]
    path = write_view(tmp_path / "a.dcm", pixels, "R", "CC", PatientOrientation=orientation)
    row, column = nipple_of(open_examination([path]).views[0])
    assert row == pytest.approx(256, abs=40)
    assert column == pytest.approx(360 if mirrored else 40, abs=40)


def test_a_nipple_is_not_looked_for_where_the_header_does_not_say_the_side(tmp_path) -> None:
    path = write_view(tmp_path / "a.dcm", make_mammogram().pixels.astype(np.uint16), "", "CC")
    assert nipple_of(open_examination([path]).views[0]) is None
