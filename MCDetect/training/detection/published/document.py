"""Writes ``docs/published_networks.md`` and ``published.json``; no number in the document comes from anywhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from MCDetect.files import write_text_atomically
from MCDetect.training.detection.figures import ABOVE_NOISE, CRITERIA
from MCDetect.training.detection.patch_areas import AREAS, EQUAL_AREAS, patch_text
from MCDetect.training.detection.published.earlier import read_runs, section, without
from MCDetect.training.detection.published.networks import NETWORKS
from MCDetect.training.detection.published.rows import COLUMNS, cluster_table, other_ways, training_table
from MCDetect.training.detection.published.running import OURS
from MCDetect.training.detection.tables import interval
from MCDetect.training.patch_scores import CLASSICAL, GAUSSIANS


def figures_file(output: Path) -> Path:
    """Return where the figures are kept below the folder of the documentation."""
    return output / "detection" / "published.json"


def write_document(results: Mapping[str, Any], output: Path) -> list[Path]:
    """Write ``published_networks.md`` and ``detection/published.json`` below ``output`` and return both.

    What these files tell of networks that were not run again is kept in sections of its own.

    Parameters
    ----------
    results
        Of :func:`MCDetect.training.detection.published.running.run`.
    output
        Folder of the documentation.

    Raises
    ------
    InputError
        ``damaged-figures`` if ``published.json`` is there and cannot be read.
    """
    document, figures = output / "published_networks.md", figures_file(output)
    results = {**results, "earlier runs": without(read_runs(figures), results["training"])}
    write_text_atomically(figures, json.dumps(results, indent=1, allow_nan=False) + "\n")
    write_text_atomically(document, markdown(results))
    return [document, figures]


def markdown(results: Mapping[str, Any]) -> str:
    """Return the document."""
    frozen = results["frozen set"]
    examples = results["steps"] * results["batch"]
    return "\n".join(
        [
            "# The networks of the papers, trained as ours was\n",
            f"Written by `make bench-published` on {results['date']}, software {results['software_version']}, against "
            f"the bundle `{results['bundle']['name']}` of SHA-256 `{results['bundle']['sha256'][:16]}…`. All figures "
            "are in [published.json](detection/published.json). Brackets hold 95 % intervals, bootstrap by "
            "examination.\n",
            "**Simulated mammograms, short trainings from random weights: this is no judgement of what the papers "
            "report on their own data.** What their recipes give as published is in [papers.md](papers.md).\n",
            f"Each network learnt from the same {examples} examples' worth of seeds ({results['steps']} steps of "
            f"{results['batch']}) that the bundle's own patch network begins with: simulated tissue, injected "
            "calcifications, hard negatives, degradations, local noise normalisation; the same loss (does this patch "
            "hold three calcifications or more), optimiser, schedule and averaged weights. From its paper each has its "
            "architecture, the size of its input and its highest learning rate. Patches are 1 cm where the paper's "
            "are, else 1.6 cm (224 pixels), resized where the network asks for another size. "
            f"Numbers inside the networks were {results['precision']}.\n",
            "## Clusters\n",
            f"On the first {frozen['examinations']} examinations of the frozen set: {frozen['views']} views, "
            f"{frozen['views without clusters']} without clusters; {frozen['clusters']} clusters, "
            f"{frozen['clusters above noise']} of them above noise (median signal-to-noise ratio {ABOVE_NOISE:g} or "
            "more). A network goes over the breast in windows that overlap by half; windows higher than their eight "
            "neighbours are its candidates, placed between them by their probabilities.\n",
            f"Sensitivity by image, the number is that of false positives a view without clusters; hit: "
            f"{next(iter(CRITERIA))}.\n",
            cluster_table(results["systems"]),
            *other_ways(results),
            f"\n### {OURS} less each, paired by examination\n",
            cluster_table(results["differences"]),
            f"\n{_verdict(results)}\n",
            *_real(results),
            "## Trainings\n",
            training_table(results["training"]),
            "\nLoss and accuracy are of held-out examples."
            + _not_run(results)
            + " ResNet-50 stands for both papers that have it. Parameters are those that are trained; "
            "[papers.md](papers.md) counts the running means of batch normalisation too where the paper does.\n",
            *(line for run in results.get("earlier runs", []) for line in section(run)),
            "## How far this can be trusted\n",
            f"- {examples} examples are few for the large networks, which their papers start from weights of ImageNet; "
            f"none may be had here. The bundle's calcification network saw {_times(results, examples)} times as many "
            "crops and their pixels' labels: more than the architecture differs.\n"
            "- About 0.6 is the share of the commoner class among the held-out examples: a network with no higher "
            "accuracy has not begun to learn in so few steps, and its zeros say no more than that.\n"
            "- One training a network, one learning rate. Minutes were taken on a busy computer.\n"
            "- A window is 5 to 8 mm from the next. A finer grid would place candidates better, and cost four times "
            "as much. Candidates of networks are squares of one size, so that the intersection over union with an "
            "outline says more of that size than of what was found.\n",
        ]
    )


def _times(results: Mapping[str, Any], examples: int) -> str:
    crops = results["bundle"].get("crops")
    return "many" if crops is None else f"{crops / examples:.0f}"


def _real(results: Mapping[str, Any]) -> list[str]:
    lines = patch_text(
        results,
        "They are 5 mm wide and are mirrored to the networks' size, which makes several of every calcification. "
        f"{OURS}: sum of the calcification probabilities. {' and '.join(CLASSICAL)}: filters without anything learnt, "
        "mean of the three highest peaks; the first in five sizes after normalisation by local noise, the second of "
        f"{GAUSSIANS[0]:g} and {GAUSSIANS[1]:g} pixels on the grey values as they are, the best of seven pairs on "
        "these very patches. In the last column every patch has the same high-pass deviation, by which alone many "
        "can be told apart.",
    )
    return [*lines, f"\n{_higher(results[AREAS], results[EQUAL_AREAS])}\n"] if lines else []


def _higher(areas: Mapping[str, Any], equal: Mapping[str, Any]) -> str:
    """Return who ranks above ours on real patches."""
    told = []
    for words, values in (("as they are", areas), ("at equal high-pass deviation", equal)):
        above = [name for name, area in values.items() if area["estimate"] > values[OURS]["estimate"]]
        told.append(f"{words}: {', '.join(above) or 'none'}")
    return f"Higher than {OURS}, {'; '.join(told)}."


def _not_run(results: Mapping[str, Any]) -> str:
    earlier = {name for run in results.get("earlier runs", []) for name in run["training"]}
    left = [network.name for network in NETWORKS if network.name not in earlier | set(results["training"])]
    told = f" Run earlier, in a section of their own: {', '.join(sorted(earlier))}." if earlier else ""
    return told + (f" Not run: {', '.join(left)}." if left else "")


def _verdict(results: Mapping[str, Any]) -> str:
    """Return which networks are shown to be beaten and which are not, column by column."""
    frozen, differences = results["frozen set"], results["differences"]
    numbers = {"all": frozen["clusters"], "above noise": frozen["clusters above noise"]}
    open_columns: dict[str, int] = {}
    lines = []
    for part, rate in COLUMNS:
        left, known = [], 0
        for name, parts in differences.items():
            figure = parts[part] and parts[part][rate]
            known += figure is not None
            if figure is not None and figure["low"] <= 0:
                left.append(f"{name} {interval(figure)}")
                open_columns[name] = open_columns.get(name, 0) + 1
        told = ("; ".join(left) or "none") if known else "not measurable"
        lines.append(f"- {part}, at {rate} (n = {numbers[part]} clusters): {told}")
    beaten = [name for name in differences if name not in open_columns]
    text = f"Shown to be beaten by {OURS} in all {len(COLUMNS)} columns: {', '.join(beaten) or 'none'}. "
    if open_columns:
        told = ", ".join(f"{name} (in {number} of {len(COLUMNS)})" for name, number in open_columns.items())
        text += f"**Not shown to be beaten in every column: {told}.** "
    return (
        f"{text}Networks whose interval of the difference is not above 0, so that nothing is shown:\n\n"
        + "\n".join(lines)
        + f"\n\nThe few clusters make wide intervals, and {len(differences) * len(COLUMNS)} intervals of 95 % are "
        "looked at, with no correction for their number."
    )
