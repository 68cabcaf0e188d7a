"""Work that was not exported survives whatever the reader opens, closes or answers with Escape."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta

import pytest
import slicer
from support.four_views import write_examination
from support.waiting_for_slicer import opened, until

from MCDetect.review.recovery import default_folder, wait_until_kept

OUTLINE = [(100, 60), (100, 90), (130, 90), (130, 60)]


def drawn_in(session):
    """Draw a cluster, as a reader does, and return its tracking UID."""
    return session.draw_cluster(session.examination.keys[0], OUTLINE)


def kept():
    wait_until_kept()
    return sorted(default_folder().glob("*.json"))


def test_escape_at_the_question_whether_to_throw_work_away_keeps_it(application, module, mammogram):
    from support.slicer_application import MessageBox

    seat = opened(application, module, mammogram)
    drawn_in(seat.session)
    seat.close_examination()
    (work,) = kept()
    MessageBox.answer = "Begin anew"  # no button of the second question is called so: there, it is Escape
    opened(application, module, mammogram)
    assert [box.text().split()[0] for box in MessageBox.shown] == ["Work", "Throw"]
    assert seat.session.shown_findings() == []
    assert work.exists()
    seat.close_examination()
    slicer.app.processEvents()
    MessageBox.answer = "Continue it"
    opened(application, module, mammogram)
    assert len(seat.session.shown_findings()) == 1
    assert application.told == []


@pytest.fixture
def elsewhere():
    """Let the computer stand where the clock is five and a half hours ahead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "AHEAD-05:30")
        time.tzset()
        yield
    time.tzset()


def test_the_time_of_work_that_was_left_behind_is_that_of_this_place(application, module, mammogram, elsewhere):
    from support.slicer_application import MessageBox

    seat = opened(application, module, mammogram)
    drawn_in(seat.session)
    seat.close_examination()
    (work,) = kept()
    saved_at = json.loads(work.read_text())["saved_at"]
    assert saved_at.endswith("+00:00")
    opened(application, module, mammogram)
    here = datetime.fromisoformat(saved_at) + timedelta(hours=5, minutes=30)
    (box,) = MessageBox.shown
    assert f"from {here:%Y-%m-%d %H:%M} was" in box.text()


def test_only_the_work_that_was_asked_about_is_thrown_away(application, module, mammogram, monkeypatch):
    from SlicerMCDetectLib import dialogs

    for _ in range(2):  # each is left for later when the next is opened
        seat = opened(application, module, mammogram)
        drawn_in(seat.session)
        seat.close_examination()
    earlier, later = sorted(kept(), key=lambda path: json.loads(path.read_text())["saved_at"])
    answers = [1, 0, 2]  # begin anew, really; of the other: decide later
    monkeypatch.setattr(dialogs, "ask", lambda _question, _choices: answers.pop(0))
    opened(application, module, mammogram)
    assert answers == []
    assert earlier.exists()
    assert not later.exists()


@pytest.fixture
def three_views_and_one(application, module, tmp_path):
    """Return the seat with three views of an examination, in which a cluster was drawn, and what loads the fourth."""
    files = [slicer.dicomDatabase.add(file) for file in sorted(write_examination(tmp_path / "four").glob("*.dcm"))]
    plugin = slicer.modules.dicomPlugins["MCDetectDICOMPlugin"]()

    def load(some):
        module.exit()
        for loadable in plugin.examineForImport([some]):
            assert plugin.load(loadable)
        module.enter()

    load(files[:3])
    until(application, lambda: module.seat.session is not None)
    drawn_in(module.seat.session)
    return module.seat, lambda: load(files[3:])


def wait_until_asked(application):
    from support.slicer_application import MessageBox

    until(application, lambda: bool(MessageBox.shown))
    assert "not exported" in MessageBox.shown[0].text()


def test_one_more_mammogram_of_the_patient_takes_the_place_of_a_review_only_if_the_reader_agrees(
    application, three_views_and_one
):
    seat, load_fourth = three_views_and_one
    session = seat.session
    load_fourth()
    wait_until_asked(application)  # and the answer is Escape
    for _ in range(20):
        application.processEvents()
    assert seat.session is session
    assert len(session.shown_findings()) == 1
    from support.slicer_application import MessageBox

    MessageBox.shown.clear()
    seat.leave()
    seat.enter()  # nothing new
    application.processEvents()
    assert MessageBox.shown == []
    MessageBox.answer = "Keep it for later"
    assert seat.choose_examination(), "the views with the fourth one are not open yet"
    until(application, lambda: seat.session not in (None, session))
    assert len(seat.session.examination.views) == 4
    assert application.told == []


def test_a_review_that_gives_way_to_one_with_one_more_mammogram_is_offered_there(
    application, three_views_and_one, monkeypatch
):
    from SlicerMCDetectLib import dialogs

    seat, load_fourth = three_views_and_one
    answers = {"This review has changes that were not exported.": "Keep it for later", "Work on": "Continue it"}

    def ask(question, choices):
        return choices.index(next(answer for begin, answer in answers.items() if question.startswith(begin)))

    monkeypatch.setattr(dialogs, "ask", ask)
    load_fourth()
    until(application, lambda: seat.session is not None and len(seat.session.examination.views) == 4)
    assert len(seat.session.shown_findings()) == 1
    assert seat.session.has_unsaved_changes
    assert application.told == []


def test_a_review_that_is_thrown_away_for_one_with_one_more_mammogram_is_not_offered(application, three_views_and_one):
    from support.slicer_application import MessageBox

    seat, load_fourth = three_views_and_one
    MessageBox.answer = "Throw it away"
    load_fourth()
    until(application, lambda: seat.session is not None and len(seat.session.examination.views) == 4)
    assert seat.session.shown_findings() == []
    assert len(MessageBox.shown) == 1
    assert kept() == []
