"""Train a paper's recipe on a data set: prepare, split, all stages, bundle, predictions of the test part.

The output folder gets ``run.json`` (what was asked), ``examples.csv`` (every example with its part), ``cache/``, one
folder a stage with checkpoint and logs, ``bundle/`` and ``predictions.csv``. A run in the same folder goes on where an
earlier one was killed, and ends with the identical result.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from MCDetect.errors import UsageError
from MCDetect.evaluation.marked_images import write_marks
from MCDetect.evaluation.predictions import Prediction, write_predictions
from MCDetect.files import write_text_atomically
from MCDetect.training.datasets.record import DatasetIndex
from MCDetect.training.optimisation import OPTIMIZERS
from MCDetect.training.papers.batches import Examples, steps_an_epoch, training_batches, validation_batches
from MCDetect.training.papers.building import (
    build_network,
    network_definition,
    parameter_groups,
    require_fit,
    trainer_settings,
)
from MCDetect.training.papers.bundle import write_paper_bundle
from MCDetect.training.papers.extras import Extras
from MCDetect.training.papers.losses import ClassLoss, balancing_weights
from MCDetect.training.papers.predictions import predict
from MCDetect.training.papers.preparation import Preparation, PreparedExample
from MCDetect.training.papers.recipe import PaperRecipe
from MCDetect.training.papers.run_files import asked_of, record_of, require_same_run, write_examples
from MCDetect.training.papers.selection import SPLITS, Split, balanced, require_fold, split_as_papers, split_by_patient
from MCDetect.training.papers.whole_images import draw_marks, judge_whole_images
from MCDetect.training.trainer import Trainer

if TYPE_CHECKING:
    from torch import nn

Report = Callable[[str, float], None]

_MARKED_IMAGES = 4  # pictures of whole images that are drawn


@dataclass(frozen=True)
class Choices:
    """What the user chooses beside recipe and data.

    Attributes
    ----------
    network
        Name of one of the recipe's networks; None for the paper's own.
    split
        ``"patient"`` or ``"paper"``.
    fold
        Which part is the test, for recipes with folds.
    pretrained
        File of ImageNet weights; None trains from scratch.
    epochs
        Instead of the recipe's, in every stage.
    scale
        Of the recipe's epochs in every stage, of which at least one remains.
    optimizer
        Instead of the recipe's, in every stage.
    device, workers
        Where the network learns; processes that make batches.
    """

    network: str | None = None
    split: str = "patient"
    fold: int = 0
    pretrained: Path | None = None
    epochs: int | None = None
    scale: float = 1.0
    optimizer: str | None = None
    device: str = "cpu"
    workers: int = 0


@dataclass(frozen=True)
class TrainedPaper:
    """What a training leaves: folder of the bundle, predictions of the test part, problems of the data set."""

    bundle: Path
    predictions: tuple[Prediction, ...]
    problems: tuple[str, ...]


def train_paper(
    recipe: PaperRecipe,
    index: DatasetIndex,
    output: Path,
    choices: Choices | None = None,
    report: Report | None = None,
    *,
    until_step: int | None = None,
) -> TrainedPaper | None:
    """Train a recipe.

    Parameters
    ----------
    recipe, index
        What, on which data.
    output
        Folder for everything.
    choices
        What else was chosen.
    report
        Called with a sentence and the progress of the stage, 0 to 1.
    until_step
        Stops at this step of the first stage and returns None; a later call goes on from there.

    Raises
    ------
    UsageError, InputError, ModelError
        When the choices, the data or the file of weights do not fit.
    """
    import ignite.distributed as idist
    import torch

    choices = choices or Choices()
    tell: Report = report or (lambda _text, _progress: None)
    recipe = _adjusted(recipe, index, choices)
    name, definition = network_definition(recipe, choices.network)
    require_fit(definition, recipe)
    require_fold(recipe.split, choices.fold)
    if choices.pretrained is not None:
        from MCDetect.networks.pretrained import load_pretrained

        # Here only to be refused before the images are prepared, which may take hours.
        load_pretrained(build_network(definition), choices.pretrained)
    asked = asked_of(recipe, index, choices, name)
    require_same_run(output / "run.json", asked)
    idist.barrier()  # before one process writes it
    prepared = Preparation(
        index, recipe.examples, output / "cache", lambda done, total: tell(f"image {done} of {total}", done / total)
    )
    chosen, split = select(recipe, prepared, choices)
    if idist.get_rank() == 0:
        write_text_atomically(output / "run.json", json.dumps(asked, indent=2, sort_keys=True) + "\n")
        write_examples(output / "examples.csv", index, recipe, chosen, split)
    pixels = prepared.pixels(chosen)
    labels = [example.label for example in chosen]

    def examples_of(part: str, *, augmented: bool = False) -> Examples:
        return Examples(pixels, labels, getattr(split, part), recipe, augmented=augmented)

    torch.manual_seed(recipe.seed)
    network = build_network(definition)
    if choices.pretrained is not None:
        load_pretrained(network, choices.pretrained)
    learnt = [labels[place] for place, _ in split.training]
    extras = Extras(recipe, index, output, lambda text: tell(text, 1.0))
    weights = balancing_weights(learnt, len(recipe.examples.classes)) if recipe.class_weights else None
    trainers: list[Trainer] = []
    for number, stage in enumerate(recipe.stages, start=1):
        steps = steps_an_epoch(len(split.training), stage.batch)
        groups = parameter_groups(network, recipe, stage)
        if number > 1 and idist.get_rank() == 0:
            examples = examples_of("training", augmented=True)
            extras.between_stages(network, examples, stage.batch, steps * stage.epochs)
        trainer = Trainer(
            network,
            ClassLoss(recipe.loss, weights),
            trainer_settings(stage, steps, stage.epochs, recipe.keep),
            output / f"stage-{number}",
            recipe.seed + number,
            device=choices.device,
            groups=groups,
            tensorboard=True,
        )
        trainer.train(
            training_batches(examples_of("training", augmented=True), stage.batch, choices.workers),
            validation_batches(examples_of("validation"), stage.batch),
            lambda taken, steps=steps, number=number: tell(  # type: ignore[misc]
                f"stage {number}, epoch {-(-taken.step // steps)}, loss {taken.values['loss']:.3f}", taken.progress
            ),
            until_step,
        )
        if not trainer.is_over:
            return None
        network = trainer.final_network
        trainers.append(trainer)
    found = predict(network, recipe, [chosen[place] for place, _ in split.test], examples_of("test"), index)
    bundle = output / "bundle"
    if idist.get_rank() == 0:
        write_predictions(output / "predictions.csv", recipe.examples.classes, found)
        extras.at_the_end(prepared, found, pixels[[place for place, _ in split.test]])
        if recipe.examples.task == "grid" and choices.split == "patient":
            _look_at_whole_images(network, recipe, prepared, {one.patient for one in found}, output)
        write_paper_bundle(
            bundle,
            network,
            recipe,
            definition,
            record_of(recipe, index, choices, network=name, split=split, trainers=trainers),
        )
    idist.barrier()
    return TrainedPaper(bundle, tuple(found), (*index.problems, *prepared.problems))


def _look_at_whole_images(
    network: nn.Module, recipe: PaperRecipe, prepared: Preparation, patients: set[str], output: Path
) -> None:
    judged = judge_whole_images(network, recipe, prepared, patients)
    write_marks(output / "marks.json", [scored for _, scored in judged])
    shown = sorted(judged, key=lambda one: not one[1].truths)  # those with calcifications first
    for place, (number, scored) in enumerate(shown[:_MARKED_IMAGES], start=1):
        draw_marks(output / "marked" / f"{place}.png", prepared.records[number], scored)


def select(recipe: PaperRecipe, prepared: Preparation, choices: Choices) -> tuple[list[PreparedExample], Split]:
    """Return the examples that are used, and in which part."""
    if choices.split not in SPLITS:
        raise UsageError("unknown-split", f"There is no split {choices.split!r}.", f"Use {' or '.join(SPLITS)}.")
    chosen = balanced(prepared.examples, recipe.seed) if recipe.examples.balanced else prepared.examples
    labels = [example.label for example in chosen]
    copies = len(recipe.copies)
    unused = len(prepared.records) - len({example.record for example in prepared.examples})
    remark = f" {unused} of {len(prepared.records)} images gave no example." if unused else ""
    if choices.split == "paper":
        return chosen, split_as_papers(labels, recipe.split, copies, recipe.seed, choices.fold, remark=remark)
    patients = [prepared.records[example.record].patient for example in chosen]
    return chosen, split_by_patient(
        labels, patients, recipe.split, copies, seed=recipe.seed, fold=choices.fold, remark=remark
    )


def _adjusted(recipe: PaperRecipe, index: DatasetIndex, choices: Choices) -> PaperRecipe:
    if choices.optimizer is not None and choices.optimizer not in OPTIMIZERS:
        raise UsageError(
            "unknown-optimizer", f"There is no optimizer {choices.optimizer!r}.", f"Use {', '.join(OPTIMIZERS)}."
        )
    if index.name in recipe.augmentation_off:
        recipe = replace(recipe, copies=("identity",), augmentation=())
    return replace(
        recipe,
        stages=tuple(
            replace(
                stage,
                epochs=choices.epochs or max(1, round(choices.scale * stage.epochs)),
                optimizer=choices.optimizer or stage.optimizer,
            )
            for stage in recipe.stages
        ),
    )
