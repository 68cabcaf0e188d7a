"""Tables of ``docs/detection.md``: each takes a part of the results and returns Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from MCDetect.evaluation.froc import RATES
from MCDetect.training.detection.systems import BUNDLE, NAMES


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def interval(figure: Mapping[str, Any] | None, digits: int = 2) -> str:
    """Return an estimate with its interval, or a dash."""
    if figure is None:
        return "–"
    estimate = f"{figure['estimate']:.{digits}f}"
    if "low" not in figure:
        return estimate
    return f"{estimate} [{figure['low']:.{digits}f}–{figure['high']:.{digits}f}]"


def counted(figure: Mapping[str, Any] | None) -> str:
    """Return an estimate with its interval and the number it was taken from."""
    return "–" if figure is None else f"{interval(figure)}, {figure['clusters']}"


def froc_table(clusters: Mapping[str, Any], criterion: str, part: str, figure: str) -> str:
    """Return sensitivities of all systems at the usual rates."""
    rows = []
    for name in NAMES:
        figures = clusters[name][criterion][part]
        if figures is not None:
            values = figures[figure]
            rows.append([name, *(interval(values[f"{rate:g}"]) for rate in RATES)])
    return table(["", *(f"{rate:g}" for rate in RATES)], rows)


def morphology_table(groups: Mapping[str, Any], rates: Sequence[str]) -> str:
    """Return the sensitivity of the bundle by morphology."""
    header = ["morphology", *(f"all, at {r}" for r in rates), *(f"above noise, at {r}" for r in rates)]
    rows = [
        [kind, *(counted(parts["all"][r]) for r in rates), *(counted(parts["above noise"][r]) for r in rates)]
        for kind, parts in groups["by morphology"].items()
    ]
    return table(header, rows)


def ratio_table(clusters: Mapping[str, Any], rate: str) -> str:
    """Return the sensitivity of all systems by signal-to-noise ratio."""
    names = list(clusters[BUNDLE]["groups"]["by signal-to-noise ratio"])
    rows = [
        [
            name,
            *(counted(clusters[system]["groups"]["by signal-to-noise ratio"][name]["all"][rate]) for system in NAMES),
        ]
        for name in names
    ]
    return table(["median signal-to-noise ratio", *NAMES], rows)


def density_table(groups: Mapping[str, Any], rate: str) -> str:
    """Return sensitivity and false positives of the bundle by density."""
    rows = [
        [
            density,
            counted(parts["all"][rate]),
            counted(parts["above noise"][rate]),
            interval(parts["false positives a view"][rate]),
        ]
        for density, parts in groups["by density"].items()
    ]
    return table(["density", "all clusters", "above noise", "false positives a view without clusters"], rows)


def operating_table(points: Mapping[str, Any]) -> str:
    """Return what the bundle's operating points do on the frozen set."""
    rows = [
        [
            f"{name} ({point['threshold']:.3f})",
            interval(point["sensitivity"]),
            interval(point["sensitivity above noise"]),
            interval(point["false positives a view without clusters"]),
        ]
        for name, point in points.items()
    ]
    return table(["operating point", "all clusters", "above noise", "false positives a view without clusters"], rows)


def difference_table(differences: Mapping[str, Any]) -> str:
    """Return the paired differences."""
    rows = [
        [name, rate, interval(parts["all"]), interval(parts["above noise"])]
        for name, rates in differences.items()
        for rate, parts in rates.items()
    ]
    return table(["", "false positives a view", "all clusters", "above noise"], rows)


def marks_table(calcifications: Mapping[str, Any]) -> str:
    """Return sensitivities for single calcifications."""
    rates = list(calcifications["ideal observer"])
    rows = []
    for name in ("MCDetect", "Laplacian of Gaussian"):
        figures = calcifications[name]["sensitivity at false marks a view"]
        rows.append([name, *(interval(figures[rate]) for rate in rates)])
    ideal = calcifications["ideal observer"]
    bound = ["–" if ideal[rate] is None else f"{ideal[rate]:.2f}" for rate in rates]
    return table(["false marks a view", *rates], [*rows, ["ideal observer (bound)", *bound]])


def mark_groups_table(figures: Mapping[str, Any], first: str) -> str:
    """Return the sensitivity for single calcifications in groups."""
    rows = []
    for name, part in figures.items():
        error = part.get("median centre error_mm")
        cells = [name, f"{part['estimate']:.2f}", str(part["calcifications"])]
        if "median centre error_mm" in part:
            cells.append("–" if error is None else f"{error:.3f}")
        rows.append(cells)
    header = [first, "found", "calcifications"]
    return table(header + ["median error of the centre (mm)"] * (len(rows[0]) - 3 if rows else 0), rows)


def calibration_table(calibration: Mapping[str, Any]) -> str:
    """Return mean score, share right and number of candidates in each bin."""
    rows = [[f"{score:.2f}", f"{share:.2f}", str(number)] for score, share, number in calibration["bins"]]
    return table(["mean score", "share that is right", "candidates"], rows)


def real_table(results: Mapping[str, Any]) -> str:
    """Return marks and clusters a view on real and simulated views."""
    simulated, real = results["simulated views without clusters"], results["real views"]

    def row(name: str, figures: Mapping[str, Any]) -> list[str]:
        return [name, *(f"{part['mean']:.2f}" for part in figures.values())]

    rows = [row("simulated, without clusters (mean)", simulated)]
    rows += [
        ["5th to 95th percentile", *(f"{part['low']:.1f}–{part['high']:.1f}" for part in simulated.values())],
        *(row(name, figures) for name, figures in real["each"].items()),
        row("real (mean)", real["all"]),
    ]
    return table(["", *simulated], rows)


def real_clusters_table(clusters: Mapping[str, Any]) -> str:
    """Return the clusters on each real view of every system, from the thresholds of the simulated set up."""
    rows = []
    for name, views in clusters.items():
        for rate in next(iter(views.values())):
            counts = [view[rate] for view in views.values()]
            rows.append([name, rate, *map(str, counts), f"{sum(counts) / len(counts):.1f}"])
    return table(["", "false positives a simulated view", *next(iter(clusters.values())), "mean"], rows)


def injected_table(document: Mapping[str, Any], criterion: str) -> str:
    """Return sensitivities on the injected set."""
    rows = [
        [name, threshold, counted(figure), counted(document[name][criterion]["above noise"][threshold])]
        for name in NAMES
        for threshold, figure in document[name][criterion]["all"].items()
    ]
    return table(["", "threshold of", "all clusters", "above noise"], rows)


REALISM_ROWS = {
    "beta": "slope beta of the power spectrum",
    "power_1": "power at 1/mm (grey² mm²)",
    "power_2": "power at 2/mm",
    "power_5": "power at 5/mm",
    "skewness": "skewness of local contrast",
    "kurtosis": "excess kurtosis of local contrast",
}
"""What is compared, and how it is called."""


def realism_table(realism: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Return the range of real and simulated views, and how many simulated ones lie in the range of the real ones."""
    rows = []
    for key, name in REALISM_ROWS.items():
        simulated = [view[key] for view in realism["simulated"]]
        middle = statistics.median(simulated)
        cells = [name, f"{min(simulated):.3g}–{max(simulated):.3g}", f"{middle:.3g}"]
        real = [view[key] for view in realism["real"]]
        if real:
            inside = sum(min(real) <= value <= max(real) for value in simulated)
            verdict = "yes" if min(real) <= middle <= max(real) else "no"
            cells += [f"{min(real):.3g}–{max(real):.3g}", verdict, f"{inside} of {len(simulated)}"]
        rows.append(cells)
    header = ["", "simulated", "median"]
    if realism["real"]:
        header += ["real", "median in the range of the real views", "views in that range"]
    return table(header, rows)
