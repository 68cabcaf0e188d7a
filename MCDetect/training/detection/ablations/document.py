"""Writes ``docs/ablations.md`` and ``ablations.json``; no number in the document comes from anywhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from MCDetect.files import write_text_atomically
from MCDetect.training.detection.ablations.arms import ARMS, REFERENCE
from MCDetect.training.detection.ablations.running import CLUSTER_RATES, MARK_RATES
from MCDetect.training.detection.figures import ABOVE_NOISE, CRITERIA
from MCDetect.training.detection.mark_figures import LEAST_RATIO
from MCDetect.training.detection.patch_areas import patch_text
from MCDetect.training.detection.tables import interval, table

_COLUMNS = [(part, f"{rate:g}") for part in ("all", "above noise") for rate in CLUSTER_RATES]
_COLUMNS += [("single calcifications", f"{rate:g}") for rate in MARK_RATES]
_HEADER = [f"{part}, at {rate}" for part, rate in _COLUMNS]


def write_document(results: Mapping[str, Any], output: Path) -> list[Path]:
    """Write ``ablations.md`` and ``detection/ablations.json`` below ``output`` and return both.

    Parameters
    ----------
    results
        Of :func:`MCDetect.training.detection.ablations.running.run`.
    output
        Folder of the documentation.
    """
    document, figures = output / "ablations.md", output / "detection" / "ablations.json"
    write_text_atomically(figures, json.dumps(results, indent=1, allow_nan=False) + "\n")
    write_text_atomically(document, markdown(results))
    return [document, figures]


def markdown(results: Mapping[str, Any]) -> str:
    """Return the document."""
    frozen, (normal, lesion) = results["frozen set"], results["calibration views"]
    return "\n".join(
        [
            "# What each part of the recipe is worth\n",
            f"Written by `make bench-ablations` on {results['date']}, software {results['software_version']}. All "
            "figures are in [ablations.json](detection/ablations.json). Brackets hold 95 % intervals, bootstrap by "
            "examination.\n",
            "**Clusters and single calcifications are measured on simulated mammograms, after trainings much shorter "
            "than that of the default bundle. Of real ones marks are counted and small patches ranked, no more.**\n",
            f"Each arm trains the calcification network for {results['steps']} steps of {results['batch']} examples "
            f"(the recipe: up to {results['steps of the recipe']}), with the same seed, the same "
            "first weights and, as "
            "far as the arm allows, the same examples. Then each gets its own thresholds by the same rules on the same "
            f"{normal + lesion} simulated views, {normal} of them without clusters: "
            f"{results['false marks a view at the threshold']:g} false marks a view for single calcifications, and a "
            "cluster score fitted without the patch network. There is no second stage and no model of calcification "
            "types, so that the arms differ by the network alone. Figures are therefore lower than in "
            "[detection.md](detection.md), and are compared with one another only.\n",
            table(
                ["arm", "what is left out or added"],
                [[arm.name, arm.meaning] for arm in ARMS if arm.name in results["arms"]],
            ),
            "\nThe recipe of the default bundle has no real backgrounds: what stands for them is an arm *with* one."
            f"{_not_run(results)}\n",
            "## What was found\n",
            f"On the first {frozen['examinations']} examinations of the frozen set: {frozen['views']} views, "
            f"{frozen['views without clusters']} without clusters; {frozen['clusters']} clusters, "
            f"{frozen['clusters above noise']} of them above noise (median signal-to-noise ratio {ABOVE_NOISE:g} or "
            "more).\n",
            "“all” and “above noise” are sensitivities for clusters by image, the number is that of false positives a "
            f"view without clusters; hit: {next(iter(CRITERIA))}. Single calcifications are those of signal-to-noise "
            f"ratio {LEAST_RATIO:g} and more, vascular ones apart, the number is that of false marks a view without "
            "clusters; a dash where an arm does not carry so many.\n",
            table(["arm", *_HEADER], [_row(name, figures) for name, figures in results["arms"].items()]),
            f"\n## Less the {REFERENCE.name}, paired by examination\n",
            table(["arm", *_HEADER], [_row(name, figures) for name, figures in results["differences"].items()]),
            f"\n{_verdict(results)}\n",
            "## Marks a view\n",
            "Marks from the threshold of members of clusters up (not that of marks by themselves, as in "
            "[detection.md](detection.md)) and, in brackets, clusters at the usual operating point "
            f"({results['false clusters a view at the usual operating point']:g} false ones a calibration view without "
            "clusters), each at the thresholds of its arm. Real views are not annotated: some marks on them are "
            "right.\n",
            _marks(results["marks"]),
            _seen(results),
            *_patches(results),
            "## Trainings\n",
            "Validation is on the examples of the arm itself, so that its losses are not to be compared.\n",
            table(
                ["arm", "steps", "minutes", "validation loss", "threshold (logit)"],
                [_training(name, record) for name, record in results["training"].items()],
            ),
            "\n## How far this can be trusted\n",
            "- One training an arm. How much two trainings differ that differ by the seed alone was not measured, and "
            "the intervals do not hold it: they are of the views.\n"
            "- The trainings are short. A part that helps a network that has seen much may help one less that has seen "
            "little, or hinder it: hard examples cost steps.\n"
            "- Distractors and degradations are there for what simulated views hold little of: detector defects, "
            "scratches, scanned film, 8-bit pictures, other vendors' noise. The frozen set holds some of it (wider "
            "ranges of processing, markers, clips, folds of skin), real mammograms more.\n"
            "- Local noise is what a simulated view has too, but fewer sorts of it than the detectors in use.\n",
        ]
    )


def _seen(results: Mapping[str, Any]) -> str:
    """Return which of the real views an arm was trained on."""
    name = results["real background"]
    trained = [arm.name for arm in ARMS if arm.real and arm.name in results["arms"]]
    return f"\n{', '.join(trained)}: {name} is what it was trained on.\n" if trained and name else ""


def _patches(results: Mapping[str, Any]) -> list[str]:
    lines = patch_text(results, "They are ranked by the sum of the calcification probabilities.")
    return [*lines, ""] if lines else []


def _not_run(results: Mapping[str, Any]) -> str:
    left = [arm.name for arm in ARMS if arm.name not in results["arms"]]
    return f" Not run: {', '.join(left)}." if left else ""


def _row(name: str, figures: Mapping[str, Any]) -> list[str]:
    return [name, *(interval(figures[part] and figures[part][rate]) for part, rate in _COLUMNS)]


def _marks(marks: Mapping[str, Any]) -> str:
    views = list(next(iter(marks.values())))
    rows = [[name, *(f"{of[v]['marks']:.1f} ({of[v]['clusters']:.1f})" for v in views)] for name, of in marks.items()]
    return table(["arm", *views], rows)


def _training(name: str, record: Mapping[str, Any]) -> list[str]:
    return [
        name,
        str(record["steps"]),
        f"{record['minutes']:.1f}",
        f"{record['validation_loss']:.3f}",
        f"{record['calcification_threshold']:.2f}",
    ]


def _verdict(results: Mapping[str, Any]) -> str:
    """Return which differences have an interval on one side of 0."""
    told = []
    for name, figures in results["differences"].items():
        for (part, rate), header in zip(_COLUMNS, _HEADER, strict=True):
            value = figures[part] and figures[part][rate]
            if value and (value["low"] > 0 or value["high"] < 0):
                told.append(f"- {name}: {header}, {'more' if value['low'] > 0 else 'less'} by {interval(value)}")
    if not told:
        return (
            "No interval of a difference excludes 0: with trainings this short and this many views, no part is shown "
            "to help or to hinder."
        )
    return "Differences whose interval excludes 0:\n\n" + "\n".join(told)
