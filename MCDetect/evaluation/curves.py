"""The curves of a report: ROC, confusion matrix, calibration, FROC."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from typing import Any

_SIDE, _RESOLUTION = 4.0, 130  # inches of one curve, dots an inch: sharp on fine screens too


def draw_curves(one: Mapping[str, Any]) -> dict[str, str]:
    """Return the curves of one entry of ``report.json`` by name, each a PNG in base 64."""
    curves: dict[str, Callable[[Any, Mapping[str, Any]], None]] = {
        "ROC": _roc,
        "confusion matrix": _confusion,
        "calibration": _calibration,
        **({} if one["froc"] is None else {"FROC": _froc}),
    }
    return {name: _drawn(curve, one) for name, curve in curves.items()}


def draw_free_response(one: Mapping[str, Any]) -> str:
    """Return the FROC curves of figures of :mod:`MCDetect.evaluation.free_response`, by image and by examination."""
    return _drawn(_free_response, one)


def _drawn(curve: Callable[[Any, Mapping[str, Any]], None], one: Mapping[str, Any]) -> str:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_SIDE, _SIDE), layout="constrained")
    FigureCanvasAgg(figure)
    curve(figure.subplots(), one)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_RESOLUTION)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _roc(axes: Any, one: Mapping[str, Any]) -> None:
    area = one["figures"].get("AUC")
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", linewidth=1)
    if one["roc"]:
        axes.plot(
            *zip(*one["roc"], strict=True), color="#1f5fa8", label="" if area is None else f"AUC {area['estimate']:.3f}"
        )
        point = one["slope 1 operating point"]
        axes.plot(1 - point["specificity"], point["sensitivity"], "o", color="#c0392b", label="slope-1 point")
        axes.legend(loc="lower right")
    axes.set(xlabel="1 - specificity", ylabel="sensitivity", title=f"ROC of {one['classes'][-1]!r}", aspect="equal")


def _confusion(axes: Any, one: Mapping[str, Any]) -> None:
    matrix, classes = one["confusion"], one["classes"]
    axes.imshow(matrix, cmap="Blues")
    highest = max(max(row) for row in matrix)
    for row, values in enumerate(matrix):
        for column, value in enumerate(values):
            axes.text(column, row, str(value), ha="center", va="center", color="w" if value > highest / 2 else "k")
    ticks = range(len(classes))
    axes.set_xticks(ticks, classes, rotation=20, ha="right")
    axes.set_yticks(ticks, classes)
    axes.set(xlabel="decided", ylabel="true", title="Confusion matrix")


def _calibration(axes: Any, one: Mapping[str, Any]) -> None:
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", linewidth=1)
    if one["calibration"]:
        axes.plot(*zip(*one["calibration"], strict=True), "o-", color="#1f5fa8")
    axes.set(
        xlabel="mean probability",
        ylabel=f"share of {one['classes'][-1]!r}",
        title="Calibration",
        xlim=(0, 1),
        ylim=(0, 1),
        aspect="equal",
    )


def _froc(axes: Any, one: Mapping[str, Any]) -> None:
    froc = one["froc"]
    if froc["points"]:
        axes.step(*zip(*froc["points"], strict=True), where="post", color="#1f5fa8")
    axes.set(
        xlabel="false-positive tiles an image",
        ylabel="sensitivity",
        title=f"FROC, {froc['truths']} regions in {froc['images']} images",
        ylim=(0, 1.02),
    )
    axes.set_xlim(left=0)


def _free_response(axes: Any, one: Mapping[str, Any]) -> None:
    for name, colour in (("by image", "#1f5fa8"), ("by examination", "#5aa0d8")):
        part = one[name]
        if part is not None and part["points"]:
            x, y = zip((0.0, 0.0), *part["points"], strict=True)
            # Beyond the last mark the curve has no more to give.
            axes.step([*x, max(*x, 2.0)], [*y, y[-1]], where="post", color=colour, label=name)
    for name, point in one["operating points"].items():
        if point["sensitivity"] is not None and point["false positives a view"] is not None:
            place = point["false positives a view"]["estimate"], point["sensitivity"]["estimate"]
            axes.plot(*place, "o", color="#c0392b", markersize=4)
            axes.annotate(name, place, xytext=(5, -9), textcoords="offset points", fontsize=7)
    axes.set(
        xlabel=f"false positives a view\n(counted on {one['false positives counted on']})",
        ylabel="sensitivity",
        title=f"FROC, {one['clusters']} clusters in {one['images']} views",
        ylim=(0, 1.02),
    )
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", fontsize=8)
