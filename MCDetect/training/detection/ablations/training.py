"""The bundle of an arm: a calcification network, its thresholds and cluster score, and no second stage.

Neither the patch network nor the model of calcification types is there, which would make up for what the network lacks:
what differs between the arms is the network alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.bundles.store import Bundle, find_bundle
from MCDetect.training.calibration import calibrate_clusters, calibrate_marks
from MCDetect.training.default import train_network, training_record
from MCDetect.training.default_bundle import read_training_record, write_training_record, write_weights
from MCDetect.training.detection.ablations.arms import Arm
from MCDetect.training.detection.ablations.real_background import mixed
from MCDetect.training.losses import CalcificationLoss
from MCDetect.training.recipe import NetworkRecipe, Recipe

if TYPE_CHECKING:
    from torch import nn

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class TrainingViews:
    """Files of the views to train on, to validate on and to calibrate on, and of a real one or None."""

    training: Sequence[Path]
    validation: Sequence[Path]
    calibration: Sequence[Path]
    real: Path | None = None

    def of(self, arm: Arm) -> list[Path]:
        """Return the views that an arm is trained on."""
        simulated = list(self.training)
        return mixed(simulated, self.real) if arm.real and self.real is not None else simulated


@dataclass(frozen=True)
class Effort:
    """Steps of a training, processes that make its examples, and processes that calibrate."""

    steps: int
    workers: int
    processes: int


def bundle_of(arm: Arm, recipe: Recipe, views: TrainingViews, work: Path, effort: Effort, *, report: Report) -> Bundle:
    """Return the bundle of an arm, trained and calibrated unless an earlier run has done it.

    Parameters
    ----------
    arm, recipe
        What is trained, and how but for the steps.
    views
        The same for all arms.
    work
        Each arm has a folder there, named by all that decides its training; one that was stopped goes on.
    effort
        How long, and with how many processes.
    report
        Called with the stage and the fraction of it.

    Raises
    ------
    ModelError
        ``cannot-calibrate`` after a training too short to find anything.
    """
    network_recipe = arm.recipe(recipe.calcifications, effort.steps)
    folder = work / f"{arm.name.replace(' ', '-')}-{_digest(arm, network_recipe, recipe, views)}"
    finished = folder / "bundle"
    if finished.is_dir():
        return find_bundle(finished)
    network = _calcification_network(recipe.seed)
    trainer = train_network(
        network,
        CalcificationLoss(),
        network_recipe,
        (views.of(arm), views.validation),
        folder,
        seed=recipe.seed,
        workers=effort.workers,
        report=report,
    )
    unfinished = folder / "unfinished"
    write_weights(unfinished, trainer.averaged_network, _silent_patch_network())
    calibration = replace(recipe.calibration, normal_views=0, lesion_views=0)  # the views are given
    calibrate_marks(unfinished, calibration, views.calibration, effort.processes, report, kind=arm.detector)
    calibrate_clusters(unfinished, calibration, views.calibration, effort.processes, report, kind=arm.detector)
    write_training_record(unfinished, training_record(trainer, network_recipe))
    unfinished.rename(finished)
    return find_bundle(finished)


def about(bundle: Bundle) -> dict[str, Any]:
    """Return what is told of a training: its record, the threshold it got, and the weights of its cluster score."""
    settings = bundle.settings
    return {
        **read_training_record(bundle.folder),
        "sha256": bundle.sha256,
        "calcification_threshold": settings["calcification_threshold"],
        "cluster_score": settings["cluster_score"],
    }


def _calcification_network(seed: int) -> nn.Module:
    import torch

    from MCDetect.networks import CalcificationUNet

    torch.manual_seed(seed)  # all arms begin with the same weights
    return CalcificationUNet()


def _silent_patch_network() -> nn.Module:
    """Return a patch network whose logit is 0 everywhere: a bundle has one, and this adds nothing to a score."""
    import torch

    from MCDetect.networks import ShallowCNN

    network = ShallowCNN()
    with torch.no_grad():
        for parameter in network.output.parameters():
            parameter.zero_()
    return network


def _digest(arm: Arm, network_recipe: NetworkRecipe, recipe: Recipe, views: TrainingViews) -> str:
    files = [path.name for path in (*views.of(arm), *views.validation, *views.calibration)]
    decisive = repr((network_recipe, recipe.seed, recipe.calibration, files))
    return hashlib.sha256(decisive.encode()).hexdigest()[:8]
