"""Work is kept on disk at once and offered again after a crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.kept_work import hear, kept

from MCDetect.files import write_text_atomically
from MCDetect.findings import Decision
from MCDetect.review import recovery
from MCDetect.review.session import ChangeKind

CRASH = """
import os, sys
from pathlib import Path
from MCDetect.review.session import ReviewSession
session = ReviewSession.open([sys.argv[1]], reader="Reader^Anna", folder=Path(sys.argv[2]))
uid = session.draw_cluster(session.examination.keys[0], [(40, 80), (40, 150), (110, 150), (110, 80)])
session.reject(uid, "a fold of the skin")
session._keeping.flush()
os._exit(9)
"""


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
    assert session._keeping.flush()
    assert len(kept(tmp_path)) == 1
    session.undo()
    assert session.shown_findings() == []
    session.close()


def test_nothing_of_the_patient_is_in_the_names_of_files(make_session, tmp_path) -> None:
    session = make_session(tmp_path)
    session.accept(session.shown_findings()[0][1].tracking_uid)
    session.close()
    (path,) = kept(tmp_path)
    assert session.examination.studies[0] not in path.name
    assert set(path.stem.split("-")[0]) <= set("0123456789abcdef")


def test_two_windows_on_one_examination_keep_their_work_apart(make_session, tmp_path) -> None:
    first, second = make_session(tmp_path), make_session(tmp_path)
    assert second.offers == []
    uid = first.shown_findings()[0][1].tracking_uid
    first.accept(uid)
    second.reject(uid)
    assert first._keeping.flush()
    assert second._keeping.flush()
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
    lock = first._keeping.path.with_suffix(".lock")
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
        session._keeping.flush()
    session.tell_problems()
    problems = [change.problem for change in heard if change.kind is ChangeKind.PROBLEM]
    assert [problem.code for problem in problems] == ["cannot-keep"]
    assert "No space left" in problems[0].message
    assert session.state.find(uid)[1].decision is Decision.ACCEPTED
    monkeypatch.setattr(recovery, "write_text_atomically", write_text_atomically)
    session.reject(uid)
    assert session._keeping.flush()
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
