"""All stages of the default bundle in order, on a bundle of its own: the shipped one is not touched."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.bundles.store import find_bundle
from MCDetect.inference.morphology.model import FILE_NAME
from MCDetect.simulation.view import GENERATOR_VERSION
from MCDetect.training.calibration import FIRST_VIEWS, calibrate, recalibrate
from MCDetect.training.default import StageReport, train_networks, training_backgrounds, training_record
from MCDetect.training.default_bundle import (
    read_training_record,
    state_bytes,
    write_training_record,
    write_weights,
)
from MCDetect.training.default_stages import (
    BACKGROUNDS,
    FINAL_THRESHOLDS,
    SCORES,
    THRESHOLDS,
    TYPES,
    Stages,
    note_seconds,
)
from MCDetect.training.morphology.train import fit_types
from MCDetect.training.recipe import Recipe
from MCDetect.training.score_default import score

if TYPE_CHECKING:
    from torch import nn


def make_bundle(
    output: Path,
    recipe: Recipe,
    *,
    recipe_name: str,
    command: str,
    workers: int = 1,
    device: str = "cpu",
    patches: Path | None = None,
    report: StageReport | None = None,
) -> Path:
    """Make a finished bundle: networks, thresholds, types, thresholds with types, scores, card.

    Parameters
    ----------
    output
        Gets ``backgrounds/``, ``calcifications/``, ``patches/``, ``calibration/``, ``morphology/``, ``scores/`` and
        ``bundle/``. What an earlier run has done there is not done again.
    recipe, recipe_name, command
        How; and what the card calls it, and says of the command that made it.
    workers
        Processes that make examples, and that simulate and examine views.
    device
        Where the networks learn, ``"cpu"`` or ``"cuda"``; all other stages run on the CPU.
    patches
        Folder of real patches to be scored on, or None.
    report
        Told the progress of each stage.

    Returns
    -------
    Path
        ``output/bundle``.

    Raises
    ------
    ModelError
        ``cannot-calibrate`` when the networks are too bad to be calibrated; ``foreign-checkpoint`` when ``output``
        holds the training of something else.
    OutputError
        When a file cannot be written.
    """
    tell = report or (lambda stage: lambda text, done: None)
    bundle, stages, processes = output / "bundle", Stages(output), max(1, workers)
    found: dict[str, Any] = {}

    def prepare() -> None:
        found["parts"] = training_backgrounds(
            output / "backgrounds",
            recipe,
            processes,
            lambda done, total: tell(BACKGROUNDS)(f"{done} of {total}", done / total),
        )

    seconds = {
        BACKGROUNDS: stages.run(BACKGROUNDS, (recipe.backgrounds, GENERATOR_VERSION), prepare, output / "backgrounds")
    }
    if "parts" not in found:  # made by an earlier run
        prepare()
    pixels, small = train_networks(output, recipe, found["parts"], workers=workers, device=device, report=tell)
    networks = pixels.averaged_network, small.averaged_network

    def write() -> None:
        # The types of other weights must not sort what these find.
        (bundle / "configs" / FILE_NAME).unlink(missing_ok=True)
        write_weights(bundle, *networks)
        write_training_record(
            bundle,
            {
                **_circumstances(recipe, recipe_name, command, device, processes),
                "calcification_network": training_record(pixels, recipe.calcifications),
                "patch_network": training_record(small, recipe.patches),
            },
        )

    stages.run("weights", [_digest(network) for network in networks], write)
    note_seconds(bundle, BACKGROUNDS, seconds[BACKGROUNDS])

    def timed(name: str, depends_on: object, make: Any, views: Path | None = None) -> None:
        note_seconds(bundle, name, stages.run(name, depends_on, make, views))

    views = output / "calibration"
    timed(
        THRESHOLDS,
        (recipe.calibration, FIRST_VIEWS),
        lambda: calibrate(bundle, recipe.calibration, views, processes, tell(THRESHOLDS), most=FIRST_VIEWS),
        views,
    )
    kinds = output / "morphology"
    timed(
        TYPES,
        recipe.morphology,
        lambda: fit_types(bundle, recipe.morphology, kinds, processes=processes, report=tell(TYPES)),
        kinds,
    )

    timed(
        FINAL_THRESHOLDS,
        recipe.calibration,
        lambda: recalibrate(bundle, recipe.calibration, views, processes, tell(FINAL_THRESHOLDS)),
    )
    stages.run(
        SCORES,
        (recipe.test, str(patches), find_bundle(bundle).sha256, read_training_record(bundle)),
        lambda: score(bundle, recipe.test, output / "scores", patches, tell(SCORES)),
    )
    return bundle


def _circumstances(recipe: Recipe, recipe_name: str, command: str, device: str, processes: int) -> dict[str, Any]:
    return {
        "simulator_version": GENERATOR_VERSION,
        "backgrounds": recipe.backgrounds,
        "recipe": recipe_name,
        "command": command,
        "device": device,
        "processes": processes,
    }


def _digest(network: nn.Module) -> str:
    return hashlib.sha256(state_bytes(network)).hexdigest()
