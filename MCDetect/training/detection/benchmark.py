"""The whole benchmark: sets, looking, figures; :func:`run` returns one JSON document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from MCDetect.bundles.store import DEFAULT_BUNDLE, Bundle, find_bundle
from MCDetect.errors import InputError, UsageError
from MCDetect.evaluation.hits import Candidate
from MCDetect.inference.settings import DetectorSettings
from MCDetect.simulation.realism import compare_realism
from MCDetect.training.calibration import calibration_views
from MCDetect.training.detection import frozen_set, injected_set
from MCDetect.training.detection.comparing import about_frozen
from MCDetect.training.detection.figures import (
    ABOVE_NOISE,
    CRITERIA,
    by_group,
    calibration_figures,
    difference,
    froc_figures,
    injected_figures,
    match_views,
    operating_points,
)
from MCDetect.training.detection.looking import LookedAt, look_at_all, were_looked_at
from MCDetect.training.detection.mark_figures import (
    calcification_figures,
    cluster_bound,
    found_at_own_thresholds,
    marks_per_view,
)
from MCDetect.training.detection.pictures import draw_side_by_side
from MCDetect.training.detection.sorting import highest_false_clusters, missed_clusters, sorting_figures
from MCDetect.training.detection.systems import (
    BUNDLE,
    LAPLACIAN,
    NAMES,
    ONE_STAGE,
    PATCHES,
    CalibratedBaselines,
    calibrate_baselines,
    candidates_of,
)
from MCDetect.training.detection.truths import TrueCluster, ViewTruth, read_view_truth
from MCDetect.training.recipe import load_recipe
from MCDetect.version import __version__

Report = Callable[[str, float], None]

GROUP_RATES = (0.25, 0.5, 1.0)
"""False positives a view at which groups of clusters are compared."""

_BASELINE_VIEWS = (20, 16)  # without and with clusters, of the calibration seeds
_REALISM_VIEWS = 8
_LEAST_EXAMINATIONS = 3


@dataclass(frozen=True)
class BenchmarkSettings:
    """What to score, and where to keep it.

    Attributes
    ----------
    bundle
        Name or folder.
    work
        Where views, and what was found in them, are kept.
    real
        A folder of real mammograms, or None.
    examinations
        Of the frozen set, from the first.
    only_done
        Only those of them that an earlier run has finished: the state of a run that was stopped.
    processes
        Number of processes.
    """

    bundle: str | Path = DEFAULT_BUNDLE
    work: Path = Path("benchmark-work")
    real: Path | None = None
    examinations: int = frozen_set.EXAMINATIONS
    only_done: bool = False
    processes: int = 2


@dataclass(frozen=True)
class _Look:
    """Looks at views with one bundle."""

    bundle: Bundle
    settings: BenchmarkSettings
    report: Report

    def at(self, text: str, paths: Sequence[Path], patches: bool = True) -> tuple[list[ViewTruth], list[LookedAt]]:
        looked = look_at_all(
            self.bundle,
            paths,
            self.settings.work,
            patches=patches,
            processes=self.settings.processes,
            report=lambda done: self.report(text, done),
        )
        return [read_view_truth(path) for path in paths], looked


def run(settings: BenchmarkSettings, report: Report | None = None) -> dict[str, Any]:
    """Return all figures of a bundle.

    Raises
    ------
    UsageError
        ``wrong-benchmark`` for a number of examinations that the frozen set does not have.
    InputError
        ``no-mammograms`` when the folder of real mammograms is not there or empty.
    ModelError
        When the bundle is missing or damaged.
    """
    if not _LEAST_EXAMINATIONS <= settings.examinations <= frozen_set.EXAMINATIONS:
        raise UsageError(
            "wrong-benchmark", f"The frozen set has {frozen_set.EXAMINATIONS} examinations; 3 are the least."
        )
    mammograms = mammograms_in(settings.real)
    tell = report or (lambda text, done: None)
    bundle = find_bundle(settings.bundle)
    look = _Look(bundle, settings, tell)
    frozen = frozen_set.prepare(
        settings.work / "frozen",
        _seeds(settings, bundle),
        settings.processes,
        lambda done, total: tell("simulating the frozen set", done / total),
    )
    truths, looked = look.at("looking at the frozen set", frozen)
    baselines = _calibrated(look)
    found = {
        name: [
            candidates_of(name, view, truth, bundle.settings, baselines)
            for view, truth in zip(looked, truths, strict=True)
        ]
        for name in NAMES
    }
    tell("figures", 0.0)
    hashes = frozen_set.frozen_hashes()
    clusters = _cluster_figures(truths, found, bundle)
    thresholds = {name: clusters[name]["groups"]["thresholds"] for name in NAMES}
    results: dict[str, Any] = {
        "seeds": [truth.seed for truth in truths],
        "bundle": {"name": bundle.name, "sha256": bundle.sha256},
        "software_version": __version__,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "frozen set": _about(truths, hashes),
        "clusters": clusters,
        "ideal observer, three calcifications of a cluster": cluster_bound(truths, looked),
        "calcifications": calcification_figures(truths, looked),
        "calibration": calibration_figures(truths, found[BUNDLE]),
        "sorting": sorting_figures(truths, looked, bundle.operating_points[bundle.settings["default_operating_point"]]),
        "missed clusters above noise": missed_clusters(truths, looked, thresholds[BUNDLE]["1"]),
        "highest false clusters": highest_false_clusters(truths, looked),
        "simulated views without clusters": marks_per_view(
            [view for view, truth in zip(looked, truths, strict=True) if truth.is_normal],
            bundle.operating_points,
            _least_single(bundle),
        ),
        "injected set": None,
        "real views": None,
    }
    if mammograms:
        results.update(_on_real(look, mammograms, baselines, thresholds))
        draw_side_by_side(mammograms, frozen, settings.work / "realism" / "side_by_side.png")
    tell("realism", 0.0)
    results["realism"] = compare_realism(mammograms, _REALISM_VIEWS, settings.work / "realism")
    return results


def _seeds(settings: BenchmarkSettings, bundle: Bundle) -> list[int]:
    folder = settings.work / "frozen"
    each = [
        [seed for seed in frozen_set.view_seeds() if frozen_set.examination_of(seed) == number]
        for number in range(settings.examinations)
    ]
    if settings.only_done:
        each = [s for s in each if were_looked_at(bundle, [folder / f"{seed}.npy" for seed in s], settings.work)]
        if len(each) < _LEAST_EXAMINATIONS:
            raise UsageError("nothing-done", f"Only {len(each)} examinations are done.", "Let the benchmark run on.")
    return [seed for seeds in each for seed in seeds]


def mammograms_in(folder: Path | None) -> list[Path]:
    """Return the DICOM files of a folder by name, none without one; ``no-mammograms`` where it holds none."""
    if folder is None:
        return []
    found = sorted(folder.glob("*.dcm")) if folder.is_dir() else []
    if not found:
        raise InputError("no-mammograms", f"{folder} holds no *.dcm file.", "Leave out --real to score without them.")
    return found


def _calibrated(look: _Look) -> CalibratedBaselines:
    calibration = load_recipe().calibration
    folder, processes = look.settings.work / "calibration", look.settings.processes
    paths = calibration_views(calibration, folder, processes, _BASELINE_VIEWS)
    truths, looked = look.at("calibrating the baselines", paths, patches=False)
    return calibrate_baselines(looked, truths, look.bundle.settings, calibration.false_calcifications_per_view)


def _about(truths: Sequence[ViewTruth], hashes: Mapping[str, str]) -> dict[str, Any]:
    return {
        **about_frozen(len({truth.examination for truth in truths}), truths),
        "calcifications": sum(len(truth.calcifications) for truth in truths),
        "views as they were frozen": sum(hashes.get(str(truth.seed)) == truth.sha256 for truth in truths),
    }


def _least_single(bundle: Bundle) -> float:
    return DetectorSettings.of(bundle).single_threshold


def _above_noise(cluster: TrueCluster) -> bool:
    return cluster.signal_to_noise >= ABOVE_NOISE


def _cluster_figures(
    truths: Sequence[ViewTruth], found: Mapping[str, Sequence[Sequence[Candidate]]], bundle: Bundle
) -> dict[str, Any]:
    centre = next(iter(CRITERIA))
    figures: dict[str, Any] = {}
    matched = {
        name: {criterion: match_views(truths, found[name], rule) for criterion, rule in CRITERIA.items()}
        for name in NAMES
    }
    for name in NAMES:
        figures[name] = {
            criterion: {"all": froc_figures(views), "above noise": froc_figures(views, _above_noise)}
            for criterion, views in matched[name].items()
        }
        figures[name]["groups"] = by_group(matched[name][centre], GROUP_RATES)
    figures["operating points"] = {
        criterion: operating_points(views, bundle.operating_points) for criterion, views in matched[BUNDLE].items()
    }
    figures["differences"] = {
        f"{BUNDLE} less {other}": {
            f"{rate:g}": {
                "all": difference(matched[BUNDLE][centre], matched[other][centre], rate),
                "above noise": difference(matched[BUNDLE][centre], matched[other][centre], rate, _above_noise),
            }
            for rate in (0.5, 1.0)
        }
        for other in (ONE_STAGE, PATCHES, LAPLACIAN)
    }
    return figures


def _on_real(
    look: _Look,
    mammograms: Sequence[Path],
    baselines: CalibratedBaselines,
    thresholds: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    plain, injected = injected_set.prepare(look.settings.work / "injected", mammograms)
    if look.settings.only_done:
        injected = [path for path in injected if were_looked_at(look.bundle, [path], look.settings.work)]
        if not injected:
            raise UsageError("nothing-done", "No view of the injected set is done.", "Let the benchmark run on.")
    truths, looked = look.at("looking at the injected set", injected)
    bundle = look.bundle
    document: dict[str, Any] = {
        "mammograms": len(plain),
        "views": len(injected),
        "calcifications": found_at_own_thresholds(truths, looked, _least_single(bundle)),
    }
    for name in NAMES:
        found = [
            candidates_of(name, view, truth, bundle.settings, baselines)
            for view, truth in zip(looked, truths, strict=True)
        ]
        chosen = {**{f"{k} false positives a simulated view": v for k, v in thresholds[name].items()}}
        if name == BUNDLE:
            chosen |= bundle.operating_points
        document[name] = {
            criterion: injected_figures(match_views(truths, found, rule), chosen)
            for criterion, rule in CRITERIA.items()
        }
    _, plain_looked = look.at("looking at the real views", plain)
    real = {
        path.stem: marks_per_view([view], bundle.operating_points, _least_single(bundle))
        for path, view in zip(mammograms, plain_looked, strict=True)
    }
    together = marks_per_view(plain_looked, bundle.operating_points, _least_single(bundle))
    return {"injected set": document, "real views": {"each": real, "all": together}}
