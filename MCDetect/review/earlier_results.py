"""Results that were made before, for a review that goes on from them: finding them among what is opened, reading them.

They are ``findings.json``, segmentations and reports of MCDetect, and Mammography CAD reports of any maker.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from MCDetect.dicom.failures import reporting
from MCDetect.dicom.inputs import is_folder
from MCDetect.dicom.opening import open_dataset
from MCDetect.dicom.recognition import is_part_10, is_segmentation, read_beginning
from MCDetect.dicom.results.predecessors import Report, report_of
from MCDetect.dicom.results.reading import kind_of_result, read_results
from MCDetect.dicom.results.report_content import is_ours
from MCDetect.errors import InputError, UsageError
from MCDetect.findings import Findings
from MCDetect.findings.reading import read_findings, require_consistent


@dataclass(frozen=True)
class EarlierResults:
    """Findings of an earlier run or review.

    ``reports`` are the reports of MCDetect among them by SOP Instance UID: reports of a review that goes on from them
    replace these.
    """

    findings: Findings
    reports: Mapping[str, Report] = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """What a user wants opened: what mammograms are looked for in, results, and results beside mammograms.

    ``results`` were asked for: they were given as files, or in a folder without mammograms. ``beside`` lie in a folder
    that may hold mammograms too.
    """

    images: tuple[Path, ...]
    results: tuple[Path, ...]
    beside: tuple[Path, ...]


def sort_given(paths: Sequence[str | Path]) -> Given:
    """Tell results from everything else; of each DICOM file the header is read."""
    images: list[Path] = []
    results: list[Path] = []
    beside: list[Path] = []
    for path in map(Path, paths):
        if is_folder(path):
            beside += results_below(path)
            images.append(path)
        else:
            (results if _is_result(path) else images).append(path)
    return Given(tuple(images), tuple(results), tuple(beside))


def results_below(folder: Path) -> list[Path]:
    """Return the files of results in a folder and its sub-folders, hidden ones left out."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        wanted = (name for name in sorted(names) if not name.startswith("."))
        found += [Path(place, name) for name in wanted if not name.endswith(".json") or name == "findings.json"]
    return [path for path in found if _is_result(path)]


def read_earlier_results(files: Sequence[str | Path], sources: Iterable[str | Path] = ()) -> EarlierResults:
    """Read results; where there is a ``findings.json``, it tells everything and the others are looked at for reports.

    Results of different models cannot be shown at once: those that come last decide.

    Parameters
    ----------
    files
        Of results.
    sources
        Files of the mammograms, as far as they are at hand.

    Raises
    ------
    InputError
        ``not-findings`` and ``invalid-findings`` for a findings.json that was edited wrongly; those of
        :func:`MCDetect.dicom.results.reading.read_results`.
    UsageError
        ``no-inputs`` when there is none.
    """
    paths = [Path(file) for file in files]
    documents = [path for path in paths if path.suffix.lower() == ".json"]
    objects = [path for path in paths if path not in documents]
    if not documents:
        return EarlierResults(_read_objects(objects, list(sources)), _reports(objects))
    findings = read_findings(documents[-1])
    for image in findings.images:
        require_consistent(image)
    return EarlierResults(findings, _reports(objects or reports_in(documents[-1].parent)))


def reports_in(folder: Path) -> list[Path]:
    """Return the files of reports in an output folder of MCDetect, as their names tell."""
    return sorted((folder / "dicom").glob("*-sr_*.dcm"))


def _read_objects(objects: Sequence[Path], sources: Sequence[str | Path]) -> Findings:
    for first in range(len(objects)):
        try:
            return read_results(objects[first:], sources)
        except UsageError as error:
            if error.code != "mixed-results":
                raise
    return read_results([])


def _reports(files: Iterable[Path]) -> dict[str, Report]:
    found = [report_of(path) for path in files if not _is_segmentation(path)]
    return {report.sop_instance_uid: report for report in found if report is not None}


def _is_segmentation(path: Path) -> bool:
    """Say so without reading it as a whole, as a look for a report would."""
    try:
        return is_segmentation(read_beginning(path))
    except InputError:
        return False


def _is_result(path: Path) -> bool:
    """Say whether a file holds results; a file that cannot be opened is none, and is told of with the mammograms."""
    if path.suffix.lower() == ".json":
        return path.is_file()
    try:
        if not is_part_10(read_beginning(path)):
            return False
        with reporting("cannot-read", f"The DICOM header of {path} is damaged."):
            header = open_dataset(path, pixels=False)
            kind = kind_of_result(header)
            return kind == "cad-sr" or (kind is not None and is_ours(header))
    except InputError:
        return False
