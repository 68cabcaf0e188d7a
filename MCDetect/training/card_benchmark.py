"""What ``make bench-detection`` found of a bundle, in few figures that travel with it and stand in its card.

``docs/benchmark.json`` of the bundle holds them, so that the card can be written again where the project is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from MCDetect.training.detection.aims import FEWEST, LEAST_OF_A_KIND
from MCDetect.training.detection.by_eye import WRONG
from MCDetect.training.detection.tables import table

BENCHMARK = "benchmark.json"
"""Name of the file in ``docs/`` of the bundle."""

_SYSTEM = "MCDetect"
_RATES = ("0.5", "1")


def benchmark_summary(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the few figures of ``results.json`` (:func:`MCDetect.training.detection.benchmark.run`)."""
    criterion, parts = next(iter(results["clusters"][_SYSTEM].items()))
    injected, usual = results["injected set"], results["default operating point"]
    return {
        "bundle_sha256": results["bundle"]["sha256"],
        "date": results["date"],
        "views": results["frozen set"]["views"],
        "criterion": criterion,
        "frozen set": {
            name: {
                "clusters": part["clusters"],
                **{rate: part["sensitivity at false positives a view"][rate] for rate in _RATES},
            }
            for name, part in parts.items()
            if part is not None
        },
        "kinds above noise": {
            kind: figures["above noise"]["1"]
            for kind, figures in results["clusters"][_SYSTEM]["groups"]["by morphology"].items()
            if figures["above noise"]["1"] is not None
        },
        "operating point": usual,
        "called benign": results["suspicious clusters"]["called benign"][usual],
        "calibration": results["calibration"]["expected calibration error"],
        "missed": results["missed clusters above noise"],
        "false": results["highest false clusters"],
        "injected set": injected
        and {
            "mammograms": injected["mammograms"],
            **{name: part[usual] for name, part in injected[_SYSTEM][criterion].items()},
        },
        "by eye": results["by eye"],
    }


def benchmark_text(summary: Mapping[str, Any] | None) -> str:
    """Return the part of the card with the figures of the frozen sets; empty without any."""
    if summary is None:
        return ""
    usual = summary["operating point"]
    header = ["", *(f"at {rate} false positive{'s' * (rate != '1')} a view" for rate in _RATES)]
    rows = [
        [f"{name} ({part['clusters']})", *(interval(part[rate]) for rate in _RATES)]
        for name, part in summary["frozen set"].items()
    ]
    lines = [
        "### Frozen sets of the project",
        "“Above noise” are clusters of a median signal-to-noise ratio of 5 and more; real1 and real2 are of the "
        "full-field mammograms named under “Sources”.",
        "",
        f"Written by `make bench-detection` on {summary['date']}, all of it in docs/detection.md of the project. "
        f"{summary['views']} simulated views, harder than the test views above; sensitivity for clusters, hit: "
        f"{summary['criterion']}.",
        "",
        table(header, rows),
        "",
    ]
    injected = summary["injected set"]
    if injected:
        told = "; ".join(
            f"{name} {interval(figure)}, n = {figure['clusters']}"
            for name, figure in injected.items()
            if isinstance(figure, Mapping)
        )
        lines += [
            f"Simulated clusters in {injected['mammograms']} real mammograms, sensitivity at `{usual}`: {told}.",
            "",
        ]
    if summary["calibration"] is not None:
        lines += [f"Expected calibration error of the score: {interval(summary['calibration'])}.", ""]
    return "\n".join(lines) + "\n"


def failures_text(summary: Mapping[str, Any] | None) -> str:
    """Return the known failures that the benchmark counted, in a list; empty without any."""
    if summary is None:
        return ""
    lines = [*_of_simulated(summary), *_of_real(summary)]
    return "".join(f"- {line}\n" for line in lines) + "\n"


def captions(summary: Mapping[str, Any]) -> str:
    """Return what each crop of the picture shows, in its order: missed clusters, then false ones."""
    missed = [
        f"view {one['view']}: {one['calcifications']} {one['morphology']} calcifications of signal-to-noise ratio "
        f"{one['signal-to-noise ratio']:g}, {one['marked']} of them marked"
        for one in summary["missed"]
    ]
    false = [f"view {one['view']}: score {one['score']:.2f}" for one in summary["false"]]
    told = [("Missed", missed), ("Suspicious and false, some below the default operating point", false)]
    return " ".join(f"{name}: {'; '.join(entries)}." for name, entries in told if entries)


def _of_simulated(summary: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{kind} clusters above noise: {round(figure['estimate'] * figure['clusters'])} of {figure['clusters']} found, "
        "at 1 false positive a view."
        for kind, figure in summary["kinds above noise"].items()
        if figure["estimate"] < LEAST_OF_A_KIND and figure["clusters"] >= FEWEST
    ]
    benign = summary["called benign"]
    if benign["benign"]:
        lines.append(
            f"{benign['benign']} of {benign['found']} suspicious clusters found at `{summary['operating point']}` are "
            "reported as typically benign."
        )
    return lines


def _of_real(summary: Mapping[str, Any]) -> list[str]:
    views = {name: view for name, view in (summary["by eye"] or {}).items() if view}
    return [
        f"Real view {name}, by eye: {view['wrong']} of {view['marks']} marks on {', '.join(WRONG)}; "
        f"{view['certain'] - view['marked']} of {view['certain']} certain calcifications not marked."
        for name, view in views.items()
        if view["places called"]
    ]


def interval(figure: Mapping[str, float]) -> str:
    """Return an estimate with its interval, as the card tells it."""
    return f"{figure['estimate']:.3f} [{figure['low']:.3f}-{figure['high']:.3f}]"
