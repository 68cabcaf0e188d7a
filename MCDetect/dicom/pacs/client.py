"""Sending to a PACS and fetching from it, whichever protocol it speaks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from MCDetect.dicom.pacs.back_off import BackOff, PassingError
from MCDetect.dicom.pacs.nodes import Node
from MCDetect.dicom.pacs.protocols import Talk, talk_to
from MCDetect.dicom.pacs.reports import FetchReport, Progress, SendReport, StudyQuery, Tell
from MCDetect.errors import InputError, OutputError

if TYPE_CHECKING:
    from MCDetect.dicom.pacs.receiving import Receiver
    from MCDetect.dicom.pacs.study_search import FoundStudy, StudySearch

AnyPath: TypeAlias = "str | os.PathLike[str]"


def _quietly(_: Progress) -> None:
    """Tell nobody."""


def echo(node: Node) -> float:
    """Ask a node whether it answers: C-ECHO, or a query for one study by QIDO-RS.

    Returns
    -------
    float
        Seconds until it answered.

    Raises
    ------
    MCDetectError
        Why it does not.
    """
    talk = talk_to(node)
    begin = time.perf_counter()
    talk.echo()
    return time.perf_counter() - begin


def send(
    paths: AnyPath | Sequence[AnyPath],
    node: Node,
    *,
    again: bool = False,
    convert: bool = False,
    tell: Tell = _quietly,
) -> SendReport:
    """Send the DICOM objects of files and folders.

    What an earlier call for the same files or folders got acknowledged is not sent again. Failures that may pass are
    tried again with growing pauses.

    Parameters
    ----------
    paths
        Files and folders, or one of them.
    node
        Where to.
    again
        Send also what was acknowledged before.
    convert
        Send an object uncompressed where the node does not accept its transfer syntax and no value changes by it.
    tell
        Told of the progress.

    Raises
    ------
    MCDetectError
        Where nothing at all could be sent: the paths hold no objects, or the node cannot be used.
    """
    talk = talk_to(node)
    from MCDetect.dicom.pacs.sending import send_objects

    given = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    return send_objects([Path(path) for path in given], node, talk, again=again, convert=convert, tell=tell)


def find_studies(node: Node, query: StudyQuery) -> list[str]:
    """Return the Study Instance UIDs that match a query, by C-FIND or QIDO-RS.

    Raises
    ------
    MCDetectError
        Why the node does not answer.
    """
    return talk_to(node).find(query)


def search_studies(node: Node, search: StudySearch) -> list[FoundStudy]:
    """Return studies to choose from, latest first, by C-FIND or QIDO-RS; asked once, for somebody who waits.

    Raises
    ------
    MCDetectError
        Why the node does not answer.
    """
    return talk_to(node).search(search)


def fetch(
    node: Node,
    query: StudyQuery,
    output: AnyPath,
    *,
    tell: Tell = _quietly,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> FetchReport:
    """Fetch all objects of the studies that match, by C-GET, C-MOVE or WADO-RS, each study into a folder of its own.

    Parameters
    ----------
    node
        Where from.
    query
        Which studies.
    output
        The folder; made if need be. Files there with another content are kept.
    tell
        Told of the progress.
    is_cancelled
        Asked between objects, from any thread, whether nothing more is wanted.

    Raises
    ------
    InputError
        ``no-such-study``.
    StoppedError
        Once ``is_cancelled`` says so.
    MCDetectError
        Where nothing at all could be fetched.
    """
    talk = talk_to(node)
    from MCDetect.dicom.pacs.receiving import Receiver

    back_off = BackOff(node.attempts, lambda sentence: tell(Progress(0, 0, sentence)))
    tell(Progress(0, 0, "searching"))
    while True:
        try:
            studies = talk.find(query)
            break
        except PassingError as error:
            back_off.failed(error)
    back_off.succeeded()
    if not studies:
        raise InputError("no-such-study", f"The node {node.name!r} has no such study.", "Check what was asked for.")
    receiver = Receiver(Path(output), studies, tell, is_cancelled)
    first: InputError | OutputError | None = None
    for study in studies:
        receiver.require_wanted()
        try:
            _fetch_study(talk, study, receiver, back_off)
        except PassingError as error:
            if not receiver.taken:
                raise
            receiver.refuse(error)
        except (InputError, OutputError) as error:
            receiver.refuse(error)
            first = first or error
        else:
            back_off.succeeded()
        if any(failure.error.code == "cannot-write" for failure in receiver.failed):
            break  # a full disk would end all others in the same way
    if first is not None and not receiver.taken:
        raise first
    return FetchReport(tuple(receiver.written), tuple(receiver.known), tuple(receiver.failed))


def _fetch_study(talk: Talk, study: str, receiver: Receiver, back_off: BackOff) -> None:
    before, refusals = len(receiver.taken), receiver.refusals
    while True:
        receiver.require_wanted()
        try:
            listed = talk.list_objects(study)
            receiver.expected = max(receiver.expected, len(receiver.taken) + len(listed))
            talk.retrieve(study, listed, receiver, back_off)
            break
        except PassingError as error:
            back_off.failed(error)
    if not listed and len(receiver.taken) == before and receiver.refusals == refusals:
        receiver.refuse(
            OutputError(
                "not-received",
                "A study was found of which the PACS lists and sends no objects.",
                "Ask its administrator whether the study is empty, or lies in another archive.",
            )
        )
    missing = len({item.sop_instance for item in listed} - receiver.taken)
    if missing:
        receiver.refuse(
            OutputError(
                "not-received",
                f"{missing} of {len(listed)} objects of a study were not received or not kept.",
                "Fetch again; if they are missing again, ask the administrator of the PACS.",
            )
        )
