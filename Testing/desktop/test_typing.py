"""What the reader is typing about a finding is neither overwritten nor lost, whatever happens meanwhile."""

from __future__ import annotations

import pytest
from support.review_examples import findings_of

from MCDetect.findings import Decision
from MCDetect.review.offers import offers
from MCDetect.review.recovery import wait_until_kept

OUTLINES = ([(100, 60), (100, 90), (130, 90), (130, 60)], [(200, 60), (200, 90), (230, 90), (230, 60)])


@pytest.fixture
def reading(window_of, examination):
    """Return a window with two drawn clusters, of which the first is selected, hands for it, and their UIDs."""
    window, hands = window_of(None)
    hands.open(examination)
    key = window.session.examination.keys[0]
    uids = [window.session.draw_cluster(key, outline) for outline in OUTLINES]
    window.session.select(uids[0])
    return window, hands, uids


def write(hands, field, text):
    field.setFocus()
    hands.test.keyClicks(field, text)


def of(window, uid):
    return window.session.state.find(uid)[1]


def test_a_view_that_ends_being_searched_leaves_what_is_being_typed_where_it_is(reading):
    window, hands, (first, _) = reading
    w, other_view = window.widgets, window.session.examination.views[1]
    for field, text in ((w.commentEdit, "a scar"), (w.reasonBox, "a fold")):
        write(hands, field, text[:3])
        window.session.add_view_findings(findings_of(other_view, []))
        hands.test.keyClicks(field, text[3:])
        hands.test.keyClick(field, "\r")
    assert of(window, first).comment == "a scar"
    window.panel.reject()
    assert of(window, first).reason == "a fold"
    assert w.commentEdit.text() == "a scar"
    window.panel.undo()
    window.panel.undo()
    assert w.commentEdit.text() == "", "the field shows what is so, once nothing is being typed"
    assert window.heard == []


def test_what_is_being_typed_belongs_to_its_finding_when_another_one_is_selected(reading):
    window, hands, (first, second) = reading
    window.panel.reject()
    write(hands, window.widgets.commentEdit, "a scar")
    window.session.select(second)
    write(hands, window.widgets.commentEdit, "seen before")
    window.session.select(first)
    write(hands, window.widgets.reasonBox, "a fold")
    window.session.select(second)
    assert (of(window, first).comment, of(window, first).reason) == ("a scar", "a fold")
    assert of(window, first).decision is Decision.REJECTED
    assert (of(window, second).comment, of(window, second).reason) == ("seen before", "")
    assert window.widgets.commentEdit.text() == "seen before"
    assert window.widgets.reasonBox.currentText() == ""
    assert window.heard == []


def test_a_comment_that_is_being_typed_is_kept_when_the_window_is_closed(reading, tmp_path):
    window, hands, (first, _) = reading
    window.session.mark_saved()
    write(hands, window.widgets.commentEdit, "a scar")
    asked = []
    window.dialogs.ask = lambda question, _choices: (asked.append(question), 0)[1]
    window.close()
    assert ["not exported" in question for question in asked] == [True]
    wait_until_kept()
    ((offer,), _problems) = offers(tmp_path / "unfinished")
    clusters = offer.document["findings"]["images"][0]["clusters"]
    assert {one["tracking_uid"]: one["comment"] for one in clusters}[first] == "a scar"


def test_a_comment_that_is_being_typed_is_in_what_is_exported_by_the_keyboard(reading, monkeypatch):
    window, hands, (first, _) = reading
    write(hands, window.widgets.commentEdit, "a scar")
    told = []
    monkeypatch.setattr(window.panel.reporting, "export", lambda: told.append(of(window, first).comment))
    window.panel.export()
    assert told == ["a scar"]
