"""Work is kept on disk at once and offered again after a crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.review_examples import tissue, write_view

from MCDetect.errors import InputError
from MCDetect.files import write_text_atomically
from MCDetect.findings import Decision
from MCDetect.review import recovery
from MCDetect.review.session import ChangeKind, ReviewSession

CRASH = """
import os, sys
from pathlib import Path
from MCDetect.review.session import ReviewSession
session = ReviewSession.open([sys.argv[1]], reader="Reader^Anna", folder=Path(sys.argv[2]))
uid = session.draw_cluster(session.examination.keys[0], [(40, 80), (40, 150), (110, 150), (110, 80)])
session.reject(uid, "a fold of the skin")
session._keeper.flush()
os._exit(9)
"""


def kept(folder: Path) -> list[Path]:
    recovery.wait_until_kept()
    return sorted(folder.glob("*.json"))


def everything_in(folder: Path) -> list[Path]:
    recovery.wait_until_kept()
    return sorted(folder.iterdir())


def test_work_is_offered_again_after_a_crash(make_session, examination_folder, tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASH, examination_folder, tmp_path], check=False, capture_output=True, text=True
    )
    assert done.returncode == 9, done.stderr
    session = make_session(tmp_path, found=False)
    (offer,) = session.offers
    assert offer.images == {session.examination.keys[0]}
    session.resume(offer)
    (_, cluster), *_ = session.shown_findings()
    assert (cluster.decision, cluster.reason) == (Decision.REJECTED, "a fold of the skin")
    assert session.has_unsaved_changes
    assert session.offers == []
    assert session._keeper.flush()
    assert len(kept(tmp_path)) == 1
    session.undo()
    assert session.shown_findings() == []
    session.close()


@pytest.fixture
def prior(tmp_path_factory) -> Path:
    """Return the folder of an earlier study of the same breast."""
    folder = tmp_path_factory.mktemp("prior")
    write_view(folder / "CC.dcm", tissue(seed=5), "R", "CC", StudyInstanceUID="1.2.3.5", StudyDate="20100101")
    return folder


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


def test_nothing_of_the_patient_is_in_the_names_of_files(make_session, tmp_path) -> None:
    session = make_session(tmp_path)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    session.close()
    (path,) = kept(tmp_path)
    assert session.examination.studies[0] not in path.name
    assert set(path.stem.split("-")[0]) <= set("0123456789abcdef")


def test_exported_or_undone_work_is_not_offered(make_session, tmp_path) -> None:
    for end in ("mark_saved", "undo"):
        session = make_session(tmp_path)
        session.accept(session.shown_findings()[0][1].tracking_uid)
        getattr(session, end)()
        session.close()
        assert everything_in(tmp_path) == []


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


def test_two_windows_on_one_examination_keep_their_work_apart(make_session, tmp_path) -> None:
    first, second = make_session(tmp_path), make_session(tmp_path)
    assert second.offers == []
    uid = first.shown_findings()[0][1].tracking_uid
    first.accept(uid)
    second.reject(uid)
    assert first._keeper.flush()
    assert second._keeper.flush()
    assert len(kept(tmp_path)) == 2
    assert make_session(tmp_path).offers == []  # both are still open
    second.close()
    (offer,) = make_session(tmp_path).offers
    third = make_session(tmp_path)
    third.resume(offer)
    assert third.state.find(uid)[1].decision is Decision.REJECTED
    assert first.state.find(uid)[1].decision is Decision.ACCEPTED
    for session in (first, third):
        session.close(keep_work=False)


def test_an_examination_that_another_program_has_open_is_told_and_one_of_this_program_is_not(
    make_session, tmp_path
) -> None:
    first = make_session(tmp_path)
    told = hear(make_session(tmp_path))
    assert told == []
    lock = first._keeper.path.with_suffix(".lock")
    first.close()
    code = "import sys; from pathlib import Path; from MCDetect.review.locks import FileLock\n"
    code += "lock = FileLock(Path(sys.argv[1])); print(lock.acquire(), flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline().strip() == "True"
        (problem,) = hear(make_session(tmp_path))
        assert problem.code == "open-elsewhere"
    finally:
        other.communicate()
    assert hear(make_session(tmp_path)) == []


def hear(session) -> list:
    told: list = []
    session.observe(lambda change: told.append(change.problem))
    session.tell_problems()
    return told


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


def test_a_full_disk_is_told_once_and_the_review_goes_on(make_session, tmp_path, monkeypatch) -> None:
    session = make_session(tmp_path)
    heard = []
    session.observe(heard.append)

    def full(path: Path, text: str) -> None:
        def write(temporary: Path) -> None:
            raise OSError(28, "No space left on device")

        recovery_write(path, write)

    from MCDetect.files import write_atomically as recovery_write

    monkeypatch.setattr(recovery, "write_text_atomically", full)
    uid = session.shown_findings()[0][1].tracking_uid
    for act in (session.accept, session.reject, session.accept):
        act(uid)
        session._keeper.flush()
    session.tell_problems()
    problems = [change.problem for change in heard if change.kind is ChangeKind.PROBLEM]
    assert [problem.code for problem in problems] == ["cannot-keep"]
    assert "No space left" in problems[0].message
    assert session.state.find(uid)[1].decision is Decision.ACCEPTED
    monkeypatch.setattr(recovery, "write_text_atomically", write_text_atomically)
    session.reject(uid)
    assert session._keeper.flush()
    session.close()
    assert len(kept(tmp_path)) == 1


def test_a_folder_that_cannot_be_made_is_told_and_the_review_goes_on(make_session, tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    session = make_session(tmp_path / "file" / "below")
    heard = []
    session.observe(heard.append)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    assert [c.problem.code for c in heard if c.kind is ChangeKind.PROBLEM] == ["cannot-keep"]
    session.close()


def test_the_folder_can_be_chosen(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("MCDETECT_DATA", str(tmp_path))
    assert recovery.default_folder().parent == tmp_path
    monkeypatch.delenv("MCDETECT_DATA")
    assert "MCDetect" in recovery.default_folder().parts
