"""Keys: ours while the module is open, Slicer's where Slicer has them."""

from __future__ import annotations

import pytest
from support.waiting_for_slicer import opened


@pytest.fixture
def slicers_own(application):
    """Return actions of the main window that have keys, as Slicer's have."""
    from PyQt5.QtGui import QKeySequence
    from PyQt5.QtWidgets import QAction

    actions = {key: QAction(key, application.window) for key in ("Ctrl+S", "Ctrl+Z", "Alt+Left")}
    for key, action in actions.items():
        action.setShortcut(QKeySequence(key))
    return actions


def keys_of(module):
    return {key for key, _shortcut in module.seat._keys._shortcuts}


def test_a_key_of_slicer_stays_slicers(slicers_own, module):
    assert {"Ctrl+S", "Alt+Left"}.isdisjoint(keys_of(module))
    assert {"Ctrl+D", "A", "R", "N", "Alt+Right"} < keys_of(module)


def test_undo_is_ours_while_the_module_is_open_and_slicers_again_afterwards(slicers_own, module):
    assert "Ctrl+Z" in keys_of(module)
    assert slicers_own["Ctrl+Z"].shortcut().toString() == ""
    module.exit()
    assert slicers_own["Ctrl+Z"].shortcut().toString() == "Ctrl+Z"
    module.enter()
    module.cleanup()
    assert slicers_own["Ctrl+Z"].shortcut().toString() == "Ctrl+Z"
    assert slicers_own["Ctrl+S"].shortcut().toString() == "Ctrl+S"


def test_the_help_sheet_names_the_keys_that_work(application, slicers_own, module):
    module.seat._keys.show_help()
    (sheet,) = application.informed
    assert "Detect calcifications" in sheet
    assert "<b>Ctrl+D<" in sheet
    assert "<b>Ctrl+S<" not in sheet
    assert "Magnifier" in sheet
    assert "Fetch from PACS" not in sheet


def test_keys_do_nothing_and_tell_nothing_while_no_examination_is_open(application, module):
    from SlicerMCDetectLib.keys import actions_of

    for name, action in actions_of(module.seat).items():
        if name not in {"detect", "export", "picture_report", "redraw_outline"}:
            action()
    assert application.told == []


def test_more_and_fewer_findings_move_the_slider(application, module, mammogram, tmp_path):
    from SlicerMCDetectLib.keys import actions_of
    from SlicerMCDetectLib.self_test import findings_of

    seat = opened(application, module, mammogram)
    seat.session.set_algorithm(findings_of(mammogram, (512, 400)).algorithm)
    slider = seat.panel.sensitivity.widgets.sensitivitySlider
    slider.setValue(50)
    actions_of(seat)["more_sensitive"]()
    assert slider.value() == 55
    actions_of(seat)["less_sensitive"]()
    assert slider.value() == 50
