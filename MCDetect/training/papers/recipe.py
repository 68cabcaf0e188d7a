"""A paper's recipe: one YAML file, read into frozen objects; unknown or missing entries are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from MCDetect.errors import UsageError
from MCDetect.training.papers import PAPERS

EXTRAS = ("filters", "learning-rate", "top-losses", "texture")
"""What a recipe may name under ``also``."""

_HOME = Path(__file__).parents[1] / "recipes"
_Settings = TypeVar("_Settings")


@dataclass(frozen=True)
class ExampleSettings:
    """What an example is.

    Attributes
    ----------
    task
        ``"grid"``: the image is cut into tiles that do not overlap, which are positive where calcifications are marked.
        ``"regions"``: each marked region of known pathology.
    classes
        Names in the order of their numbers; for ``"regions"`` pathologies of the data sets.
    rows, columns
        Of an example. A tile is as large; a region is resized to it.
    spacing_mm
        At which a tile is taken, where the data set knows its spacing; None takes pixels as they are.
    merged
        Pathologies that count as another.
    minimum_overlap
        Share of a tile, or of the region, that a positive tile must cover; tiles that touch a region with less are
        left out. 0 makes every tile positive that touches a region.
    clusters_only
        Only groups of calcifications make a tile positive; tiles with others alone are left out.
    centred
        Besides the tiles, one patch in the middle of each region.
    balanced
        As many examples of each class as of the rarest, by chance.
    interpolation
        How an example is brought to its size, see :func:`MCDetect.training.papers.copies.resized`.
    steps
        Names of preprocessing steps of the whole image, or of the resized region, see
        :mod:`MCDetect.training.papers.filters`.
    """

    task: str
    classes: tuple[str, ...]
    rows: int
    columns: int
    spacing_mm: float | None = None
    merged: Mapping[str, str] = field(default_factory=dict)
    minimum_overlap: float = 0.0
    clusters_only: bool = False
    centred: bool = False
    balanced: bool = False
    interpolation: str = "cubic"
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class InputSettings:
    """What the network sees: channels (copies of one), values over 255, less mean over deviation of each channel."""

    channels: int = 1
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)


@dataclass(frozen=True)
class SplitSettings:
    """Shares of training, validation and test; with ``folds`` parts that take turns as the test.

    A validation share of 0 looks at the test part after every epoch, as papers without a third part do; nothing may
    be chosen by it then.
    """

    training: float
    validation: float
    test: float
    folds: int = 1


@dataclass(frozen=True)
class StageSettings:
    """A stage of the training.

    Attributes
    ----------
    train
        ``"all"``, ``"head"``, or ``"unfrozen"``: what the recipe's ``freeze`` leaves.
    epochs, batch
        Passes over the training examples; examples a step.
    first_rate
        If given, the learning rate of the first layers; those between rise geometrically to ``learning_rate``.
    learning_rate, optimizer, schedule, drop_factor, drop_every, accumulate, precision, weight_decay, patience
        See :class:`MCDetect.training.trainer_settings.TrainerSettings`.
    """

    epochs: int
    batch: int
    optimizer: str
    learning_rate: float
    train: str = "all"
    first_rate: float | None = None
    schedule: str = "constant"
    drop_factor: float = 0.1
    drop_every: float = 0.25
    accumulate: int = 1
    precision: str = "float32"
    weight_decay: float = 0.0
    patience: int | None = None


@dataclass(frozen=True)
class PaperRecipe:
    """A whole recipe.

    Attributes
    ----------
    name
        Of the recipe.
    networks
        By name on the command line: class in :mod:`MCDetect.networks` (``_target_``) and its arguments. The first one
        is the paper's own.
    copies
        Fixed transformations by which examples are multiplied (:data:`MCDetect.training.papers.copies.COPIES`).
    augmentation
        Random ones: MONAI's name as ``transform``, and its arguments.
    augmentation_off
        Data sets on which neither ``copies`` nor ``augmentation`` are used.
    freeze
        ``"trunk"``, ``"first-hundred"`` or None: what never learns.
    loss
        ``"cross-entropy"`` or ``"kullback-leibler"``.
    class_weights
        Whether rare classes count more, in inverse proportion.
    keep
        Validation figure whose best epoch is kept; None keeps the last epoch.
    also
        What is shown beside the network, see :mod:`MCDetect.training.papers.extras`.
    published
        Figures that the paper gives, for the table (measured on other data), by network; "NETWORK, OPTIMIZER" where
        the paper has them for several.
    """

    name: str
    networks: Mapping[str, Mapping[str, Any]]
    examples: ExampleSettings
    input: InputSettings
    split: SplitSettings
    stages: tuple[StageSettings, ...]
    seed: int = 42
    copies: tuple[str, ...] = ("identity",)
    augmentation: tuple[Mapping[str, Any], ...] = ()
    augmentation_off: tuple[str, ...] = ()
    freeze: str | None = None
    loss: str = "cross-entropy"
    class_weights: bool = False
    keep: str | None = None
    also: tuple[str, ...] = ()
    published: Mapping[str, Any] = field(default_factory=dict)


def load_paper_recipe(name_or_path: str | Path) -> PaperRecipe:
    """Return the recipe of that name, or of that YAML file.

    Raises
    ------
    UsageError
        ``no-such-recipe`` if there is neither; ``bad-recipe`` when the file has an entry too many or too few.
    """
    path = _HOME / f"{name_or_path}.yaml" if str(name_or_path) in PAPERS else Path(name_or_path)
    if not path.is_file():
        raise UsageError(
            "no-such-recipe",
            f"There is no recipe {str(name_or_path)!r}.",
            f"Use one of {', '.join(PAPERS)}, or a YAML file made from one of them.",
        )
    import yaml

    try:
        return recipe_of(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, ValueError, AttributeError) as error:
        raise UsageError(
            "bad-recipe", f"{path} is not a recipe: {error}.", f"Compare it with those in {_HOME}."
        ) from error


def recipe_of(document: Mapping[str, Any]) -> PaperRecipe:
    """Return the recipe of a YAML or JSON document.

    Raises
    ------
    ValueError, TypeError, KeyError
        When it does not fit.
    """
    values = dict(document)
    values["examples"] = _settings(ExampleSettings, values["examples"])
    values["input"] = _settings(InputSettings, values["input"])
    values["split"] = _settings(SplitSettings, values["split"])
    values["stages"] = tuple(_settings(StageSettings, stage) for stage in values["stages"])
    recipe = _settings(PaperRecipe, values)
    _check(recipe)
    return recipe


def _settings(kind: type[_Settings], values: Mapping[str, Any]) -> _Settings:
    known = {entry.name for entry in fields(kind)}  # type: ignore[arg-type]
    unknown = set(values) - known
    if unknown:
        raise ValueError(f"unknown entries {', '.join(sorted(unknown))}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def _check(recipe: PaperRecipe) -> None:
    from MCDetect.training.datasets import DATASETS
    from MCDetect.training.optimisation import OPTIMIZERS, SCHEDULES
    from MCDetect.training.papers.augmentation import TRANSFORMS
    from MCDetect.training.papers.copies import COPIES, INTERPOLATIONS
    from MCDetect.training.papers.filters import STEPS

    def one_of(what: str, value: object, allowed: object) -> None:
        if value not in allowed:  # type: ignore[operator]
            raise ValueError(f"{what} is {value!r} and not one of {', '.join(map(str, allowed))}")  # type: ignore[call-overload]

    one_of("task", recipe.examples.task, ("grid", "regions"))
    one_of("interpolation", recipe.examples.interpolation, INTERPOLATIONS)
    one_of("loss", recipe.loss, ("cross-entropy", "kullback-leibler"))
    one_of("freeze", recipe.freeze, (None, "trunk", "first-hundred"))
    for extra in recipe.also:
        one_of("also", extra, EXTRAS)
    for copy in recipe.copies:
        one_of("copy", copy, COPIES)
    for dataset in recipe.augmentation_off:
        one_of("augmentation_off", dataset, DATASETS)
    for step in recipe.examples.steps:
        one_of("step", step, STEPS)
    for entry in recipe.augmentation:
        one_of("transform", entry.get("transform"), TRANSFORMS)
    for stage in recipe.stages:
        one_of("train", stage.train, ("all", "head", "unfrozen"))
        one_of("optimizer", stage.optimizer, OPTIMIZERS)
        one_of("schedule", stage.schedule, SCHEDULES)
        if stage.epochs < 1 or stage.batch < 1:
            raise ValueError("epochs and batch are at least 1")
    if not recipe.stages or not recipe.networks:
        raise ValueError("a recipe has at least one network and one stage")
    if recipe.split.validation == 0 and (recipe.keep or any(stage.patience for stage in recipe.stages)):
        raise ValueError("without a validation part nothing can be kept or stopped by it")
    if abs(recipe.split.training + recipe.split.validation + recipe.split.test - 1) > 1e-6:
        raise ValueError("the shares of the split do not add up to 1")
