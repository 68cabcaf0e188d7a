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
    return box.clickedButton() == yes and install(missing)


def _box(missing: dependencies.Missing) -> Any:
    box = qt.QMessageBox(slicer.util.mainWindow())
    box.setIcon(qt.QMessageBox.Question)
    box.setWindowTitle(_("MCDetect: installation"))
    box.setText(dependencies.explanation(missing))
    # Behind the button "Show Details…": how it is done without internet.
    box.setDetailedText(dependencies.without_internet(missing))
    return box
