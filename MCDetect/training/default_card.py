"""Write the model card of a bundle; scoring does. ``python -m MCDetect.training.default_card`` writes it again.

That is for a bundle whose scores are there already: after the text of the card was changed, or after the benchmark of
detection has drawn its failures.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from MCDetect.bundles.store import DEFAULT_BUNDLE, Bundle, find_bundle
from MCDetect.errors import MCDetectError, ModelError
from MCDetect.files import write_atomically, write_text_atomically
from MCDetect.training.card_benchmark import BENCHMARK, benchmark_summary
from MCDetect.training.default_bundle import read_scores
from MCDetect.training.model_card import PICTURE, model_card

DRAWN = Path(__file__).parents[2] / "docs" / "detection"
"""Where ``make bench-detection`` leaves its figures and pictures, in a checkout of the project."""

_LARGEST_PICTURE = 300_000  # bytes


def write_card(bundle: Bundle, scores: Mapping[str, Any], drawn: Path = DRAWN) -> Path:
    """Write the model card into a bundle, with figures and picture of its benchmark where there are; return its file.

    Parameters
    ----------
    bundle, scores
        As for :func:`model_card`.
    drawn
        Folder in which ``make bench-detection`` left ``results.json`` and the picture. What is of other weights or
        thresholds is not taken, and what lies in the bundle of them is removed.

    Raises
    ------
    OutputError
        ``cannot-write``.
    """
    docs = bundle.folder / "docs"
    if (drawn / "results.json").is_file():
        results = _results_of(bundle, drawn)
        summary = None if results is None else _summary(results)
        if summary is not None:
            write_text_atomically(docs / BENCHMARK, json.dumps(summary, indent=1) + "\n")
        else:
            (docs / BENCHMARK).unlink(missing_ok=True)
        if results is not None and (drawn / PICTURE).is_file():
            write_atomically(docs / PICTURE, lambda temporary: _small_copy(drawn / PICTURE, temporary))
        else:
            (docs / PICTURE).unlink(missing_ok=True)
    write_text_atomically(docs / "README.md", model_card(bundle, scores))
    return docs / "README.md"


def _results_of(bundle: Bundle, folder: Path) -> dict[str, Any] | None:
    """Return what the benchmark found of these weights and thresholds, None where it found it of others."""
    try:
        found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        return found if found["bundle"]["sha256"] == bundle.sha256 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _summary(results: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the few figures of the card; None for results that an earlier version wrote and that lack some."""
    try:
        return benchmark_summary(results)
    except (KeyError, TypeError, AttributeError, StopIteration):
        return None


def _small_copy(picture: Path, copy: Path) -> None:
    """Copy a picture, in fewer pixels where it would be too large for a bundle."""
    from PIL import Image

    shutil.copyfile(picture, copy)
    while copy.stat().st_size > _LARGEST_PICTURE:
        with Image.open(copy) as opened:
            smaller = opened.resize((opened.width * 4 // 5, opened.height * 4 // 5), Image.Resampling.LANCZOS)
        smaller.save(copy, format="png", optimize=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    from rich.console import Console

    parser = argparse.ArgumentParser(prog="python -m MCDetect.training.default_card", description=__doc__)
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE, metavar="NAME|PATH", help="whose card is written")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        card = write_card(*_scored(given.bundle))
    except MCDetectError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 3
    console.print(f"The card is {card}.", markup=False, soft_wrap=True)
    return 0


def _scored(name: str) -> tuple[Bundle, dict[str, Any]]:
    bundle = find_bundle(name)
    scores = read_scores(bundle)
    if scores is None:
        raise ModelError(
            "not-scored",
            f"{bundle.folder / 'docs' / 'scores.json'} is missing, damaged, or holds the scores of other weights or "
            "thresholds.",
            f"Score the bundle first: python -m MCDetect.training.score_default --work DIR --bundle {name}.",
        )
    return bundle, scores


if __name__ == "__main__":
    sys.exit(main())
