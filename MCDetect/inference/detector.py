"""The detector: a loaded bundle that turns one mammogram into findings.

This is the place where a mammogram becomes findings; read :meth:`Detector.analyse` from top to bottom.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from MCDetect.bundles.store import DEFAULT_BUNDLE, Bundle, find_bundle
from MCDetect.errors import InputError, UsageError
from MCDetect.findings import Algorithm, Calcification, ImageFindings
from MCDetect.inference.arguments import checked_image, checked_spacing
from MCDetect.inference.clusters import Members
from MCDetect.inference.device import choose_device
from MCDetect.inference.faint import marks_of
from MCDetect.inference.grouping import Grouping
from MCDetect.inference.making import ScoredCluster, findings_of_view, identity_of, make_cluster, nipple_of
from MCDetect.inference.morphology.model import MorphologyModel
from MCDetect.inference.morphology.viewing import TypedView, type_view, untyped
from MCDetect.inference.progress import StageReport, silent
from MCDetect.inference.settings import DetectorSettings
from MCDetect.inference.view_logits import NetworkRunner
from MCDetect.preprocessing.breast_mask import breast_area_mm2, breast_mask
from MCDetect.preprocessing.prepared import PreparedView, prepare_view
from MCDetect.preprocessing.resampling import resize
from MCDetect.preprocessing.whole_breast import shows_whole_breast
from MCDetect.version import __version__

if TYPE_CHECKING:
    from MCDetect.dicom.mammogram import Mammogram

FloatImage = npt.NDArray[np.float32]
BoolImage = npt.NDArray[np.bool_]


class Detector:
    """Both networks of a bundle on one device, with the bundle's calibration.

    Use :meth:`load`. A detector may be used for any number of images; it keeps nothing between them.
    """

    def __init__(self, bundle: Bundle, device: str = "auto", backend: str = "torch", precision: str = "fp32") -> None:
        self.bundle = bundle
        self._settings = DetectorSettings.of(bundle)
        self.operating_points: dict[str, float] = dict(bundle.operating_points)
        self.default_operating_point = self._settings.default_operating_point
        self._morphology = MorphologyModel.load(bundle.folder)
        self._networks = NetworkRunner(bundle, choose_device(device), backend, precision)

    @classmethod
    def load(
        cls,
        bundle: str | Path = DEFAULT_BUNDLE,
        device: str = "auto",
        backend: str = "torch",
        precision: str = "fp32",
    ) -> Detector:
        """Load a bundle.

        Parameters
        ----------
        bundle
            Name of a shipped bundle, or the path of one.
        device
            ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        backend
            ``"torch"``, ``"onnxruntime"``, ``"openvino"``, or ``"auto"``: the fastest that is installed, measured once.
        precision
            ``"fp32"``, or ``"bf16"`` where the device has it: faster, scores differ a little.

        Raises
        ------
        ModelError
            If the bundle is missing or damaged.
        DeviceError
            If the device, the back end or the precision is not there.
        """
        return cls(find_bundle(bundle), device, backend, precision)

    def algorithm(self, operating_point: str | float | None = None) -> Algorithm:
        """Return what to write into results as their origin."""
        name, threshold = self.resolve_operating_point(operating_point)
        return Algorithm(
            name="MCDetect",
            version=__version__,
            bundle=self.bundle.name,
            bundle_sha256=self.bundle.sha256,
            operating_point=name,
            threshold=threshold,
            device=self._networks.device_name,
            calcification_threshold=self._settings.least_single_score,
        )

    def resolve_operating_point(self, operating_point: str | float | None = None) -> tuple[str, float]:
        """Return (name, threshold on the cluster score); a number is the threshold itself and named ``"custom"``.

        Raises
        ------
        UsageError
            ``unknown-operating-point``, or ``threshold-out-of-range`` for a number outside 0 to 1.
        """
        point = self.default_operating_point if operating_point is None else operating_point
        if isinstance(point, str):
            if point not in self.operating_points:
                names = ", ".join(self.operating_points)
                raise UsageError(
                    "unknown-operating-point", f"There is no operating point {point!r}.", f"Use one of {names}."
                )
            return point, self.operating_points[point]
        if not 0 <= point <= 1:
            raise UsageError("threshold-out-of-range", f"The threshold {point} is not between 0 and 1.")
        return "custom", float(point)

    def probability_map(self, pixels: npt.NDArray[Any], spacing_mm: float | tuple[float, float]) -> FloatImage:
        """Return the probability of each pixel to belong to a calcification.

        Parameters
        ----------
        pixels
            (rows, columns) of any real type, bright is attenuating; a whole view or a small region of interest.
        spacing_mm
            Pixel spacing in mm: one number, or (between rows, between columns).

        Returns
        -------
        float32 array
            Same shape as ``pixels``, 0 to 1.

        Raises
        ------
        UsageError
            ``not-an-image`` unless ``pixels`` is a non-empty, finite 2D array and the spacing positive.
        """
        image, spacing = checked_image(pixels), checked_spacing(spacing_mm)
        everywhere = np.ones(image.shape, dtype=np.bool_)
        return self._probability(self._prepare(image, everywhere, everywhere, spacing), image.shape)

    def probability_of(self, mammogram: Mammogram) -> FloatImage:
        """Return the map that the findings of a view are made of: as :meth:`probability_map`, 0 outside the breast."""
        spacing = mammogram.spacing.millimetres
        mask = breast_mask(mammogram.pixels, spacing, mammogram.valid)
        prepared = self._prepare(mammogram.pixels, mammogram.valid, mask, spacing)
        return np.where(mask, self._probability(prepared, mammogram.shape), np.float32(0))

    def _probability(self, prepared: PreparedView, shape: tuple[int, ...]) -> FloatImage:
        logits = resize(self._networks.calcification_logits(prepared.normalised, prepared.mask), (shape[0], shape[1]))
        scaled = self._settings.calibration["slope"] * logits + self._settings.calibration["intercept"]
        probability: FloatImage = (1 / (1 + np.exp(-scaled))).astype(np.float32)
        return probability

    def analyse(
        self,
        mammogram: Mammogram,
        operating_point: str | float | None = None,
        report: StageReport = silent,
    ) -> ImageFindings:
        """Return the findings of one view.

        Parameters
        ----------
        mammogram
            From ``MCDetect.dicom.reading.read_mammogram``.
        operating_point
            Name of an operating point, or a threshold on the cluster score from 0 to 1; None is the bundle's default.
        report
            Called with (stage, fraction of this view).

        Raises
        ------
        InputError
            ``no-breast`` when there is no tissue in the picture.
        UsageError
            If the operating point is unknown or out of range.
        DeviceError
            ``out-of-memory`` when even small strips do not fit on the CPU.
        """
        threshold = self.resolve_operating_point(operating_point)[1]
        mask = breast_mask(mammogram.pixels, mammogram.spacing.millimetres, mammogram.valid)
        if not mask.any():
            raise InputError(
                "no-breast",
                f"No breast was recognised in {mammogram.source}.",
                "Look at the picture: an image without tissue is not searched and is no negative result.",
            )
        typed, candidates = self.examine(mammogram, mask, report)
        area = breast_area_mm2(mask, mammogram.spacing.millimetres)
        # Numbers run on over what is shown first, also where a viewer asks for everything and hides the rest.
        usual = self.operating_points[self.default_operating_point]
        kept = sorted(
            (c for c in candidates if c.score >= threshold), key=lambda c: (c.score < usual, c.is_benign, -c.score)
        )
        uids = identity_of(mammogram)
        nipple = nipple_of(mammogram, mask)
        is_whole = shows_whole_breast(mammogram.header, mask, mammogram.valid)
        clusters = tuple(
            make_cluster(
                number,
                candidate,
                mammogram,
                typed,
                outline_margin_mm=self._settings.outline_margin_mm,
                # Of a part of a breast nobody knows how much of the whole a cluster takes.
                breast_area_mm2=area if is_whole else math.inf,
                nipple=nipple,
                identity=(uids["sop_instance_uid"], self.bundle.sha256),
            )
            for number, candidate in enumerate(kept, start=1)
        )
        marks = typed.reported(clusters, frozenset(number for one in kept for number in one.left_out))
        report("done", 1.0)
        return findings_of_view(mammogram, uids, clusters, marks, breast_area_mm2=area, nipple=nipple)

    def candidates(
        self, mammogram: Mammogram, mask: BoolImage, report: StageReport = silent
    ) -> tuple[tuple[Calcification, ...], list[ScoredCluster]]:
        """Return the calcifications that are reported by themselves and all clusters with their scores.

        No operating point is applied. Calcifications that are members only are in their clusters.
        """
        typed, scored = self.examine(mammogram, mask, report)
        return typed.reported(()), scored

    def examine(
        self, mammogram: Mammogram, mask: BoolImage, report: StageReport = silent
    ) -> tuple[TypedView, list[ScoredCluster]]:
        """Return all calcifications with their types, and all clusters with their scores, benign ones too."""
        prepared, logits = self.maps(mammogram, mask, report)
        return self.gather(mammogram, mask, prepared, logits, report)

    def maps(
        self, mammogram: Mammogram, mask: BoolImage, report: StageReport = silent
    ) -> tuple[PreparedView, FloatImage]:
        """Return a view as the networks see it, and the calcification logit of each of its pixels."""
        report("preparing", 0.0)
        prepared = self._prepare(mammogram.pixels, mammogram.valid, mask, mammogram.spacing.millimetres)
        logits = self._networks.calcification_logits(
            prepared.normalised, prepared.mask, lambda done: report("finding calcifications", 0.2 + 0.55 * done)
        )
        return prepared, logits

    def marks(self, mammogram: Mammogram, mask: BoolImage, logits: FloatImage) -> tuple[Calcification, ...]:
        """Return the calcifications as the network marks them, from the :meth:`maps` of a view."""
        spacing = mammogram.spacing.millimetres
        return marks_of(resize(logits, mammogram.shape), spacing, mask, self._settings)[0]

    def gather(
        self,
        mammogram: Mammogram,
        mask: BoolImage,
        prepared: PreparedView,
        logits: FloatImage,
        report: StageReport = silent,
    ) -> tuple[TypedView, list[ScoredCluster]]:
        """Return what :meth:`examine` does from the :meth:`maps` of a view."""
        spacing = mammogram.spacing.millimetres
        marks, faint = marks_of(resize(logits, mammogram.shape), spacing, mask, self._settings)
        grouping, model = Grouping.of(self._settings, spacing), self._morphology
        typed = (
            untyped(marks, faint, grouping=grouping)
            if model is None
            else type_view(mammogram.pixels, mask, spacing, marks, faint, model=model, grouping=grouping)
        )
        if self._settings.single_threshold > self._settings.threshold:
            typed = typed.with_least_single_score(self._settings.least_single_score)
        members = tuple(member for one in typed.groups for member in one.members)
        judged = self._judged(members, prepared.normalised, mammogram.shape, report)
        return typed, [ScoredCluster.of(one, judged, self._settings) for one in typed.groups]

    def _judged(
        self, members: Members, normalised: FloatImage, shape: tuple[int, int], report: StageReport
    ) -> dict[int, float]:
        """Return the logit of the patch round each calcification, by id."""
        if not members:
            return {}
        scale = np.array(normalised.shape) / np.array(shape)
        centres = np.array([(member.row + 0.5, member.column + 0.5) for member in members]) * scale
        logits = self._networks.patch_logits(
            normalised, centres.astype(np.intp), lambda done: report("judging patches", 0.8 + 0.15 * done)
        )
        return dict(zip((member.id for member in members), logits.tolist(), strict=True))

    def _prepare(
        self, pixels: FloatImage, valid: BoolImage, mask: BoolImage, spacing_mm: tuple[float, float]
    ) -> PreparedView:
        target, threads = self._settings.spacing_mm, self._networks.threads
        return prepare_view(pixels, valid, mask, spacing_mm, target, threads=threads)
