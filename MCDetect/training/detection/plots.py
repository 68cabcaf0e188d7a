"""Plots of ``docs/detection.md``: small PNG files of simulated data and figures, never of a patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from MCDetect.files import write_atomically
from MCDetect.training.detection.figures import CRITERIA
from MCDetect.training.detection.systems import BUNDLE, NAMES
from MCDetect.training.detection.tables import REALISM_ROWS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = dict(zip(NAMES, ("#1f5fa8", "#5aa0d8", "#c0392b", "#7f8c8d"), strict=True))
_LARGEST_RATE = 4.0


def draw_plots(results: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw all plots of the results into a folder; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _save(_froc(results["clusters"]), folder / "froc.png"),
        _save(_morphologies(results["clusters"]), folder / "morphology.png"),
        _save(_calibration(results["calibration"]), folder / "calibration.png"),
        _save(_realism(results["realism"]), folder / "realism.png"),
    ]


def _figure(columns: int, width: float = 4.4, height: float = 3.6) -> tuple[Figure, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def _save(figure: Figure, path: Path) -> Path:
    write_atomically(path, partial(figure.savefig, format="png", dpi=80, metadata={"Software": None}))
    return path


def _froc(clusters: Mapping[str, Any]) -> Figure:
    parts = [(criterion, part) for criterion in CRITERIA for part in ("all", "above noise")]
    figure, axes = _figure(len(parts))
    for one, (criterion, part) in zip(axes, parts, strict=True):
        for name in NAMES:
            figures = clusters[name][criterion][part]
            if figures is None:
                continue
            x, y = zip((0.0, 0.0), *figures["curve"], strict=True)
            # Beyond the last mark the curve has no more to give.
            one.step([*x, _LARGEST_RATE], [*y, y[-1]], where="post", color=_COLOURS[name], label=name)
        one.set(
            title=f"{part} clusters\n{criterion}",
            xlabel="false positives a view without clusters",
            ylabel="sensitivity",
            xlim=(0, 2),
            ylim=(0, 1),
        )
        one.title.set_fontsize(9)
        one.grid(alpha=0.3)
    axes[0].legend(fontsize=7, loc="lower right")
    return figure


def _morphologies(clusters: Mapping[str, Any]) -> Figure:
    groups = clusters[BUNDLE]["groups"]["by morphology"]
    figure, axes = _figure(1, width=7.0)
    for offset, part, colour in ((-0.15, "all", "#5aa0d8"), (0.15, "above noise", "#1f5fa8")):
        label = part
        for index, figures in enumerate(groups.values()):
            value = figures[part]["1"]
            if value is not None:
                _bar(axes[0], index + offset, value, colour, label)
                label = ""  # one entry in the legend
    axes[0].set_xticks(range(len(groups)), [f"{kind}" for kind in groups], rotation=20, ha="right", fontsize=8)
    axes[0].set(ylabel="sensitivity at 1 false positive a view", ylim=(0, 1.02))
    axes[0].axhline(0.8, color="0.6", linestyle="--", linewidth=1)
    axes[0].legend(fontsize=8)
    axes[0].grid(axis="y", alpha=0.3)
    return figure


def _bar(axes: Axes, x: float, value: Mapping[str, float], colour: str, label: str) -> None:
    axes.plot([x, x], [value["low"], value["high"]], color=colour, linewidth=1.5)
    axes.plot([x], [value["estimate"]], "o", color=colour, label=label)


def _calibration(calibration: Mapping[str, Any]) -> Figure:
    figure, axes = _figure(1, width=4.0)
    axes[0].plot([0, 1], [0, 1], color="0.7", linestyle="--", linewidth=1)
    bins: Sequence[Sequence[float]] = calibration["bins"]
    if bins:
        score, share, number = zip(*bins, strict=True)
        axes[0].scatter(score, share, s=[10 + 2 * n for n in number], color="#1f5fa8", alpha=0.8)
    axes[0].set(
        xlabel="score of the cluster", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1.02), aspect="equal"
    )
    axes[0].grid(alpha=0.3)
    return figure


def _realism(realism: Mapping[str, Sequence[Mapping[str, float]]]) -> Figure:
    figure, axes = _figure(len(REALISM_ROWS), width=2.3)
    for one, (key, name) in zip(axes, REALISM_ROWS.items(), strict=True):
        for x, (kind, colour) in enumerate((("real", "#c0392b"), ("simulated", "#1f5fa8"))):
            values = [view[key] for view in realism[kind]]
            one.plot([x + 0.06 * (k % 5 - 2) for k in range(len(values))], values, "o", color=colour, markersize=5)
        one.set(title=name, xlim=(-0.5, 1.5))
        one.title.set_fontsize(8)
        one.set_xticks([0, 1], ["real", "simulated"], fontsize=8)
        if key.startswith("power"):
            one.set_yscale("log")
        one.grid(axis="y", alpha=0.3)
    return figure
