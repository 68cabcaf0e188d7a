"""What comparisons of short trainings on the frozen set share: their settings' limits, their views, their figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from MCDetect.errors import UsageError
from MCDetect.training.default import training_backgrounds
from MCDetect.training.detection import frozen_set
from MCDetect.training.detection.figures import CRITERIA, MatchedView, Selection, above_noise, froc_figures
from MCDetect.training.detection.truths import ViewTruth
from MCDetect.training.recipe import Recipe

Report = Callable[[str, float], None]

CENTRE = next(iter(CRITERIA))
"""Name of the criterion of a hit."""

PARTS: Mapping[str, Selection | None] = {
    "all": None,
    "above noise": above_noise,
}
"""Which clusters are looked at, by name."""

_LEAST_EXAMINATIONS = 3


class ComparisonSettings(Protocol):
    """What the settings of a comparison have; see :class:`.ablations.running.AblationSettings`."""

    @property
    def work(self) -> Path:
        """Where views, weights and what was found are kept."""

    @property
    def backgrounds(self) -> Path | None:
        """Where the backgrounds of the training are kept."""

    @property
    def steps(self) -> int:
        """Of each training."""

    @property
    def examinations(self) -> int:
        """Of the frozen set, from the first."""

    @property
    def processes(self) -> int:
        """Number of processes that simulate and detect."""

    @property
    def workers(self) -> int:
        """Number of processes that make examples."""


def require_possible(settings: ComparisonSettings, code: str) -> None:
    """Refuse numbers that cannot be.

    Raises
    ------
    UsageError
        ``code`` for a number of examinations that the frozen set does not have, or less than one step.
    """
    if not _LEAST_EXAMINATIONS <= settings.examinations <= frozen_set.EXAMINATIONS:
        raise UsageError(
            code,
            f"{settings.examinations} examinations cannot be scored: the frozen set has {frozen_set.EXAMINATIONS}.",
            f"Give --examinations from {_LEAST_EXAMINATIONS} to {frozen_set.EXAMINATIONS}.",
        )
    if min(settings.steps, settings.processes) < 1 or settings.workers < 0:
        raise UsageError(code, "Steps and processes must be at least 1, workers at least 0.")


def prepare_views(
    settings: ComparisonSettings, recipe: Recipe, tell: Report
) -> tuple[tuple[list[Path], list[Path]], list[Path]]:
    """Return backgrounds to train and to validate on, and the frozen views; what is missing is simulated."""

    def count(text: str) -> Callable[[int, int], None]:
        return lambda done, total: tell(text, done / total)

    folder = settings.backgrounds or settings.work / "backgrounds"
    parts = training_backgrounds(folder, recipe, settings.processes, count("simulating backgrounds"))
    seeds = frozen_set.view_seeds(settings.examinations)
    frozen = frozen_set.prepare(settings.work / "frozen", seeds, settings.processes, count("simulating the frozen set"))
    return parts, frozen


def about_frozen(examinations: int, truths: Sequence[ViewTruth]) -> dict[str, int]:
    """Return how many of what there is in these views."""
    clusters = [cluster for truth in truths for cluster in truth.clusters]
    return {
        "examinations": examinations,
        "views": len(truths),
        "views without clusters": sum(truth.is_normal for truth in truths),
        "clusters": len(clusters),
        "clusters above noise": sum(map(above_noise, clusters)),
    }


def sensitivities(
    views: Sequence[MatchedView], selected: Selection | None, rates: Sequence[float]
) -> dict[str, Any] | None:
    """Return sensitivities with intervals by rate of false positives; None without a cluster that is selected."""
    found = froc_figures(views, selected)
    values = found and found["sensitivity at false positives a view"]
    return values and {f"{rate:g}": values[f"{rate:g}"] for rate in rates}


def telling_of(name: str, tell: Report) -> Report:
    """Return what reports about one of those that are compared."""
    return lambda text, done: tell(f"{name}: {text}", done)
