"""What the project set out to reach, beside what was reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from MCDetect.training.detection.figures import CRITERIA
from MCDetect.training.detection.systems import BUNDLE, PATCHES
from MCDetect.training.detection.tables import interval, table


def aims_table(results: Mapping[str, Any]) -> str:
    """Return the table; an aim is judged by the estimate, or where said by the interval."""
    rows: list[tuple[str, str, str, bool | None]] = []
    clusters = results["clusters"]
    loud = clusters[BUNDLE][next(iter(CRITERIA))]["above noise"]
    for rate, aim in (("0.5", 0.90), ("1", 0.95)):
        figure = None if loud is None else loud["sensitivity at false positives a view"][rate]
        rows.append(
            (
                f"clusters above noise at {rate} false positives a view",
                f"at least {aim:.2f}",
                "–" if figure is None else f"{figure['estimate']:.3f} [{figure['low']:.2f}–{figure['high']:.2f}]",
                None if figure is None else figure["estimate"] >= aim,
            )
        )
    rows.append(_least_kind(clusters[BUNDLE]["groups"]["by morphology"]))
    gain = clusters["differences"][f"{BUNDLE} less {PATCHES}"]["1"]["above noise"]
    rows.append(
        (
            "more than the shallow CNN alone, above noise, at 1 false positive a view",
            "0.15, interval above 0",
            interval(gain),
            gain["estimate"] >= 0.15 and gain["low"] > 0,
        )
    )
    marks = results["calcifications"]["MCDetect"]
    found = marks["sensitivity at false marks a view"]["10"]
    rows.append(
        (
            "single calcifications of signal-to-noise ratio 3 at 10 false marks a view",
            "at least 0.80",
            interval(found),
            found["estimate"] >= 0.80,
        )
    )
    error = marks["at 10 false marks a view"]["centre error"]
    if error is not None:
        rows.append(
            (
                "error of their centres, median and mean",
                "under 0.1 mm",
                f"{error['median_mm']:.3f} and {error['mean_mm']:.3f} mm",
                error["mean_mm"] < 0.1,
            )
        )
    if results["real views"] is not None:
        simulated = results["simulated views without clusters"]["marks a view"]["mean"]
        counts = {name: view["marks a view"]["mean"] for name, view in results["real views"]["each"].items()}
        quietest = min(counts, key=lambda name: counts[name])
        ratio = counts[quietest] / simulated if simulated else float("inf")
        # The others may hold calcifications, of which nobody has counted the marks.
        rows.append(
            (
                f"marks by themselves, real view with fewest ({quietest}) over simulated views without clusters",
                "0.67 to 1.5",
                f"{ratio:.2f}",
                1 / 1.5 <= ratio <= 1.5,
            )
        )
    calibration = results["calibration"]["expected calibration error"]
    rows.append(("expected calibration error", "under 0.05", interval(calibration), calibration["estimate"] < 0.05))
    verdicts = {True: "yes", False: "no", None: "–"}
    return table(["", "aim", "reached", "met"], [[what, aim, value, verdicts[met]] for what, aim, value, met in rows])


def _least_kind(groups: Mapping[str, Any]) -> tuple[str, str, str, bool | None]:
    values = {
        kind: parts["above noise"]["1"]["estimate"]
        for kind, parts in groups.items()
        if parts["above noise"]["1"] is not None
    }
    if not values:
        return "least of all morphologies", "at least 0.80", "–", None
    least = min(values, key=lambda kind: values[kind])
    return (
        "least of all morphologies, above noise, at 1 false positive a view",
        "at least 0.80",
        f"{values[least]:.2f} ({least})",
        values[least] >= 0.80,
    )
