"""Work that was left behind is offered where its images are open, and nowhere else."""

from __future__ import annotations

import pytest
from support.kept_work import everything_in, hear, kept

from MCDetect.errors import InputError
from MCDetect.findings import Decision
from MCDetect.review.session import ChangeKind, ReviewSession


def test_work_is_offered_when_priors_are_open_that_were_not_and_when_they_are_not_open_any_more(
    make_session, examination_folder, prior, tmp_path
) -> None:
    for first, then in (((), (prior,)), ((prior,), ())):
        folder = tmp_path / str(len(first))
        session = ReviewSession.open([examination_folder, *first], folder=folder)
        key = next(view.key for view in session.examination.views if view.path.parent == examination_folder)
        drawn = session.draw_cluster(key, [(40, 80), (40, 150), (110, 150), (110, 80)])
        session.close()
        again = ReviewSession.open([examination_folder, *then], folder=folder)
        (offer,) = again.offers
        again.resume(offer)
        assert again.state.find(drawn)
        again.close()
        assert len(kept(folder)) == 1, "under the name of what is open now"
        assert ReviewSession.open([examination_folder, *then], folder=folder).offers


def test_work_is_offered_to_nobody_who_has_not_all_of_its_images_open(
    make_session, examination_folder, prior, tmp_path
) -> None:
    session = make_session(tmp_path)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    session.close()
    for paths, told in (([prior], []), ([examination_folder / "CC.dcm"], ["unfinished-work-of-more-images"])):
        other = ReviewSession.open(paths, folder=tmp_path)
        assert other.offers == []
        problems = hear(other)
        assert [problem.code for problem in problems] == told
        assert all("also about an image that is not open" in str(problem) for problem in problems)
        other.close()
    assert len(make_session(tmp_path, found=False).offers) == 1


def test_a_comment_on_an_examination_without_findings_is_offered_to_no_other(make_session, prior, tmp_path) -> None:
    session = make_session(tmp_path, found=False)
    session.set_study_comment("thick compression")
    session.close()
    assert ReviewSession.open([prior], folder=tmp_path).offers == []
    assert len(make_session(tmp_path, found=False).offers) == 1


def test_exported_or_undone_work_is_not_offered(make_session, tmp_path) -> None:
    for end in ("mark_saved", "undo"):
        session = make_session(tmp_path)
        session.accept(session.shown_findings()[0][1].tracking_uid)
        getattr(session, end)()
        session.close()
        assert everything_in(tmp_path) == []


def test_work_that_was_gone_on_with_is_offered_again_when_undo_went_back_beyond_it(make_session, tmp_path) -> None:
    session = make_session(tmp_path)
    accepted = session.shown_findings()[0][1].tracking_uid
    session.accept(accepted)
    session.close()
    again = make_session(tmp_path)
    again.resume(again.offers[0])
    assert again.undo()
    assert not again.has_unsaved_changes
    again.close()
    third = make_session(tmp_path)
    assert len(kept(tmp_path)) == 1
    third.resume(third.offers[0])
    assert third.state.find(accepted)[1].decision is Decision.ACCEPTED
    third.undo()
    third.mark_saved()
    third.close()
    assert everything_in(tmp_path) == [], "an export is of what was on the screen"


def test_an_export_of_work_that_was_gone_on_with_leaves_the_work_of_another_window(make_session, tmp_path) -> None:
    session = make_session(tmp_path)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    session.close()
    first = make_session(tmp_path)
    first.resume(first.offers[0])
    assert first._keeping.flush()
    other = make_session(tmp_path)
    other.accept(other.shown_findings()[0][1].tracking_uid)
    assert other._keeping.flush()
    first.mark_saved()
    first.close()
    assert kept(tmp_path) == [other._keeping.path]
    other.close(keep_work=False)


def test_work_that_one_reader_had_finished_is_not_finished_by_another(make_session, tmp_path) -> None:
    first = make_session(tmp_path)
    first.set_reader("Reader^Anna")
    first.set_complete()
    first.close()
    same, other = make_session(tmp_path, found=False), None
    same.set_reader("Reader^Anna")
    same.resume(same.offers[0])
    assert same.state.complete
    same.close()
    other = make_session(tmp_path, found=False)
    other.set_reader("Reader^Berta")
    other.resume(other.offers[0])
    assert not other.state.complete
    other.close()


def test_work_that_was_given_up_is_deleted(make_session, tmp_path) -> None:
    session = make_session(tmp_path)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    session.close(keep_work=False)
    assert everything_in(tmp_path) == []
    session = make_session(tmp_path)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    session.close()
    (offer,) = make_session(tmp_path).offers
    session.forget(offer)
    assert kept(tmp_path) == []


@pytest.mark.parametrize("content", ["", "{", '{"version": 99}', "[]", '{"version": 1, "saved_at": "", "sources": 3}'])
def test_a_damaged_file_is_told_once_and_kept_aside(make_session, prior, tmp_path, content) -> None:
    session = make_session(tmp_path)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    session.close()
    (path,) = kept(tmp_path)
    path.write_text(content)
    other = ReviewSession.open([prior], folder=tmp_path)
    assert hear(other) == [], "it is none of this examination"
    other.close()
    again = make_session(tmp_path)
    heard = []
    again.observe(heard.append)
    again.tell_problems()
    assert again.offers == []
    assert [change.kind for change in heard] == [ChangeKind.PROBLEM]
    assert heard[0].problem.code == "damaged-recovery"
    assert path.with_suffix(".damaged").read_text() == content
    third = make_session(tmp_path)
    third.observe(heard.append)
    third.tell_problems()
    assert len(heard) == 1


def test_work_that_names_other_images_is_kept_aside(make_session, tmp_path) -> None:
    session = make_session(tmp_path)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    session.close()
    again = make_session(tmp_path, found=False)
    (offer,) = again.offers
    offer.document["findings"]["images"][0]["sop_instance_uid"] = "1.2.3"
    with pytest.raises(InputError, match="does not fit"):
        again.resume(offer)
    assert again.shown_findings() == []
