"""Which studies of a PACS a batch takes when days are given: mammography of each day, asked for day by day.

Archives limit how many studies one answer may name; a day stays below such limits where a year does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from MCDetect.dicom.pacs.back_off import BackOff, PassingError
from MCDetect.dicom.pacs.client import search_studies
from MCDetect.dicom.pacs.nodes import Node
from MCDetect.dicom.pacs.reports import StudyQuery
from MCDetect.dicom.pacs.study_search import FoundStudy, StudySearch
from MCDetect.errors import InputError, UsageError


def studies_of_days(
    node: Node, search: StudySearch, told: Callable[[int, int], None], today: date | None = None
) -> list[StudyQuery]:
    """Return a query for each study that a search finds and that may be mammography, the earliest day first.

    Parameters
    ----------
    node
        Who is asked.
    search
        With a first day; without a last one it goes on to today.
    told
        Called with the number of days that were asked for, and of all days.
    today
        By default the day of this computer.

    Raises
    ------
    UsageError
        ``wrong-query`` where the first day is missing or still to come.
    InputError
        ``no-such-study`` where nothing is found.
    MCDetectError
        Why the node does not answer, after as many attempts as it is configured for.
    """
    last = search.until or today or date.today()
    if search.since is None or search.since > last:
        raise UsageError("wrong-query", "The days have no beginning, or one to come.", "Give --from with a day before.")
    back_off = BackOff(node.attempts, lambda _sentence: None)
    found: dict[str, None] = {}
    number = (last - search.since).days + 1
    for asked, day in enumerate(_days(search.since, number), start=1):
        studies = _found(node, replace(search, since=day, until=day, modality="MG"), back_off)
        found.update(dict.fromkeys(study.uid for study in reversed(studies) if study.may_be_mammography))
        told(asked, number)
    if not found:
        raise InputError(
            "no-such-study", f"The node {node.name!r} has no mammography of these days.", "Check what was asked for."
        )
    return [StudyQuery(study=uid) for uid in found]


def _found(node: Node, search: StudySearch, back_off: BackOff) -> list[FoundStudy]:
    while True:
        try:
            studies = search_studies(node, search)
        except PassingError as error:
            back_off.failed(error)
        else:
            back_off.succeeded()
            return studies


def _days(first: date, number: int) -> Iterator[date]:
    return (first + timedelta(days=index) for index in range(number))
