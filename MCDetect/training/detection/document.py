"""Writes ``docs/detection.md``, its plots and ``results.json``; no number in the document comes from anywhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from MCDetect.files import write_text_atomically
from MCDetect.simulation.presentation import PresentationStyle
from MCDetect.training.detection import frozen_set, tables
from MCDetect.training.detection.aims import aims_table
from MCDetect.training.detection.cluster_figures import REPORTED
from MCDetect.training.detection.cluster_text import clusters_text
from MCDetect.training.detection.figures import ABOVE_NOISE
from MCDetect.training.detection.mark_figures import LEAST_RATIO
from MCDetect.training.detection.marks import CELL_MM
from MCDetect.training.detection.pictures import draw_crops, draw_failures, draw_views
from MCDetect.training.detection.plots import draw_plots
from MCDetect.training.detection.real_text import real_text, realism_text
from MCDetect.training.detection.truths import read_view_truth
from MCDetect.training.detection.vascular import vascular_table

_AFTER_AIMS = """
What was tried for the aims that are missed, and what types, descriptors and correspondence are worth, stands in
[detector.md](detector.md).
"""

_NOT_DONE = """## What was not measured

- Ablations at full length (each about an hour on two cores). Short ones, without noise normalisation, without hard
  negatives and with a real background, are in [ablations.md](ablations.md), by image and the first criterion alone, and
  not on the injected set. Leaving out the second stage and fitting the cluster score again needs no training and is in
  the tables.
- Networks of the papers after a training as long as that of the calcification network (the shallow CNN, as our second
  stage, has a quarter of its minutes). The others after a short one on the same examples:
  [published_networks.md](published_networks.md), on a third of the frozen set, not on the injected set nor
  on real views, and not by morphology, signal-to-noise ratio or density.
- The baselines by morphology and density; groups by the second criterion; clusters of all signal-to-noise ratios by
  examination are in `results.json` alone.
- Annotated real mammograms: none may be used here. What is known of real ones stands under "Real and simulated", and
  of real patches in the card of the bundle and in [detector.md](detector.md).
- Readers: nobody has read these views to compare a person with the software. One of us, who is no radiologist, looked
  at crops of real and simulated views and at marks on two real ones (above).
"""


def write_document(results: Mapping[str, Any], output: Path, work: Path) -> list[Path]:
    """Write the document, the plots and the results.

    Parameters
    ----------
    results
        Of :func:`MCDetect.training.detection.benchmark.run`.
    output
        Folder for ``detection.md`` and ``detection/``.
    work
        Where the run kept its views: crops of simulated ones are drawn.

    Returns
    -------
    list of Path
        All files.
    """
    folder = output / "detection"
    plots = draw_plots(results, folder)
    views = [work / "frozen" / f"{seed}.npy" for seed in results["seeds"]]
    truths = [read_view_truth(view) for view in views]
    pictures = [
        draw_crops(views, truths, folder / "crops.png"),
        draw_views(views, truths, folder / "views.png"),
        draw_failures(
            views, results["missed clusters above noise"], results["highest false clusters"], folder / "failures.png"
        ),
    ]
    document, data = output / "detection.md", folder / "results.json"
    write_text_atomically(data, json.dumps(results, indent=1, allow_nan=False) + "\n")
    write_text_atomically(document, markdown(results))
    return [document, data, *plots, *pictures]


def markdown(results: Mapping[str, Any]) -> str:
    """Return the document."""
    parts = [_head(results), _sets(results), "## Aims and what was reached\n", aims_table(results), _AFTER_AIMS]
    parts += [clusters_text(results), _calcifications(results), _scores(results)]
    parts += [real_text(results), realism_text(results), _NOT_DONE]
    return "\n".join(parts)


def _head(results: Mapping[str, Any]) -> str:
    bundle = results["bundle"]
    return f"""# How well MCDetect finds calcifications

Written by `make bench-detection` on {results["date"]}, software {results["software_version"]}, bundle
`{bundle["name"]}` of SHA-256 `{bundle["sha256"][:16]}…`. All figures, with more digits, are in
[results.json](detection/results.json). Brackets hold 95 % intervals, bootstrap by examination.

**Nearly all of this is measured on simulated mammograms. None of it is a clinical performance.**
"""


def _sets(results: Mapping[str, Any]) -> str:
    about = results["frozen set"]
    ranges = ", ".join(
        f"{name.replace('_', ' ')} {low:g} to {high:g}" for name, (low, high) in frozen_set.RANGES.items()
    )
    whole = len(frozen_set.view_seeds())
    state = "" if about["views"] == whole else f" **This run looked at {about['views']} of {whole} views.**"
    same, loud = about["views as they were frozen"], about["clusters above noise"]
    return f"""## What it is measured on

**Frozen simulated set**: {about["views"]} views of {about["examinations"]} examinations (seeds and ranges in
`MCDetect/training/detection/frozen_set.py`, SHA-256 of every view in `frozen_set.json` beside it).{state} {same} of
the {about["views"]} views were the same in this run, bit by bit. {about["views without clusters"]} hold no cluster, the
others together {about["clusters"]}, {loud} of them above noise (median signal-to-noise ratio of their calcifications
{ABOVE_NOISE:g} or more). There are {about["calcifications"]} calcifications. It is harder than what was trained and
calibrated on: pixels of 0.05 to 0.1 mm (training: 0.07); {ranges}, all wider than in training;
at least {frozen_set.LEAST_QUANTA:g} quanta in a pixel, as in version 1.1 of the simulator (since 1.2:
{PresentationStyle.least_quanta:g});
nipple markers, clips and folds of skin, which training did not have; morphologies and densities by turns, so that a
quarter of the clusters are popcorn or rims; calcifications made by attenuation before the exposure, where training adds
them to the finished picture. It is not fresh any more: what was missed on it was looked at, and the rule for strewn
calcifications was made after one such cluster; the test views of the model card were not looked at for it.

False positives are counted on the views without clusters, "by examination" on examinations without any. Isolated
calcifications are in all views.

![Whole views of density a to d](detection/views.png)

![Crops of the nine morphologies, simulated](detection/crops.png)
"""


def _calcifications(results: Mapping[str, Any]) -> str:
    figures = results["calcifications"]
    at_ten = figures["MCDetect"]["at 10 false marks a view"]
    error = at_ten["centre error"]
    said = (
        "No calcification was found."
        if error is None
        else f"The centre is off by {error['median_mm']:.3f} mm in the median, {error['mean_mm']:.3f} mm on average "
        f"and {error['95th percentile_mm']:.3f} mm at the 95th percentile."
    )
    return "\n".join(
        [
            "## Single calcifications\n",
            f"{figures['calcifications']} calcifications of signal-to-noise ratio {LEAST_RATIO:g} and more, vascular "
            "ones apart. Marks and calcifications are matched one to one, at most 0.5 mm beside the calcification. "
            "Sensitivity:\n",
            tables.marks_table(figures),
            "",
            f"MCDetect carries {figures['MCDetect']['most false marks a view']:g} false marks a view at its lowest "
            f"threshold here. The ideal observer knows tissue, shape and place and judges squares of {CELL_MM:g} mm.\n",
            f"At 10 false marks a view: {said}\n",
            tables.mark_groups_table(at_ten["by signal-to-noise ratio"], "signal-to-noise ratio"),
            "",
            tables.mark_groups_table(at_ten["by morphology"], "morphology"),
            "",
            *_vascular(results["vascular calcifications"]),
        ]
    )


def _vascular(figures: Mapping[str, Any]) -> list[str]:
    number = figures["vascular calcifications"]
    if not number:
        return ["There are no vascular calcifications in these views.\n"]
    return [
        "### Vascular calcifications\n",
        f"{number} vascular calcifications of signal-to-noise ratio {LEAST_RATIO:g} and more, "
        "4 to 22 mm long, which the figures above leave out. Each is found when a mark that is on no other "
        "calcification lies in the disc that has its length as diameter; at the threshold of marks that stand alone "
        f"{figures['marked by chance']:.2f} of them would be by chance. Clusters lie in it with their middle; at the "
        "default operating point:\n",
        vascular_table(figures),
        "",
    ]


def _by_chance(chance: Mapping[str, float] | None) -> str:
    if chance is None:
        return ""
    return (
        f"Were each score the true probability, so few candidates would have an error of {chance['mean']:.3f} on "
        f"average (95 % of draws: {chance['low']:.3f}–{chance['high']:.3f}): less says nothing, only more does. "
    )


def _scores(results: Mapping[str, Any]) -> str:
    calibration = results["calibration"]
    part = calibration[REPORTED]

    def told(figures: Mapping[str, Any]) -> str:
        error, share = figures["expected calibration error"], figures["share right"]
        if error is None:
            return "there is none"
        return f"{tables.interval(error, 3)}, {share:.2f} of them right"

    number = calibration["clusters found"]
    return (
        "## Is the score of a cluster a probability?\n\n"
        f"Expected calibration error in ten bins, of all {number} candidates: {told(calibration)}. "
        f"{number - part['clusters found']} of them lie below every operating point and are never shown. Of the "
        f"{part['clusters found']} from the lowest (`{part['operating point']}`, {part['threshold']:.3f}) up: "
        f"{told(part)}. {_by_chance(calibration['error by chance'])}It holds for a set with as many clusters "
        "as this one; where fewer women have any, scores are too high.\n\n"
        f"{tables.calibration_table(calibration)}\n\n![Calibration](detection/calibration.png)\n"
    )
