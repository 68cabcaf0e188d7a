"""Work that was not exported survives whatever the reader opens, closes or answers with Escape."""

from __future__ import annotations

import slicer
from support.waiting_for_slicer import opened

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
