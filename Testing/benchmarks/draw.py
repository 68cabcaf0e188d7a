"""Draw the pictures of docs/performance.md from the JSON of ``make bench``.

python Testing/benchmarks/draw.py RESULTS.json FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt

COLOURS = ["#8c8c8c", "#c9a227", "#3b6ea5", "#5a9e6f", "#a54d3b", "#70548c"]


def draw_stages(benchmarks: list[dict], path: Path) -> None:
    """Draw where the processor time of one view goes, a bar for each back end."""
    bars = {
        entry["name"].partition("[")[2].rstrip("]"): entry["extra_info"]["stages_cpu_seconds"]
        for entry in benchmarks
        if "stages_cpu_seconds" in entry["extra_info"]
    }
    figure, axes = plt.subplots(figsize=(8, 2.8), layout="constrained")
    for row, stages in enumerate(bars.values()):
        left = 0.0
        for colour, (name, seconds) in zip(COLOURS, stages.items(), strict=True):
            axes.barh(row, seconds, left=left, color=colour, label=name if row == 0 else None)
            left += seconds
        axes.text(left, row, f" {left:.2f} s", va="center")
    axes.set_yticks(range(len(bars)), list(bars))
    axes.invert_yaxis()
    axes.set_xlabel("processor seconds of one view of 3328 x 2560 pixels")
    axes.margins(x=0.1)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path)


def draw_growth(benchmarks: list[dict], path: Path) -> None:
    """Draw the time of the calcification network over the number of pixels."""
    points = [
        (entry["extra_info"]["pixels"] / 1e6, entry["stats"]["min"])
        for entry in benchmarks
        if "pixels" in entry["extra_info"]
    ]
    megapixels, seconds = zip(*sorted(points), strict=True)
    figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
    axes.plot(megapixels, seconds, "o-", color=COLOURS[2])
    axes.set_xlabel("megapixels, all of them breast")
    axes.set_ylabel("seconds")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


if __name__ == "__main__":
    results = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["benchmarks"]
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    plt.rcParams["svg.hashsalt"] = "mcdetect"
    draw_stages(results, folder / "stages.svg")
    draw_growth(results, folder / "growth.svg")
