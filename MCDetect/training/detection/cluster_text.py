"""The part of ``docs/detection.md`` about clusters on the frozen set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from MCDetect.training.detection import tables
from MCDetect.training.detection.figures import CRITERIA
from MCDetect.training.detection.sorting import missed_table, sorting_table
from MCDetect.training.detection.suspicious import suspicious_froc_table, suspicious_table
from MCDetect.training.detection.systems import BUNDLE

_CENTRE = next(iter(CRITERIA))
_IMAGE, _CASE = "sensitivity at false positives a view", "sensitivity by examination at false positives a view"


def clusters_text(results: Mapping[str, Any]) -> str:
    """Return it: FROC, operating points, differences, groups, sorting, what is missed, and the bound."""
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
        "speaks loudest in the largest: a plain baseline, not the best of its kind. Both are fitted on the first "
        f"{sum(results['baselines']['calibration views'])} of the calibration views, the bundle on all of its own.\n",
        "### By morphology\n",
        "![Sensitivity by morphology](detection/morphology.png)\n",
        tables.morphology_table(groups, ("0.5", "1")),
        "\n### Sorted into suspicious and typically benign ones\n",
        "All clusters that are reported count in the tables above, those that are reported apart as typically benign "
        "too. At the default operating point:\n",
        sorting_table(results["sorting"]),
        "",
        *_suspicious(results),
        "\n### Missed clusters above noise, at 1 false positive a view\n",
        "What of them is marked by single marks, and what lies above the calcification threshold; a cluster asks "
        "for three of these, each within 5 mm of the next (strong ones 10 mm):\n",
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


def _suspicious(results: Mapping[str, Any]) -> list[str]:
    figures = results["suspicious clusters"]
    usual = results["default operating point"]
    called = figures["called benign"][usual]
    share = "" if called["share"] is None else f" ({tables.interval(called['share'])})"
    return [
        f"Of the clusters of suspicious morphology ({', '.join(figures['kinds'])}) that are found at `{usual}`, "
        f"{called['benign']} of {called['found']}{share} are reported as typically benign, and who looks at suspicious "
        "ones alone will pass them over:\n",
        suspicious_table(figures),
        f"\nThe {figures['clusters']} clusters of these morphologies once more, with candidates that are reported as "
        "suspicious alone, right ones and false ones; those reported as typically benign do not count. Below it the "
        "same clusters when every candidate counts. Sensitivity by image at false positives a view without clusters, "
        "and number of clusters:\n",
        suspicious_froc_table(figures),
    ]
