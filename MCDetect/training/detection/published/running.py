"""Train and score every published network alike; :func:`run` returns one JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from MCDetect.bundles.store import DEFAULT_BUNDLE, find_bundle
from MCDetect.evaluation.hits import Candidate
from MCDetect.inference.detector import Detector
from MCDetect.training.default_bundle import read_training_record
from MCDetect.training.detection.comparing import (
    CENTRE,
    PARTS,
    Report,
    about_frozen,
    prepare_views,
    require_possible,
    telling_of,
)
from MCDetect.training.detection.figures import CRITERIA, difference, froc_figures, match_views
from MCDetect.training.detection.looking import look_at_all
from MCDetect.training.detection.patch_areas import AREAS, EQUAL_AREAS, judge_of
from MCDetect.training.detection.published.networks import NETWORKS
from MCDetect.training.detection.published.scanning import scan_all
from MCDetect.training.detection.published.training import Effort, load_trained, read_record, trained
from MCDetect.training.detection.truths import ViewTruth, read_view_truth
from MCDetect.training.patch_scores import CLASSICAL, patch_logit
from MCDetect.training.real_patches import RealPatches
from MCDetect.training.recipe import load_recipe
from MCDetect.version import __version__

RATES = (0.25, 0.5, 1.0, 2.0)
"""False positives a view at which clusters are compared."""

COUNTED = {
    "by image": "sensitivity at false positives a view",
    "by examination": "sensitivity by examination at false positives a view",
}
"""How clusters are counted, each in each view or any of an examination, and the name of that in the figures."""

OURS = "MCDetect"


@dataclass(frozen=True)
class PublishedSettings:
    """What to train and to score.

    Attributes
    ----------
    work
        Where views, weights and what was found are kept; ``frozen/`` in it is that of
        :mod:`MCDetect.training.detection`.
    backgrounds
        Where the backgrounds of the training are kept; None is ``backgrounds/`` in ``work``.
    patches
        A folder of real patches (:mod:`MCDetect.training.patch_scores`), or None.
    networks
        Names of those to train.
    steps
        Of each training.
    examinations
        Of the frozen set, from the first.
    precision
        Number format inside the networks, in training and scoring.
    processes
        That simulate and scan.
    workers
        Processes that make examples.
    """

    work: Path
    backgrounds: Path | None = None
    patches: Path | None = None
    networks: Sequence[str] = tuple(network.name for network in NETWORKS)
    steps: int = 400
    examinations: int = 18
    precision: str = "float32"
    processes: int = 2
    workers: int = 1


def run(settings: PublishedSettings, report: Report | None = None) -> dict[str, Any]:
    """Return the figures of the default bundle and of all networks.

    Raises
    ------
    UsageError
        ``wrong-benchmark`` for a number of examinations that the frozen set does not have, or less than one step.
    InputError
        ``no-patches`` when the folder of real patches lacks one of the classes.
    ModelError
        ``foreign-checkpoint``; ``damaged-weights``.
    """
    require_possible(settings, "wrong-benchmark")
    tell = report or (lambda text, done: None)
    real = None if settings.patches is None else RealPatches.read(settings.patches)
    recipe, bundle = load_recipe(), find_bundle(DEFAULT_BUNDLE)
    views, frozen = prepare_views(settings, recipe, tell)
    truths = [read_view_truth(path) for path in frozen]
    looked = look_at_all(
        bundle,
        frozen,
        settings.work,
        patches=False,
        laplacian=False,
        processes=settings.processes,
        report=partial(tell, "MCDetect: looking at the test views"),
    )
    found = {OURS: [tuple(Candidate(c.outline, c.score) for c in view.clusters) for view in looked]}
    areas: dict[str, Any] = {}
    equal_areas: dict[str, Any] = {}
    if real is not None:
        for name, judge in {OURS: judge_of(Detector(bundle, "cpu")), **CLASSICAL}.items():
            areas[name], equal_areas[name] = real.areas(judge)
    training: dict[str, Any] = {}
    effort = Effort(settings.steps, settings.precision, settings.workers)
    for network in (one for one in NETWORKS if one.name in settings.networks):
        tell_of = telling_of(network.name, tell)
        folder = trained(network, recipe, views, settings.work / "published", effort, report=tell_of)
        training[network.name] = {"paper": network.paper, **read_record(folder)}
        found[network.name] = scan_all(
            bundle,
            network.name,
            folder,
            frozen,
            side=network.side,
            precision=settings.precision,
            processes=settings.processes,
            report=partial(tell_of, "looking at the test views"),
        )
        if real is not None:
            judge = partial(patch_logit, load_trained(network.name, folder), side=network.side)
            areas[network.name], equal_areas[network.name] = real.areas(judge)
    tell("figures", 0.0)
    return {
        "software_version": __version__,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "bundle": {
            "name": bundle.name,
            "sha256": bundle.sha256,
            "crops": read_training_record(bundle.folder)["calcification_network"]["examples"],
        },
        "steps": settings.steps,
        "batch": recipe.patches.batch,
        "precision": settings.precision,
        "frozen set": about_frozen(settings.examinations, truths),
        "training": training,
        AREAS: areas,
        EQUAL_AREAS: equal_areas,
        "real patches": real and real.numbers,
        **figures(truths, found),
    }


def figures(truths: Sequence[ViewTruth], found: Mapping[str, Sequence[Sequence[Candidate]]]) -> dict[str, Any]:
    """Return ``systems`` and, of ours less each other, ``differences``, by image and the first criterion of a hit.

    ``other ways of counting`` has the sensitivities by criterion, way of counting (:data:`COUNTED`), system and part.
    """
    counted: dict[str, dict[str, dict[str, Any]]] = {
        criterion: {way: {name: {} for name in found} for way in COUNTED} for criterion in CRITERIA
    }
    matched = {}
    for criterion, rule in CRITERIA.items():
        for name, candidates in found.items():
            views = match_views(truths, candidates, rule)
            if criterion == CENTRE:
                matched[name] = views
            for part, selected in PARTS.items():
                whole = froc_figures(views, selected)
                for way, key in COUNTED.items():
                    counted[criterion][way][name][part] = whole and {
                        f"{rate:g}": whole[key][f"{rate:g}"] for rate in RATES
                    }
    systems = counted[CENTRE].pop("by image")
    differences = {
        name: {
            part: systems[name][part]
            and {f"{rate:g}": difference(matched[OURS], views, rate, selected) for rate in RATES}
            for part, selected in PARTS.items()
        }
        for name, views in matched.items()
        if name != OURS
    }
    return {"systems": systems, "differences": differences, "other ways of counting": counted}
