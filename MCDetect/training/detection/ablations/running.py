"""Train, calibrate and score every arm alike; :func:`run` returns one JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from MCDetect.bundles.store import Bundle
from MCDetect.evaluation.hits import Candidate
from MCDetect.inference.detector import Detector
from MCDetect.training.calibration import calibration_views
from MCDetect.training.detection import injected_set, mark_figures
from MCDetect.training.detection.ablations.arms import ARMS, REFERENCE, Arm
from MCDetect.training.detection.ablations.real_background import real_background
from MCDetect.training.detection.ablations.training import Effort, TrainingViews, about, bundle_of
from MCDetect.training.detection.benchmark import mammograms_in
from MCDetect.training.detection.comparing import (
    CENTRE,
    PARTS,
    Report,
    about_frozen,
    prepare_views,
    require_possible,
    sensitivities,
    telling_of,
)
from MCDetect.training.detection.figures import CRITERIA, difference, match_views
from MCDetect.training.detection.looking import LookedAt, look_at_all
from MCDetect.training.detection.patch_areas import AREAS, EQUAL_AREAS, judge_of
from MCDetect.training.detection.truths import ViewTruth, read_view_truth
from MCDetect.training.real_patches import RealPatches
from MCDetect.training.recipe import load_recipe
from MCDetect.version import __version__

CLUSTER_RATES = (0.25, 0.5, 1.0)
"""False positives a view at which clusters are compared."""

MARK_RATES = (2.0, 5.0)
"""False marks a view at which single calcifications are compared; networks that have learnt little seldom carry 10 down
to the lowest logit of :data:`MCDetect.training.detection.looking.THRESHOLD_STEPS`."""

CALIBRATION_VIEWS = (20, 16)
"""Views without and with clusters on which every arm is calibrated."""


@dataclass(frozen=True)
class AblationSettings:
    """What to train and to score.

    Attributes
    ----------
    work
        Where views, checkpoints, bundles and what was found are kept; ``frozen/`` and ``calibration/`` in it are those
        of :mod:`MCDetect.training.detection`.
    backgrounds
        Where the backgrounds of the training are kept; None is ``backgrounds/`` in ``work``.
    real
        A folder of real mammograms whose marks are counted, or None.
    patches
        A folder of real patches (:mod:`MCDetect.training.patch_scores`), or None.
    arms
        Names of those to compare; the reference is always there.
    real_background
        A real mammogram that looks free of calcifications, for the arm that is trained on it too; None leaves it out.
    steps
        Of each training.
    examinations
        Of the frozen set, from the first.
    processes
        That simulate and detect.
    workers
        Processes that make examples.
    """

    work: Path
    backgrounds: Path | None = None
    real: Path | None = None
    patches: Path | None = None
    arms: Sequence[str] = tuple(arm.name for arm in ARMS)
    real_background: Path | None = None
    steps: int = 1000
    examinations: int = 26
    processes: int = 2
    workers: int = 1


def run(settings: AblationSettings, report: Report | None = None) -> dict[str, Any]:
    """Return the figures of all arms.

    Raises
    ------
    UsageError
        ``wrong-ablation`` for a number of examinations that the frozen set does not have, or less than one step.
    InputError
        ``no-mammograms`` when the folder of real mammograms is not there or empty; ``no-patches`` when that of the real
        patches lacks one of the classes.
    ModelError
        ``cannot-calibrate`` after trainings too short to find anything; ``foreign-checkpoint``.
    """
    require_possible(settings, "wrong-ablation")
    tell = report or (lambda text, done: None)
    mammograms = mammograms_in(settings.real)
    patches = None if settings.patches is None else RealPatches.read(settings.patches)
    recipe = load_recipe()
    parts, frozen = prepare_views(settings, recipe, tell)
    calibration = settings.work / "calibration"
    views = TrainingViews(
        *parts,
        calibration_views(recipe.calibration, calibration, settings.processes, CALIBRATION_VIEWS),
        settings.real_background and real_background(settings.real_background, settings.work / "ablations"),
    )
    truths = [read_view_truth(path) for path in frozen]
    effort = Effort(settings.steps, settings.workers, settings.processes)
    folder = settings.work / "ablations"
    real = injected_set.prepare(settings.work / "injected", mammograms)[0] if mammograms else []
    looked: dict[str, list[LookedAt]] = {}
    training: dict[str, Any] = {}
    marks: dict[str, Any] = {}
    areas: dict[str, Any] = {}
    equal_areas: dict[str, Any] = {}
    for arm in arms_of(settings):
        tell_of = telling_of(arm.name, tell)
        bundle = bundle_of(arm, recipe, views, folder, effort, report=tell_of)
        training[arm.name] = about(bundle)
        seen = look_at_all(
            bundle,
            [*frozen, *real],
            folder,
            patches=False,
            laplacian=False,
            processes=settings.processes,
            report=partial(tell_of, "looking at the test views"),
            kind=arm.detector,
        )
        if patches is not None:
            judge = judge_of((arm.detector or Detector).load(bundle.folder, "cpu"))
            areas[arm.name], equal_areas[arm.name] = patches.areas(judge)
        looked[arm.name] = seen[: len(frozen)]
        normal = [view for view, truth in zip(seen, truths, strict=False) if truth.is_normal]
        marks[arm.name] = {"simulated, without clusters": marks_on(normal, bundle)} | {
            path.stem: marks_on([view], bundle) for path, view in zip(mammograms, seen[len(frozen) :], strict=True)
        }
    tell("figures", 0.0)
    return {
        "software_version": __version__,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "steps": settings.steps,
        "batch": recipe.calcifications.batch,
        "steps of the recipe": recipe.calcifications.trainer.steps,
        "false marks a view at the threshold": recipe.calibration.false_calcifications_per_view,
        "false clusters a view at the usual operating point": recipe.calibration.false_clusters_per_view["balanced"],
        "calibration views": CALIBRATION_VIEWS,
        "frozen set": about_frozen(settings.examinations, truths),
        "training": training,
        "marks": marks,
        "real background": settings.real_background and settings.real_background.stem,
        "real patches": patches and patches.numbers,
        AREAS: areas,
        EQUAL_AREAS: equal_areas,
        **figures(truths, looked),
    }


def arms_of(settings: AblationSettings) -> list[Arm]:
    """Return the arms to compare, the reference first; one that wants a real mammogram only where there is one."""
    return [
        arm
        for arm in ARMS
        if arm is REFERENCE or (arm.name in settings.arms and (settings.real_background or not arm.real))
    ]


def figures(truths: Sequence[ViewTruth], looked: Mapping[str, Sequence[LookedAt]]) -> dict[str, Any]:
    """Return ``arms`` and, less :data:`REFERENCE`, ``differences``, of what the detectors of the arms found."""
    matched = {
        name: match_views(
            truths, [[Candidate(c.outline, c.score) for c in view.clusters] for view in found], CRITERIA[CENTRE]
        )
        for name, found in looked.items()
    }
    arms = {
        name: {
            **{part: sensitivities(matched[name], selected, CLUSTER_RATES) for part, selected in PARTS.items()},
            "single calcifications": {f"{r:g}": mark_figures.sensitivity_at(truths, found, r) for r in MARK_RATES},
        }
        for name, found in looked.items()
    }
    reference, others = REFERENCE.name, [name for name in looked if name != REFERENCE.name]
    differences = {
        name: {
            **{
                part: arms[name][part]
                and {f"{r:g}": difference(matched[name], matched[reference], r, selected) for r in CLUSTER_RATES}
                for part, selected in PARTS.items()
            },
            "single calcifications": {
                f"{r:g}": mark_figures.difference(truths, looked[name], looked[reference], r) for r in MARK_RATES
            },
        }
        for name in others
    }
    return {"arms": arms, "differences": differences}


def marks_on(looked: Sequence[LookedAt], bundle: Bundle) -> dict[str, float]:
    """Return the mean numbers of marks, and of clusters at the usual operating point, a view."""
    name = bundle.settings["default_operating_point"]
    counted = mark_figures.marks_per_view(looked, {name: bundle.operating_points[name]})
    return {"marks": counted["marks a view"]["mean"], "clusters": counted[f"clusters a view, {name}"]["mean"]}
