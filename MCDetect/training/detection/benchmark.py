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
from MCDetect.simulation.view import GENERATOR_VERSION
from MCDetect.training.calibration import calibration_views
from MCDetect.training.default_bundle import read_scores, simulator_of_training
from MCDetect.training.detection import frozen_set, injected_set
from MCDetect.training.detection.by_eye import by_eye_figures
from MCDetect.training.detection.cluster_figures import calibration_with_reported, cluster_figures
from MCDetect.training.detection.comparing import about_frozen
from MCDetect.training.detection.figures import CRITERIA, match_views
from MCDetect.training.detection.injected_figures import injected_figures, injected_groups
from MCDetect.training.detection.looking import LookedAt, look_at_all, were_looked_at
from MCDetect.training.detection.mark_figures import (
    calcification_figures,
    cluster_bound,
    found_at_own_thresholds,
    marks_per_view,
)
from MCDetect.training.detection.pictures import draw_side_by_side
from MCDetect.training.detection.sorting import highest_false_clusters, missed_clusters, sorting_figures
from MCDetect.training.detection.suspicious import suspicious_figures
from MCDetect.training.detection.systems import (
    BUNDLE,
    NAMES,
    CalibratedBaselines,
    calibrate_baselines,
    candidates_of,
)
from MCDetect.training.detection.truths import ViewTruth, read_view_truth
from MCDetect.training.detection.vascular import vascular_figures
from MCDetect.training.recipe import load_recipe
from MCDetect.version import __version__

Report = Callable[[str, float], None]

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
        ``no-mammograms`` when the folder of real mammograms is not there or empty; ``other-mammograms`` when the work
        folder holds views made from others.
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
    # First, since it may end with a sentence: mammograms that are not those the work folder holds.
    tell("injecting into real views", 0.0)
    prepared = injected_set.prepare(settings.work / "injected", mammograms) if mammograms else ([], [])
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
    points, usual = bundle.operating_points, bundle.settings["default_operating_point"]
    clusters = cluster_figures(truths, found, points)
    thresholds = {name: clusters[name]["groups"]["thresholds"] for name in NAMES}
    results: dict[str, Any] = {
        "seeds": [truth.seed for truth in truths],
        "bundle": {"name": bundle.name, "sha256": bundle.sha256},
        "simulator": {"version": GENERATOR_VERSION, "of the training": simulator_of_training(bundle.folder)},
        "software_version": __version__,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "frozen set": _about(truths, hashes),
        "baselines": {"calibration views": list(_BASELINE_VIEWS)},
        "clusters": clusters,
        "ideal observer, three calcifications of a cluster": cluster_bound(truths, looked),
        "calcifications": calcification_figures(truths, looked),
        "vascular calcifications": vascular_figures(truths, looked, _least_single(bundle), points[usual]),
        "calibration": calibration_with_reported(truths, found[BUNDLE], points),
        "default operating point": usual,
        "sorting": sorting_figures(truths, looked, points[usual]),
        "suspicious clusters": suspicious_figures(truths, looked, points),
        "missed clusters above noise": missed_clusters(
            truths,
            looked,
            thresholds[BUNDLE]["1"],
            _least_single(bundle),
            float(bundle.settings["calcification_threshold"]),
        ),
        "highest false clusters": highest_false_clusters(truths, looked),
        "simulated views without clusters": marks_per_view(
            [view for view, truth in zip(looked, truths, strict=True) if truth.is_normal],
            points,
            _least_single(bundle),
        ),
        "injected set": None,
        "real views": None,
        "by eye": None,
        "real patches": _scored_patches(bundle),
    }
    if mammograms:
        results.update(_on_real(look, mammograms, prepared, baselines, thresholds))
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


def _scored_patches(bundle: Bundle) -> dict[str, Any] | None:
    """Return what the scoring of these very weights found on real patches, None where it was given none."""
    scores = read_scores(bundle)
    found: dict[str, Any] | None = scores["real_patches"] if scores else None
    return found


def _least_single(bundle: Bundle) -> float:
    return DetectorSettings.of(bundle).single_threshold


def _counted(clusters: Sequence[Candidate], thresholds: Mapping[str, float]) -> dict[str, int]:
    """Return the number of clusters from each threshold up."""
    return {name: sum(one.score >= threshold for one in clusters) for name, threshold in thresholds.items()}


def _on_real(
    look: _Look,
    mammograms: Sequence[Path],
    prepared: tuple[list[Path], list[Path]],
    baselines: CalibratedBaselines,
    thresholds: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    plain, injected = prepared
    if look.settings.only_done:
        injected = [path for path in injected if were_looked_at(look.bundle, [path], look.settings.work)]
        if not injected:
            raise UsageError("nothing-done", "No view of the injected set is done.", "Let the benchmark run on.")
    truths, looked = look.at("looking at the injected set", injected)
    bundle = look.bundle
    document: dict[str, Any] = {
        "mammograms": len(plain),
        "views": len(injected),
        **injected_set.as_frozen(plain, injected),
        "calcifications": found_at_own_thresholds(truths, looked, _least_single(bundle)),
    }
    for name in NAMES:
        found = [
            candidates_of(name, view, truth, bundle.settings, baselines)
            for view, truth in zip(looked, truths, strict=True)
        ]
        chosen = {f"{k} false positives a simulated view": v for k, v in thresholds[name].items()}
        matched = {criterion: match_views(truths, found, rule) for criterion, rule in CRITERIA.items()}
        if name == BUNDLE:
            document["groups"] = injected_groups(matched, chosen)
            chosen |= bundle.operating_points
        document[name] = {criterion: injected_figures(views, chosen) for criterion, views in matched.items()}
    plain_truths, plain_looked = look.at("looking at the real views", plain)
    clusters = {
        name: {
            path.stem: _counted(candidates_of(name, view, truth, bundle.settings, baselines), thresholds[name])
            for path, view, truth in zip(mammograms, plain_looked, plain_truths, strict=True)
        }
        for name in NAMES
    }
    real = {
        path.stem: marks_per_view([view], bundle.operating_points, _least_single(bundle))
        for path, view in zip(mammograms, plain_looked, strict=True)
    }
    together = marks_per_view(plain_looked, bundle.operating_points, _least_single(bundle))
    return {
        "injected set": document,
        "real views": {"each": real, "all": together, "clusters at false positives a simulated view": clusters},
        "by eye": by_eye_figures(bundle, mammograms),
    }
