"""``mcdetect bundles``: the models that are there."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from MCDetect.commands.exit_codes import DONE, NOTHING_DONE
from MCDetect.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from MCDetect.bundles.store import Bundle

SUMMARY = "list the models that are there: hash, operating points, scores and model card"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command (it has none)."""


def run(options: argparse.Namespace) -> int:
    """List the models that came with the package."""
    from rich.console import Console

    from MCDetect.bundles.store import shipped_bundles
    from MCDetect.commands.tables import print_line

    bundles = shipped_bundles()
    if not bundles:
        raise ModelError("no-bundles", "No models are installed.", "Install MCDetect again.")
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    listed = 0
    for bundle in bundles:
        try:
            lines = describe(bundle)
        except ModelError as error:
            print_line(errors, str(error))
            continue
        print_line(console, f"Bundle {bundle.name}", style="bold")
        for line in lines:
            print_line(console, f"  {line}")
        listed += 1
    return DONE if listed else NOTHING_DONE


def describe(bundle: Bundle) -> list[str]:
    """Return lines with what identifies a bundle and says how good it is.

    Raises
    ------
    ModelError
        If the bundle is damaged.
    """
    default = str(bundle.settings.get("default_operating_point"))
    docs = bundle.folder / "docs"
    lines = [
        f"Version: {bundle.metadata.get('version', 'not known')}",
        f"Description: {bundle.metadata.get('description', 'none')}",
        f"Intended use: {bundle.metadata.get('intended_use', 'not said')}",
        f"SHA-256: {bundle.sha256}",
    ]
    lines += [
        f"Operating point {name}: cluster score from {threshold:.3f}" + (" (default)" if name == default else "")
        for name, threshold in bundle.operating_points.items()
    ]
    lines.append(f"Model card: {docs / 'README.md'}")
    if (docs / "scores.json").is_file():
        lines.append(f"All scores: {docs / 'scores.json'}")
        lines += _score_lines(docs / "scores.json", default)
    return lines


def _score_lines(path: Path, operating_point: str) -> list[str]:
    try:
        scores = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError("damaged-bundle", f"{path} cannot be read.", "Install MCDetect again.") from error
    lines = [f"Scores at the operating point {operating_point} (in brackets the confidence interval):"]
    for name, values in summary(scores, operating_point):
        lines += [f"{name}:", f"  {values}"]
    return lines


def summary(scores: Any, operating_point: str, path: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return what was scored, and how: everything that holds for one operating point, or for all of them.

    Parameters
    ----------
    scores
        ``docs/scores.json`` or a part of it. An object with the key ``estimate`` is a score, maybe with ``low`` and
        ``high``; the entry of an operating point, or one with an ``area_under_curve``, is told with all its scores.
    operating_point
        Name of the operating point.
    path
        The keys that led to ``scores``.

    Returns
    -------
    list of (str, str)
        The path of keys and the scores below it.
    """
    if not isinstance(scores, dict):
        return []
    entries: list[tuple[str, str]] = []
    for key, value in scores.items():
        if key == operating_point or (isinstance(value, dict) and "area_under_curve" in value):
            about = path if key == operating_point else (*path, key)
            told = ", ".join(f"{name} {_score(score)}" for name, score in value.items() if _is_score(score))
            entries.append((_words(", ".join(about)), _words(told)))
        entries += summary(value, operating_point, (*path, key))
    return entries


def _is_score(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("estimate"), int | float)


def _score(score: dict[str, Any]) -> str:
    interval = f" [{score['low']:.3f}-{score['high']:.3f}]" if {"low", "high"} <= score.keys() else ""
    return f"{score['estimate']:.3f}{interval}"


def _words(name: str) -> str:
    return name.replace("_", " ")
