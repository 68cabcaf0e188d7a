"""What the project set out to reach, beside what was reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from MCDetect.simulation.calcifications import CalcificationKind
from MCDetect.simulation.clusters import CLUSTER_KINDS
from MCDetect.training.detection import suspicious
from MCDetect.training.detection.cluster_figures import REPORTED
from MCDetect.training.detection.figures import CRITERIA
from MCDetect.training.detection.real_aims import Row, real_rows
from MCDetect.training.detection.systems import BUNDLE, PATCHES
from MCDetect.training.detection.tables import interval, table

_CENTRE = next(iter(CRITERIA))
_SENSITIVITY = "sensitivity at false positives a view"
LEAST_OF_A_KIND = 0.80
"""Of the clusters of each morphology, above noise."""

FEWEST = 5
"""Clusters of a kind, of which a sensitivity says something."""

_LARGEST_ERROR = 0.05  # of calibration


def aims_table(results: Mapping[str, Any]) -> str:
    """Return the table; an aim is judged by the estimate, or where said by the interval."""
    verdicts = {True: "yes", False: "no", None: "–"}
    rows = [
        [what, aim, reached, met if isinstance(met, str) else verdicts[met]]
        for what, aim, reached, met in _rows(results)
    ]
    return table(["", "aim", "reached", "met"], rows)


def _rows(results: Mapping[str, Any]) -> Iterator[Row]:
    clusters = results["clusters"]
    loud = clusters[BUNDLE][_CENTRE]["above noise"]
    for rate, aim in (("0.5", 0.90), ("1", 0.95)):
        figure = None if loud is None else loud[_SENSITIVITY][rate]
        what = f"clusters above noise at {rate} false positives a view"
        yield what, f"at least {aim:.2f}", interval(figure, 3), None if figure is None else figure["estimate"] >= aim
    yield _by_kind(clusters[BUNDLE]["groups"]["by morphology"])
    yield from _suspicious(results["suspicious clusters"], results["default operating point"])
    gain = clusters["differences"][f"{BUNDLE} less {PATCHES}"]["1"]["above noise"]
    yield (
        "more than the shallow CNN alone, above noise, at 1 false positive a view",
        "0.15, interval above 0",
        interval(gain),
        gain["estimate"] >= 0.15 and gain["low"] > 0,
    )
    yield from _marks(results["calcifications"]["MCDetect"])
    yield _calibration(results["calibration"])
    yield from real_rows(results)


def _marks(marks: Mapping[str, Any]) -> Iterator[Row]:
    found = marks["sensitivity at false marks a view"]["10"]
    what = "single calcifications of signal-to-noise ratio 3 at 10 false marks a view"
    yield what, "at least 0.80", interval(found), found["estimate"] >= 0.80
    error = marks["at 10 false marks a view"]["centre error"]
    if error is not None:
        reached = f"{error['median_mm']:.3f} and {error['mean_mm']:.3f} mm"
        yield "error of their centres, median and mean", "under 0.1 mm", reached, error["mean_mm"] < 0.1


def _calibration(calibration: Mapping[str, Any]) -> Row:
    part = calibration[REPORTED]
    everything, reported = calibration["expected calibration error"], part["expected calibration error"]
    reached = (
        f"all {calibration['clusters found']} candidates: {interval(everything, 3)}; the {part['clusters found']} from "
        f"`{part['operating point']}` ({part['threshold']:.3f}) up, which can be reported: {interval(reported, 3)}"
    )
    told = [
        f"{'yes' if figure['estimate'] < _LARGEST_ERROR else 'no'} {who}"
        for figure, who in ((everything, "by all candidates"), (reported, "by those that can be reported"))
        if figure is not None
    ]
    if any(f is not None and f["estimate"] < _LARGEST_ERROR < f["high"] for f in (everything, reported)):
        told.append(f"by the estimates, as intervals reach beyond {_LARGEST_ERROR:.2f}")
    if (chance := calibration["error by chance"]) is not None:
        limits = f"{chance['mean']:.3f} [{chance['low']:.3f}–{chance['high']:.3f}]"
        reached += f"; by chance, were each score the true probability: {limits}"
    aim = f"under {_LARGEST_ERROR:.2f}, judged by all candidates"
    return "expected calibration error of the cluster score", aim, reached, "; ".join(told) or None


def _by_kind(groups: Mapping[str, Any]) -> Row:
    """Return the row of the morphologies, each with its number: those without a cluster above noise are named too."""
    kinds = [*groups, *sorted({kind.value for kind in CLUSTER_KINDS} - set(groups))]
    figures = {kind: groups[kind]["above noise"]["1"] if kind in groups else None for kind in kinds}
    known = {kind: figure for kind, figure in figures.items() if figure is not None}
    told = [
        f"{kind} {figure['estimate']:.2f} (n = {figure['clusters']})"
        for kind, figure in sorted(known.items(), key=lambda entry: (entry[1]["estimate"], entry[0]))
    ]
    told += [f"{kind} not measurable (n = 0)" for kind in kinds if kind not in known]
    never = [kind.value for kind in CalcificationKind if kind not in CLUSTER_KINDS and kind.value not in groups]
    if never:
        told.append(f"no clusters of these kinds in the set: {', '.join(never)}")
    few = [kind for kind in kinds if kind not in known or known[kind]["clusters"] < FEWEST]
    met: bool | str | None = None
    if len(few) < len(kinds):
        met = all(known[kind]["estimate"] >= LEAST_OF_A_KIND for kind in kinds if kind not in few)
        if met and few:
            met = "where measurable"
    if few:
        told.append(f"fewer than {FEWEST} clusters decide nothing: {', '.join(few)}")
    what = "each morphology, above noise, at 1 false positive a view"
    return what, f"at least {LEAST_OF_A_KIND:.2f} each", "; ".join(told), met


def _suspicious(figures: Mapping[str, Any], usual: str) -> Iterator[Row]:
    """Return rows without an aim: what the sorting takes away from clusters of suspicious morphology."""
    called = figures["called benign"][usual]
    reached = f"{called['benign']} of {called['found']}"
    if called["share"] is not None:
        reached += f", {interval(called['share'])}"
    yield f"suspicious clusters found at `{usual}` that are reported as typically benign", "none set", reached, None
    parts = figures["froc"][_CENTRE][suspicious.SORTED]
    for rate in suspicious.RATES:
        told = [
            f"{part} {interval(values[_SENSITIVITY][rate], 3)} (n = {values['clusters']})"
            for part, values in parts.items()
            if values is not None
        ]
        what = f"suspicious clusters that are reported as suspicious, at {rate} false positives a view so reported"
        yield what, "none set", "; ".join(told) or "–", None
