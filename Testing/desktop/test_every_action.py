"""No action holds up the window, in an examination of full size with many findings."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtCore import QPoint, Qt
from support.review_examples import ALGORITHM, STANDARD, many_findings, write_view
from support.undisturbed import undisturbed
from support.watchdog import Watchdog

from MCDetect.desktop.actions import MENUS
from MCDetect.desktop.application import spare_collections
from MCDetect.review.panel.host import Tool

pytestmark = undisturbed

ROWS, COLUMNS = 4096, 3328
_LONGEST_WORK = 0.1
_ELSEWHERE = {"close_window", "detect", "cancel", "toggle_probability"}
"""Closing has tests of its own; these need the worker, and test_frozen has them."""


@pytest.fixture
def full(window, hands, tmp_path, monkeypatch):
    """Return a window with four views of 3328 x 4096 pixels and 96 findings."""
    folder = tmp_path / "full"
    folder.mkdir()
    for number, (laterality, view) in enumerate(STANDARD):
        pixels = np.random.default_rng(number).integers(200, 4096, (ROWS, COLUMNS), dtype=np.uint16)
        pixels[:, COLUMNS // 2 :] = 0
        write_view(folder / f"{laterality}{view}.dcm", pixels, laterality, view)
    hands.open(folder)
    hands.test.qWait(300)
    window.session.set_algorithm(ALGORITHM)
    for view in window.session.examination.views:
        window.session.add_view_findings(many_findings(view))
    hands.test.qWait(300)
    monkeypatch.setattr(window.dialogs, "ask_folder", lambda _title: None)
    monkeypatch.setattr(window.dialogs, "ask", lambda *_: 0)
    monkeypatch.setattr(window.dialogs, "ask_files", lambda _title: [])
    monkeypatch.setattr(window.dialogs, "ask_file", lambda _title, name: str(tmp_path / name))
    monkeypatch.setattr(window.dialogs, "ask_text", lambda *_: "Meyer, Anna")
    return window


def test_no_command_holds_up_the_window(full, hands, monkeypatch, tmp_path):  # noqa: PLR0915 (one after the other)
    spare_collections()  # of what the tests themselves have loaded
    full.session.select_next()
    works: dict[str, float] = {}

    def measure(what, do):
        watchdog = Watchdog(monkeypatch)
        do()
        hands.test.qWait(60)
        watchdog.stop()
        works[what] = max(works.get(what, 0.0), watchdog.work)

    def measure_least(what, do):
        before = works.pop(what, float("inf"))
        measure(what, do)
        works[what] = min(before, works[what])  # another program may disturb one of them

    for command in (one for menu in MENUS.values() for one in menu):
        if command.name not in _ELSEWHERE:
            measure(command.name, full.actions_by_name[command.name].trigger)
            if command.is_switch:
                measure(command.name, full.actions_by_name[command.name].trigger)
    hands.until(lambda: not full.background_work.is_busy)
    full.help_box.close()
    full.about_box.close()
    if full.fetching is not None:
        full.fetching.dialog.close()
    for box in full.dialogs.told:
        box.close()
    full.actions_by_name["four_views"].trigger()
    hands.test.qWait(100)

    view, key = hands.view("R CC"), full.views.key_of(hands.view("R CC"))
    square = [(1000.0, 300.0), (1000.0, 900.0), (1600.0, 900.0), (1600.0, 300.0)]
    panel, session, middle = full.panel, full.session, view.rect().center()
    measure("draw a cluster", lambda: (panel.start_tool(Tool.DRAW), panel.drawn(key, square)))
    measure("select it", lambda: session.select(next(c.tracking_uid for c in session.clusters(key) if c.score == 1)))
    measure("redraw it", lambda: (panel.start_tool(Tool.OUTLINE), panel.drawn(key, square[:3])))
    measure("add a calcification", lambda: (panel.start_tool(Tool.ADD), panel.clicked(key, 1100.0, 600.0)))
    measure("remove a mark", lambda: (panel.start_tool(Tool.REMOVE), panel.clicked(key, 22.0, 22.0)))
    measure("end the tool", panel.stop_tool)
    for times in range(3):
        measure(f"undo {times}", panel.undo)
    measure("redo", panel.redo)
    widgets = full.widgets
    for name, value in (("distributionBox", 2), ("morphologyBox", 3), ("assessmentBox", 4), ("operatingPointBox", 0)):
        box = getattr(widgets, name)
        measure(name, lambda box=box, value=value: (box.setCurrentIndex(value), box.activated.emit(value)))
    measure("slider", lambda: widgets.sensitivitySlider.setValue(5))
    measure("slider back", lambda: widgets.sensitivitySlider.setValue(100))
    measure("comment", lambda: (widgets.commentEdit.setText("old"), widgets.commentEdit.editingFinished.emit()))
    measure("finished", lambda: widgets.completeCheckBox.setChecked(True))
    measure("pan", lambda: hands.drag(view, [middle, middle + QPoint(40, 10), middle + QPoint(60, 30)]))
    measure("window", lambda: hands.drag(view, [middle, middle + QPoint(40, 10)], Qt.RightButton))
    measure("magnifier", lambda: (full.views.set_magnifying(True), full.views.magnify_under_pointer(view, 900, 400)))
    probability = np.random.default_rng(0).integers(0, 255, (ROWS, COLUMNS), dtype=np.uint8)
    measure("probability map", lambda: full.set_probability_map(key, probability))
    measure("no probability map", lambda: full.set_probability_map(key, None))
    measure("one finding of another view", lambda: full.show_finding(*session.shown_findings()[-1]))
    session.mark_saved()
    for _ in range(3):
        measure("closing an examination", full._end_session)
        hands.test.qWait(500)
        measure_least("opening an examination", lambda: hands.open(tmp_path / "full"))
        measure_least("opening it again", lambda: hands.open(tmp_path / "full"))
    assert {what: round(work, 3) for what, work in works.items() if work >= _LONGEST_WORK} == {}
    assert {"picture_report", "add a calcification", "closing an examination", "opening an examination"} <= works.keys()
