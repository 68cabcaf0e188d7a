"""The curves of a report: ROC, confusion matrix, calibration, FROC."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

_SIDE = 4.2  # inches of one curve


def draw_curves(one: Mapping[str, Any]) -> str:
    """Return the curves of one entry of ``report.json`` as a PNG in base 64."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = 4 if one["froc"] is not None else 3
    figure = Figure(figsize=(_SIDE * count, _SIDE), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, count)
    _roc(axes[0], one)
    _confusion(axes[1], one)
    _calibration(axes[2], one)
    if one["froc"] is not None:
        _froc(axes[3], one["froc"])
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=90)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _roc(axes: Any, one: Mapping[str, Any]) -> None:
    area = one["figures"].get("AUC")
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", linewidth=1)
    if one["roc"]:
        axes.plot(
            *zip(*one["roc"], strict=True), color="#1f5fa8", label="" if area is None else f"{area['estimate']:.3f}"
        )
        point = one["slope 1 operating point"]
        axes.plot(1 - point["specificity"], point["sensitivity"], "o", color="#c0392b", label="slope-1 point")
        axes.legend(loc="lower right", title="AUC")
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


def _froc(axes: Any, froc: Mapping[str, Any]) -> None:
    if froc["points"]:
        axes.step(*zip(*froc["points"], strict=True), where="post", color="#1f5fa8")
    axes.set(
        xlabel="false-positive tiles an image",
        ylabel="sensitivity",
        title=f"FROC, {froc['truths']} regions in {froc['images']} images",
        ylim=(0, 1.02),
    )
    axes.set_xlim(left=0)
