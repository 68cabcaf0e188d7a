"""Figures of networks that this run did not train again: kept, and told apart with the bundle they were compared to.

Ten networks take hours. A run of some of them must not lose what was measured of the others, nor may it be put beside
figures of another bundle as if both were of one run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from MCDetect.errors import InputError
from MCDetect.training.detection.patch_areas import AREAS, EQUAL_AREAS, area_table
from MCDetect.training.detection.published.rows import cluster_table, other_ways, training_table
from MCDetect.training.detection.published.running import OURS

_BY_NETWORK = ("training", "systems", "differences", AREAS, EQUAL_AREAS)
_OTHER_WAYS = "other ways of counting"
_ABOUT = ("software_version", "date", "bundle", "steps", "batch", "precision", "frozen set")
_KNOWN_LATER = ("real patches",)  # not in the figures of all runs


def read_runs(figures: Path) -> list[dict[str, Any]]:
    """Return the runs of which ``published.json`` tells, the newest first; none where it is not there.

    Raises
    ------
    InputError
        ``damaged-figures`` if it cannot be read, as figures of earlier runs would be lost.
    """
    if not figures.exists():
        return []
    try:
        last = json.loads(figures.read_text(encoding="utf-8"))
        runs = [last, *last.get("earlier runs", [])]
        return [_only(run, list(run["training"])) for run in runs]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "damaged-figures",
            f"{figures} does not hold the figures of an earlier run, which this one would keep.",
            "Restore or delete the file, or choose another folder with --output.",
        ) from error


def without(runs: Sequence[Mapping[str, Any]], networks: Iterable[str]) -> list[dict[str, Any]]:
    """Return of each run, the newest first, what neither a newer one nor ``networks`` has."""
    known, kept = set(networks), []
    for run in runs:
        left = [name for name in run["training"] if name not in known]
        known.update(left)
        if left:
            kept.append(_only(run, left))
    return kept


def _only(run: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Return what is told of a run, of these networks and ours."""
    wanted = [OURS, *names]
    kept = {key: run[key] for key in _ABOUT}
    kept |= {key: run[key] for key in _KNOWN_LATER if key in run}
    kept |= {key: {name: run[key][name] for name in wanted if name in run[key]} for key in _BY_NETWORK if key in run}
    if _OTHER_WAYS in run:
        kept[_OTHER_WAYS] = {
            criterion: {way: {name: of[name] for name in wanted if name in of} for way, of in ways.items()}
            for criterion, ways in run[_OTHER_WAYS].items()
        }
    return kept


def section(run: Mapping[str, Any]) -> list[str]:
    """Return what the document tells of an earlier run."""
    bundle, frozen = run["bundle"], run["frozen set"]
    areas = run.get(AREAS)
    return [
        f"## Not trained again: networks of {run['date']}\n",
        f"Software {run['software_version']}, {run['steps']} steps of {run['batch']}, {run['precision']}, the first "
        f"{frozen['examinations']} examinations of the frozen set ({frozen['clusters']} clusters, "
        f"{frozen['clusters above noise']} above noise). {OURS} was the bundle `{bundle['name']}` of SHA-256 "
        f"`{bundle['sha256'][:16]}…` then; its rows here are of that one.\n",
        cluster_table(run["systems"]),
        *other_ways(run),
        f"\n{OURS} of that time less each, paired by examination:\n",
        cluster_table(run["differences"]),
        *(["\nReal patches:\n", area_table(areas, run.get(EQUAL_AREAS))] if areas else []),
        "\nTrainings:\n",
        training_table(run["training"]),
        "",
    ]
