"""The review session: filter, selection, decisions, arrival of findings, results."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
from support.review_examples import ALGORITHM, findings_of

from MCDetect.bi_rads import AssessmentCategory, Distribution, Morphology
from MCDetect.dicom.results.reading import NOBODY
from MCDetect.errors import UsageError
from MCDetect.findings import Decision, Findings, Origin, Refusal
from MCDetect.review.earlier_results import EarlierResults
from MCDetect.review.session import ChangeKind


def test_what_one_reader_has_finished_is_not_finished_under_the_name_of_another(make_session) -> None:
    session = make_session(reader="")
    session.set_complete()
    session.set_reader("Reader^Anna")
    assert session.state.complete, "who had no name yet is the same reader"
    session.set_reader("Reader^Berta")
    assert not session.state.complete
    session.undo()
    assert not session.state.complete, "nor by undo"
    session.set_complete()
    session.set_reader("Reader^Berta")
    assert session.state.complete


def test_the_filter_hides_what_is_below_it_and_shows_it_again(session) -> None:
    key = session.examination.keys[0]
    assert [c.score for c in session.clusters(key)] == [0.9]
    assert len(session.calcifications(key)) == 4
    session.set_threshold(0.1)
    assert [c.score for c in session.clusters(key)] == [0.9, 0.2]
    session.set_threshold(1.0)
    assert session.clusters(key) == ()
    assert session.calcifications(key) == ()
    assert len(session.image(key).clusters) == 2


def test_a_finding_that_is_hidden_is_not_selected_any_more(session) -> None:
    hidden = min(session.shown_findings(), key=lambda entry: entry[1].score)[1]
    session.select(hidden.tracking_uid)
    session.set_threshold(min(1.0, hidden.score + 1e-6))
    assert session.selected is None


def test_what_a_reader_has_touched_is_never_hidden(session) -> None:
    key = session.examination.keys[0]
    weak = session.image(key).clusters[1]
    session.set_threshold(0.1)
    session.set_comment(weak.tracking_uid, "to be looked at")
    session.set_threshold(1.0)
    assert [c.tracking_uid for c in session.clusters(key)] == [weak.tracking_uid]
    session.undo()
    assert session.clusters(key) == ()


def test_faint_calcifications_leave_the_review_only_in_clusters_that_are_shown(session) -> None:
    key = session.examination.keys[0]
    faintest = min(c.score for c in session.image(key).calcifications)
    session.set_algorithm(replace(session.algorithm, calcification_threshold=1.0))
    assert faintest < 1.0
    session.set_threshold(0.1)
    (image,) = (one for one in session.findings().images if one.sop_instance_uid == key)
    assert {c.id for c in image.calcifications} == {n for one in image.clusters for n in one.member_ids}
    session.add_calcification(key, 250, 60)
    (image,) = (one for one in session.findings().images if one.sop_instance_uid == key)
    assert len(image.isolated_calcifications) == 1


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_none_is_refused(session, threshold) -> None:
    with pytest.raises(UsageError, match="not between 0 and 1"):
        session.set_threshold(threshold)


def test_the_table_is_sorted_by_score_and_can_be_walked_through(session) -> None:
    session.set_threshold(0.0)
    listed = session.shown_findings()
    assert [cluster.score for _, cluster in listed] == [0.9, 0.9, 0.2, 0.2]
    walked = [session.select_next() for _ in range(5)]
    assert walked == [cluster.tracking_uid for _, cluster in listed] + [listed[0][1].tracking_uid]
    assert session.select_next(-1) == listed[-1][1].tracking_uid


def test_a_decision_with_its_reason_and_terms_is_in_the_findings(session) -> None:
    key = session.examination.keys[0]
    uid = session.clusters(key)[0].tracking_uid
    session.reject(uid, " vascular ")
    session.set_morphology(uid, Morphology.VASCULAR)
    session.set_assessment(uid, AssessmentCategory.BENIGN)
    session.set_distribution(uid, Distribution.LINEAR)
    session.set_study_comment("quiet")
    session.set_complete()
    reviewed = session.reviewed_findings()
    image = next(image for image in reviewed.images if image.sop_instance_uid == key)
    (cluster,) = image.clusters
    assert (cluster.decision, cluster.reason) == (Decision.REJECTED, "vascular")
    assert (cluster.morphology, cluster.assessment) == (Morphology.VASCULAR, AssessmentCategory.BENIGN)
    assert cluster.distribution is Distribution.LINEAR
    assert reviewed.review is not None
    assert (reviewed.review.reader, reviewed.review.complete, reviewed.review.comment) == ("Reader^Anna", True, "quiet")
    assert reviewed.algorithm.threshold == session.threshold


def test_undo_and_redo_say_what_they_would_do(session) -> None:
    uid = session.shown_findings()[0][1].tracking_uid
    assert session.undo_text == session.redo_text == ""
    assert not session.undo()
    session.accept(uid)
    assert session.undo_text == "accept"
    assert session.undo()
    assert session.redo_text == "accept"
    assert session.redo()
    assert not session.redo()


def test_an_action_that_changes_nothing_is_no_step_of_undo(session) -> None:
    uid = session.shown_findings()[0][1].tracking_uid
    session.accept(uid)
    session.accept(uid)
    session.undo()
    assert session.undo_text == ""


def test_findings_that_arrive_are_not_taken_away_by_undo(make_session) -> None:
    complete = make_session()
    session = make_session(found=False)
    first, second = session.examination.keys
    session.add_view_findings(complete.image(first))
    uid = session.image(first).clusters[0].tracking_uid
    session.accept(uid)
    session.undo()
    session.add_view_findings(complete.image(second))
    assert len(session.image(second).clusters) == 2
    session.redo()
    assert len(session.image(second).clusters) == 2
    assert session.state.find(uid)[1].decision is Decision.ACCEPTED
    session.undo()
    assert session.image(second) == complete.image(second)


NEWER = replace(ALGORITHM, bundle="newer", bundle_sha256="b" * 64, threshold=0.15)


def test_a_search_by_another_model_leaves_nothing_of_the_former_in_views_that_it_never_reaches(session) -> None:
    first, second = session.examination.keys
    strong, _ = session.image(second).clusters
    session.select(strong.tracking_uid)
    session.set_algorithm(NEWER)
    session.add_view_findings(findings_of(session.examination.view(first), []))
    assert session.selected is None
    assert session.clusters(second) == ()
    assert not session.is_analysed(second)
    findings = session.findings()
    assert findings.algorithm.bundle_sha256 == "b" * 64
    assert [image.sop_instance_uid for image in findings.images] == [first]
    assert not session.has_unsaved_changes
    assert session.undo_text == "", "what comes from outside is no action"


def test_of_a_former_model_what_the_reader_decided_stays_as_the_readers_and_through_undo(session) -> None:
    first, second = session.examination.keys
    accepted = session.clusters(second)[0]
    session.accept(accepted.tracking_uid, "certain")
    session.confirm_correspondence(session.clusters(first)[0].tracking_uid, accepted.tracking_uid)
    number = session.add_calcification(second, 252, 60)
    session.undo()
    session.set_algorithm(NEWER)
    image = session.image(second)
    (kept,) = image.clusters
    assert (kept.decision, kept.reason, kept.origin) == (Decision.ACCEPTED, "certain", Origin.READER)
    assert (kept.member_ids, kept.score) == (accepted.member_ids, accepted.score)
    assert {c.origin for c in image.calcifications} == {Origin.READER}
    assert "No algorithm has searched this image." in image.warnings
    assert len(session.state.correspondences) == 1
    session.redo()
    assert number in {c.id for c in session.image(second).calcifications}
    for _ in range(3):
        session.undo()
    assert session.state.images == (), "nobody had decided anything then"
    assert session.findings().images == ()
    session.redo()
    assert session.state.find(accepted.tracking_uid)[1].decision is Decision.ACCEPTED


def test_results_that_name_no_model_take_nothing_of_the_present_one_away(session) -> None:
    first, second = session.examination.keys
    drawn = replace(
        session.clusters(first)[0], tracking_uid="2.25.77", origin=Origin.READER, member_ids=(), told_count=0
    )
    of_a_reader = replace(session.image(first), calcifications=(), clusters=(drawn,))
    before = session.image(second)
    session.add_results(EarlierResults(Findings(NOBODY, (of_a_reader,))))
    assert session.algorithm == ALGORITHM
    assert session.image(second) == before


def test_a_number_that_nobody_told_stays_unknown_when_another_model_searches(session) -> None:
    key = session.examination.keys[0]
    image = session.image(key)
    silent = replace(image.clusters[0], member_ids=(), told_count=None)
    session.add_view_findings(replace(image, calcifications=(), clusters=(silent,)))
    session.accept(silent.tracking_uid)
    session.set_algorithm(NEWER)
    (kept,) = session.image(key).clusters
    assert (kept.origin, kept.count, kept.count_text) == (Origin.READER, None, "–")


def test_another_operating_point_or_device_of_a_model_takes_no_findings_away(session) -> None:
    before = session.state
    session.set_algorithm(replace(ALGORITHM, operating_point="high-sensitivity", threshold=0.1, device="cuda:0"))
    assert session.state is before


def test_findings_of_other_makers_are_told_apart_though_their_model_is_unknown(session) -> None:
    other = replace(ALGORITHM, name="Finder", version="2.1", bundle="unknown", bundle_sha256="0" * 64)
    session.set_algorithm(other)
    first, second = session.examination.keys
    for key in (first, second):
        session.add_view_findings(findings_of(session.examination.view(key), []))
    before = session.state
    session.set_algorithm(other)
    assert session.state is before
    session.set_algorithm(replace(other, version="3.0"))
    assert session.state.images == ()


def test_detecting_again_keeps_what_the_reader_has_done(session) -> None:
    key = session.examination.keys[0]
    view = session.examination.view(key)
    uid = session.clusters(key)[0].tracking_uid
    session.accept(uid, "certain")
    number = session.add_calcification(key, 252, 60)
    before = session.image(key)
    again = findings_of(view, [(0.8, before.members(before.clusters[1]))])
    other_model = tuple(replace(cluster, tracking_uid="2.25.77") for cluster in again.clusters)
    session.add_view_findings(replace(again, clusters=other_model))
    image = session.image(key)
    assert {c.decision for c in image.clusters} == {Decision.ACCEPTED, Decision.UNDECIDED}
    assert len(image.clusters) == 2
    kept = next(c for c in image.clusters if c.decision is Decision.ACCEPTED)
    assert {(c.row, c.column) for c in image.members(kept)} == {
        (c.row, c.column) for c in before.members(before.clusters[0])
    }
    assert len({c.id for c in image.calcifications}) == len(image.calcifications)
    added = next(c for c in before.calcifications if c.id == number)
    assert (added.row, added.column) in {(c.row, c.column) for c in image.calcifications}


def test_the_same_findings_again_change_nothing(session) -> None:
    key = session.examination.keys[0]
    session.accept(session.clusters(key)[0].tracking_uid)
    before = session.state
    session.add_view_findings(_raw(session, key))
    assert {c.tracking_uid: c.decision for c in session.image(key).clusters} == {
        c.tracking_uid: c.decision for c in before.image(key).clusters
    }
    assert len(session.image(key).calcifications) == len(before.image(key).calcifications)


def _raw(session, key):
    """Return the findings of a view as the algorithm gave them."""
    image = session.image(key)
    return replace(image, clusters=tuple(replace(c, decision=Decision.UNDECIDED) for c in image.clusters))


def test_findings_of_another_examination_are_refused(session) -> None:
    stranger = replace(session.image(session.examination.keys[0]), sop_instance_uid="1.2.3")
    with pytest.raises(UsageError, match="not part of the examination"):
        session.add_view_findings(stranger)


def test_findings_of_another_size_are_refused(session) -> None:
    other = replace(session.image(session.examination.keys[0]), rows=7)
    with pytest.raises(UsageError, match="has changed"):
        session.add_view_findings(other)


def test_only_searched_or_marked_images_are_in_the_findings(make_session) -> None:
    session = make_session(found=False)
    assert session.findings().images == ()
    key = session.examination.keys[1]
    session.draw_cluster(key, [(50, 60), (50, 160), (130, 160), (130, 60)])
    (image,) = session.findings().images
    assert image.sop_instance_uid == key
    assert image.warnings == ("No algorithm has searched this image.",)


def test_a_review_without_the_name_of_the_reader_is_refused(make_session) -> None:
    session = make_session(reader="")
    with pytest.raises(UsageError, match="no name"):
        session.reviewed_findings()
    session.set_reader("Reader^Bo")
    assert session.reviewed_findings().review.reader == "Reader^Bo"


def test_observers_hear_what_changed_and_where(session) -> None:
    heard = []
    end = session.observe(heard.append)
    key = session.examination.keys[0]
    uid = session.clusters(key)[0].tracking_uid
    session.select(uid)
    session.accept(uid)
    session.set_threshold(0.5)
    session.mark_saved()
    assert [change.kind for change in heard] == [
        ChangeKind.SELECTION,
        ChangeKind.FINDINGS,
        ChangeKind.FILTER,
        ChangeKind.SAVED,
    ]
    assert heard[1].views == {key}
    end()
    session.undo()
    assert len(heard) == 4


def test_a_listener_that_fails_does_not_stop_the_others(session) -> None:
    heard = []

    def fail(change: object) -> None:
        raise RuntimeError("a fault of a viewer")

    session.observe(fail)
    session.observe(heard.append)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    assert len(heard) == 1


def test_unsaved_changes_are_the_readers_not_the_algorithms(session) -> None:
    assert not session.has_unsaved_changes
    session.accept(session.shown_findings()[0][1].tracking_uid)
    assert session.has_unsaved_changes
    session.mark_saved()
    assert not session.has_unsaved_changes
    session.undo()
    assert session.has_unsaved_changes


def test_a_refusal_is_told_once(session) -> None:
    for _ in range(2):
        session.add_refusal(Refusal("a.dcm", "no-breast", "No breast was recognised in a.dcm."))
    assert len(session.findings().refused) == 1


def test_a_view_that_is_searched_in_the_end_is_no_longer_refused(session) -> None:
    first, second = session.examination.views
    for view in (first, second):
        session.add_refusal(Refusal(str(view.path), "out-of-memory", "Too little memory."))
    session.add_view_findings(next(image for image in session.findings().images if image.sop_instance_uid == first.key))
    assert [refusal.source for refusal in session.findings().refused] == [str(second.path)]


def test_a_selected_cluster_that_vanishes_is_no_longer_selected(session) -> None:
    key = session.examination.keys[0]
    uid = session.draw_cluster(key, [(20, 180), (20, 220), (60, 220), (60, 180)])
    assert session.selected == uid
    session.undo()
    assert session.selected is None


def test_reviewed_findings_satisfy_the_schema(session, repository) -> None:
    schema = json.loads((repository / "MCDetect" / "findings.schema.json").read_text())
    text = session.reviewed_findings().to_json()
    jsonschema.validate(json.loads(text), schema)
    assert Findings.from_json(text).to_json() == text
