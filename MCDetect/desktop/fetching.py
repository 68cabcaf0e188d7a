"""Fetching an examination from a PACS into a folder of its own, then opening it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.errors import InputError
from MCDetect.review.panel.sending import choose_node

if TYPE_CHECKING:
    from MCDetect.desktop.window import MainWindow


def fetch_examination(window: MainWindow) -> None:
    """Ask for PACS, accession number or patient, and folder; fetch beside the window, and open what came."""
    node = choose_node(window)
    if node is None:
        return
    names = [window.translate("Accession number"), window.translate("Patient ID, with all priors")]
    chosen = window.ask(window.translate("By what shall the PACS find the examination?"), names)
    if chosen < 0:
        return
    typed = window.ask_text(window.translate("Fetch from PACS"), names[chosen])
    if not typed or not typed.strip():
        return
    query = StudyQuery(accession=typed.strip()) if chosen == 0 else StudyQuery(patient=typed.strip())
    folder = window.ask_folder(window.translate("Folder for the images"))
    if not folder:
        return
    window.status(window.translate("Fetching…"))
    window.background(
        partial(_fetch, node, query, Path(folder)),
        lambda report: window.panel.detection.attempt(lambda: _fetched(window, report)),
        window.panel.detection.tell,
    )


def _fetch(node: Any, query: StudyQuery, folder: Path) -> Any:
    from MCDetect.dicom.pacs.client import fetch

    return fetch(node, query, folder)


def _fetched(window: MainWindow, report: Any) -> None:
    for failure in report.failed[:1]:
        window.tell(failure.error.message, failure.error.hint)
    files = [*report.written, *report.known]
    if not files:
        raise InputError("nothing-fetched", "The PACS sent no image.", "Look at what was typed.")
    window.open_paths(files)
