"""Opening whatever a user gives: mammograms, results of an earlier run or review, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from MCDetect.dicom.inputs import is_folder
from MCDetect.errors import InputError, MCDetectError
from MCDetect.review.earlier_results import EarlierResults, read_earlier_results, sort_given
from MCDetect.review.examination import Examination, open_examination


@dataclass(frozen=True)
class Opened:
    """What was opened.

    ``examination`` is None when only results were given: they belong to what is open already. ``is_wanted`` is whether
    results were asked for; those that merely lie beside the mammograms were not. ``problem`` is why there are results
    that could not be read.
    """

    examination: Examination | None
    results: EarlierResults | None = None
    is_wanted: bool = True
    problem: MCDetectError | None = None


def open_given(
    paths: Sequence[str | Path], spacing_mm: float | None = None, current: Examination | None = None
) -> Opened:
    """Open files and folders; headers are read, and of results everything.

    Parameters
    ----------
    paths
        Mammograms, results, and folders of either.
    spacing_mm
        Pixel spacing of all the images; it goes before what their headers say.
    current
        What is open already; results that are given alone are about it.

    Raises
    ------
    InputError
        Those of :func:`MCDetect.review.examination.open_examination`; ``only-results`` when results are given alone
        and nothing is open; those of reading results that were given alone.
    """
    given = sort_given(paths)
    if not (given.results or given.beside):
        return Opened(open_examination(paths, spacing_mm))
    examination = _mammograms(given.images, spacing_mm, given.beside)
    if examination is None:
        if current is None:
            raise InputError(
                "only-results",
                "These are results without the mammograms that they were made of.",
                "Open both together: the files or folders of the mammograms and those of the results.",
            )
        return Opened(None, read_earlier_results((*given.beside, *given.results), _files(current)))
    folders = {_folder_of(path, given.images) for path in given.beside}
    bare = {Path(refusal.source) for refusal in examination.refused if refusal.code == "no-mammograms"} & folders
    examination = replace(
        examination, refused=tuple(one for one in examination.refused if Path(one.source) not in bare)
    )
    asked = [path for path in given.beside if _folder_of(path, given.images) in bare]
    wanted = (*asked, *given.results) or given.beside
    is_wanted = bool(asked or given.results)
    try:
        return Opened(examination, read_earlier_results(wanted, _files(examination)), is_wanted)
    except MCDetectError as error:
        return Opened(examination, None, is_wanted, error if is_wanted else None)


def _mammograms(paths: Sequence[Path], spacing_mm: float | None, results: Sequence[Path]) -> Examination | None:
    if not paths:
        return None
    try:
        return open_examination(paths, spacing_mm, others=frozenset(results))
    except InputError as error:
        if error.code == "no-mammograms" and all(is_folder(path) for path in paths):
            return None
        raise


def _files(examination: Examination) -> list[Path]:
    return [view.path for view in examination.views if view.header is not None]


def _folder_of(path: Path, given: Sequence[Path]) -> Path:
    """Return the folder that a file was found below."""
    return next((folder for folder in given if folder in path.parents), path.parent)
