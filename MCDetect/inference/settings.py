"""The settings of a bundle that the detector works with (``configs/inference.json``)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from MCDetect.bundles.store import Bundle
from MCDetect.errors import ModelError
from MCDetect.findings import Calcification
from MCDetect.inference.calcifications import peak_logit
from MCDetect.inference.cluster_score import FEATURES


@dataclass(frozen=True)
class DetectorSettings:
    """Thresholds, calibration and weights of a bundle.

    Attributes
    ----------
    spacing_mm
        Pixel spacing that the networks were made for.
    threshold
        Logit from which a calcification counts as a member of a cluster.
    single_threshold
        Logit from which a calcification is reported by itself; at least ``clear_threshold``.
    clear_threshold
        Logit from which a calcification is clear enough that faint ones beside two such make a cluster; at least
        ``threshold``.
    faint_threshold
        Logit from which a calcification counts where several lie together; at most ``threshold``.
    strewn_threshold, strewn_distance_mm
        Logit from which calcifications make a cluster even where they lie farther from one another; how far at most.
    member_threshold, member_reach
        A calcification is reported as a member of a cluster from this logit on, or if it lies at most ``member_reach``
        below the last of the strongest that a cluster needs.
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
    single_threshold: float
    clear_threshold: float
    faint_threshold: float
    strewn_threshold: float
    strewn_distance_mm: float
    member_threshold: float
    member_reach: float
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
        return self._score_at(self.single_threshold)

    @property
    def clear_score(self) -> float:
        """Calibrated score from which a calcification is clear."""
        return self._score_at(self.clear_threshold)

    def _score_at(self, logit: float) -> float:
        return 1 / (1 + math.exp(-self.calibration["slope"] * logit - self.calibration["intercept"]))

    def logit_of(self, calcification: Calcification) -> float:
        """Return the highest logit of a calcification, on the scale of the thresholds."""
        return peak_logit(calcification.score, **self.calibration)

    @classmethod
    def of(cls, bundle: Bundle) -> DetectorSettings:
        """Read the settings of a bundle.

        Raises
        ------
        ModelError
            ``damaged-bundle`` when one is missing or makes no sense; ``no-detector`` for a classifier of a paper.
        """
        settings = bundle.settings
        if "classifier_network" in settings:
            raise ModelError(
                "no-detector",
                f"{bundle.folder} classifies examples, as its paper does, and cannot detect in whole mammograms.",
                "Judge it with mcdetect evaluate, or name a detector with --bundle.",
            )
        try:
            clusters, score = settings["clusters"], settings["cluster_score"]
            threshold = float(settings["calcification_threshold"])
            # Bundles of before have one threshold for all calcifications, or none of its own for clear ones.
            single = float(settings.get("single_calcification_threshold", threshold))
            read = cls(
                spacing_mm=float(settings["spacing_mm"]),
                threshold=threshold,
                single_threshold=single,
                clear_threshold=float(settings.get("clear_calcification_threshold", single)),
                faint_threshold=float(settings.get("faint_calcification_threshold", threshold)),
                strewn_threshold=float(settings.get("strewn_calcification_threshold", math.inf)),
                strewn_distance_mm=float(clusters.get("strewn_linking_distance_mm", clusters["linking_distance_mm"])),
                member_threshold=float(settings.get("member_calcification_threshold", -math.inf)),
                member_reach=float(clusters.get("member_reach", math.inf)),
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
            # Written so that what is no number is refused, too.
            if not read.faint_threshold <= read.threshold:
                raise ValueError("the threshold of faint calcifications is above that of the others")
            if not read.single_threshold >= read.threshold:
                raise ValueError("the threshold of single calcifications is below that of members of clusters")
            if not read.single_threshold >= read.clear_threshold >= read.threshold:
                raise ValueError(
                    "the threshold of clear calcifications is not between those of members and single ones"
                )
            if not (read.strewn_threshold >= read.threshold and read.strewn_distance_mm >= read.linking_distance_mm):
                raise ValueError("the threshold of strewn calcifications or their distance is below that of others")
            if not (read.member_threshold < math.inf and read.member_reach >= 0):
                raise ValueError("the threshold of members of clusters or their reach is no number")
            if unknown:
                raise ValueError(f"unknown {', '.join(sorted(unknown))}")
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                "damaged-bundle",
                f"{bundle.folder / 'configs' / 'inference.json'} is incomplete or wrong: {error}.",
                "Install MCDetect again, or name another model with --bundle.",
            ) from error
        return read
