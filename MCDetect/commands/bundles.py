"""``mcdetect bundles``: the models that are there."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from MCDetect.commands.exit_codes import DONE, NOTHING_DONE
from MCDetect.errors import ModelError

if TYPE_CHECKING:
    from MCDetect.bundles.store import Bundle

SUMMARY = "list the models that are there: hash, operating points, scores and model card"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this sub-command (it has none)."""


def run(options: argparse.Namespace) -> int:
    """List the models that came with the package."""
    from rich.console import Console

    from MCDetect.bundles.store import shipped_bundles
    from MCDetect.commands.tables import key_value_table

    bundles = shipped_bundles()
    if not bundles:
        raise ModelError("no-bundles", "No models are installed.", "Install MCDetect again.")
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    listed = 0
    for bundle in bundles:
        try:
            console.print(key_value_table(describe(bundle), title=f"Bundle {bundle.name}"))
            listed += 1
        except ModelError as error:
            errors.print(str(error), markup=False, soft_wrap=True)
    return DONE if listed else NOTHING_DONE


def describe(bundle: Bundle) -> list[tuple[str, str]]:
    """Return names and values of what identifies a bundle and says how good it is.

    Raises
    ------
    ModelError
        If the bundle is damaged.
    """
    default = bundle.settings.get("default_operating_point")
    described = [
        ("Version", str(bundle.metadata.get("version", "not known"))),
        ("Description", str(bundle.metadata.get("description", ""))),
        ("SHA-256", bundle.sha256),
    ]
    described += [
        (f"Operating point {name}", f"cluster score from {threshold:.3f}" + (" (default)" if name == default else ""))
        for name, threshold in bundle.operating_points.items()
    ]
    scores = bundle.folder / "docs" / "scores.json"
    if scores.is_file():
        described += [(f"Score: {name}", value) for name, value in flatten(json.loads(scores.read_text("utf-8")))]
    described.append(("Model card", str(bundle.folder / "docs" / "README.md")))
    return described


def flatten(scores: Any, name: str = "") -> list[tuple[str, str]]:
    """Return the entries of nested JSON objects with the path to them, numbers to four digits."""
    if isinstance(scores, dict):
        return [entry for key, value in scores.items() for entry in flatten(value, f"{name}, {key}" if name else key)]
    return [(name, f"{scores:.4g}" if isinstance(scores, float) else str(scores))]
