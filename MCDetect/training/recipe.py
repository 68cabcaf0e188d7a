"""The recipe of a training: one YAML file, read into frozen objects, unknown or missing entries refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from MCDetect.errors import UsageError
from MCDetect.training.default_data import CropSettings
from MCDetect.training.trainer import TrainerSettings

DEFAULT_RECIPE = Path(__file__).parent / "recipes" / "default.yaml"

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
    faint_margin
        Logits below the calcification threshold down to which calcifications count as members of clusters.
    strewn_margin, strewn_distance_mm
        Logits above the calcification threshold from which strewn calcifications make a cluster, and how far from one
        another they may lie.
    false_clusters_per_view
        Clusters per normal view at each operating point.
    """

    normal_views: int
    lesion_views: int
    false_calcifications_per_view: float
    false_single_calcifications_per_view: float
    faint_margin: float
    strewn_margin: float
    strewn_distance_mm: float
    false_clusters_per_view: Mapping[str, float]


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
    test: TestRecipe


def load_recipe(path: Path = DEFAULT_RECIPE) -> Recipe:
    """Read a recipe.

    Raises
    ------
    UsageError
        ``bad-recipe`` when the file cannot be read, is no YAML, or has an entry too many or too few.
    """
    import yaml

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _recipe(document)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, ValueError) as error:
        raise UsageError(
            "bad-recipe", f"{path} is not a recipe: {error}.", f"Compare it with {DEFAULT_RECIPE.name}."
        ) from error


def _recipe(document: Mapping[str, Any]) -> Recipe:
    values = dict(document)
    values["calcifications"] = _network(values["calcifications"])
    values["patches"] = _network(values["patches"])
    values["calibration"] = _settings(CalibrationRecipe, values["calibration"])
    values["test"] = _settings(TestRecipe, values["test"])
    return _settings(Recipe, values)


def _network(document: Mapping[str, Any]) -> NetworkRecipe:
    values = dict(document)
    values["crop"] = _settings(CropSettings, values["crop"])
    values["trainer"] = _settings(TrainerSettings, values["trainer"])
    return _settings(NetworkRecipe, values)


def _settings(kind: type[_Settings], values: Mapping[str, Any]) -> _Settings:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = set(values) - known
    if unknown:
        raise ValueError(f"unknown entries {', '.join(sorted(unknown))}")
    return kind(**values)
