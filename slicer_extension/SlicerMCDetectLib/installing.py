"""The one dialog about installation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from SlicerMCDetectLib import dependencies

REQUIREMENTS = Path(__file__).resolve().parents[1] / "Resources" / "requirements.txt"


def is_needed() -> bool:
    """Say whether anything is missing."""
    return bool(dependencies.look(REQUIREMENTS))


def offer(install: Callable[[dependencies.Missing], bool] = dependencies.install) -> bool:
    """Say what is missing and install it if the user wants; return whether detection can start now.

    Raises
    ------
    DeviceError
        ``not-installed``.
    """
    missing = dependencies.look(REQUIREMENTS)
    if not missing:
        return True
    box = _box(missing)
    yes = box.addButton(_("Install"), qt.QMessageBox.AcceptRole)
    box.addButton(_("Not now"), qt.QMessageBox.RejectRole)
    box.setDefaultButton(yes)
    box.exec_()
    if box.clickedButton() != yes:
        return False
    slicer.util.showStatusMessage(_("Installing; this takes some minutes…"))
    with slicer.util.WaitCursor():
        is_ready = install(missing)
    slicer.util.showStatusMessage(_("Installed.") if is_ready else "")
    return is_ready


def _box(missing: dependencies.Missing) -> Any:
    box = qt.QMessageBox(slicer.util.mainWindow())
    box.setIcon(qt.QMessageBox.Question)
    box.setWindowTitle(_("MCDetect: installation"))
    box.setText(dependencies.explanation(missing))
    # Behind the button "Show Details…": how it is done without internet.
    box.setDetailedText(dependencies.without_internet(missing))
    return box
