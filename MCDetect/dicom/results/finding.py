"""Finding the results that can be read back among the files and folders that a user gives."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from MCDetect.dicom.inputs import files_below, is_folder
from MCDetect.dicom.opening import open_dataset, readable_header
from MCDetect.dicom.results.reading import TELLING_THE_RESULT, kind_of_result
from MCDetect.dicom.results.report_content import is_ours
from MCDetect.errors import InputError


def find_results(paths: Iterable[str | Path]) -> list[str | Path]:
    """Return the files to read: those given, whatever they hold, and of folders the results that they hold.

    A folder may hold what tells no findings, as that of a detection does (presentation states, pictures, maps of
    probabilities), or a whole study from a PACS: that is passed over, and so are segmentations and measurement reports
    of other makers. A DICOM file that cannot be opened is returned, so that its refusal is told.

    Raises
    ------
    InputError
        ``not-a-result`` for a folder without any; those of :func:`MCDetect.dicom.inputs.files_below`.
    """
    found: list[str | Path] = []
    for given in paths:
        if not is_folder(Path(given)):
            found.append(given)
            continue
        held = [file for file in files_below(Path(given)) if _is_result(file)]
        if not held:
            raise InputError(
                "not-a-result",
                f"The folder {given} holds neither segmentations nor reports of findings.",
                "Give SEG, Mammography CAD SR or measurement SR files, or a folder with them.",
            )
        found.extend(held)
    return found


def _is_result(file: Path) -> bool:
    try:
        header, _ = readable_header(open_dataset(file, pixels=False), TELLING_THE_RESULT)
    except InputError as error:
        return error.code != "not-dicom"
    kind = kind_of_result(header)
    return kind == "cad-sr" or (kind is not None and is_ours(header))
