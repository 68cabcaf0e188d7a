"""Reports are signed as soon as a reader has changed anything, and not before."""

from __future__ import annotations

from MCDetect.review.document import Kept, from_document, to_document
from MCDetect.review.panel.reporting import has_review
from MCDetect.review.state import ReviewState


def kept(session) -> Kept:
    return Kept(session.state, session.algorithm, session.operating_point, session.threshold, session.reader)


def test_what_the_algorithm_found_is_no_review(session) -> None:
    assert not has_review(session.state)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    assert has_review(session.state)
    session.undo()
    assert not has_review(session.state)


def test_a_calcification_that_a_reader_added_outside_of_all_clusters_is_a_review(session) -> None:
    session.add_calcification(session.examination.keys[0], 251, 61)
    assert not session.state.touched  # no cluster tells of it
    assert has_review(session.state)


def test_a_finding_that_was_drawn_over_and_deleted_leaves_a_review(session) -> None:
    key, cluster = session.shown_findings()[0]
    rows, columns = zip(*cluster.outline, strict=True)
    top, bottom, left, right = min(rows) - 5, max(rows) + 5, min(columns) - 5, max(columns) + 5
    session.delete_cluster(session.draw_cluster(key, [(top, left), (top, right), (bottom, right), (bottom, left)]))
    assert session.state.look_for(cluster.tracking_uid) is None
    assert has_review(session.state), "the algorithm's finding is gone: this is not what it found"
    assert has_review(from_document(to_document(kept(session))).state)


def test_a_mark_of_an_earlier_reader_is_a_review(session) -> None:
    session.add_calcification(session.examination.keys[0], 251, 61)
    assert has_review(ReviewState(images=session.state.images))


def test_kept_work_of_an_older_version_is_a_review(session) -> None:
    document = to_document(kept(session))
    assert not has_review(from_document(document).state)
    del document["edited"]
    assert has_review(from_document(document).state)
