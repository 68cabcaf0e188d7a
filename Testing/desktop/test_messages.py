"""What the line below the views says, and for how long."""

from __future__ import annotations

from PyQt5.QtCore import Qt

from MCDetect.findings import Decision

GUIDANCE = "Click on each calcification that is missing. Escape ends it."


def test_a_click_that_misses_is_said_in_the_status_line_and_opens_no_dialog(window, hands, examination):
    hands.open(examination)
    view = hands.view("R CC")  # without a calcification
    said = window.statusBar().currentMessage
    hands.press(Qt.Key_C)
    assert said() == GUIDANCE
    air = view.to_widget((2, 2))
    for _ in range(2):
        hands.click(view, air)
        assert said().startswith("Nothing brighter than its surroundings"), "and what to do, the tool being still on"
    view.setFocus()
    hands.press(Qt.Key_X)
    assert said().startswith("Click on each mark"), "the next tool says what it is for"
    hands.click(view, air)
    assert said() == "There is no mark at this place. Click on a mark."
    hands.press(Qt.Key_Escape)
    assert said() == ""
    assert window.heard == []
    assert window.dialogs.told == []


def test_a_hit_after_a_miss_says_again_what_the_tool_is_for(window, hands, examination):
    hands.open(examination)
    hands.detect()
    hands.press(Qt.Key_N)
    image, cluster = window.session.state.find(window.session.selected)
    view = window.views.view_of(image.sop_instance_uid)
    member = image.members(cluster)[0]
    place = view.to_widget((member.row, member.column))
    hands.press(Qt.Key_X)
    hands.click(view, place)
    hands.press(Qt.Key_C)
    for expected in (GUIDANCE, "This calcification is marked already. Click on another one."):
        hands.click(view, place)
        assert window.statusBar().currentMessage() == expected
    hands.press(Qt.Key_Z, Qt.ControlModifier)
    hands.click(view, place)
    assert window.statusBar().currentMessage() == GUIDANCE


def test_what_was_undone_is_said_until_the_next_action_only(window, hands, examination):
    hands.open(examination)
    hands.detect()
    said = window.statusBar().currentMessage
    hands.press(Qt.Key_N)
    hands.press(Qt.Key_A)
    hands.press(Qt.Key_Z, Qt.ControlModifier)
    assert said() == "Undone: accept"
    hands.press(Qt.Key_Y, Qt.ControlModifier)
    assert said() == "Done again: accept"
    hands.press(Qt.Key_R)
    assert window.session.state.find(window.session.selected)[1].decision is Decision.REJECTED
    assert said() == ""
    for shortcut in (Qt.Key_2, Qt.Key_N):  # another layout, another finding
        hands.press(Qt.Key_Z, Qt.ControlModifier)
        assert said() == "Undone: reject"
        hands.press(shortcut)
        assert said() == ""
        hands.press(Qt.Key_Y, Qt.ControlModifier)
