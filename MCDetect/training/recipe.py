"""The recipe of a training: one YAML file, read into frozen objects, unknown or missing entries refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from MCDetect.errors import UsageError
from MCDetect.training.default_data import CropSettings
from MCDetect.training.trainer import TrainerSettings

_HOME = Path(__file__).parent / "recipes"
DEFAULT_RECIPE = _HOME / "default.yaml"

DEFAULT_RECIPES = {"default": DEFAULT_RECIPE, "default-gpu": _HOME / "default-gpu.yaml"}
"""Recipes of the detector itself, by name."""

_Settings = TypeVar("_Settings")


@dataclass(frozen=True)
class NetworkRecipe:
    """How one network is trained: examples a step, minutes (None: all steps), crops and trainer."""

    batch: int
    minutes: float | None
    crop: CropSettings
    trainer: TrainerSettings


@dataclass(frozen=True)
class CalibrationRecipe:
    """Views to calibrate on, and the false-positive rates that define the thresholds.

    Attributes
    ----------
    normal_views, lesion_views
        Number of simulated views without and with clusters.
    false_calcifications_per_view
        Marks outside the truth per normal view at the calcification threshold, from which they make clusters.
    false_single_calcifications_per_view
        The same at the threshold from which a calcification is reported by itself.
    false_clear_calcifications_per_view
        The same at the threshold from which a calcification is clear: faint ones beside two such make a cluster.
    faint_margin
        Logits below the calcification threshold down to which calcifications count as members of clusters.
    strewn_margin, strewn_distance_mm
        Logits above the calcification threshold from which strewn calcifications make a cluster, and how far from one
        another they may lie.
    member_margin, member_reach
        Logits above the calcification threshold from which a member of a cluster is reported, or so far below the last
        of the strongest that a cluster needs.
    false_clusters_per_view
        Clusters per normal view at each operating point.
    """

    normal_views: int
    lesion_views: int
    false_calcifications_per_view: float
    false_single_calcifications_per_view: float
    false_clear_calcifications_per_view: float
    faint_margin: float
    strewn_margin: float
    strewn_distance_mm: float
    member_margin: float
    member_reach: float
    false_clusters_per_view: Mapping[str, float]


@dataclass(frozen=True)
class ClassifierRecipe:
    """How a classifier of types is fitted (:func:`MCDetect.training.morphology.fitting.fit_classifier`).

    Attributes
    ----------
    squares
        Whether the squares of the features are inputs too.
    strength
        Inverse of the penalty on weights.
    lost
        Share of the suspicious ones, and of round ones, that may be taken for typically benign.
    """

    squares: bool
    strength: float
    lost: float


@dataclass(frozen=True)
class MorphologyRecipe:
    """The model of calcification types: simulated views to fit and to measure on, and its two classifiers."""

    training_views: int
    test_views: int
    calcifications: ClassifierRecipe
    clusters: ClassifierRecipe


@dataclass(frozen=True)
class TestRecipe:
    """Views to score on."""

    normal_views: int
    lesion_views: int


@dataclass(frozen=True)
class Recipe:
    """The whole recipe of the default bundle."""

    seed: int
    backgrounds: int
    calcifications: NetworkRecipe
    patches: NetworkRecipe
    calibration: CalibrationRecipe
    morphology: MorphologyRecipe
    test: TestRecipe


def recipe_path(name_or_path: str | Path) -> Path:
    """Return the file of one of :data:`DEFAULT_RECIPES`, or the path itself."""
    return DEFAULT_RECIPES.get(str(name_or_path), Path(name_or_path))


def load_recipe(path: Path = DEFAULT_RECIPE) -> Recipe:
    """Read a recipe; that of the shipped bundle if no other is given.

    With an entry ``base``, the name of a file in the folder of recipes, everything that is not said is as there.

    Raises
    ------
    UsageError
        ``bad-recipe`` when the file cannot be read, is no YAML, or has an entry too many or too few.
    """
    import yaml

    def document(file: Path) -> dict[str, Any]:
        values = dict(yaml.safe_load(file.read_text(encoding="utf-8")))
        base = values.pop("base", None)
        return values if base is None else _over(document(_HOME / str(base)), values)

    try:
        return _recipe(document(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, ValueError) as error:
        raise UsageError(
            "bad-recipe", f"{path} is not a recipe: {error}.", f"Compare it with {DEFAULT_RECIPE.name}."
        ) from error


def _recipe(document: Mapping[str, Any]) -> Recipe:
    values = dict(document)
    values["calcifications"] = _network(values["calcifications"])
    values["patches"] = _network(values["patches"])
    values["calibration"] = _settings(CalibrationRecipe, values["calibration"])
    values["morphology"] = _morphology(values["morphology"])
    values["test"] = _settings(TestRecipe, values["test"])
    return _settings(Recipe, values)


def _over(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with other values, entries of entries one by one."""
    inner = {name: _over(base[name], value) for name, value in values.items() if isinstance(base.get(name), Mapping)}
    return {**base, **values, **inner}


def _network(document: Mapping[str, Any]) -> NetworkRecipe:
    values = dict(document)
    values["crop"] = _settings(CropSettings, values["crop"])
    values["trainer"] = _settings(TrainerSettings, values["trainer"])
    return _settings(NetworkRecipe, values)


def _morphology(document: Mapping[str, Any]) -> MorphologyRecipe:
    classifiers = {name: _settings(ClassifierRecipe, document[name]) for name in ("calcifications", "clusters")}
    return _settings(MorphologyRecipe, {**document, **classifiers})


def _settings(kind: type[_Settings], values: Mapping[str, Any]) -> _Settings:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = set(values) - known
    if unknown:
        raise ValueError(f"unknown entries {', '.join(sorted(unknown))}")
    return kind(**values)
