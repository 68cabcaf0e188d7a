"""The parts of ``docs/detection.md`` about real mammograms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from MCDetect.training.detection import injected_set, tables
from MCDetect.training.detection.by_eye import BODY_MM, GROUP_MM, SAME_MM, UNKNOWN, by_eye_table, known_table
from MCDetect.training.detection.figures import CRITERIA
from MCDetect.training.detection.injected_figures import injected_groups_table
from MCDetect.training.detection.mark_figures import LEAST_RATIO


def real_text(results: Mapping[str, Any]) -> str:
    """Return marks on real views, and what is found of clusters that were put into them."""
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
            "\nMarks by themselves are counted by their logits alone; those of the rules for members of clusters stand "
            "under “By eye”. Clusters of the baselines on the same real views, from the thresholds at which simulated "
            "views without clusters carry so many false ones:\n",
            tables.real_clusters_table(results["real views"]["clusters at false positives a simulated view"]),
            *_by_eye(results["by eye"]),
            "\n### Injected set\n",
            f"{document['views']} of {injected_set.COPIES * document['mammograms']} views: up to "
            f"{injected_set.CLUSTERS} simulated clusters in each, put into {document['mammograms']} real mammograms "
            "that were not trained on. They have the local noise of their place; their blur is drawn, not measured, "
            "and all are grouped. Their signal-to-noise ratio is of the finished picture, that of the frozen set of "
            "the exposure before its processing: “above noise” is not the same in both. "
            f"{_state(document)} The set was frozen anew on 2026-11-22, when the breast mask, which decides the "
            "places, had changed; earlier figures are of other places. Intervals by mammogram, of which there are few. "
            "False positives cannot be counted, as nobody knows what else these mammograms hold; thresholds come from "
            "the simulated set. Nothing is counted by examination (the mammograms are of two women), and there is no "
            "bound of an ideal observer (the tissue under what was put in is not known).\n",
            *_injected_tables(document),
            f"Of {marks['calcifications']} injected calcifications of signal-to-noise ratio {LEAST_RATIO:g} and more, "
            f"{tables.interval(marks['sensitivity'])} are marked at the bundle's calcification threshold, "
            f"{tables.interval(marks['sensitivity by themselves'])} at that of marks that stand alone"
            + (
                "."
                if marks["centre error"] is None
                else f"; the centre is off by {marks['centre error']['median_mm']:.3f} mm in the median."
            ),
            "",
        ]
    )


def _by_eye(figures: Mapping[str, Any]) -> list[str]:
    return [
        "\n### By eye\n",
        "Of the places of the highest contrast in two of the views (60 and 40, by differences of Gaussians in three "
        "sizes, whatever the detector says) those that one of us, who is no radiologist, was certain of, called from "
        "crops without marks; and the classes of all marks at the default operating point, called from "
        "crops in which they showed. Coordinates and classes are in `MCDetect/training/detection/by_eye.json`; a mark "
        f'more than {SAME_MM:g} mm from all of them is "{UNKNOWN}". Uncertain ones are '
        "specks that may be calcifications or grain; grain is where the eye finds nothing.\n",
        by_eye_table(figures),
        f"\nWhat was plain to see before anything was marked; marks within {GROUP_MM:g} mm of the middle of a group, "
        f"and within {BODY_MM:g} mm of that of a large calcification:\n",
        known_table(figures),
    ]


def _state(document: Mapping[str, Any]) -> str:
    same, views = document["views as they were frozen"], document["views"]
    sources, mammograms = document["mammograms as they were frozen"], document["mammograms"]
    told = (
        f"{sources} of the {mammograms} mammograms and {same} of the {views} views with what was put in have the "
        "grey values they had when the set was frozen (SHA-256 of each in "
        "`MCDetect/training/detection/injected_set.json`)."
    )
    if (same, sources) == (views, mammograms):
        return told
    return f"**These figures are of another set than the frozen one:** {told}"


def _injected_tables(document: Mapping[str, Any]) -> list[str]:
    parts = []
    for criterion in CRITERIA:
        parts += [f"Hit: {criterion}.\n", tables.injected_table(document, criterion), ""]
    parts.append(
        "MCDetect by groups; in each cell sensitivity and number. The density of these breasts is not known: nobody "
        "read it, and it stands in no header, so the mammograms stand for themselves.\n"
    )
    for name, groups in document["groups"].items():
        parts += [injected_groups_table(groups, name), ""]
    return parts


def realism_text(results: Mapping[str, Any]) -> str:
    """Return how much simulated views look like real ones."""
    realism = results["realism"]
    real = f"{len(realism['real'])} real views" if realism["real"] else "No real view was given: simulated ones alone"
    version, trained = results["simulator"]["version"], results["simulator"]["of the training"] or "another"
    trained_on = "as they are trained on" if trained == version else f"the bundle was trained on those of {trained}"
    return "\n".join(
        [
            "## How much simulated views look like real ones\n",
            f"{real}; {len(realism['simulated'])} simulated views without calcifications of version {version} of the "
            f"simulator; {trained_on}. "
            "Medians over regions of 256 pixels in each view (`MCDetect/simulation/realism.py`).\n",
            tables.realism_table(realism),
            "\n![Realism](detection/realism.png)\n",
            "Crops of real and simulated views side by side are drawn into the work folder "
            "(`realism/side_by_side.png`); those of the real views used here may not be passed on. To the eye of one "
            "of us, who is no radiologist, real tissue holds more fine bright strands, and simulated tissue is more "
            "like clouds (looked at on 2026-11-22, version 1.2 of the simulator).\n",
        ]
    )
