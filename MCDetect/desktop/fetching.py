"""Fetching an examination from a PACS into a folder of its own, then opening it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.errors import InputError
from MCDetect.review.panel.sending import choose_node

if TYPE_CHECKING:
    from MCDetect.desktop.window import MainWindow


def fetch_examination(window: MainWindow) -> None:
    """Ask for PACS, accession number and folder, fetch beside the window, and open what came."""
    node = choose_node(window)
    if node is None:
        return
    number = window.ask_text(window.translate("Fetch from PACS"), window.translate("Accession number:"))
    if not number or not number.strip():
        return
    folder = window.ask_folder(window.translate("Folder for the images"))
    if not folder:
        return
    window.status(window.translate("Fetching…"))
    window.background(
        partial(_fetch, node, number.strip(), Path(folder)),
        lambda report: window.panel.detection.attempt(lambda: _fetched(window, report)),
        window.panel.detection.tell,
    )


def _fetch(node: Any, number: str, folder: Path) -> Any:
    from MCDetect.dicom.pacs.client import fetch
    from MCDetect.dicom.pacs.reports import StudyQuery

    return fetch(node, StudyQuery(accession=number), folder)


def _fetched(window: MainWindow, report: Any) -> None:
    for failure in report.failed[:1]:
        window.tell(failure.error.message, failure.error.hint)
    files = [*report.written, *report.known]
    if not files:
        raise InputError("nothing-fetched", "The PACS sent no image.", "Look at the accession number.")
    window.open_paths(files)
