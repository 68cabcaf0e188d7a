"""Writes ``docs/detection.md``, its plots and ``results.json``; no number in the document comes from anywhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from MCDetect.files import write_text_atomically
from MCDetect.training.detection import frozen_set, injected_set, tables
from MCDetect.training.detection.aims import aims_table
from MCDetect.training.detection.figures import ABOVE_NOISE, CRITERIA
from MCDetect.training.detection.mark_figures import LEAST_RATIO
from MCDetect.training.detection.marks import CELL_MM
from MCDetect.training.detection.pictures import draw_crops, draw_failures, draw_views
from MCDetect.training.detection.plots import draw_plots
from MCDetect.training.detection.sorting import missed_table, sorting_table
from MCDetect.training.detection.systems import BUNDLE
from MCDetect.training.detection.truths import read_view_truth

_CENTRE, _OVERLAP = CRITERIA
_IMAGE, _CASE = "sensitivity at false positives a view", "sensitivity by examination at false positives a view"

_NOT_DONE = """## What was not measured

- Ablations at full length (each about an hour on two cores). Short ones, without noise normalisation and without hard
  negatives, are in [ablations.md](ablations.md); training on real backgrounds was not tried, so that the shipped recipe
  is the arm without them. Leaving out the second stage and fitting the cluster score again needs no training and is in
  the tables.
- Networks of the papers other than the shallow CNN after a training as long as ours. After a short one on the same
  examples: [published_networks.md](published_networks.md).
- Annotated real mammograms: none may be used here. What is known of real ones stands under "Real and simulated".
- Readers: no person has looked at these views for comparison.
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
    parts = [_head(results), _sets(results), "## Aims and what was reached\n", aims_table(results), ""]
    parts += [_clusters(results), _calcifications(results), _scores(results)]
    parts += [_real(results), _realism(results), _NOT_DONE]
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
nipple markers, clips and folds of skin, which training did not have; morphologies and densities by turns, so that a
quarter of the clusters are popcorn or rims; calcifications made by attenuation before the exposure, where training adds
them to the finished picture. It is not fresh any more: what was missed on it was looked at, and the rule for strewn
calcifications was made after one such cluster; the test views of the model card were not looked at for it.

False positives are counted on the views without clusters, "by examination" on examinations without any. Isolated
calcifications are in all views.

![Whole views of density a to d](detection/views.png)

![Crops of the nine morphologies, simulated](detection/crops.png)
"""


def _clusters(results: Mapping[str, Any]) -> str:
    clusters, groups = results["clusters"], results["clusters"][BUNDLE]["groups"]
    bound = results["ideal observer, three calcifications of a cluster"]
    most = clusters[BUNDLE][_CENTRE]["all"]["most false positives a view"]
    parts = ["## Clusters\n", "![FROC curves](detection/froc.png)\n"]
    for criterion in CRITERIA:
        for part in ("all", "above noise"):
            number = clusters[BUNDLE][criterion][part]
            if number is not None:
                parts += [
                    f"Sensitivity by image at false positives a view; hit: {criterion}; {part} clusters "
                    f"({number['clusters']}).\n",
                    tables.froc_table(clusters, criterion, part, _IMAGE),
                    "",
                ]
    parts += [
        f"Below its lowest score MCDetect has no more marks: {most:g} false positives a view at most, so its "
        "sensitivity stays as it is from there on.\n",
    ]
    for criterion in CRITERIA:
        parts += [
            f"By examination (is any cluster of it found), above noise; hit: {criterion}.\n",
            tables.froc_table(clusters, criterion, "above noise", _CASE),
            "",
        ]
    parts += [
        "### Operating points\n",
        tables.operating_table(clusters["operating points"][_CENTRE]),
        "",
        "### Difference to the baselines, paired\n",
        tables.difference_table(clusters["differences"]),
        "",
        "The shallow CNN is the bundle's own second stage, over every patch; the Laplacian of Gaussian runs in five "
        "sizes, with the same normalisation, linking distance, number of false marks and fit of the cluster score. "
        "Neither has groups of faint or strewn marks. All sizes of the Laplacian share one threshold, so that tissue "
        "speaks loudest in the largest: a plain baseline, not the best of its kind.\n",
        "### By morphology\n",
        "![Sensitivity by morphology](detection/morphology.png)\n",
        tables.morphology_table(groups, ("0.5", "1")),
        "\n### Sorted into suspicious and typically benign ones\n",
        "All clusters that are reported count in the tables above, those that are reported apart as typically benign "
        "too. At the default operating point:\n",
        sorting_table(results["sorting"]),
        "\n### Missed clusters above noise, at 1 false positive a view\n",
        "What of them is marked by single marks; a cluster asks for three, each within 5 mm of the next (strong ones "
        "10 mm):\n",
        missed_table(results["missed clusters above noise"]),
        "\n![Missed clusters above noise, and the false ones of the highest scores](detection/failures.png)\n",
        "The picture shows them, 18 mm wide, and the suspicious false clusters of the highest scores.\n",
        "\n### By signal-to-noise ratio, at 1 false positive a view\n",
        tables.ratio_table(clusters, "1"),
        "\n### By density, at 1 false positive a view\n",
        tables.density_table(groups, "1"),
        "",
    ]
    if bound is not None:
        loud = "–" if bound["above noise"] is None else f"{bound['above noise']:.2f}"
        parts.append(
            "### Bound\n\nAn observer who knows the tissue, and shape and place of each calcification, and is "
            "disturbed by nothing but the noise of the acquisition, marks three calcifications of "
            f"{bound['all']:.2f} of all clusters and of {loud} of those above noise at 5 false marks a view. Nothing "
            "that needs three marks finds more; a detector does not know the tissue and is expected to stay below.\n"
        )
    return "\n".join(parts)


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
        ]
    )


def _scores(results: Mapping[str, Any]) -> str:
    calibration = results["calibration"]
    share = calibration["share right"]
    return (
        "## Is the score of a cluster a probability?\n\n"
        f"Expected calibration error in ten bins: {tables.interval(calibration['expected calibration error'])}; "
        f"{calibration['clusters found']} clusters were found, "
        f"{'none' if share is None else f'{share:.2f} of them right'}. It holds for a set with as many clusters as "
        "this one; where fewer women have any, scores are too high.\n\n![Calibration](detection/calibration.png)\n"
    )


def _real(results: Mapping[str, Any]) -> str:
    document = results["injected set"]
    if document is None:
        return (
            "## Real and simulated\n\nSkipped, and so is the injected set: no folder of real mammograms was given "
            "(`make bench-detection REAL=folder`).\n"
        )
    marks = document["calcifications"]
    return "\n".join(
        [
            "## Real and simulated\n",
            "Marks that are strong enough to be reported by themselves and clusters, a view, whatever is under them "
            "(the real views are not annotated; some hold calcifications):\n",
            tables.real_table(results),
            "\n### Injected set\n",
            f"{document['views']} of {injected_set.COPIES * document['mammograms']} views: {injected_set.CLUSTERS} "
            f"simulated clusters in each, put into {document['mammograms']} real mammograms that were not trained on. "
            "Intervals by mammogram, of which there are few. False positives cannot be counted; thresholds come from "
            "the simulated set.\n",
            tables.injected_table(document, _CENTRE),
            "",
            f"Of {marks['calcifications']} injected calcifications of signal-to-noise ratio {LEAST_RATIO:g} and more, "
            f"{tables.interval(marks['sensitivity'])} are marked at the bundle's threshold of members of clusters, "
            f"{tables.interval(marks['sensitivity by themselves'])} at that of marks that stand alone"
            + (
                "."
                if marks["centre error"] is None
                else f"; the centre is off by {marks['centre error']['median_mm']:.3f} mm in the median."
            ),
            "",
        ]
    )


def _realism(results: Mapping[str, Any]) -> str:
    realism = results["realism"]
    real = f"{len(realism['real'])} real views" if realism["real"] else "No real view was given: simulated ones alone"
    return "\n".join(
        [
            "## How much simulated views look like real ones\n",
            f"{real}; {len(realism['simulated'])} simulated views without calcifications, as they are trained on. "
            "Medians over regions of 256 pixels in each view (`MCDetect/simulation/realism.py`).\n",
            tables.realism_table(realism),
            "\n![Realism](detection/realism.png)\n",
            "Crops of real and simulated views side by side are drawn into the work folder "
            "(`realism/side_by_side.png`); those of the real views used here may not be passed on. To the eye real "
            "tissue holds more fine bright strands, and simulated tissue is more like clouds.\n",
        ]
    )
