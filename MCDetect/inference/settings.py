"""The settings of a bundle that the detector works with (``configs/inference.json``)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from MCDetect.bundles.store import Bundle
from MCDetect.errors import ModelError
from MCDetect.inference.cluster_score import FEATURES


@dataclass(frozen=True)
class DetectorSettings:
    """Thresholds, calibration and weights of a bundle.

    Attributes
    ----------
    spacing_mm
        Pixel spacing that the networks were made for.
    threshold
        Logit from which a pixel is taken for a calcification.
    faint_threshold
        Logit from which a pixel is taken for a calcification where several lie together; at most ``threshold``.
    calibration
        ``slope`` and ``intercept`` from logit to probability.
    linking_distance_mm, minimum_count, outline_margin_mm
        How calcifications make clusters.
    score_weights, score_intercept
        Of the features of a cluster.
    default_operating_point
        Name of one of the bundle's operating points.
    """

    spacing_mm: float
    threshold: float
    faint_threshold: float
    calibration: dict[str, float]
    linking_distance_mm: float
    minimum_count: int
    outline_margin_mm: float
    score_weights: dict[str, float]
    score_intercept: float
    default_operating_point: str

    @property
    def least_single_score(self) -> float:
        """Calibrated score from which a calcification is reported by itself."""
        logit = self.calibration["slope"] * self.threshold + self.calibration["intercept"]
        return 1 / (1 + math.exp(-logit))

    @classmethod
    def of(cls, bundle: Bundle) -> DetectorSettings:
        """Read the settings of a bundle.

        Raises
        ------
        ModelError
            ``damaged-bundle`` when one is missing or makes no sense.
        """
        settings = bundle.settings
        try:
            clusters, score = settings["clusters"], settings["cluster_score"]
            read = cls(
                spacing_mm=float(settings["spacing_mm"]),
                threshold=float(settings["calcification_threshold"]),
                # Bundles of before know nothing of faint calcifications.
                faint_threshold=float(
                    settings.get("faint_calcification_threshold", settings["calcification_threshold"])
                ),
                calibration={key: float(settings["calcification_calibration"][key]) for key in ("slope", "intercept")},
                linking_distance_mm=float(clusters["linking_distance_mm"]),
                minimum_count=int(clusters["minimum_count"]),
                outline_margin_mm=float(clusters["outline_margin_mm"]),
                score_weights=dict(score["weights"]),
                score_intercept=float(score["intercept"]),
                default_operating_point=settings["default_operating_point"],
            )
            unknown = {*read.score_weights} - {*FEATURES}
            unknown = unknown or {read.default_operating_point} - {*bundle.operating_points}
            if read.faint_threshold > read.threshold:
                raise ValueError("the threshold of faint calcifications is above that of the others")
            if unknown:
                raise ValueError(f"unknown {', '.join(sorted(unknown))}")
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                "damaged-bundle",
                f"{bundle.folder / 'configs' / 'inference.json'} is incomplete or wrong: {error}.",
                "Install MCDetect again, or name another model with --bundle.",
            ) from error
        return read
