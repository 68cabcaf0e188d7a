"""Rows of the tables of ``docs/published_networks.md``, of this run and of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from MCDetect.training.detection.published.running import RATES
from MCDetect.training.detection.tables import interval, table

COLUMNS = [(part, f"{rate:g}") for part in ("all", "above noise") for rate in RATES]
"""Part of the clusters and false positives a view of each column of sensitivities."""


def cluster_table(systems: Mapping[str, Any]) -> str:
    """Return sensitivities, or differences of them, of each system in the columns of :data:`COLUMNS`."""
    header = [f"{part}, at {rate}" for part, rate in COLUMNS]
    rows = [
        [name, *(interval(figures[part] and figures[part][rate]) for part, rate in COLUMNS)]
        for name, figures in systems.items()
    ]
    return table(["", *header], rows)


def other_ways(run: Mapping[str, Any]) -> list[str]:
    """Return sensitivities by other criteria and by examination; nothing of runs that did not count them."""
    parts = []
    for criterion, ways in run.get("other ways of counting", {}).items():
        for way, systems in ways.items():
            parts += [f"\nThe same {way}; hit: {criterion}.\n", cluster_table(systems)]
    return parts


def training_table(training: Mapping[str, Any]) -> str:
    """Return what is told of the training of each network."""
    header = ["network", "recipe", "parameters", "patch (pixels)", "learning rate", "minutes", "loss", "accuracy"]
    return table(header, [_training(name, record) for name, record in training.items()])


def _training(name: str, record: Mapping[str, Any]) -> list[str]:
    return [
        name,
        f"`{record['paper']}`",
        f"{record['parameters']:,}",
        str(record["side_pixels"]),
        f"{record['learning_rate']:g}",
        f"{record['minutes']:.1f}",
        f"{record['validation_loss']:.3f}",
        f"{record['validation_accuracy']:.2f}",
    ]
