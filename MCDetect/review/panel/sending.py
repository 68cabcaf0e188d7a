"""Sending exported objects to a PACS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.errors import MCDetectError, OutputError, UsageError
from MCDetect.review.panel.host import Host

if TYPE_CHECKING:
    from MCDetect.dicom.pacs.reports import Progress


def configured_nodes() -> Mapping[str, Any]:
    """Return the PACSs of the configuration by name.

    Raises
    ------
    UsageError
        ``no-nodes`` where none is configured.
    """
    from MCDetect.dicom.pacs.configuration import configuration_path, read_configuration

    nodes = read_configuration().nodes
    if not nodes:
        raise UsageError("no-nodes", "No PACS is configured.", f"Describe one in {configuration_path()}.")
    return nodes


def choose_node(host: Host) -> Any:
    """Return the PACS to send to, asked of the user where several are configured; None when none was chosen.

    Raises
    ------
    UsageError
        As :func:`configured_nodes`.
    """
    nodes = configured_nodes()
    names = list(nodes)
    answer = 0 if len(names) == 1 else host.ask(host.translate("Send to which PACS?"), names)
    return nodes[names[answer]] if answer >= 0 else None


def send(files: Sequence[Path], node: Any, report: Callable[[float], object]) -> Any:
    """Send; blocks, so call it in a thread. ``report`` takes the fraction that is done."""
    from MCDetect.dicom.pacs.client import send as send_files
    from MCDetect.dicom.pacs.reports import SENDING

    def tell(progress: Progress) -> None:
        if progress.total and progress.stage == SENDING:  # reading the files before takes hardly any time
            report(progress.done / progress.total)

    return send_files(list(files), node, tell=tell)


def send_report(report: Any, translate: Callable[[str], str] = str) -> tuple[str, MCDetectError | None]:
    """Return what was sent, as a sentence in the user's language, and the first failure."""
    text = translate("Objects that the PACS has taken: {count}.").format(count=len(report.sent))
    if report.known:
        text += " " + translate("Sent before: {count}.").format(count=len(report.known))
    text = " ".join((text, *report.notes))
    if not report.failed:
        return text, None
    first = report.failed[0].error
    problem = OutputError(first.code, f"{len(report.failed)} objects were not sent: {first.message}", first.hint)
    return text, problem
