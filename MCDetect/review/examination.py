"""The views of an examination: headers at once, pixels when they are asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset

from MCDetect.dicom.description import readable_day
from MCDetect.dicom.identifiers import picture_uid, stable_uid
from MCDetect.dicom.inputs import find_inputs
from MCDetect.dicom.mammogram import Mammogram, Spacing
from MCDetect.dicom.orientation import decide_orientation
from MCDetect.dicom.reading import read_header, read_mammogram
from MCDetect.errors import InputError, MCDetectError
from MCDetect.findings import ImageFindings, Refusal

NOT_SEARCHED = "No algorithm has searched this image."
"""Stands among the warnings of an image that only a reader has marked."""


@dataclass(eq=False)
class View:
    """One image of an examination.

    Attributes
    ----------
    key
        SOP Instance UID; for a picture a UID of its path. Findings name the view by it.
    path
        The file.
    header
        DICOM attributes without pixels; None for a picture.
    laterality, view, modifiers
        As in :class:`MCDetect.dicom.orientation.Orientation`.
    shape
        (rows, columns).
    spacing
        Millimetres at the breast.
    study, date
        Study Instance UID, and date and time of the study as DICOM text for sorting only (``""`` when unknown).
    warnings
        Sentences that a reader of the image must know.
    read
        What reads the pixels: :func:`MCDetect.dicom.reading.read_mammogram` or one that does the same.
    """

    key: str
    path: Path
    header: Dataset | None
    laterality: str
    view: str
    modifiers: tuple[str, ...]
    shape: tuple[int, int]
    spacing: Spacing
    study: str
    date: str
    warnings: tuple[str, ...] = ()
    given_spacing_mm: float | None = None
    read: Callable[[Path, float | None], Mammogram] = field(default=read_mammogram, repr=False)
    _mammogram: Mammogram | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _releases: int = field(default=0, repr=False)

    @property
    def label(self) -> str:
        """``"R CC"``; what is unknown is left out, and ``"view"`` when nothing is known."""
        return " ".join(part for part in (self.laterality, self.view) if part) or "view"

    @property
    def is_loaded(self) -> bool:
        """Whether the pixels are in memory."""
        return self._mammogram is not None

    def mammogram(self) -> Mammogram:
        """Return the mammogram with its pixels, read on the first call; may be called from any thread.

        Raises
        ------
        InputError
            As :func:`MCDetect.dicom.reading.read_mammogram`; the file may have changed since its header was read.
        """
        with self._lock:
            mammogram, releases = self._mammogram, self._releases
            if mammogram is None:
                mammogram = self.read(self.path, self.given_spacing_mm)
                if mammogram.shape != self.shape:
                    raise InputError("changed-file", f"{self.path} has changed since it was opened.", "Open it again.")
                self._mammogram = mammogram if releases == self._releases else None
            return mammogram

    def release(self) -> None:
        """Free the memory of the pixels; they are read again when asked for. Waits for nobody who is reading them."""
        self._releases += 1
        self._mammogram = None

    def empty_findings(self) -> ImageFindings:
        """Return findings of this view without any: what a reader's own marks are put into."""
        series, sop_class = (
            ("", "")
            if self.header is None
            else (str(self.header.get(k, "")) for k in ("SeriesInstanceUID", "SOPClassUID"))
        )
        return ImageFindings(
            sop_instance_uid=self.key,
            sop_class_uid=sop_class,
            series_instance_uid=series,
            study_instance_uid=self.study,
            laterality=self.laterality,
            view=self.view,
            rows=self.shape[0],
            columns=self.shape[1],
            spacing_mm=self.spacing.millimetres,
            spacing_source=self.spacing.source,
            score=0.0,
            breast_area_mm2=0.0,
            warnings=(*self.warnings, NOT_SEARCHED),
        )


@dataclass(frozen=True)
class Examination:
    """The views that were opened, latest study first; what could not be opened, and why.

    ``studies`` are Study Instance UIDs, latest first: the first is the current one, the others are priors.
    """

    views: tuple[View, ...]
    refused: tuple[Refusal, ...] = ()
    studies: tuple[str, ...] = ()

    def view(self, key: str) -> View:
        """Return the view with this key.

        Raises
        ------
        KeyError
            If there is none.
        """
        return next(view for view in self.views if view.key == key) if key in self.keys else _no_view(key)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all views."""
        return tuple(view.key for view in self.views)

    @property
    def current(self) -> tuple[View, ...]:
        """The views of the latest study."""
        return self.of_study(self.studies[0]) if self.studies else ()

    def label_of(self, view: View) -> str:
        """Return side and view, and the day of a prior: two views of one name would be taken for each other."""
        return view.label if view in self.current else " ".join((view.label, readable_day(view.date))).strip()

    @property
    def priors(self) -> tuple[tuple[View, ...], ...]:
        """The views of each earlier study, latest first."""
        return tuple(self.of_study(study) for study in self.studies[1:])

    def read_with(self, read: Callable[[Path, float | None], Mammogram]) -> None:
        """Let all views read their pixels with another function; viewers do that in a process of its own."""
        for view in self.views:
            view.read = read

    def of_study(self, study: str) -> tuple[View, ...]:
        """Return the views of a study."""
        return tuple(view for view in self.views if view.study == study)


def open_examination(
    paths: Sequence[str | Path],
    spacing_mm: float | None = None,
    progress: Callable[[int, int], object] | None = None,
    others: Collection[Path] = (),
) -> Examination:
    """Read the headers of an examination; no pixels of DICOM files are read.

    Parameters
    ----------
    paths
        Files, folders or DICOMDIRs.
    spacing_mm
        Pixel spacing of all the images; it goes before what their headers say.
    progress
        Called with (done, total).
    others
        DICOM files in these folders that are known to be no mammograms.

    Raises
    ------
    InputError
        ``no-mammograms`` and the like when nothing at all can be opened (the first refusal is raised), and
        ``several-patients`` when the files belong to more than one person.
    """
    views: dict[str, View] = {}
    refused: list[Refusal] = []
    files: dict[str, Path] = {}
    for given in paths:
        try:
            for file in find_inputs([given], others):
                files.setdefault(os.path.realpath(file), file)
        except MCDetectError as error:
            refused.append(Refusal(str(given), error.code, error.message, error.hint))
    for done, file in enumerate(files.values(), start=1):
        try:
            view = open_view(file, spacing_mm)
            if view.key in views:
                raise InputError("same-image", f"{file} is the same image as {views[view.key].path}.", "")
            views[view.key] = view
        except MCDetectError as error:
            refused.append(Refusal(str(file), error.code, error.message, error.hint))
        if progress is not None:
            progress(done, len(files))
    if not views and refused:
        raise InputError(refused[0].code, refused[0].message, refused[0].hint)
    if not views:
        raise InputError("no-mammograms", "No mammogram was given.", "Open files or a folder with mammograms.")
    _require_one_patient(list(views.values()))
    latest: dict[str, str] = {}
    for view in views.values():
        latest[view.study] = max(latest.get(view.study, ""), view.date)
    studies = tuple(sorted(latest, key=lambda study: latest[study], reverse=True))
    ordered = sorted(views.values(), key=lambda view: studies.index(view.study))
    return Examination(tuple(ordered), tuple(refused), studies)


def open_view(path: Path, spacing_mm: float | None = None) -> View:
    """Read the header of one file (of a picture, its pixels too).

    Raises
    ------
    InputError
        As :func:`MCDetect.dicom.reading.read_mammogram`, but for what only the pixels tell.
    """
    understood = read_header(path, spacing_mm)
    if understood is None:
        mammogram = read_mammogram(path, spacing_mm)
        key = picture_uid("sop_instance_uid", mammogram.pixels)  # by which results name it
        study = stable_uid("picture study", str(Path(os.path.realpath(path)).parent))
        return View(
            key, path, None, "", "", (), mammogram.shape, mammogram.spacing, study, "", mammogram.warnings, spacing_mm,
            _mammogram=mammogram,
        )  # fmt: skip
    header = understood.header
    orientation = decide_orientation(header)
    return View(
        key=str(header.get("SOPInstanceUID") or stable_uid("file", os.path.realpath(path))),
        path=path,
        header=header,
        laterality=orientation.laterality,
        view=orientation.view,
        modifiers=orientation.modifiers,
        shape=understood.shape,
        spacing=understood.spacing,
        study=str(header.get("StudyInstanceUID") or ""),
        date=f"{header.get('StudyDate') or header.get('ContentDate') or ''}{header.get('StudyTime') or ''}",
        warnings=understood.warnings,
        given_spacing_mm=spacing_mm,
    )


def _require_one_patient(views: Sequence[View]) -> None:
    known = {str(view.header.get("PatientID") or "").strip() for view in views if view.header is not None} - {""}
    if len(known) > 1:
        raise InputError(
            "several-patients",
            f"These files belong to {len(known)} different patients.",
            "Open the examination of one patient at a time.",
        )


def _no_view(key: str) -> View:
    raise KeyError(key)
