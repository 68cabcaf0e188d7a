"""Thresholds and probabilities of a bundle, from simulated views that its networks were not trained on.

1. The calcification threshold is the logit at which views without clusters carry a chosen number of false marks.
2. The probability of a calcification is Platt's logistic function of its logit (Platt 1999).
3. Faint calcifications, which count only in clusters, go a fixed number of logits below the threshold.
   Strewn ones, which make a cluster where they lie farther from one another, begin a fixed number of logits above it.
   To be reported by itself a calcification must reach a higher one, found as in 1 at a lower rate: no neighbours
   speak for it, and each false one has to be looked at. Two such are needed where faint ones complete a cluster.
   Members of a cluster that are weak beside its strongest are left out of what is reported.
4. The score of a cluster is a logistic regression of the features of :mod:`MCDetect.inference.cluster_score`, with
   weights that are not negative: more evidence never lowers a score.
5. Operating points are scores at which views without clusters carry chosen numbers of false clusters.

Probabilities hold for the calibration views, many of which have clusters; in a screening population they are too high.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from MCDetect.errors import ModelError
from MCDetect.evaluation.hits import Candidate, centre_inside
from MCDetect.inference.calcifications import peak_logit
from MCDetect.inference.cluster_score import FEATURES
from MCDetect.inference.clusters import describe_cluster
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.training.backgrounds import CALIBRATION_SEEDS
from MCDetect.training.default_bundle import provisional_settings, read_settings, write_settings
from MCDetect.training.examining import examine
from MCDetect.training.recipe import CalibrationRecipe
from MCDetect.training.simulated_views import ViewWithTruth, prepare_views

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

Report = Callable[[str, float], None]

_View = TypeVar("_View")
_Fitted = TypeVar("_Fitted")

_LOWEST_LOGIT = -3.0  # marks below it are never of interest
_VALIDATION_VIEWS = 100  # the first calibration seeds are left to the trainer's validation batches


@dataclass(frozen=True)
class MarkedView:
    """Marks of one view: their logits and whether each lies on a calcification."""

    logits: tuple[float, ...]
    is_right: tuple[bool, ...]
    has_clusters: bool


@dataclass(frozen=True)
class ClusteredView:
    """Clusters found in one view: their features and whether each lies on a simulated cluster."""

    features: tuple[dict[str, float], ...]
    is_right: tuple[bool, ...]
    has_clusters: bool


def calibrate(
    bundle: Path, recipe: CalibrationRecipe, views: Path, processes: int = 2, report: Report | None = None
) -> dict[str, Any]:
    """Calibrate a bundle and write its ``configs/inference.json``.

    Parameters
    ----------
    bundle
        Folder with the weights.
    recipe
        Views and rates.
    views
        Work folder for the simulated views.
    processes
        Processes that simulate and detect.
    report
        Called with a sentence and the progress, 0 to 1.

    Returns
    -------
    dict
        The settings that were written.

    Raises
    ------
    ModelError
        ``cannot-calibrate`` if the views hold only right or only wrong marks or clusters.
    """
    tell = report or (lambda text, done: None)
    paths = calibration_views(recipe, views, processes)
    calibrate_marks(bundle, recipe, paths, processes, lambda text, done: tell(text, 0.5 * done))
    return calibrate_clusters(bundle, recipe, paths, processes, lambda text, done: tell(text, 0.5 + 0.5 * done))


def calibrate_marks(
    bundle: Path,
    recipe: CalibrationRecipe,
    views: Sequence[Path],
    processes: int = 2,
    report: Report | None = None,
    *,
    kind: type[Detector] | None = None,
) -> None:
    """Fit the threshold of members of clusters and the probability of a mark; all else gets provisional settings.

    As :func:`calibrate`, with the files of :func:`calibration_views`; ``kind`` as for
    :func:`MCDetect.training.examining.examine`.
    """
    tell = report or (lambda text, done: None)
    settings = provisional_settings()
    settings["calcification_threshold"] = _LOWEST_LOGIT
    settings["clusters"]["minimum_count"] = 10**6  # the first pass is for single marks
    write_settings(bundle, settings)
    marked = examine(bundle, views, mark, processes, lambda done: tell("marks", done), kind=kind)
    settings = provisional_settings()
    settings["calcification_threshold"] = round(mark_threshold(marked, recipe.false_calcifications_per_view), 3)
    slope, intercept = _or_refuse(platt_calibration, marked)
    settings["calcification_calibration"] = {"slope": round(slope, 4), "intercept": round(intercept, 4)}
    write_settings(bundle, settings)


def calibration_views(
    recipe: CalibrationRecipe, folder: Path, processes: int = 2, most: tuple[int, int] | None = None
) -> list[Path]:
    """Return the views to calibrate on (or the first ``most`` without and with clusters), simulated where missing."""
    seeds, (normal, lesion) = CALIBRATION_SEEDS[_VALIDATION_VIEWS:], most or (recipe.normal_views, recipe.lesion_views)
    without, with_some = seeds[:normal], seeds[recipe.normal_views :][:lesion]
    paths = prepare_views(folder, without, with_clusters=False, processes=processes)
    return [*paths, *prepare_views(folder, with_some, with_clusters=True, processes=processes)]


def calibrate_clusters(
    bundle: Path,
    recipe: CalibrationRecipe,
    views: Sequence[Path],
    processes: int = 2,
    report: Report | None = None,
    *,
    kind: type[Detector] | None = None,
) -> dict[str, Any]:
    """Fit what clusters need of a bundle whose marks are calibrated, and write its settings.

    That is the cluster score and the operating points, and the thresholds of faint, strewn and single marks.

    Also for a bundle that got a model of calcification types: what is typically benign is no false cluster any more.

    Parameters
    ----------
    bundle, recipe, views, processes, report, kind
        As for :func:`calibrate_marks`.

    Raises
    ------
    ModelError
        ``cannot-calibrate`` as :func:`calibrate`.
    """
    tell = report or (lambda text, done: None)
    settings = read_settings(bundle)
    threshold = settings["calcification_threshold"]
    settings["faint_calcification_threshold"] = round(threshold - recipe.faint_margin, 3)
    settings["strewn_calcification_threshold"] = round(threshold + recipe.strewn_margin, 3)
    settings["clusters"]["strewn_linking_distance_mm"] = recipe.strewn_distance_mm
    settings["member_calcification_threshold"] = round(threshold + recipe.member_margin, 3)
    settings["clusters"]["member_reach"] = recipe.member_reach
    settings.pop("single_calcification_threshold", None)  # all marks are wanted, as none is chosen yet
    write_settings(bundle, settings)
    marked = examine(bundle, views, mark, processes, lambda done: tell("marks", 0.5 * done), kind=kind)
    single = mark_threshold(marked, recipe.false_single_calcifications_per_view)
    settings["single_calcification_threshold"] = max(round(single, 3), threshold)
    write_settings(bundle, settings)  # which faint groups there are depends on it
    clustered = examine(bundle, views, cluster, processes, lambda done: tell("clusters", 0.5 + 0.5 * done), kind=kind)
    weights, bias = _or_refuse(fit_cluster_score, clustered)
    settings["cluster_score"] = {
        "intercept": round(bias, 4),
        "weights": {name: round(weight, 4) for name, weight in weights.items()},
    }
    settings["operating_points"] = operating_points(
        clustered, settings["cluster_score"], recipe.false_clusters_per_view
    )
    write_settings(bundle, settings)
    return read_settings(bundle)


def _or_refuse(fit: Callable[[Sequence[_View]], _Fitted], views: Sequence[_View]) -> _Fitted:
    try:
        return fit(views)
    except ValueError as error:
        raise ModelError(
            "cannot-calibrate",
            f"The bundle cannot be calibrated: {error}.",
            "Train longer, or calibrate on more views.",
        ) from error


def mark(detector: Detector, view: ViewWithTruth) -> MarkedView:
    """Return the marks of a view, with their logits."""
    calcifications, _ = detector.candidates(view.mammogram, _breast(view))
    calibration = detector.bundle.settings["calcification_calibration"]
    logits = tuple(peak_logit(c.score, calibration["slope"], calibration["intercept"]) for c in calcifications)
    return MarkedView(logits, tuple(view.is_right(c) for c in calcifications), bool(view.clusters))


def cluster(detector: Detector, view: ViewWithTruth) -> ClusteredView:
    """Return the clusters found in a view with their features."""
    spacing = view.mammogram.spacing.millimetres
    _, found = detector.candidates(view.mammogram, _breast(view))
    right = []
    for scored in found:
        outline = describe_cluster(scored.members, spacing, view.mammogram.shape).outline
        candidate = Candidate(outline, scored.score)
        right.append(any(centre_inside(candidate, truth.as_truth(), spacing) for truth in view.clusters))
    return ClusteredView(tuple(scored.features for scored in found), tuple(right), bool(view.clusters))


def mark_threshold(views: Sequence[MarkedView], false_marks_per_view: float) -> float:
    """Return the lowest logit at which the views without clusters carry at most so many false marks on average."""
    normal = [view for view in views if not view.has_clusters]
    wrong = sorted(
        (logit for view in normal for logit, right in zip(view.logits, view.is_right, strict=True) if not right),
        reverse=True,
    )
    return _just_above(wrong, false_marks_per_view * len(normal), (_LOWEST_LOGIT, wrong[0] + 1.0 if wrong else 0.0))


def platt_calibration(views: Sequence[MarkedView]) -> tuple[float, float]:
    """Return slope and intercept of the logistic regression of "on a calcification" on the logit.

    Raises
    ------
    ValueError
        If all marks are right or all are wrong.
    """
    from sklearn.linear_model import LogisticRegression

    logits = np.array([logit for view in views for logit in view.logits])
    right = np.array([value for view in views for value in view.is_right], dtype=bool)
    if right.all() or not right.any():
        raise ValueError("Platt's calibration needs right and wrong marks")
    model = LogisticRegression(C=1e6).fit(logits[:, None], right)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def fit_cluster_score(views: Sequence[ClusteredView], penalty: float = 1.0) -> tuple[dict[str, float], float]:
    """Return the weights, none negative, and the intercept of the cluster score.

    Parameters
    ----------
    views
        Features of right and wrong clusters.
    penalty
        Half the sum of squared weights of standardised features is added to the loss this many times.

    Raises
    ------
    ValueError
        If all clusters are right or all are wrong.
    """
    from scipy.optimize import minimize

    features = np.array([[row[name] for name in FEATURES] for view in views for row in view.features])
    right = np.array([value for view in views for value in view.is_right], dtype=bool)
    if right.size == 0 or right.all() or not right.any():
        raise ValueError("a cluster score needs right and wrong clusters")
    mean, deviation = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    standard = (features - mean) / deviation
    sign = np.where(right, 1.0, -1.0)

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        margin = sign * (standard @ parameters[:-1] + parameters[-1])
        slope = -sign / (1 + np.exp(np.clip(margin, -50, 50)))
        gradient = np.append(standard.T @ slope + penalty * parameters[:-1], slope.sum())
        return float(np.logaddexp(0, -margin).sum() + 0.5 * penalty * (parameters[:-1] ** 2).sum()), gradient

    bounds = [(0.0, None)] * len(FEATURES) + [(None, None)]
    found = minimize(loss, np.zeros(len(FEATURES) + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    weights = found.x[:-1] / deviation
    intercept = float(found.x[-1] - (weights * mean).sum())
    return {name: float(weight) for name, weight in zip(FEATURES, weights, strict=True)}, intercept


def operating_points(
    views: Sequence[ClusteredView], score: Mapping[str, Any], rates: Mapping[str, float]
) -> dict[str, float]:
    """Return for each name the lowest score at which views without clusters carry at most that many on average."""
    from MCDetect.inference.cluster_score import cluster_score

    normal = [view for view in views if not view.has_clusters]
    scores = sorted(
        (cluster_score(row, score["weights"], score["intercept"]) for view in normal for row in view.features),
        reverse=True,
    )
    return {name: round(_just_above(scores, rate * len(normal), (0.0, 1.0)), 4) for name, rate in rates.items()}


def _just_above(descending: Sequence[float], allowed: float, limits: tuple[float, float]) -> float:
    """Return a threshold that at most ``allowed`` of the values reach: midway between the last kept and the next."""
    lowest, highest = limits
    kept = int(allowed + 1e-9)
    if kept >= len(descending):
        return lowest
    below, above = descending[kept], descending[kept - 1] if kept > 0 else highest
    return max(lowest, 0.5 * (below + above) if above > below else float(np.nextafter(below, np.inf)))


def _breast(view: ViewWithTruth) -> npt.NDArray[np.bool_]:
    return breast_mask(view.mammogram.pixels, view.mammogram.spacing.millimetres, view.mammogram.valid)
