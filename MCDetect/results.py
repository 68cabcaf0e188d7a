"""What a detection leaves in its output folder.

``findings.json`` describes all images of the call, ``dicom/`` holds the DICOM objects, and one
``overlay_<laterality>_<view>.png`` shows each view. Files of an earlier run in the same folder are replaced one by one
by those of the same name, or removed where nothing is left to say; all other files there are left alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from MCDetect.dicom.writing.study_headers import StudyHeaders
from MCDetect.errors import MCDetectError, OutputError
from MCDetect.files import write_text_atomically
from MCDetect.findings import Algorithm, Correspondence, Findings, ImageFindings, Refusal, Review
from MCDetect.inference.correspondence import propose
from MCDetect.inference.device import device_names
from MCDetect.inference.known_images import KnownImages
from MCDetect.outputs import FORMATS, check_formats

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pydicom.dataset import Dataset

    from MCDetect.dicom.mammogram import Mammogram
    from MCDetect.dicom.writing.context import ReportContext

Argument = TypeVar("Argument")


class ResultWriter:
    """Writes results image by image, so that no more than one image is ever in memory.

    Parameters
    ----------
    output
        The folder; made if need be.
    algorithm
        What makes the findings; every file says so.
    formats
        Any of :data:`MCDetect.outputs.FORMATS`.
    correspondences
        Clusters that are the same in two views. When None, those that look so are proposed.
    review
        That a person has reviewed the findings.
    predecessors
        Headers of the reports that the new ones replace.

    Attributes
    ----------
    images, refused
        What was added so far.
    unwritten
        Findings of images that are not at hand: ``findings.json`` keeps them, nothing else tells of them.
    problems
        Results that could not be made of an image or a study (an object that failed its own check), as errors; the
        other results were written.
    notes
        Sentences the user should read once.

    Raises
    ------
    UsageError
        ``unknown-format``.
    """

    def __init__(
        self,
        output: Path,
        algorithm: Algorithm,
        formats: Collection[str] = FORMATS,
        *,
        correspondences: Sequence[Correspondence] | None = None,
        review: Review | None = None,
        predecessors: Sequence[Dataset] = (),
    ) -> None:
        self.output = output
        self.algorithm = algorithm
        self.formats = check_formats(formats)
        self.correspondences = None if correspondences is None else tuple(correspondences)
        self.review = review
        self.predecessors = tuple(predecessors)
        self.images: list[ImageFindings] = []
        self.refused: list[Refusal] = []
        self.unwritten: list[ImageFindings] = []
        self.problems: list[MCDetectError] = []
        self.notes: list[str] = []
        self._devices: dict[str, None] = {}
        self._written: list[Path] = []
        self._headers = StudyHeaders()
        self._labels: Counter[str] = Counter()
        self._known = KnownImages()

    def add(
        self, mammogram: Mammogram, image: ImageFindings, probability: npt.NDArray[np.float32] | None = None
    ) -> list[Path]:
        """Write what belongs to one image: its segmentation, presentation state and picture.

        Parameters
        ----------
        mammogram, image
            What was read, and what was found in it.
        probability
            Of each pixel to belong to a calcification, for the format "probability"; without it there is no map.

        Returns
        -------
        list of Path
            The files.

        Raises
        ------
        OutputError
            ``cannot-write`` when the folder cannot be written (no permission, disk full).
        """
        written: list[Path] = []
        problem = self._known.refusal_of(mammogram, image)
        if problem is not None:
            self.refuse(problem)
            return written
        if self._known.holds(image):
            self._note("An image that was given more than once is reported once.")
            return written
        try:
            if mammogram.header is None:
                self._note("Images without a DICOM header get no DICOM results, only findings.json and a picture.")
            else:
                self._headers.add(image.sop_instance_uid, mammogram.header)
                written += self._attempt(self._write_image_objects, image)
                written += self._write_probability(mammogram.header, image, probability)
            if self.formats & {"png", "sc"}:
                written += self._write_pictures(mammogram, image)
        except BaseException:
            self._headers.forget(image.sop_instance_uid)
            raise
        self.images.append(image)
        self._known.add(image)
        self._devices[self.algorithm.device] = None
        self._written += written
        return written

    def refuse(self, refusal: Refusal) -> None:
        """Take note of an input that gave no findings.

        If it is a mammogram that should have been analysed, the CAD report of its study will say that this failed.
        """
        self.refused.append(refusal)
        self._headers.refuse(refusal)

    def finish(self) -> list[Path]:
        """Write the reports of each study, then ``findings.json``; return all files of this call, in order.

        They are about all images, and ``algorithm`` names from here on every device that one was analysed on.

        Raises
        ------
        OutputError
            ``cannot-write`` when the folder cannot be written (no permission, disk full).
        """
        if self._devices:
            self.algorithm = replace(self.algorithm, device=device_names(self._devices))
        studies = self._headers.studies
        for study in studies:
            self._written += self._attempt(self._write_study_objects, study)
        if "json" in self.formats:
            path = self.output / "findings.json"
            write_text_atomically(path, self.findings.to_json() + "\n")
            self._written.append(path)
        self._note_older(studies)
        return self.files

    def _note_older(self, studies: Collection[str]) -> None:
        """Tell of results of an earlier run, in formats that this one does not write: they may say something else."""
        from MCDetect.dicom.export import objects_about

        about = [*(image.sop_instance_uid for image in self.images), *studies]
        older = [*objects_about(about, self.output / "dicom"), self.output / "findings.json"]
        names = [path.name for path in older if path not in self._written and path.exists()]
        if names:
            self._note(
                f"Of an earlier run, which may have found something else: {', '.join(names)}. "
                "Remove them, or write all formats again."
            )

    @property
    def files(self) -> list[Path]:
        """What was written so far, in order."""
        return list(self._written)

    @property
    def findings(self) -> Findings:
        """Everything added so far."""
        images = (*self.images, *self.unwritten)
        return Findings(self.algorithm, images, tuple(self.refused), self._pairs(), review=self.review)

    def _pairs(self) -> tuple[Correspondence, ...]:
        if self.correspondences is not None:
            return tuple(self.correspondences)
        return propose(self.images)

    @property
    def _context_of_image(self) -> ReportContext:
        """What holds for the objects of one image: nothing of other images, which may be still to come."""
        from MCDetect.dicom.writing.context import ReportContext

        return ReportContext(self.review)

    @property
    def _context_of_study(self) -> ReportContext:
        from MCDetect.dicom.writing.context import ReportContext

        return ReportContext(self.review, self._pairs(), self.predecessors, self._operating_points)

    @cached_property
    def _operating_points(self) -> dict[str, float]:
        from MCDetect.bundles.store import operating_points_of

        return operating_points_of(self.algorithm)

    def _write_image_objects(self, image: ImageFindings) -> list[Path]:
        wanted = self.formats & {"seg", "gsps"}
        if not wanted:
            return []
        from MCDetect.dicom.export import write_image_objects

        header = self._headers[image.sop_instance_uid]
        return write_image_objects(image, header, self.algorithm, self.output / "dicom", wanted, self._context_of_image)

    def _write_probability(
        self, header: Dataset, image: ImageFindings, probability: npt.NDArray[np.float32] | None
    ) -> list[Path]:
        if "probability" not in self.formats:
            return []
        if probability is None:
            self._note("Maps of probabilities are written by detect only: findings do not hold them.")
            return []
        from MCDetect.dicom.export import write_probability_map

        folder = self.output / "dicom"
        return self._attempt(
            lambda one: [
                write_probability_map(one, probability, header, self.algorithm, folder, self._context_of_image)
            ],
            image,
        )

    def _write_study_objects(self, study: str) -> list[Path]:
        wanted = self.formats & {"cad-sr", "measurements-sr"}
        if not wanted:
            return []
        from MCDetect.dicom.export import write_study_objects

        sources, failed = self._headers.analysed(study), self._headers.failed(study)
        images = [image for image in self.images if image.sop_instance_uid in sources]
        folder = self.output / "dicom"
        return write_study_objects(images, sources, self.algorithm, failed, folder, wanted, self._context_of_study)

    def _attempt(self, write: Callable[[Argument], list[Path]], argument: Argument) -> list[Path]:
        """Write objects; one that cannot be made is a problem of its own and does not stop the others."""
        try:
            return write(argument)
        except OutputError as error:
            if error.code == "cannot-write":
                raise
            # The image's objects and the reports of its study may fail for the same reason; it is told once.
            if str(error) not in map(str, self.problems):
                self.problems.append(error)
            return []

    def _write_pictures(self, mammogram: Mammogram, image: ImageFindings) -> list[Path]:
        import numpy as np

        from MCDetect.dicom.display import presentation_image
        from MCDetect.dicom.export import write_secondary_capture
        from MCDetect.dicom.writing.context import shown
        from MCDetect.pictures.overlay import draw_overlay, save_overlay

        # The view is text from a header: nothing in it may become part of a path.
        label = re.sub(r"[^A-Za-z0-9_]", "", mammogram.label) or "image"
        self._labels[label] += 1
        number = self._labels[label]
        path = self.output / (f"overlay_{label}.png" if number == 1 else f"overlay_{label}_{number}.png")
        overlay = draw_overlay(presentation_image(mammogram), shown(image), self.algorithm)
        written = []
        if "png" in self.formats:
            save_overlay(path, overlay)
            written.append(path)
        header = mammogram.header
        if "sc" in self.formats and header is not None:
            pixels, folder = np.asarray(overlay), self.output / "dicom"
            written += self._attempt(
                lambda one: [
                    write_secondary_capture(one, pixels, header, self.algorithm, folder, self._context_of_image)
                ],
                image,
            )
        return written

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)
