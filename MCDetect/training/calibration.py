"""Thresholds and probabilities of a bundle, from simulated views that its networks were not trained on.

1. The calcification threshold is the logit at which views without clusters carry a chosen number of false marks.
2. The probability of a calcification is Platt's logistic function of its logit (Platt 1999).
3. Faint calcifications, which count only in clusters, go a fixed number of logits below the threshold.
   Strewn ones, which make a cluster where they lie farther from one another, begin a fixed number of logits above it.
   Where faint ones complete a cluster two must be clear: reach a higher threshold, found as in 1 at a lower rate.
   To be reported by itself a calcification must reach a still higher one, found in the same way: no neighbours speak
   for it, and each false one has to be looked at.
   Members of a cluster that are weak beside its strongest are left out of what is reported.
4. The score of a cluster is a logistic regression of the features of :mod:`MCDetect.inference.cluster_score`, with
   weights that are not negative: more evidence never lowers a score.
5. Operating points are scores at which views without clusters carry chosen numbers of false clusters.

Probabilities hold for the calibration views, many of which have clusters; in a screening population they are too high.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from MCDetect.errors import ModelError
from MCDetect.evaluation.hits import Candidate, centre_inside
from MCDetect.inference.calcifications import peak_logit
from MCDetect.inference.clusters import describe_cluster
from MCDetect.preprocessing.breast_mask import breast_mask
from MCDetect.training.backgrounds import CALIBRATION_SEEDS
from MCDetect.training.calibration_fits import (
    LOWEST_LOGIT,
    ClusteredView,
    MarkedView,
    fit_cluster_score,
    mark_threshold,
    operating_points,
    platt_calibration,
)
from MCDetect.training.default_bundle import (
    add_to_training_record,
    provisional_settings,
    read_settings,
    write_settings,
)
from MCDetect.training.examining import examine
from MCDetect.training.recipe import CalibrationRecipe
from MCDetect.training.simulated_views import ViewWithTruth, prepare_views

if TYPE_CHECKING:
    from MCDetect.inference.detector import Detector

Report = Callable[[str, float], None]

FIRST_VIEWS = (80, 60)
"""Without and with clusters: enough to tell marks and groups, which the model of types is fitted on. The score of
clusters and the operating points are fitted on all, once groups are sorted."""

_View = TypeVar("_View")
_Fitted = TypeVar("_Fitted")

_VALIDATION_VIEWS = 100  # the first calibration seeds are left to the trainer's validation batches
_FIRST_LESION_VIEW = 5000  # of the calibration seeds: whatever the number of views without clusters


def calibrate(
    bundle: Path,
    recipe: CalibrationRecipe,
    views: Path,
    processes: int = 2,
    report: Report | None = None,
    *,
    most: tuple[int, int] | None = None,
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
    most
        As for :func:`calibration_views`.

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
    paths = calibration_views(recipe, views, processes, most)
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
    settings["calcification_threshold"] = LOWEST_LOGIT
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
    every = recipe.normal_views, recipe.lesion_views
    normal, lesion = map(min, every, most or every)
    without, with_some = CALIBRATION_SEEDS[_VALIDATION_VIEWS:][:normal], CALIBRATION_SEEDS[_FIRST_LESION_VIEW:][:lesion]
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

    That is the cluster score and the operating points, and the thresholds of faint, strewn, clear and single marks.

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
    for name in ("clear", "single"):  # all marks are wanted, as none is chosen yet
        settings.pop(f"{name}_calcification_threshold", None)
    write_settings(bundle, settings)
    marked = examine(bundle, views, mark, processes, lambda done: tell("marks", 0.5 * done), kind=kind)
    for name, rate in (
        ("clear", recipe.false_clear_calcifications_per_view),
        ("single", recipe.false_single_calcifications_per_view),
    ):
        settings[f"{name}_calcification_threshold"] = max(round(mark_threshold(marked, rate), 3), threshold)
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


def recalibrate(
    bundle: Path, recipe: CalibrationRecipe, views: Path, processes: int = 2, report: Report | None = None
) -> dict[str, Any]:
    """Do :func:`calibrate_clusters` with all views, and note the recipe in the bundle's record; parameters as there.

    ``views`` is the work folder of :func:`calibration_views`.
    """
    paths = calibration_views(recipe, views, processes)
    settings = calibrate_clusters(bundle, recipe, paths, processes, report)
    add_to_training_record(bundle, calibration=asdict(recipe))
    return settings


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


def _breast(view: ViewWithTruth) -> npt.NDArray[np.bool_]:
    return breast_mask(view.mammogram.pixels, view.mammogram.spacing.millimetres, view.mammogram.valid)
